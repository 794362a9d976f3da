//! Remotes that change behind their foreign tables: what is told of it, and what REFRESH does.
use medley_testkit::{MariaDb, Medley, Postgres, TempFolder};
use tokio_postgres::Client;

use crate::cinema::ask;

const CHECK: &str = "SELECT table_name, column_name, drift, declared, remote \
                     FROM medley_check_drift('far')";

/// A remote of one account, and what was imported of it, with names of our own.
async fn imported() -> (Postgres, Medley, Client) {
    let remote = Postgres::start().unwrap();
    remote.create_account("reader", "reader").unwrap();
    remote
        .psql(
            "CREATE TABLE films (id int, title varchar(20), year int, price numeric(6,2)); \
             CREATE TABLE gone (a int); CREATE TABLE other (a int); \
             INSERT INTO films VALUES (1, 'one', 1901, 1.50); \
             GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; \
             ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader",
        )
        .unwrap();
    let medley = crate::medley();
    let port = remote.port();
    medley
        .psql(&format!(
            "CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; \
             CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw \
                OPTIONS (host '127.0.0.1', port '{port}', dbname 'postgres'); \
             CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'reader', password 'reader'); \
             GRANT USAGE ON FOREIGN SERVER far TO alice; \
             IMPORT FOREIGN SCHEMA public FROM SERVER far INTO public; \
             ALTER FOREIGN TABLE films RENAME COLUMN title TO name; \
             ALTER FOREIGN TABLE films OWNER TO alice; \
             COMMENT ON COLUMN films.name IS 'what it is called'; \
             GRANT SELECT (name) ON films TO bob"
        ))
        .unwrap();
    let client = medley.connect("alice", "").await.unwrap();
    (remote, medley, client)
}

#[tokio::test]
async fn what_has_drifted_is_told_and_mended() {
    let (remote, medley, alice) = imported().await;
    assert!(ask(&alice, CHECK).await.unwrap().is_empty());
    remote
        .psql(
            "ALTER TABLE films DROP COLUMN year, ADD COLUMN \"Länge\" interval, \
                ALTER COLUMN title TYPE text, ALTER COLUMN id TYPE bigint; \
             DROP TABLE gone",
        )
        .unwrap();
    let drifted = [
        "films|id|type changed|integer|bigint",
        "films|name|type changed|character varying(20)|text",
        "films|year|column missing|integer|NULL",
        "films|Länge|column added|NULL|interval",
    ];
    assert_eq!(ask(&alice, CHECK).await.unwrap(), drifted);
    // She may not read the other tables; who may, is told of them.
    let superuser = medley.connect_as_superuser().await.unwrap();
    let all = ask(&superuser, CHECK).await.unwrap();
    assert_eq!(all[..4], drifted);
    assert_eq!(all[4..], ["gone|NULL|table missing|NULL|NULL"]);

    ask(&alice, "BEGIN").await.unwrap();
    ask(&alice, "ALTER FOREIGN TABLE films REFRESH").await.unwrap();
    assert!(ask(&alice, CHECK).await.unwrap().is_empty());
    ask(&alice, "ROLLBACK").await.unwrap();
    assert_eq!(ask(&alice, CHECK).await.unwrap(), drifted);

    ask(&alice, "ALTER FOREIGN TABLE films REFRESH").await.unwrap();
    assert!(ask(&alice, CHECK).await.unwrap().is_empty());
    let row = ask(&alice, "SELECT id, name, price, \"Länge\" FROM films").await.unwrap();
    assert_eq!(row, ["1|one|1.50|NULL"]);
    let kept = "SELECT a.attname, format_type(a.atttypid, a.atttypmod), \
                    col_description(a.attrelid, a.attnum), a.attfdwoptions \
                FROM pg_attribute a WHERE a.attrelid = 'films'::regclass AND a.attname = 'name'";
    let kept = ask(&alice, kept).await.unwrap();
    assert_eq!(kept, ["name|text|what it is called|{column_name=title}"]);
    let bob = medley.connect("bob", "").await.unwrap();
    assert_eq!(ask(&bob, "SELECT name FROM films").await.unwrap(), ["one"]);
    // Nothing is left to do.
    ask(&alice, "ALTER FOREIGN TABLE films REFRESH RESTRICT").await.unwrap();
}

