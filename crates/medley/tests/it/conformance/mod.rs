//! What every wrapper does, against a source of its kind: one suite, whose table of outcomes is
//! kept in the manual. `MEDLEY_BLESS=1` writes it.
mod stand;

use std::fmt::Write as _;
use std::path::Path;
use std::pin::pin;

use futures::TryStreamExt;
use tokio_postgres::SimpleQueryMessage;

use self::stand::{MANY, Stand};
use crate::cinema::ask;

const PAGE: &str = "../../docs/reference/wrappers/conformance.md";

/// What comes of a behaviour that a source can have or not.
enum Outcome {
    Holds,
    /// The source has nothing of the kind.
    Not(&'static str),
}

use Outcome::{Holds, Not};

/// Runs a behaviour at each stand, and makes a line of the table.
macro_rules! line {
    ($page:ident, $notes:ident, $stands:ident, $what:literal, $behaviour:ident) => {
        let _ = write!($page, "| {} |", $what);
        for stand in &$stands {
            match $behaviour(stand).await {
                Holds => $page.push_str(" yes |"),
                Not(why) => {
                    let number = $notes.iter().position(|it| *it == why).unwrap_or_else(|| {
                        $notes.push(why);
                        $notes.len() - 1
                    });
                    let _ = write!($page, " ({}) |", number + 1);
                }
            }
        }
        $page.push('\n');
    };
}

#[tokio::test]
async fn wrappers_behave_alike() {
    let stands = Stand::all();
    let mut notes: Vec<&str> = Vec::new();
    let mut page = String::from(
        "# What each wrapper does\n\n\
         Made by a suite that runs every line against a real source of each kind.\n\n| |",
    );
    let names: String = stands.iter().map(|stand| format!(" `{}` |", stand.wrapper)).collect();
    let _ = writeln!(page, "{names}\n|---|{}", "---|".repeat(stands.len()));
    line!(
        page,
        notes,
        stands,
        "values at the limits of their types, NULL, empty text, letters of every width",
        values
    );
    line!(page, notes, stands, "a table without rows", empty);
    line!(page, notes, stands, "the same answers with `medley.pushdown` on and off", pushdown);
    line!(page, notes, stands, "a million rows pass through, and memory stays flat", memory);
    line!(page, notes, stands, "IMPORT FOREIGN SCHEMA", import);
    line!(page, notes, stands, "INSERT, UPDATE, DELETE", changes);
    line!(page, notes, stands, "ROLLBACK, also to a savepoint", transactions);
    line!(
        page,
        notes,
        stands,
        "a column that is renamed at the remote is an error, and no other column's values",
        renamed
    );
    line!(page, notes, stands, "one that is dropped there, too", dropped);
    line!(page, notes, stands, "a wrong password is an error that does not show it", password);
    line!(
        page,
        notes,
        stands,
        "a remote that goes away in the midst of rows is an error, and the next statement runs",
        killed
    );
    line!(page, notes, stands, "a statement that is cancelled ends, and the next runs", cancelled);
    page.push('\n');
    for (number, note) in notes.iter().enumerate() {
        let _ = writeln!(page, "({}) {note}", number + 1);
    }
    if std::env::var_os("MEDLEY_BLESS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let kept = std::fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    assert!(page == kept, "{PAGE} is not what came of it: run once with MEDLEY_BLESS=1\n{page}");
}

/// Runs at a stand, as somebody who has just come; what is wrong names the stand.
async fn asked(stand: &Stand, sql: &str) -> Result<Vec<String>, String> {
    ask(&stand.client().await, sql).await.map_err(|error| format!("{}: {error}", stand.wrapper))
}

async fn answers(stand: &Stand, sql: &str, expected: &[&str]) {
    assert_eq!(asked(stand, sql).await.unwrap(), expected, "{}: {sql}", stand.wrapper);
}

async fn values(stand: &Stand) -> Outcome {
    let expected = [
        "1|one|1.50|2024-02-29",
        "2|NULL|NULL|NULL",
        "3|Ünïcødé 漢字 🎬|-0.01|1999-12-31",
        "2147483647||99999999.99|9999-12-31",
    ];
    answers(stand, "SELECT id, title, price, day FROM conf ORDER BY id", &expected).await;
    answers(stand, "SELECT id FROM conf WHERE title = 'Ünïcødé 漢字 🎬'", &["3"]).await;
    answers(stand, "SELECT count(*) FROM conf WHERE title IS NULL", &["1"]).await;
    Holds
}

async fn empty(stand: &Stand) -> Outcome {
    answers(stand, "SELECT * FROM hollow", &[]).await;
    answers(stand, "SELECT count(*), max(id) FROM hollow", &["0|NULL"]).await;
    Holds
}

async fn pushdown(stand: &Stand) -> Outcome {
    const QUERIES: &[&str] = &[
        "SELECT id, title FROM conf WHERE id IN (1, 3) OR title = '' ORDER BY id",
        "SELECT count(*), sum(price), min(day), max(title) FROM conf",
        "SELECT price > 1, count(*) FROM conf GROUP BY 1 ORDER BY 1",
        "SELECT a.id, b.title FROM conf a LEFT JOIN conf b ON b.id = a.id - 1 ORDER BY 1",
        "SELECT count(*), sum(n), min(n) FROM many WHERE n % 1000 = 7 AND n > 5000",
        "SELECT n FROM many ORDER BY n DESC LIMIT 3",
        "SELECT c.id, m.n FROM conf c JOIN many m ON m.n = c.id ORDER BY 1",
        "SELECT id FROM conf WHERE NOT EXISTS (SELECT 1 FROM many WHERE n = id) ORDER BY 1",
    ];
    let client = stand.client().await;
    for query in QUERIES {
        let mut both = Vec::new();
        for pushdown in ["on", "off"] {
            ask(&client, &format!("SET medley.pushdown = {pushdown}")).await.unwrap();
            both.push(ask(&client, query).await.unwrap());
        }
        assert_eq!(both[0], both[1], "{}: {query}", stand.wrapper);
        assert!(!both[0].is_empty(), "{}: {query}", stand.wrapper);
    }
    Holds
}

async fn memory(stand: &Stand) -> Outcome {
    const GROWTH_KB: u64 = 96 * 1024;
    let client = stand.client().await;
    let pid = stand.medley.pid();
    let before = resident(pid);
    let mut messages = pin!(client.simple_query_raw("SELECT n FROM many").await.unwrap());
    let (mut rows, mut most) = (0, before);
    while let Some(message) = messages.try_next().await.unwrap() {
        if let SimpleQueryMessage::Row(_) = message {
            rows += 1;
            if rows % 50_000 == 0 {
                most = most.max(resident(pid));
            }
        }
    }
    assert_eq!(rows, MANY, "{}", stand.wrapper);
    assert!(most < before + GROWTH_KB, "{}: {before} kB before, {most} then", stand.wrapper);
    Holds
}

/// The memory that a process has, in kB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn import(stand: &Stand) -> Outcome {
    let import = format!(
        "CREATE SCHEMA imported; IMPORT FOREIGN SCHEMA \"{}\" LIMIT TO (conf) FROM SERVER s \
         INTO imported",
        stand.source.schema()
    );
    if let Err(refused) = asked(stand, &import).await {
        assert!(refused.contains("HV00P"), "{refused}");
        return Not("it is refused, as PostgreSQL's file_fdw refuses it");
    }
    answers(stand, "SELECT count(*), max(id) FROM imported.conf", &["4|2147483647"]).await;
    Holds
}

async fn changes(stand: &Stand) -> Outcome {
    let insert = "INSERT INTO conf VALUES (10, 'ten', 10, '2020-01-01'), (11, NULL, 0.5, NULL)";
    if let Err(refused) = asked(stand, insert).await {
        assert!(refused.contains("0A000") || refused.contains("55000"), "{refused}");
        return Not("files are read, and not written");
    }
    let update = "UPDATE conf SET title = title || '!', price = price + 1 WHERE id IN (10, 11)";
    asked(stand, update).await.unwrap();
    let changed = ["10|ten!|11.00|2020-01-01", "11|NULL|1.50|NULL"];
    let select = "SELECT id, title, price, day FROM conf WHERE id IN (10, 11) ORDER BY id";
    answers(stand, select, &changed).await;
    asked(stand, "DELETE FROM conf WHERE id IN (10, 11)").await.unwrap();
    answers(stand, "SELECT count(*) FROM conf", &["4"]).await;
    Holds
}

async fn transactions(stand: &Stand) -> Outcome {
    let client = stand.client().await;
    ask(&client, "BEGIN").await.unwrap();
    if ask(&client, "INSERT INTO conf VALUES (20, 'x', 1, NULL)").await.is_err() {
        ask(&client, "ROLLBACK").await.unwrap();
        return Not("files are read, and not written");
    }
    ask(&client, "SAVEPOINT a; DELETE FROM conf WHERE id > 1").await.unwrap();
    assert_eq!(ask(&client, "SELECT count(*) FROM conf").await.unwrap(), ["1"]);
    ask(&client, "ROLLBACK TO a").await.unwrap();
    assert_eq!(ask(&client, "SELECT count(*) FROM conf").await.unwrap(), ["5"]);
    ask(&client, "ROLLBACK").await.unwrap();
    answers(stand, "SELECT count(*) FROM conf", &["4"]).await;
    Holds
}

const NOT_SQL: &str = "a file of other columns is another file";

async fn renamed(stand: &Stand) -> Outcome {
    if !stand.source.run("ALTER TABLE conf RENAME COLUMN title TO name") {
        return Not(NOT_SQL);
    }
    for query in ["SELECT title FROM conf", "SELECT id FROM conf WHERE title = 'one'"] {
        let error = asked(stand, query).await.unwrap_err();
        assert!(error.contains("title"), "{error}");
    }
    stand.source.run("ALTER TABLE conf RENAME COLUMN name TO title");
    answers(stand, "SELECT title FROM conf WHERE id = 1", &["one"]).await;
    Holds
}

async fn dropped(stand: &Stand) -> Outcome {
    if !stand.source.run("ALTER TABLE shed DROP COLUMN gone") {
        return Not(NOT_SQL);
    }
    let error = asked(stand, "SELECT gone FROM shed").await.unwrap_err();
    assert!(error.contains("gone"), "{error}");
    answers(stand, "SELECT id FROM shed", &["1"]).await;
    Holds
}

async fn password(stand: &Stand) -> Outcome {
    if !stand.source.has_accounts() {
        return Not("whoever may read the file on this machine may read it");
    }
    let set = |password| {
        format!("ALTER USER MAPPING FOR PUBLIC SERVER s OPTIONS (SET password '{password}')")
    };
    asked(stand, &set("planted-guess")).await.unwrap();
    let error = asked(stand, "SELECT count(*) FROM conf").await.unwrap_err();
    assert!(!error.contains("planted-guess") && !error.contains("conf-secret"), "{error}");
    assert!(
        error.contains(": 08001") || error.contains(": HV") || error.contains(": 42"),
        "{error}"
    );
    asked(stand, &set("conf-secret")).await.unwrap();
    answers(stand, "SELECT count(*) FROM conf", &["4"]).await;
    Holds
}

async fn killed(stand: &Stand) -> Outcome {
    let client = stand.client().await;
    let mut messages = pin!(client.simple_query_raw("SELECT n, n FROM many").await.unwrap());
    let mut rows = 0;
    while rows < 1000 {
        let message = messages.try_next().await.unwrap().unwrap();
        rows += i32::from(matches!(message, SimpleQueryMessage::Row(_)));
    }
    if !stand.source.end_sessions() {
        return Not("there is no session that could end");
    }
    let end = loop {
        match messages.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("{}: all rows came", stand.wrapper),
            Err(error) => break error,
        }
    };
    assert!(end.as_db_error().is_some(), "{}: {end:?}", stand.wrapper);
    assert_eq!(ask(&client, "SELECT count(*) FROM conf").await.unwrap(), ["4"]);
    Holds
}

async fn cancelled(stand: &Stand) -> Outcome {
    let client = stand.client().await;
    for pushdown in ["on", "off"] {
        ask(&client, &format!("SET medley.pushdown = {pushdown}")).await.unwrap();
        ask(&client, "SET statement_timeout = '300ms'").await.unwrap();
        let long = "SELECT count(*) FROM many a, many b WHERE a.n + b.n = -1";
        let error = ask(&client, long).await.unwrap_err();
        assert!(error.starts_with("57014"), "{}: {error}", stand.wrapper);
        ask(&client, "RESET statement_timeout").await.unwrap();
        assert_eq!(ask(&client, "SELECT count(*) FROM conf").await.unwrap(), ["4"]);
    }
    Holds
}
