//! A SQLite file whose rows are changed: by statements that change everything or nothing, in
//! transactions, and not where an option says no.
use std::path::{Path, PathBuf};

use medley_testkit::{Medley, TempFolder};
use tokio_postgres::Client;

use crate::cinema::ask;

const FILE: &str = "
    CREATE TABLE films (id INTEGER PRIMARY KEY, title TEXT NOT NULL, year INTEGER, price NUMERIC, seen TEXT);
    INSERT INTO films VALUES (1, 'one', 1901, 1.5, '2024-01-01 00:00:00');
    INSERT INTO films VALUES (2, 'two', 1902, NULL, NULL);
    CREATE TABLE keyed (k TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
    INSERT INTO keyed VALUES ('a', 1);";

const DEFINITIONS: &str = "
    CREATE FOREIGN TABLE films (id integer, title text, year integer, price numeric, seen timestamp) SERVER f;
    CREATE FOREIGN TABLE keyed (k text, n integer) SERVER f;
    CREATE FOREIGN TABLE fixed (id integer) SERVER f OPTIONS (table 'films', updatable 'false', truncatable 'off');
    CREATE FOREIGN TABLE forced (id integer, title text) SERVER r OPTIONS (table 'films');";

struct World {
    medley: Medley,
    file: PathBuf,
    folder: TempFolder,
}

impl World {
    fn open() -> Self {
        let folder = TempFolder::new().unwrap();
        let file = folder.join("films.db");
        sqlite(&folder, &file, FILE);
        let medley = crate::medley();
        let server = |name: &str, more: &str| {
            let file = file.display();
            format!(
                "CREATE SERVER {name} FOREIGN DATA WRAPPER sqlite_fdw \
                 OPTIONS (database '{file}'{more});"
            )
        };
        let servers = server("f", "") + &server("r", ", force_readonly 'true'");
        medley.psql(&(servers + DEFINITIONS)).unwrap();
        Self { medley, file, folder }
    }

    async fn client(&self) -> Client {
        self.medley.connect_as_superuser().await.unwrap()
    }

    /// What the file itself has.
    fn titles(&self) -> String {
        sqlite(
            &self.folder,
            &self.file,
            "SELECT group_concat(title, ',') FROM (SELECT title FROM films ORDER BY id)",
        )
    }
}

/// Another program's view of the file, Python's, run as whom servers run as.
fn sqlite(folder: &TempFolder, file: &Path, sql: &str) -> String {
    const PROGRAM: &str = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); q = sys.argv[2]; \
        print(c.execute(q).fetchone()[0]) if q.startswith('SELECT') else c.executescript(q)";
    let output =
        folder.command("python3").args(["-c", PROGRAM]).arg(file).arg(sql).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn rows_of_a_file_are_changed() {
    let world = World::open();
    let client = world.client().await;
    for pushdown in ["on", "off"] {
        ask(&client, &format!("SET medley.pushdown = {pushdown}")).await.unwrap();
        let insert = "INSERT INTO films VALUES (3, 'dré', 1903, 2.25, '2024-02-29 12:00:00.5') \
                      RETURNING id, title, price, seen";
        let row = ask(&client, insert).await.unwrap();
        assert_eq!(row, ["3|dré|2.25|2024-02-29 12:00:00.5"], "pushdown {pushdown}");
        ask(&client, "UPDATE films SET title = title || '!' WHERE year > 1901").await.unwrap();
        assert_eq!(world.titles(), "one,two!,dré!");
        ask(&client, "UPDATE films SET title = 'two' WHERE id IN (SELECT n + 1 FROM keyed)")
            .await
            .unwrap();
        ask(&client, "DELETE FROM films WHERE false").await.unwrap();
        assert_eq!(world.titles(), "one,two,dré!");
        ask(&client, "DELETE FROM films WHERE title = 'dré!'").await.unwrap();
        assert_eq!(world.titles(), "one,two");
    }
    ask(&client, "TRUNCATE films").await.unwrap();
    assert_eq!(world.titles(), "None");
}

#[tokio::test]
async fn a_transaction_is_one_of_the_file() {
    let world = World::open();
    let client = world.client().await;
    for statement in [
        "BEGIN",
        "INSERT INTO films VALUES (3, 'three')",
        "SAVEPOINT s",
        "DELETE FROM films",
        "ROLLBACK TO s",
    ] {
        ask(&client, statement).await.unwrap();
    }
    assert_eq!(ask(&client, "SELECT count(*) FROM films").await.unwrap(), ["3"]);
    assert_eq!(world.titles(), "one,two");
    ask(&client, "COMMIT").await.unwrap();
    assert_eq!(world.titles(), "one,two,three");
    ask(&client, "BEGIN; DELETE FROM films; ROLLBACK").await.unwrap();
    assert_eq!(world.titles(), "one,two,three");
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let world = World::open();
    let client = world.client().await;
    for (statement, expected) in [
        ("INSERT INTO films VALUES (9, 'nine'), (1, 'again')", "23505: UNIQUE constraint failed"),
        ("INSERT INTO films VALUES (9, NULL)", "23502: NOT NULL constraint failed"),
        (
            "INSERT INTO films VALUES (9, 'n', 1, 1234567890.1234567890)",
            "22003: a SQLite file does",
        ),
        ("INSERT INTO films (id, title, seen) VALUES (9, 'n', 'infinity')", "22003: a SQLite file"),
        ("INSERT INTO forced VALUES (9, 'nine')", "25006: "),
        ("INSERT INTO fixed VALUES (9)", "55000: foreign table \"fixed\" does not allow inserts"),
        ("TRUNCATE fixed", "55000: foreign table \"fixed\" does not allow truncates"),
    ] {
        let said = ask(&client, statement).await.unwrap_err();
        assert!(said.starts_with(expected), "{statement}: {said}");
        assert_eq!(world.titles(), "one,two", "{statement}");
    }
    assert_eq!(ask(&client, "SELECT title FROM forced WHERE id = 2").await.unwrap(), ["two"]);
}