#[tokio::test]
async fn what_others_depend_on_stays_unless_it_may_go() {
    let (remote, medley, alice) = imported().await;
    let superuser = medley.connect_as_superuser().await.unwrap();
    ask(&superuser, "CREATE VIEW old AS SELECT year FROM films").await.unwrap();
    remote.psql("ALTER TABLE films DROP COLUMN year").unwrap();
    let refused = ask(&alice, "ALTER FOREIGN TABLE films REFRESH").await.unwrap_err();
    assert!(refused.starts_with("2BP01"), "{refused}");
    assert_eq!(ask(&alice, CHECK).await.unwrap(), ["films|year|column missing|integer|NULL"]);
    ask(&alice, "ALTER FOREIGN TABLE films REFRESH CASCADE").await.unwrap();
    let gone = ask(&superuser, "SELECT * FROM old").await.unwrap_err();
    assert!(gone.starts_with("42P01"), "{gone}");
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let (remote, medley, alice) = imported().await;
    let check = |outcome: Result<Vec<String>, String>, expected: &str| {
        assert_eq!(outcome.unwrap_err().replacen(": ", " ", 1), expected);
    };
    let bob = medley.connect("bob", "").await.unwrap();
    let refused = "42501 permission denied for foreign server far";
    check(ask(&bob, CHECK).await, refused);
    let refused = "42501 must be owner of foreign table films";
    check(ask(&bob, "ALTER FOREIGN TABLE films REFRESH").await, refused);
    let superuser = medley.connect_as_superuser().await.unwrap();
    remote.psql("DROP TABLE gone").unwrap();
    let refused = "HV00R foreign table \"gone\" has no table at its remote";
    check(ask(&superuser, "ALTER FOREIGN TABLE gone REFRESH").await, refused);
    let refused = "42704 server \"nosuch\" does not exist";
    check(ask(&alice, "SELECT * FROM medley_check_drift('nosuch')").await, refused);
    let refused = "42P01 relation \"nosuch\" does not exist";
    check(ask(&alice, "ALTER FOREIGN TABLE nosuch REFRESH").await, refused);
    ask(&alice, "ALTER FOREIGN TABLE IF EXISTS nosuch REFRESH").await.unwrap();
    let refused = "42601 syntax error at or near \"REFRESH\"";
    check(ask(&alice, "ALTER TABLE films REFRESH").await, refused);
}

#[tokio::test]
async fn other_kinds_of_remotes_drift_too() {
    let mariadb = MariaDb::start().unwrap();
    mariadb.create_account("reader", "reader").unwrap();
    mariadb
        .sql(
            "CREATE DATABASE cinema; CREATE TABLE cinema.films (id INT PRIMARY KEY, title VARCHAR(9)); \
             GRANT ALL ON cinema.* TO reader@'127.0.0.1'",
        )
        .unwrap();
    let folder = TempFolder::new().unwrap();
    let file = folder.join("films.db");
    let sqlite = |sql: &str| {
        const PROGRAM: &str =
            "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])";
        let mut python = folder.command("python3");
        let status = python.args(["-c", PROGRAM]).arg(&file).arg(sql).status().unwrap();
        assert!(status.success());
    };
    sqlite("CREATE TABLE notes (id INTEGER PRIMARY KEY, n TEXT)");
    let medley = crate::medley();
    let definitions = format!(
        "CREATE SERVER maria FOREIGN DATA WRAPPER mysql_fdw OPTIONS (host '127.0.0.1', port '{}'); \
         CREATE USER MAPPING FOR PUBLIC SERVER maria OPTIONS (username 'reader', password 'reader'); \
         CREATE SERVER lite FOREIGN DATA WRAPPER sqlite_fdw OPTIONS (database '{}'); \
         IMPORT FOREIGN SCHEMA cinema FROM SERVER maria INTO public; \
         IMPORT FOREIGN SCHEMA main FROM SERVER lite INTO public",
        mariadb.port(),
        file.display()
    );
    medley.psql(&definitions).unwrap();
    let client = medley.connect_as_superuser().await.unwrap();
    let check = "SELECT s.name, d.table_name, d.column_name, d.drift \
                 FROM (VALUES ('maria'), ('lite')) s (name), medley_check_drift(s.name) d";
    assert!(ask(&client, check).await.unwrap().is_empty());
    mariadb.sql("ALTER TABLE cinema.films ADD COLUMN year INT, MODIFY title TEXT").unwrap();
    sqlite("ALTER TABLE notes RENAME COLUMN n TO m");
    assert_eq!(
        ask(&client, check).await.unwrap(),
        [
            "maria|films|title|type changed",
            "maria|films|year|column added",
            "lite|notes|n|column missing",
            "lite|notes|m|column added",
        ]
    );
    ask(&client, "ALTER FOREIGN TABLE films REFRESH").await.unwrap();
    ask(&client, "ALTER FOREIGN TABLE notes REFRESH").await.unwrap();
    assert!(ask(&client, check).await.unwrap().is_empty());
    assert!(ask(&client, "SELECT title, year FROM films").await.unwrap().is_empty());
    assert!(ask(&client, "SELECT m FROM notes").await.unwrap().is_empty());
}
