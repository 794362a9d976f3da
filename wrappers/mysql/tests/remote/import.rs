use medley_fdw::{ImportSchema, Options, Restriction, Result, TableDef};

use crate::fixture::{alice, mariadb, refused};

async fn import(
    schema: &str,
    restriction: Restriction,
    pairs: &[(&str, &str)],
) -> Result<Vec<TableDef>> {
    let mut options = Options::default();
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    let mut connection = alice(&[]).await;
    connection.import(&ImportSchema { remote_schema: schema.into(), restriction, options }).await
}

/// As a person would write it.
fn printed(tables: &[TableDef]) -> String {
    let mut lines = Vec::new();
    for table in tables {
        lines.push(format!("{} {:?}", table.name, table.options));
        for column in &table.columns {
            let mut line = format!("  {} {}", column.name, column.type_name);
            if column.not_null {
                line += " NOT NULL";
            }
            if let Some(default) = &column.default {
                line += &format!(" DEFAULT {default}");
            }
            if let Some(generated) = &column.generated {
                line += &format!(" GENERATED {generated}");
            }
            assert!(column.pg_type.is_some(), "{line}");
            lines.push(line);
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn tables_and_views_are_described() {
    mariadb()
        .sql(
            "CREATE DATABASE imported; GRANT ALL ON imported.* TO alice@'127.0.0.1'; \
              CREATE TABLE imported.films (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, \
              title VARCHAR(40) NOT NULL DEFAULT 'it''s', price DECIMAL(6,2) DEFAULT 1.5, \
              kind ENUM('short','long'), made TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
              raw BLOB, twice INT AS (LENGTH(`title`) * 2) STORED, tags SET('a','b'), spot POINT); \
              CREATE VIEW imported.titles AS SELECT title FROM imported.films; \
              CREATE TABLE imported.`Other one` (`a b` BIGINT)",
        )
        .expect("a database");
    let text = ("import_enum_as_text", "true");
    let tables = import("imported", Restriction::None, &[text]).await.expect("tables");
    assert_eq!(
        printed(&tables),
        r#"Other one [("dbname", "imported"), ("table_name", "Other one")]
  a b bigint
films [("dbname", "imported"), ("table_name", "films")]
  id bigint NOT NULL
  title character varying(40) NOT NULL
  price numeric(6,2)
  kind text
  made timestamp with time zone NOT NULL
  raw bytea
  twice integer GENERATED octet_length("title") * 2
  tags text
  spot text
titles [("dbname", "imported"), ("table_name", "titles")]
  title character varying(40) NOT NULL"#
    );
    let only = Restriction::LimitTo(vec!["films".into()]);
    let options = [
        text,
        ("import_default", "true"),
        ("import_not_null", "false"),
        ("import_generated", "false"),
    ];
    let tables = import("imported", only, &options).await.expect("a table");
    assert_eq!(
        printed(&tables),
        r#"films [("dbname", "imported"), ("table_name", "films")]
  id bigint
  title character varying(40) DEFAULT 'it''s'
  price numeric(6,2) DEFAULT 1.50
  kind text
  made timestamp with time zone DEFAULT CURRENT_TIMESTAMP
  raw bytea
  twice integer
  tags text
  spot text"#
    );
    let except = Restriction::Except(vec!["films".into(), "titles".into()]);
    let tables = import("imported", except, &[]).await.expect("a table");
    assert_eq!(tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["Other one"]);
    let said = refused(import("imported", Restriction::None, &[]).await);
    assert_eq!(
        said,
        "42704 type \"kind_t\" does not exist\n\
         D: Column \"kind\" of table \"films\" is of an enumerated type.\n\
         H: Say OPTIONS (import_enum_as_text 'true') to import such columns as text."
    );
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    let said = refused(import("nosuch", Restriction::None, &[]).await);
    assert_eq!(said, "HV00Q schema \"nosuch\" is not present on foreign server \"remote\"");
}
