//! A cluster that all tests share, and ways to ask it.
use std::sync::{Arc, LazyLock};

use arrow_schema::Schema;
use bytes::BytesMut;
use futures::StreamExt;
use medley_fdw::{
    Connect, Diagnostic, Network, Options, Query, Result, Secret, SqlConnection, SqlWrapper,
};
use medley_testkit::Postgres as Cluster;
use medley_types::{ColumnWriter, PgType, Style, field, type_of_field};
use medley_wrapper_postgres::Postgres;

pub const PASSWORD: &str = "correct horse";

/// Roles by how the server logs them in.
const HBA: &str = "local all postgres trust\n\
                   hostssl all only_tls 127.0.0.1/32 scram-sha-256\n\
                   host all only_tls 127.0.0.1/32 reject\n\
                   hostnossl all only_plain 127.0.0.1/32 scram-sha-256\n\
                   host all only_plain 127.0.0.1/32 reject\n\
                   host all trusted 127.0.0.1/32 trust\n\
                   host all clear 127.0.0.1/32 password\n\
                   host all hashed 127.0.0.1/32 md5\n\
                   host all all 127.0.0.1/32 scram-sha-256\n";

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let cluster = Cluster::builder().tls().start().expect("a cluster");
    for role in ["alice", "only_tls", "only_plain", "trusted", "clear"] {
        cluster.create_account(role, PASSWORD).expect("a role");
    }
    let hashed =
        format!("SET password_encryption = md5; CREATE ROLE hashed LOGIN PASSWORD '{PASSWORD}'");
    cluster.psql(&hashed).expect("a role");
    cluster.psql("GRANT ALL ON SCHEMA public TO PUBLIC").expect("a grant");
    std::fs::write(cluster.data_folder().join("pg_hba.conf"), HBA).expect("its own folder");
    cluster.psql("SELECT pg_reload_conf()").expect("a reload");
    cluster
});

pub fn cluster() -> &'static Cluster {
    &CLUSTER
}

/// Options of a server; without a host, those of the shared cluster.
pub fn server(pairs: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    options.set("host", "127.0.0.1");
    options.set("port", cluster().port().to_string());
    options.set("dbname", "postgres");
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    options
}

pub fn mapping(user: &str, password: Option<&str>) -> Options {
    let mut options = Options::default();
    options.set("user", user);
    if let Some(password) = password {
        options.set_secret("password", Secret::new(password.to_owned()));
    }
    options
}

pub async fn log_in(
    server: &Options,
    mapping: &Options,
    superuser: bool,
) -> Result<Box<dyn SqlConnection>> {
    let connect = Connect {
        server_name: "remote",
        server,
        mapping,
        role: "bob",
        superuser,
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
    Postgres::new().connect(connect).await
}

/// A session of alice's.
pub async fn alice(pairs: &[(&str, &str)]) -> Box<dyn SqlConnection> {
    let (server, mapping) = (server(pairs), mapping("alice", Some(PASSWORD)));
    log_in(&server, &mapping, false).await.expect("alice may log in")
}

pub fn query(sql: &str, types: &[PgType]) -> Query {
    let fields: Vec<_> =
        types.iter().enumerate().map(|(i, t)| field(format!("c{i}"), *t, true)).collect();
    Query { sql: sql.to_owned(), schema: Arc::new(Schema::new(fields)), parameters: Vec::new() }
}

/// The rows as psql prints them: without decoration, columns parted by `|`.
pub async fn print(connection: &mut dyn SqlConnection, query: Query) -> Result<String> {
    let mut lines = Vec::new();
    let mut batches = connection.query(query);
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let style = Style::default();
        let schema = batch.schema();
        let writers: Vec<_> = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(f, column)| ColumnWriter::text(type_of_field(f), column, &style))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let mut cells = Vec::new();
            for writer in &writers {
                let mut cell = BytesMut::new();
                if !writer.is_null(row) {
                    writer.write(row, &mut cell)?;
                }
                cells.push(String::from_utf8(cell.to_vec()).expect("text"));
            }
            lines.push(cells.join("|"));
        }
    }
    Ok(lines.join("\n"))
}

/// An error with all that a client is told.
pub fn told(error: &medley_fdw::Error) -> String {
    let mut text = format!("{} {error}", error.sqlstate());
    let more = [("D", error.detail()), ("H", error.hint()), ("C", error.context())];
    for (label, value) in more {
        if let Some(value) = value {
            text.push_str(&format!("\n{label}: {value}"));
        }
    }
    text
}

pub fn refused<T>(outcome: Result<T>) -> String {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(error) => told(&error),
    }
}

/// Waits until the cluster answers this, for at most so many milliseconds.
pub async fn wait_for(sql: &str, expected: &str, limit_ms: u64) {
    let begun = std::time::Instant::now();
    loop {
        let answer = cluster().psql(sql).expect("an answer");
        if answer == expected {
            return;
        }
        let waited = begun.elapsed().as_millis();
        assert!(waited < u128::from(limit_ms), "still {answer:?} after {waited} ms");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
