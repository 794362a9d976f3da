use std::time::{Duration, Instant};

use crate::fixture::{alice, cluster, print, query, refused, told, wait_for};
use arrow_array::RecordBatch;
use futures::StreamExt;
use medley_fdw::{Diagnostic, Error, SqlConnection, SqlState};
use medley_types::PgType;

/// Rows without an end, as far as anybody will wait.
const ENDLESS: &str = "SELECT generate_series(1, 1000000000000)";

fn sessions_of(name: &str) -> String {
    format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'")
}

/// A running statement is stopped within a second, and the session goes on.
pub async fn cancels(connection: &mut dyn SqlConnection) {
    let canceller = connection.canceller().expect("it can be stopped");
    let begun = Instant::now();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        canceller.cancel().await.expect("the request is delivered");
    };
    let sql = "SELECT 1 FROM pg_sleep(60)";
    let (outcome, ()) = tokio::join!(print(connection, query(sql, &[PgType::INT4])), stop);
    let expected =
        format!("57014 canceling statement due to user request\nC: remote SQL command: {sql}");
    assert_eq!(refused(outcome), expected);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let one = print(connection, query("SELECT 1", &[PgType::INT4])).await;
    assert_eq!(one.expect("it goes on"), "1");
    assert!(connection.reset().await);
}

#[tokio::test]
async fn a_statement_is_cancelled_within_a_second() {
    cancels(alice(&[("sslmode", "disable")]).await.as_mut()).await;
}

#[tokio::test]
async fn a_dropped_stream_leaves_nothing_running() {
    let mut connection = alice(&[("application_name", "dropped")]).await;
    let mut batches = connection.query(query(ENDLESS, &[PgType::INT8]));
    assert!(batches.next().await.expect("a batch").is_ok());
    drop(batches);
    assert!(!connection.reset().await, "it is not to be lent again");
    let again = print(connection.as_mut(), query("SELECT 1", &[PgType::INT4])).await;
    assert!(again.expect_err("it is of no use").is_connection_lost());
    drop(connection);
    wait_for(&sessions_of("dropped"), "0", 2_000).await;
}

#[tokio::test]
async fn a_dropped_statement_that_sends_nothing_is_stopped_too() {
    let mut connection = alice(&[("application_name", "sleeper")]).await;
    let mut batches = connection.query(query("SELECT 1 FROM pg_sleep(60)", &[PgType::INT4]));
    let waited = tokio::time::timeout(Duration::from_millis(200), batches.next()).await;
    assert!(waited.is_err(), "it sleeps");
    drop(batches);
    drop(connection);
    wait_for(&sessions_of("sleeper"), "0", 2_000).await;
}

#[tokio::test]
async fn an_idle_session_that_is_dropped_ends() {
    let connection = alice(&[("application_name", "idle")]).await;
    wait_for(&sessions_of("idle"), "1", 2_000).await;
    drop(connection);
    wait_for(&sessions_of("idle"), "0", 2_000).await;
}

#[tokio::test]
async fn a_session_that_is_terminated_in_the_middle_is_lost() {
    let mut connection = alice(&[("application_name", "victim")]).await;
    let mut batches = connection.query(query(ENDLESS, &[PgType::INT8]));
    assert!(batches.next().await.expect("a batch").is_ok());
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE application_name = 'victim'";
    assert_eq!(cluster().psql(terminate).expect("an answer"), "t");
    let error = loop {
        match batches.next().await.expect("it does not just end") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    // Whether its last word gets through is a matter of how full the socket was.
    let said = told(&error);
    assert!(said.starts_with("08006 connection to server \"remote\" was lost\nD: "), "{said}");
    drop(batches);
    assert!(!connection.reset().await);
}

#[tokio::test]
async fn a_session_that_was_terminated_while_idle_is_lost_at_the_next_statement() {
    let mut connection = alice(&[("application_name", "sleeping victim")]).await;
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE application_name = 'sleeping victim'";
    cluster().psql(terminate).expect("an answer");
    wait_for(&sessions_of("sleeping victim"), "0", 2_000).await;
    let outcome = print(connection.as_mut(), query("SELECT 1", &[PgType::INT4])).await;
    assert_eq!(outcome.expect_err("it is gone").sqlstate(), SqlState::CONNECTION_FAILURE);
    assert!(!connection.reset().await);
}

#[tokio::test]
async fn a_server_that_dies_is_told_from_an_end() {
    let own = medley_testkit::Postgres::start().expect("a cluster");
    own.create_account("alice", crate::fixture::PASSWORD).expect("a role");
    let mut connection = alice(&[("port", &own.port().to_string())]).await;
    let mut batches = connection.query(query(ENDLESS, &[PgType::INT8]));
    assert!(batches.next().await.expect("a batch").is_ok());
    own.kill().expect("it dies");
    let error = loop {
        match batches.next().await.expect("it does not just end") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
}

#[tokio::test]
async fn a_million_rows_take_no_more_memory_than_a_thousand() {
    const ROWS: usize = 1_000_000;
    let mut connection = alice(&[]).await;
    let sql = format!("SELECT generate_series(1, {ROWS}), repeat('x', 400)");
    let mut batches = connection.query(query(&sql, &[PgType::INT4, PgType::TEXT]));
    let mut count = batches.next().await.expect("a batch").map(|b| b.num_rows()).expect("rows");
    let (before, mut most) = (resident_mb(), 0);
    while let Some(batch) = batches.next().await {
        let batch: RecordBatch = batch.expect("a batch");
        count += batch.num_rows();
        assert!(batch.get_array_memory_size() < 32 << 20, "a batch is bounded");
        most = most.max(resident_mb());
    }
    assert_eq!(count, ROWS);
    // 400 MB have passed; other tests of this process take a little at the same time.
    assert!(most < before + 120, "{before} MB, then {most} MB");
}

fn resident_mb() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages: usize = status.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("a number");
    pages * 4 / 1024
}
