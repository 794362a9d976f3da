use std::fs;

use medley_fdw::Family;
use medley_types::PgType;

use crate::fixture::{File, connect, connect_with, options, print, query, refused};

#[tokio::test]
async fn a_missing_file_is_not_made() {
    let file = File::absent();
    let path = file.path.to_str().expect("UTF-8").to_owned();
    let expected = format!(
        "08001 could not connect to server \"films\"\n\
         D: could not open file \"{path}\": No such file or directory"
    );
    assert_eq!(refused(connect(&file.path).await), expected);
    assert!(!file.path.exists());
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let file = File::absent();
    let secret = "root:x:0:0: ".repeat(100);
    fs::write(&file.path, &secret).expect("a file");
    let said = refused(connect(&file.path).await);
    assert!(said.starts_with("08001 could not connect to server \"films\"\nD: "), "{said}");
    assert!(said.ends_with(": file is not a database"), "{said}");
    assert!(!said.contains("root"), "{said}");
    let folder = file.path.parent().expect("it is in one");
    let said = refused(connect(folder).await);
    assert!(said.ends_with(": not a regular file"), "{said}");
}

#[tokio::test]
async fn names_that_sqlite_takes_for_something_else_are_files() {
    let file = File::new("CREATE TABLE t (a)");
    let uri = format!("file:{}?mode=rwc", file.path.display());
    for name in [":memory:", "", uri.as_str()] {
        let said = refused(connect_with(&options(&[("database", name)])).await);
        assert!(said.ends_with("No such file or directory"), "{name}: {said}");
    }
    let said = refused(connect_with(&options(&[])).await);
    assert_eq!(said, "HV002 required option \"database\" is missing");
}

#[tokio::test]
async fn a_corrupt_file_is_an_error_and_not_an_end() {
    let file = File::new(
        "PRAGMA page_size = 1024; CREATE TABLE t (s TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO t SELECT 'planted' || i FROM n",
    );
    let mut bytes = file.bytes();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x5a);
    fs::write(&file.path, bytes).expect("the file");
    let mut connection = file.connect().await;
    let sql = "SELECT s FROM t";
    let said = refused(print(connection.as_mut(), query(sql, &[PgType::TEXT])).await);
    let expected = format!("HV000 database disk image is malformed\nC: remote SQL command: {sql}");
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_column_that_is_gone_is_an_error_and_not_its_name() {
    let file = File::new("CREATE TABLE t (a TEXT, b TEXT); INSERT INTO t VALUES ('x', 'y')");
    let mut connection = file.connect().await;
    let sql = r#"SELECT "b" FROM "t""#;
    let before = print(connection.as_mut(), query(sql, &[PgType::TEXT])).await;
    assert_eq!(before.expect("a row"), "y");
    file.change("ALTER TABLE t DROP COLUMN b");
    let said = refused(print(connection.as_mut(), query(sql, &[PgType::TEXT])).await);
    let message = "no such column: \"b\" - should this be a string literal in single-quotes?";
    assert_eq!(said, format!("HV000 {message}\nC: remote SQL command: {sql}"));
    file.change("DROP TABLE t");
    let said = refused(print(connection.as_mut(), query(sql, &[PgType::TEXT])).await);
    assert_eq!(said, format!("HV000 no such table: t\nC: remote SQL command: {sql}"));
    assert!(connection.reset().await);
}

#[tokio::test]
async fn nothing_is_written_and_no_other_file_is_opened() {
    let file = File::new("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    let other = File::new("CREATE TABLE u (a)");
    let before = file.bytes();
    let mut connection = file.connect().await;
    let other_path = other.path.display();
    for sql in [
        "INSERT INTO t VALUES (2) RETURNING a",
        "DELETE FROM t RETURNING a",
        "CREATE TABLE v (a)",
        &format!("ATTACH '{other_path}' AS other"),
        &format!("VACUUM INTO '{other_path}2'"),
        "SELECT load_extension('anything')",
    ] {
        let said = refused(print(connection.as_mut(), query(sql, &[])).await);
        let is_refused = said.starts_with("HV000 ") || said.starts_with("25006 ");
        assert!(is_refused, "{sql}: {said}");
    }
    assert_eq!(file.bytes(), before);
    assert!(!other.path.with_extension("db2").exists());
}

/// In WAL mode too, a writer's changes are seen and not hindered.
#[tokio::test]
async fn a_file_in_wal_mode_is_read_beside_its_writer() {
    let file = File::new("PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    let writer = rusqlite::Connection::open(&file.path).expect("a writer");
    let mut connection = file.connect().await;
    for count in 1..4 {
        let sql = "SELECT count(*) FROM t";
        let seen = print(connection.as_mut(), query(sql, &[PgType::INT4])).await;
        assert_eq!(seen.expect("a count"), count.to_string());
        writer.execute_batch("INSERT INTO t VALUES (1)").expect("a write");
    }
}

#[tokio::test]
async fn a_connection_says_what_the_file_is() {
    let file = File::new("");
    let connection = file.connect().await;
    let facts = connection.facts();
    assert_eq!(facts.dialect.family, Family::Sqlite);
    assert!(facts.version >= 3_050_000, "{}", facts.version);
    assert!(facts.byte_order_collation);
    let utf16 = File::new("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (a)");
    assert!(!utf16.connect().await.facts().byte_order_collation);
}

/// The pool takes such a connection for lost, and opens the file that is there now.
#[tokio::test]
async fn a_file_that_was_replaced_is_read_no_more() {
    let file = File::new("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    let newer = File::new("CREATE TABLE t (a); INSERT INTO t VALUES (2)");
    let mut connection = file.connect().await;
    fs::rename(&newer.path, &file.path).expect("it is replaced");
    let one = || query("SELECT a FROM t", &[PgType::INT4]);
    let said = refused(print(connection.as_mut(), one()).await);
    let expected = "08006 connection to server \"films\" was lost\n\
                    D: the file was removed or replaced";
    assert_eq!(said, expected);
    let new = print(file.connect().await.as_mut(), one()).await;
    assert_eq!(new.expect("a row"), "2");
}

#[tokio::test]
async fn text_compares_by_bytes_whatever_a_column_declares() {
    let file = File::new("CREATE TABLE t (s TEXT COLLATE NOCASE); INSERT INTO t VALUES ('A')");
    let mut connection = file.connect().await;
    let collation = connection.facts().dialect.text_collation().expect("SQLite needs one");
    for (condition, count) in [("s", "1"), (&format!("s COLLATE {collation}"), "0")] {
        let sql = format!("SELECT count(*) FROM t WHERE {condition} = 'a'");
        let said = print(connection.as_mut(), query(&sql, &[PgType::INT4])).await;
        assert_eq!(said.expect("a count"), count, "{condition}");
    }
}
