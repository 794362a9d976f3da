use std::time::{Duration, Instant};

use medley_wire::{Listener, Options};

use crate::raw::Raw;
use crate::toy::Toy;

const TERMINATED: &str = "E(FATAL 57P01 terminating connection due to administrator command).";

fn with_grace(grace: Duration) -> Options {
    Options { grace, ..Options::default() }
}

#[tokio::test]
async fn an_idle_session_ends_at_once() {
    let toy = Toy::start_with(with_grace(Duration::from_secs(60)), None).await;
    let mut raw = Raw::log_in(&toy).await;
    let begun = Instant::now();
    toy.stop().await;
    assert_eq!(raw.kinds().await, TERMINATED);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_statement_that_ends_in_time_is_answered() {
    let mut toy = Toy::start_with(with_grace(Duration::from_secs(60)), None).await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("nap").send().await;
    assert_eq!(toy.event().await, "napping");
    toy.stop().await;
    assert_eq!(raw.kinds().await, "CZ");
    assert_eq!(raw.kinds().await, TERMINATED);
}

#[tokio::test]
async fn a_statement_that_does_not_is_cancelled() {
    let mut toy = Toy::start_with(with_grace(Duration::from_millis(300)), None).await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("sleep").send().await;
    assert_eq!(toy.event().await, "sleeping");
    let begun = Instant::now();
    toy.shutdown.cancel();
    assert_eq!(toy.event().await, "told to stop: Terminated");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    toy.stop().await;
    assert_eq!(raw.kinds().await, TERMINATED);
}

#[tokio::test]
async fn a_statement_that_does_not_heed_is_dropped() {
    let mut toy = Toy::start_with(with_grace(Duration::ZERO), None).await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("stubborn").send().await;
    assert_eq!(toy.event().await, "stubborn");
    toy.shutdown.cancel();
    assert_eq!(toy.event().await, "ended");
    toy.stop().await;
    assert_eq!(raw.kinds().await, TERMINATED);
}

#[tokio::test]
async fn the_unix_socket_goes_with_the_server() {
    let toy = Toy::start().await;
    let file = format!(".s.PGSQL.{}", toy.port);
    assert!(toy.socket_dir.path().join(&file).exists());
    let folder = toy.stop().await;
    assert!(!folder.path().join(&file).exists());
}

#[tokio::test]
async fn a_socket_nobody_answers_on_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let stale = folder.path().join(".s.PGSQL.5433");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    assert!(stale.exists());
    let first = Listener::unix(folder.path(), 5433).await.unwrap();
    assert_eq!(first.to_string(), stale.display().to_string());
    let second = Listener::unix(folder.path(), 5433).await.err().expect("it answers");
    assert_eq!(second.kind(), std::io::ErrorKind::AddrInUse);
    drop(first);
    std::fs::write(&stale, "a file of somebody's").unwrap();
    assert!(Listener::unix(folder.path(), 5433).await.is_err());
    assert!(stale.exists());
}
