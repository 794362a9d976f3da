use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;

use crate::raw::Raw;
use crate::toy::Toy;

/// The rows of a simple query as text, null as `-`.
fn texts(messages: Vec<SimpleQueryMessage>) -> Vec<String> {
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => {
            Some(format!("{} {}", row.get(0)?, row.get(1).unwrap_or("-")))
        }
        _ => None,
    };
    messages.into_iter().filter_map(row).collect()
}

#[tokio::test]
async fn rows_come_as_text() {
    let toy = Toy::start().await;
    let messages = toy.connect().await.simple_query("rows 3").await.unwrap();
    assert_eq!(texts(messages), ["0 row 0", "1 row 1", "2 -"]);
}

#[tokio::test]
async fn each_query_string_gets_one_ready_for_query() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    assert_eq!(raw.query("rows 1; begin; set a b").ask().await, "TDCCSCZ");
    assert_eq!(raw.query(" ; ").ask().await, "IZ");
    assert_eq!(raw.query("rows 1; wrong; rows 1").ask().await, "TDCE(ERROR 42601 what?)Z");
    assert_eq!(raw.query("rows 1").ask().await, "TDCZ");
}

#[tokio::test]
async fn the_status_is_the_sessions() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    for (sql, status) in [("begin", b'T'), ("wrong", b'E'), ("rollback", b'I')] {
        raw.query(sql).send().await;
        let ready = loop {
            let (kind, body) = raw.answer().await.unwrap();
            if kind == 'Z' {
                break body;
            }
        };
        assert_eq!(ready[0], status, "after {sql}");
    }
}

#[tokio::test]
async fn every_field_of_an_error_arrives() {
    let toy = Toy::start().await;
    let error = toy.connect().await.simple_query("error").await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!((error.severity(), error.code()), ("ERROR", &SqlState::UNIQUE_VIOLATION));
    assert_eq!(error.message(), "no");
    assert_eq!(error.detail(), Some("Because."));
    assert_eq!(error.hint(), Some("Do not."));
    assert_eq!(error.where_(), Some("in a test"));
    assert_eq!(
        (error.schema(), error.table(), error.constraint()),
        (Some("s"), Some("t"), Some("n"))
    );
    let position =
        tokio_postgres::error::ErrorPosition::Internal { position: 4, query: "inner".into() };
    // The driver shows one position, and prefers the statement's own.
    assert_ne!(error.position(), Some(&position));
    assert_eq!(error.position(), Some(&tokio_postgres::error::ErrorPosition::Original(3)));
}

#[tokio::test]
async fn a_notice_comes_before_the_statement_ends() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("notice; sleep").send().await;
    let (kind, body) = raw.answer().await.unwrap();
    assert_eq!((kind, crate::raw::error(body).as_str()), ('N', "WARNING 23505 no"));
}

#[tokio::test]
async fn a_panic_ends_its_own_connection_only() {
    let toy = Toy::start().await;
    let other = toy.connect().await;
    let mut raw = Raw::log_in(&toy).await;
    let expected = "E(FATAL XX000 terminating connection because of an internal error).";
    assert_eq!(raw.query("panic").ask().await, expected);
    assert_eq!(other.simple_query("rows 1").await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_fatal_error_ends_the_session() {
    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    assert_eq!(raw.query("fatal").ask().await, "E(FATAL 57P05 enough).");
}

#[tokio::test]
async fn a_session_may_be_idle_for_so_long() {
    let toy = Toy::start().await;
    let mut raw = Raw::dial(&toy).await;
    raw.start_up(0, &[("user", "hasty"), ("database", "medley")]).await;
    assert!(raw.kinds().await.ends_with('Z'));
    // A statement is not idleness.
    assert_eq!(raw.query("nap").ask().await, "CZ");
    let expected = "E(FATAL 57P05 terminating connection due to idle-session timeout).";
    assert_eq!(raw.kinds().await, expected);
}

#[tokio::test]
async fn a_slow_client_slows_the_session() {
    use std::sync::atomic::Ordering;

    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("flood").send().await;
    let batches = || toy.seen.batches.load(Ordering::SeqCst);
    let mut before = usize::MAX;
    while before != batches() {
        before = batches();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(before > 0, "nothing was sent");
    for _ in 0..500_000 {
        assert!(raw.answer().await.is_some());
    }
    assert!(batches() > before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_for_a_large_result_stays_flat() {
    const ROWS: usize = 3_000_000;
    const LIMIT_KB: usize = 32 * 1024;

    let toy = Toy::start().await;
    let mut raw = Raw::log_in(&toy).await;
    raw.query("rows 10000; ").ask().await;
    let before = resident_kb();
    raw.query(&format!("rows {ROWS}")).send().await;
    let bytes = drain(&mut raw).await;
    let grown = resident_kb().saturating_sub(before);
    assert!(bytes > 20 * ROWS, "only {bytes} bytes came");
    assert!(grown < LIMIT_KB, "{grown} kB more for {bytes} bytes");
}

/// Reads until nothing comes any more; how many bytes that was.
async fn drain(raw: &mut Raw) -> usize {
    use tokio::io::AsyncReadExt;

    let (mut buffer, mut sum) = (vec![0; 1 << 16], 0);
    while let Ok(read) =
        tokio::time::timeout(Duration::from_secs(2), raw.socket.read(&mut buffer)).await
    {
        sum += read.unwrap();
    }
    sum
}

fn resident_kb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
