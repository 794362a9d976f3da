//! A server that all tests share, and ways to ask it.
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use arrow_schema::Schema;
use bytes::BytesMut;
use futures::StreamExt;
use medley_fdw::{
    Connect, Diagnostic, Network, Options, Query, Result, Secret, SqlConnection, SqlWrapper,
};
use medley_testkit::MariaDb;
use medley_types::{ColumnWriter, PgType, Style, TimeZone, field, type_of_field};
use medley_wrapper_mysql::MySql;

pub const PASSWORD: &str = "correct horse";

static SERVER: LazyLock<MariaDb> = LazyLock::new(|| {
    let server = MariaDb::start_with_tls().expect("a server");
    server.create_account("alice", PASSWORD).expect("an account");
    server
});

pub fn mariadb() -> &'static MariaDb {
    &SERVER
}

/// Options of the shared server.
pub fn server(pairs: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    options.set("port", mariadb().port().to_string());
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    options
}

pub fn mapping(user: &str, password: Option<&str>) -> Options {
    let mut options = Options::default();
    options.set("username", user);
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
    MySql.connect(connect).await
}

/// A session of alice's.
pub async fn alice(pairs: &[(&str, &str)]) -> Box<dyn SqlConnection> {
    let (server, mapping) = (server(pairs), mapping("alice", Some(PASSWORD)));
    log_in(&server, &mapping, false).await.expect("alice may log in")
}

/// A query whose columns are `c0`, `c1` … of these types.
pub fn query(sql: &str, types: &[PgType]) -> Query {
    let fields: Vec<_> =
        types.iter().enumerate().map(|(i, t)| field(format!("c{i}"), *t, true)).collect();
    Query { sql: sql.to_owned(), schema: Arc::new(Schema::new(fields)), parameters: Vec::new() }
}

/// The rows as psql prints them: without decoration, columns parted by `|`, NULL as `~`.
pub async fn print(connection: &mut dyn SqlConnection, query: Query) -> Result<String> {
    let mut lines = Vec::new();
    let mut batches = connection.query(query);
    while let Some(batch) = batches.next().await {
        lines.extend(lines_of(&batch?)?);
    }
    Ok(lines.join("\n"))
}

pub fn lines_of(batch: &arrow_array::RecordBatch) -> Result<Vec<String>> {
    let style = Style { time_zone: TimeZone::default(), ..Style::default() };
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let writers = columns.map(|(f, c)| ColumnWriter::text(type_of_field(f), c, &style));
    let writers = writers.collect::<Result<Vec<_>, _>>()?;
    let cell = |writer: &ColumnWriter, row| {
        let mut cell = BytesMut::new();
        match writer.is_null(row) {
            true => cell.extend_from_slice(b"~"),
            false => writer.write(row, &mut cell).expect("it has a text"),
        }
        String::from_utf8(cell.to_vec()).expect("UTF-8")
    };
    let line = |row| writers.iter().map(|w| cell(w, row)).collect::<Vec<_>>().join("|");
    Ok((0..batch.num_rows()).map(line).collect())
}

/// What a client is told of a refusal.
pub fn refused<T>(outcome: Result<T>) -> String {
    let Err(error) = outcome else { panic!("it was not refused") };
    let mut text = format!("{} {error}", error.sqlstate());
    let more = [("D", error.detail()), ("H", error.hint()), ("C", error.context())];
    for (label, value) in more {
        if let Some(value) = value {
            text.push_str(&format!("\n{label}: {value}"));
        }
    }
    text
}

/// Waits until the server answers this, for at most ten seconds.
pub async fn wait_for(sql: &str, expected: &str) {
    let begun = Instant::now();
    loop {
        let answer = mariadb().sql(sql).expect("an answer");
        if answer == expected {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "still {answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
