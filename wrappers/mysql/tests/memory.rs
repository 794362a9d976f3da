//! A million rows pass in bounded memory, to a reader who pauses: alone in its process, so that it can be measured.
use std::sync::Arc;
use std::time::Duration;

use arrow_schema::Schema;
use futures::StreamExt;
use medley_fdw::{Connect, Network, Options, Query, Secret, SqlWrapper};
use medley_testkit::MariaDb;
use medley_types::{PgType, field};
use medley_wrapper_mysql::MySql;

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
    let remote = MariaDb::start().expect("a server");
    remote.create_account("alice", "secret").expect("an account");
    let mut server = Options::default();
    server.set("port", remote.port().to_string());
    let mut mapping = Options::default();
    mapping.set("username", "alice");
    mapping.set_secret("password", Secret::new("secret".to_owned()));
    let connect = Connect {
        server_name: "many",
        server: &server,
        mapping: &mapping,
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
    let mut connection = MySql.connect(connect).await.expect("a connection");
    let schema = Schema::new(vec![field("i", PgType::INT8, true), field("s", PgType::TEXT, true)]);
    let sql = format!("SELECT seq, LPAD(seq, 150, '0') FROM alice.seq_1_to_{ROWS}");
    let before = peak_kb();
    let mut batches =
        connection.query(Query { sql, schema: Arc::new(schema), parameters: Vec::new() });
    let (mut rows, mut bytes) = (0, 0);
    while let Some(batch) = batches.next().await {
        let batch = batch.expect("a batch");
        if rows == 0 {
            // Time enough to read all of it, if somebody did.
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
