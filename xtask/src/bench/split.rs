//! The tables of TPC-H over two servers: lineitem, orders and customer in PostgreSQL, the others in
//! MariaDB.
use anyhow::{Context, Result};
use medley_testkit::{MariaDb, Medley, Postgres, TempFolder};

use super::data::Tpch;
use super::progress;
use super::servers::{ACCOUNT, PASSWORD};

/// Which are in PostgreSQL.
const IN_POSTGRES: [&str; 3] = ["lineitem", "orders", "customer"];
/// Where both are seen as one, at Medley and at the PostgreSQL with both wrappers.
pub const SCHEMA: &str = "split";

/// What a MariaDB of this size would be set to.
const SETTINGS: &str = "SET GLOBAL innodb_buffer_pool_size = 1073741824, \
                        GLOBAL tmp_table_size = 67108864, GLOBAL max_heap_table_size = 67108864, \
                        GLOBAL join_buffer_size = 67108864, GLOBAL sort_buffer_size = 67108864";

/// Starts a MariaDB and fills it.
pub fn start(tpch: Tpch) -> Result<MariaDb> {
    progress("starting MariaDB");
    let mariadb = MariaDb::start()?;
    mariadb.create_account(ACCOUNT, PASSWORD)?;
    mariadb.sql(SETTINGS)?;
    let schema = schema()?;
    let folder = TempFolder::new()?;
    mariadb
        .sql(&format!("USE {ACCOUNT}; ALTER DATABASE {ACCOUNT} COLLATE utf8mb4_bin; {schema}"))?;
    for (table, text) in tpch.texts(|table| !IN_POSTGRES.contains(&table))? {
        progress(&format!("filling {table} in MariaDB"));
        let file = folder.write(&format!("{table}.tbl"), &text)?;
        let file = file.display();
        mariadb.sql(&format!(
            "USE {ACCOUNT}; LOAD DATA INFILE '{file}' INTO TABLE {table} \
             FIELDS TERMINATED BY '|'; ANALYZE TABLE {table}"
        ))?;
    }
    Ok(mariadb)
}

/// The definitions of those that are in MariaDB.
fn schema() -> Result<String> {
    let statements: Vec<_> = definitions()?.into_iter().map(|(_, sql)| sql).collect();
    Ok(statements.join(";\n"))
}

fn definitions() -> Result<Vec<(String, String)>> {
    let all = std::fs::read_to_string(crate::root().join("bench/tpch/schema.sql"))
        .context("reading the schema of TPC-H")?;
    let named = all.split(';').filter_map(|sql| {
        let name = sql.split_whitespace().nth(2)?.to_owned();
        Some((name, sql.trim().to_owned()))
    });
    Ok(named.filter(|(name, _)| !IN_POSTGRES.contains(&name.as_str())).collect())
}

/// The same as foreign tables: keys are the remote's.
fn foreign_tables(options: &str) -> Result<String> {
    let foreign = |(name, sql): (String, String)| {
        let columns: Vec<_> = sql
            .lines()
            .skip(1)
            .map(|line| line.trim().trim_end_matches(',').replace(" primary key", ""))
            .filter(|line| !line.is_empty() && !line.starts_with([')', 'p']) || is_column(line))
            .collect();
        format!(
            "CREATE FOREIGN TABLE {SCHEMA}.{name} ({}) SERVER maria OPTIONS ({options}, \
             table_name '{name}');",
            columns.join(", ")
        )
    };
    Ok(definitions()?.into_iter().map(foreign).collect())
}

/// Columns of part and partsupp begin with the letter that `primary key` begins with.
fn is_column(line: &str) -> bool {
    line.starts_with("p_") || line.starts_with("ps_")
}

/// What makes both known at Medley.
pub fn at_medley(medley: &Medley, mariadb: &MariaDb) -> Result<()> {
    // Rows of a table that nobody changes are the same in every part of it.
    let server = server(mariadb, ", snapshot 'none'");
    medley.psql(&format!("{server} {} {}", foreign_tables(&own_table())?, from_postgres()))?;
    Ok(())
}

/// The same at a PostgreSQL with postgres_fdw and mysql_fdw.
pub fn at_postgres(fdw: &Postgres, mariadb: &MariaDb) -> Result<()> {
    fdw.psql("CREATE EXTENSION mysql_fdw").context(
        "a peer is mysql_fdw: apt-get install postgresql-15-mysql-fdw, or --without fdw",
    )?;
    let server = server(mariadb, ", use_remote_estimate 'true', fetch_size '10000'");
    fdw.psql(&format!("{server} {} {}", foreign_tables(&own_table())?, from_postgres()))?;
    Ok(())
}

fn own_table() -> String {
    format!("dbname '{ACCOUNT}'")
}

fn server(mariadb: &MariaDb, options: &str) -> String {
    format!(
        "CREATE SERVER maria FOREIGN DATA WRAPPER mysql_fdw \
           OPTIONS (host '127.0.0.1', port '{}'{options}); \
         CREATE USER MAPPING FOR PUBLIC SERVER maria \
           OPTIONS (username '{ACCOUNT}', password '{PASSWORD}'); \
         CREATE SCHEMA {SCHEMA}; GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC;",
        mariadb.port()
    )
}

fn from_postgres() -> String {
    let tables = IN_POSTGRES.join(", ");
    format!(
        "IMPORT FOREIGN SCHEMA public LIMIT TO ({tables}) FROM SERVER tpch INTO {SCHEMA}; \
         GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO PUBLIC"
    )
}

/// What makes both known at DuckDB; `remote` is how libpq finds the PostgreSQL.
pub fn at_duckdb(remote: &str, mariadb: &MariaDb) -> Result<Vec<String>> {
    let port = mariadb.port();
    let mut statements = vec![
        format!("ATTACH '{remote}' AS remote (TYPE postgres, READ_ONLY)"),
        format!(
            "ATTACH 'host=127.0.0.1 port={port} user={ACCOUNT} passwd={PASSWORD} db={ACCOUNT}' \
             AS maria (TYPE mysql, READ_ONLY)"
        ),
    ];
    let view = |name: &str, place: &str| format!("CREATE VIEW {name} AS FROM {place}.{name}");
    statements.extend(IN_POSTGRES.map(|name| view(name, "remote.public")));
    let others = definitions()?;
    statements.extend(others.iter().map(|(name, _)| view(name, &format!("maria.{ACCOUNT}"))));
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_tables_have_the_columns_and_no_keys() {
        let all = foreign_tables("dbname 'b'").expect("the schema is there");
        assert_eq!(all.matches("CREATE FOREIGN TABLE").count(), 5);
        assert!(!all.contains("primary key") && !all.contains("lineitem"), "{all}");
        let partsupp = "split.partsupp (ps_partkey integer not null, ps_suppkey integer not null, \
                        ps_availqty integer not null, ps_supplycost numeric(15,2) not null, \
                        ps_comment varchar(199) not null) SERVER maria";
        assert!(all.contains(partsupp), "{all}");
        assert!(all.contains("split.nation (n_nationkey integer not null, n_name char(25)"));
    }
}
