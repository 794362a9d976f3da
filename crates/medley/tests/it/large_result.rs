//! A result of three million rows passes through; it is never there as a whole.
use std::pin::pin;

use futures::TryStreamExt;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::cinema::Cinema;

const ROWS: usize = 3_000_000;
/// How much more memory the server may take for it; the rows are 400 MB.
const GROWTH_KB: u64 = 128 * 1024;

/// The memory that a process has, in kB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Reads all rows; the result is how many, and the most memory that the server had meanwhile.
async fn read(client: &Client, sql: &str, pid: u32) -> (usize, u64) {
    let mut messages = pin!(client.simple_query_raw(sql).await.unwrap());
    let (mut rows, mut most) = (0, resident(pid));
    while let Some(message) = messages.try_next().await.unwrap() {
        if let SimpleQueryMessage::Row(row) = message {
            assert_eq!(row.get(1).map(str::len), Some(128));
            rows += 1;
            if rows % 10_000 == 0 {
                most = most.max(resident(pid));
            }
        }
    }
    (rows, most)
}

#[tokio::test]
async fn memory_stays_flat() {
    let cinema = Cinema::open();
    let view = format!(
        "CREATE VIEW many AS SELECT i AS id, repeat('x', 128) AS filling \
         FROM generate_series(1, {ROWS}) i; GRANT SELECT ON many TO PUBLIC"
    );
    cinema.remote.psql(&view).unwrap();
    cinema.sql("CREATE FOREIGN TABLE many (id integer, filling text) SERVER cinema; GRANT SELECT ON many TO alice");
    let alice = cinema.log_in("alice").await;
    let pid = cinema.medley.pid();
    let (rows, before) = read(&alice, "SELECT * FROM many LIMIT 50000", pid).await;
    assert_eq!(rows, 50_000);
    let (rows, most) = read(&alice, "SELECT * FROM many", pid).await;
    assert_eq!(rows, ROWS);
    assert!(most < before + GROWTH_KB, "{before} kB before, {most} kB meanwhile");
}
