use std::time::{Duration, Instant};

use futures::StreamExt;
use medley_fdw::{Error, SqlConnection};
use medley_types::PgType;

use crate::fixture::{File, print, query, refused};

/// Rows without an end.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
/// Work without an end, and no row.
const SILENT: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

async fn cancels(connection: &mut dyn SqlConnection, sql: &str, after: Duration) {
    let canceller = connection.canceller().expect("it can be stopped");
    let stop = async {
        tokio::time::sleep(after).await;
        canceller.cancel().await.expect("it cannot fail");
        Instant::now()
    };
    let (outcome, stopped) = tokio::join!(print(connection, query(sql, &[PgType::INT8])), stop);
    assert_eq!(refused(outcome), "57014 canceling statement due to user request");
    assert!(stopped.elapsed() < Duration::from_secs(2), "{:?}", stopped.elapsed());
    assert!(connection.reset().await, "it can be lent again");
    let one = print(connection, query("SELECT 1", &[PgType::INT4])).await;
    assert_eq!(one.expect("it goes on"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_cancelled_in_the_middle() {
    let file = File::new("");
    let mut connection = file.connect().await;
    for after in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(100)] {
        cancels(connection.as_mut(), ENDLESS, after).await;
        cancels(connection.as_mut(), SILENT, after).await;
    }
}

#[tokio::test]
async fn a_cancel_that_comes_too_late_stops_nothing() {
    let file = File::new("");
    let mut connection = file.connect().await;
    let canceller = connection.canceller().expect("it can be stopped");
    canceller.cancel().await.expect("it cannot fail");
    let one = print(connection.as_mut(), query("SELECT 1", &[PgType::INT4])).await;
    assert_eq!(one.expect("a row"), "1");
}

/// Dropped while rows come, and while none does.
#[tokio::test]
async fn a_dropped_stream_stops_its_thread() {
    for sql in [ENDLESS, SILENT] {
        let file = File::new("CREATE TABLE t (a)");
        let mut connection = file.connect().await;
        let mut batches = connection.query(query(sql, &[PgType::INT8]));
        let _ = tokio::time::timeout(Duration::from_millis(50), batches.next()).await;
        drop(batches);
        assert!(!connection.reset().await, "it is not to be lent again");
        let again = print(connection.as_mut(), query("SELECT 1", &[PgType::INT4])).await;
        assert!(again.as_ref().is_err_and(Error::is_connection_lost), "{again:?}");
    }
    // The runtime waits here for its blocking threads: one that went on would hang the test.
}

#[tokio::test]
async fn rows_without_columns_are_counted() {
    let file = File::new("CREATE TABLE t (a); INSERT INTO t VALUES (1), (NULL), ('x')");
    let mut connection = file.connect().await;
    let batches: Vec<_> = connection.query(query("SELECT NULL FROM t", &[])).collect().await;
    let rows: usize = batches.into_iter().map(|b| b.expect("rows").num_rows()).sum();
    assert_eq!(rows, 3);
    let two = query("SELECT 1, 2", &[PgType::INT4]);
    let said = refused(print(connection.as_mut(), two).await);
    assert_eq!(said, "XX000 remote query result does not match the foreign table");
}

#[tokio::test]
async fn no_rows_are_no_batches() {
    let file = File::new("CREATE TABLE t (a)");
    let mut connection = file.connect().await;
    let mut batches = connection.query(query("SELECT a FROM t", &[PgType::INT4]));
    assert!(batches.next().await.is_none());
}
