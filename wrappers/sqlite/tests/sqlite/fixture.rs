//! Database files, and ways to ask them.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::Schema;
use bytes::BytesMut;
use futures::StreamExt;
use medley_fdw::{Connect, Diagnostic, Network, Options, Query, Result, SqlConnection, SqlWrapper};
use medley_types::{ColumnWriter, PgType, Style, field, type_of_field};
use medley_wrapper_sqlite::Sqlite;
use tempfile::TempDir;

/// A file in a folder of its own, both gone when it is dropped.
pub struct File {
    _folder: TempDir,
    pub path: PathBuf,
}

impl File {
    /// Without a database in it.
    pub fn absent() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { path: folder.path().join("films.db"), _folder: folder }
    }

    /// A database made by these statements.
    pub fn new(sql: &str) -> Self {
        let file = Self::absent();
        file.change(sql);
        file
    }

    pub fn change(&self, sql: &str) {
        let connection = rusqlite::Connection::open(&self.path).expect("a database");
        connection.execute_batch(sql).expect("statements");
    }

    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).expect("the file")
    }

    pub async fn connect(&self) -> Box<dyn SqlConnection> {
        connect(&self.path).await.expect("a connection")
    }
}

pub fn options(pairs: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    options
}

pub async fn connect(path: &Path) -> Result<Box<dyn SqlConnection>> {
    connect_with(&options(&[("database", path.to_str().expect("UTF-8"))])).await
}

pub async fn connect_with(server: &Options) -> Result<Box<dyn SqlConnection>> {
    let connect = Connect {
        server_name: "films",
        server,
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
    Sqlite.connect(connect).await
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
        let (batch, style) = (batch?, Style::default());
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let writers = columns.map(|(f, c)| ColumnWriter::text(type_of_field(f), c, &style));
        let writers = writers.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cell = |writer: &ColumnWriter| {
                let mut cell = BytesMut::new();
                match writer.is_null(row) {
                    true => cell.extend_from_slice(b"~"),
                    false => writer.write(row, &mut cell).expect("it has a text"),
                }
                String::from_utf8(cell.to_vec()).expect("UTF-8")
            };
            lines.push(writers.iter().map(cell).collect::<Vec<_>>().join("|"));
        }
    }
    Ok(lines.join("\n"))
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
