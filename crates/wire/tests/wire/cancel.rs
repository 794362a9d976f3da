use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, NoTls};

use crate::raw::Raw;
use crate::toy::Toy;

/// Idle machines take about a millisecond; busy ones shall not fail the test.
const PROMPTLY: Duration = Duration::from_millis(200);

/// Runs `sql`, cancels it a little later, and says how it ended and how soon after the cancel.
async fn cancelled(client: &Client, sql: &str) -> (Error, Duration) {
    let token = client.cancel_token();
    let cancelling = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let begun = Instant::now();
        token.cancel_query(NoTls).await.unwrap();
        begun
    };
    let (answer, begun) = tokio::join!(client.simple_query(sql), cancelling);
    (answer.unwrap_err(), begun.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_request_stops_a_stream_of_rows() {
    let toy = Toy::start().await;
    let client = toy.connect().await;
    let (error, elapsed) = cancelled(&client, "drip").await;
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code(), &SqlState::QUERY_CANCELED);
    assert_eq!(error.message(), "canceling statement due to user request");
    assert!(elapsed < PROMPTLY, "took {elapsed:?}");
    assert_eq!(client.simple_query("rows 1").await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_cancel_request_stops_a_statement_that_waits_for_the_client() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("flood").send().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let pids: Vec<_> = (1_000..70_000).filter(|pid| toy.cancels.cancel(*pid)).collect();
    assert_eq!(pids.len(), 1);
    let answer = raw.kinds().await;
    assert!(answer.ends_with("DE(ERROR 57014 canceling statement due to user request)Z"));
}

#[tokio::test]
async fn a_cancel_request_stops_what_waits() {
    let mut toy = Toy::start().await;
    let client = toy.connect().await;
    let (error, elapsed) = cancelled(&client, "sleep").await;
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    assert!(elapsed < PROMPTLY, "took {elapsed:?}");
    assert_eq!(toy.event().await, "sleeping");
    assert_eq!(toy.event().await, "told to stop: Requested");
}

#[tokio::test]
async fn a_late_cancel_request_stops_nothing() {
    let toy = Toy::start().await;
    let client = toy.connect().await;
    client.simple_query("rows 1").await.unwrap();
    client.cancel_token().cancel_query(NoTls).await.unwrap();
    // The driver closes its side first: wait until the server has read the request.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(client.simple_query("nap").await.is_ok());
}

#[tokio::test]
async fn a_long_secret_cancels_in_version_3_2() {
    let mut toy = Toy::start().await;
    let mut raw = Raw::dial(&toy).await;
    raw.start_up(2, &[("user", "alice"), ("database", "medley")]).await;
    let mut key = None;
    while let Some((kind, body)) = raw.answer().await {
        match kind {
            'K' => key = Some(body),
            'Z' => break,
            _ => {}
        }
    }
    let key = key.expect("a key");
    assert_eq!(key.len(), 4 + 32);
    raw.query("sleep").send().await;
    assert_eq!(toy.event().await, "sleeping");
    for (cut, obeyed) in [(4, false), (key.len(), true)] {
        let mut other = Raw::dial(&toy).await;
        other.out.extend((cut as u32 + 8).to_be_bytes());
        other.out.extend(80_877_102_u32.to_be_bytes());
        other.out.extend(&key[..cut]);
        assert_eq!(other.ask().await, ".");
        let told = tokio::time::timeout(Duration::from_millis(300), toy.event()).await;
        assert_eq!(told.is_ok(), obeyed, "key cut to {cut}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_stops_its_statement() {
    let mut toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("sleep").send().await;
    assert_eq!(toy.event().await, "sleeping");
    drop(raw);
    assert_eq!(toy.event().await, "told to stop: ClientGone");
    assert_eq!(toy.event().await, "ended");
}

#[tokio::test]
async fn a_client_that_resets_its_connection_stops_its_statement() {
    let mut toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("sleep").send().await;
    assert_eq!(toy.event().await, "sleeping");
    raw.socket.set_zero_linger().unwrap();
    drop(raw);
    assert_eq!(toy.event().await, "told to stop: ClientGone");
    assert_eq!(toy.event().await, "ended");
}

#[tokio::test]
async fn a_session_that_is_terminated_ends() {
    let mut toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("sleep").send().await;
    assert_eq!(toy.event().await, "sleeping");
    assert_eq!((1_000..70_000).filter(|pid| toy.cancels.terminate(*pid)).count(), 1);
    let expected = "E(FATAL 57P01 terminating connection due to administrator command).";
    assert_eq!(raw.kinds().await, expected);
}
