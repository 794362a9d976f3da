use std::time::{Duration, Instant};

use futures::StreamExt;
use medley_fdw::{Diagnostic, SqlConnection};
use medley_types::PgType;

use crate::fixture::{alice, print, query, refused, wait_for};

/// Work without an end, and no row.
const SILENT: &str = "SELECT SLEEP(60)";
/// Rows without a visible end.
const ENDLESS: &str = "SELECT a.seq FROM alice.seq_1_to_1000000 a, alice.seq_1_to_1000000 b";

/// Of the statements that mention this word, how many run.
fn running(word: &str) -> String {
    format!(
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'alice' \
         AND COMMAND <> 'Sleep' AND INFO LIKE '%{word}%'"
    )
}

async fn cancels(connection: &mut dyn SqlConnection, sql: &str, after: Duration) {
    let canceller = connection.canceller().expect("it can be stopped");
    let stop = async {
        tokio::time::sleep(after).await;
        canceller.cancel().await.expect("delivered");
        Instant::now()
    };
    let (outcome, stopped) = tokio::join!(print(connection, query(sql, &[PgType::INT8])), stop);
    assert_eq!(refused(outcome), "57014 canceling statement due to user request");
    assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
    assert!(connection.reset().await, "it can be lent again");
    let one = print(connection, query("SELECT 1", &[PgType::INT4])).await;
    assert_eq!(one.expect("it goes on"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_cancelled_in_the_middle() {
    let mut connection = alice(&[]).await;
    for sql in
        [format!("{ENDLESS} /* cancelled */"), "SELECT SLEEP(60) FROM alice.seq_1_to_9".into()]
    {
        cancels(connection.as_mut(), &sql, Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_cancel_that_comes_too_late_stops_nothing() {
    let mut connection = alice(&[]).await;
    let canceller = connection.canceller().expect("it can be stopped");
    canceller.cancel().await.expect("delivered");
    let one = print(connection.as_mut(), query("SELECT 1", &[PgType::INT4])).await;
    assert_eq!(one.expect("a row"), "1");
}

/// Dropped while rows come, and while none does.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stream_is_stopped_at_the_remote() {
    for (word, sql) in [("drop1", ENDLESS), ("drop2", SILENT)] {
        let mut connection = alice(&[]).await;
        let sql = format!("{sql} /* {word} */");
        let mut batches = connection.query(query(&sql, &[PgType::INT8]));
        let _ = tokio::time::timeout(Duration::from_millis(300), batches.next()).await;
        drop(batches);
        assert!(!connection.reset().await, "it is not to be lent again");
        drop(connection);
        wait_for(&running(word), "0").await;
    }
}

#[tokio::test]
async fn a_remote_that_dies_is_a_lost_connection() {
    let server = medley_testkit::MariaDb::start().expect("a server");
    server.create_account("alice", crate::fixture::PASSWORD).expect("an account");
    let mut options = medley_fdw::Options::default();
    options.set("port", server.port().to_string());
    let mapping = crate::fixture::mapping("alice", Some(crate::fixture::PASSWORD));
    let connection = crate::fixture::log_in(&options, &mapping, false).await;
    let mut connection = connection.expect("a session");
    let mut batches = connection.query(query(ENDLESS, &[PgType::INT8]));
    batches.next().await.expect("a batch").expect("rows");
    server.kill().expect("killed");
    let error = loop {
        match batches.next().await.expect("no end") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.sqlstate().code(), "08006");
    assert!(error.is_connection_lost());
    drop(batches);
    assert!(!connection.reset().await);
}
