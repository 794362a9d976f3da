//! A million rows pass in bounded memory, to a reader who pauses: alone in its process, so that it can be measured.
use std::sync::Arc;
use std::time::Duration;

use arrow_schema::Schema;
use futures::StreamExt;
use medley_fdw::{Connect, Network, Options, Query, SqlWrapper};
use medley_types::{PgType, field};
use medley_wrapper_sqlite::Sqlite;

const ROWS: usize = 1_000_000;
const LIMIT_KB: usize = 64 << 10;

/// The most memory that the process has had.
fn peak_kb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test]
async fn a_million_rows_take_no_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("many.db");
    let made = rusqlite::Connection::open(&path).expect("a database").execute_batch(&format!(
        "CREATE TABLE t (i INTEGER, s TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
         INSERT INTO t SELECT i, printf('%0150d', i) FROM n"
    ));
    made.expect("rows");
    let mut server = Options::default();
    server.set("database", path.to_str().expect("UTF-8"));
    let connect = Connect {
        server_name: "many",
        server: &server,
        mapping: &Options::default(),
        role: "bob",
        superuser: false,
        session_user: "bob",
        application_name: "psql",
        session_id: "1.1",
        via: "",
        scram_keys: None,
        database: "medley",
        deadline: None,
        tls_roots: Arc::new(rustls::RootCertStore::empty()),
        dialer: Arc::new(Network),
    };
    let mut connection = Sqlite.connect(connect).await.expect("a connection");
    let schema = Schema::new(vec![field("i", PgType::INT8, true), field("s", PgType::TEXT, true)]);
    let sql = "SELECT i, s FROM t".to_owned();
    let before = peak_kb();
    let mut batches =
        connection.query(Query { sql, schema: Arc::new(schema), parameters: Vec::new() });
    let (mut rows, mut bytes) = (0, 0);
    while let Some(batch) = batches.next().await {
        let batch = batch.expect("a batch");
        if rows == 0 {
            // Time enough to read all of the file, if somebody did.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
    }
    assert_eq!(rows, ROWS);
    assert!(bytes > 150 * ROWS, "{bytes}");
    let grown = peak_kb() - before;
    assert!(grown < LIMIT_KB, "{grown} kB for {bytes} bytes of rows");
}
