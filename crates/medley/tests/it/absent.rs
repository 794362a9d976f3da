//! What is declared with wrappers that this build does not have.
use crate::cinema::ask;

const DEFINITIONS: &[&str] = &[
    "CREATE EXTENSION oracle_fdw; CREATE SERVER ora FOREIGN DATA WRAPPER oracle_fdw \
        OPTIONS (dbserver '//db/XE', isolation_level 'read_only'); \
     CREATE USER MAPPING FOR postgres SERVER ora OPTIONS (user 'scott', password 'planted-tiger'); \
     CREATE FOREIGN TABLE t_ora (id integer OPTIONS (key 'true'), name text) SERVER ora \
        OPTIONS (schema 'SCOTT', table 'EMP', prefetch '100')",
    "CREATE EXTENSION tds_fdw; CREATE SERVER tds FOREIGN DATA WRAPPER tds_fdw \
        OPTIONS (servername 'a,b', port '1433', database 'x', tds_version '7.4'); \
     CREATE USER MAPPING FOR postgres SERVER tds OPTIONS (username 'sa', password 'planted-tiger'); \
     CREATE FOREIGN TABLE t_tds (id integer OPTIONS (column_name 'ID')) SERVER tds \
        OPTIONS (query 'SELECT 1')",
    "CREATE EXTENSION mongo_fdw; CREATE SERVER mongo FOREIGN DATA WRAPPER mongo_fdw \
        OPTIONS (address 'm', replica_set 'r', pem_pwd 'planted-tiger'); \
     CREATE USER MAPPING FOR postgres SERVER mongo \
        OPTIONS (username 'u', password 'planted-tiger'); \
     CREATE FOREIGN TABLE t_mongo (_id name) SERVER mongo OPTIONS (database 'd', collection 'c')",
    "CREATE EXTENSION redis_fdw; CREATE SERVER redis FOREIGN DATA WRAPPER redis_fdw \
        OPTIONS (address 'r', port '6379'); \
     CREATE USER MAPPING FOR postgres SERVER redis OPTIONS (password 'planted-tiger'); \
     CREATE FOREIGN TABLE t_redis (key text, val text) SERVER redis \
        OPTIONS (database '0', tabletype 'hash', tablekeyprefix 'k:')",
    "CREATE EXTENSION clickhouse_fdw; CREATE SERVER click FOREIGN DATA WRAPPER clickhouse_fdw \
        OPTIONS (driver 'binary', host 'c', dbname 'd'); \
     CREATE USER MAPPING FOR postgres SERVER click OPTIONS (user 'u', password 'planted-tiger'); \
     CREATE FOREIGN TABLE t_click (a integer OPTIONS (AggregateFunction 'sum')) SERVER click \
        OPTIONS (table_name 't', engine 'MergeTree')",
    "CREATE EXTENSION multicorn; CREATE SERVER multi FOREIGN DATA WRAPPER multicorn \
        OPTIONS (wrapper 'multicorn.imapfdw.ImapFdw', host 'i', api_key 'planted-tiger'); \
     CREATE USER MAPPING FOR postgres SERVER multi OPTIONS (login 'u', password 'planted-tiger'); \
     CREATE FOREIGN TABLE t_multi (subject text) SERVER multi OPTIONS (whatever 'it takes')",
    "CREATE FOREIGN DATA WRAPPER mine HANDLER oracle_fdw_handler VALIDATOR oracle_fdw_validator",
];

/// The table, and the wrapper that its query names.
const TABLES: &[(&str, &str)] = &[
    ("t_ora", "oracle_fdw"),
    ("t_tds", "tds_fdw"),
    ("t_mongo", "mongo_fdw"),
    ("t_redis", "redis_fdw"),
    ("t_click", "clickhouse_fdw"),
    ("t_multi", "multicorn"),
];

#[tokio::test]
async fn it_replays_and_says_what_is_missing() {
    let medley = crate::medley();
    let client = medley.connect_as_superuser().await.unwrap();
    for definitions in DEFINITIONS {
        ask(&client, definitions).await.unwrap();
    }
    for (table, wrapper) in TABLES {
        for statement in [
            format!("SELECT * FROM {table}"),
            format!("EXPLAIN SELECT * FROM {table}"),
            format!("DELETE FROM {table}"),
        ] {
            let refused = ask(&client, &statement).await.unwrap_err();
            assert!(refused.starts_with("0A000"), "{statement}: {refused}");
            assert!(refused.contains(&format!("\"{wrapper}\"")), "{statement}: {refused}");
        }
    }
    let refused = ask(&client, "ALTER SERVER ora OPTIONS (dbservr 'x')").await.unwrap_err();
    assert!(refused.starts_with("HV00D") && refused.contains("dbservr"), "{refused}");
    // A dump says all of it again, and no secret.
    let dump = ask(&client, "SELECT medley_dump('omit')").await.unwrap().join("\n");
    assert!(!dump.contains("planted-tiger"), "{dump}");
    for (table, _) in TABLES {
        assert!(dump.contains(&format!("CREATE FOREIGN TABLE public.{table}")), "{dump}");
    }
    let shown = "SELECT array_agg(option ORDER BY option)::text FROM pg_foreign_server s, \
                 unnest(s.srvoptions) option WHERE s.srvname IN ('mongo', 'multi')";
    let shown = ask(&client, shown).await.unwrap().concat();
    assert!(shown.contains("pem_pwd=********") && shown.contains("api_key=********"), "{shown}");
    assert!(shown.contains("host=i"), "{shown}");
}
