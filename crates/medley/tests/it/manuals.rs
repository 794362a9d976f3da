//! The examples of the wrappers' manuals, typed as they stand there.
use std::fs;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use medley_testkit::{MariaDb, ObjectStore, Postgres, TempFolder};

use crate::files::make::parquet;
use crate::guide;

/// Types the example of a wrapper, with this instead of that.
#[track_caller]
fn check(wrapper: &str, here: &[(&str, String)]) {
    let medley = crate::medley();
    guide::check(&medley, &page(wrapper), 1, |typed| {
        here.iter().fold(typed.to_owned(), |typed, (there, here)| {
            assert!(typed.contains(there), "{there}");
            typed.replace(there, here)
        })
    });
}

fn page(wrapper: &str) -> String {
    format!("../../docs/reference/wrappers/{wrapper}.md")
}

fn at_postgres(wrapper: &str) {
    let remote = Postgres::start().unwrap();
    remote.psql(&guide::blocks(&page(wrapper), "pgsql")).unwrap();
    check(wrapper, &[("port '5432'", format!("port '{}'", remote.port()))]);
}

#[test]
fn hello_fdw() {
    check("hello_fdw", &[]);
}

#[test]
fn postgres_fdw() {
    at_postgres("postgres_fdw");
}

#[test]
fn dblink_fdw() {
    at_postgres("dblink_fdw");
}

#[test]
fn medley_fdw() {
    let remote = crate::builder().password("choose-one").start().unwrap();
    let there = guide::blocks(&page("medley_fdw"), "medley");
    remote.psql_as("postgres", "choose-one", &there).unwrap();
    check("medley_fdw", &[("port '5432'", format!("port '{}'", remote.port()))]);
}

#[test]
fn mysql_fdw() {
    let remote = MariaDb::start().unwrap();
    remote.sql(&guide::blocks(&page("mysql_fdw"), "mysql")).unwrap();
    check("mysql_fdw", &[("port '3306'", format!("port '{}'", remote.port()))]);
}

#[test]
fn sqlite_fdw() {
    let folder = TempFolder::new().unwrap();
    let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])";
    let mut python = folder.command("python3");
    python.args(["-c", program]).arg(folder.join("diary.db"));
    python.arg(guide::blocks(&page("sqlite_fdw"), "sqlite"));
    assert!(python.status().unwrap().success());
    check("sqlite_fdw", &[("/srv/cinema", folder.join("").display().to_string())]);
}

#[test]
fn file_fdw() {
    let folder = TempFolder::new().unwrap();
    fs::write(folder.join("prices.csv"), guide::blocks(&page("file_fdw"), "csv")).unwrap();
    check("file_fdw", &[("/srv/cinema", folder.join("").display().to_string())]);
}

#[test]
fn parquet_s3_fdw() {
    let store = ObjectStore::start("key", "secret").unwrap();
    for (year, sold) in [(2023, vec![48, 110, 41]), (2024, vec![40, 0, 0])] {
        let film: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
        let sold: ArrayRef = Arc::new(Int64Array::from(sold));
        let batch = RecordBatch::try_from_iter([("film", film), ("sold", sold)]).unwrap();
        let key = format!("tickets/year={year}/a.parquet");
        store.put("cinema", &key, &parquet(&batch)).unwrap();
    }
    check("parquet_s3_fdw", &[("127.0.0.1:9000", store.endpoint())]);
}
