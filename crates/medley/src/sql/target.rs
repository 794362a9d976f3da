//! Where statements go: a running server, or a data folder in this process.
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use arrow_array::RecordBatch;
use async_trait::async_trait;
use bytes::BytesMut;
use futures::TryStreamExt;
use medley_catalog::ids::{DATABASE_NAME, RoleOid};
use medley_diagnostic::{Diagnostic, Report, Severity, SqlState};
use medley_fdw::Registry;
use medley_session::{Login, Output, Session, Uninterrupted};
use medley_types::{Column, ColumnWriter, Style};
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, SimpleQueryMessage};

use super::printer::Printer;
use crate::server::{Server, client_tls};

/// Something that runs SQL.
pub enum Target {
    /// A server.
    Remote(tokio_postgres::Client),
    /// A session in this process.
    Local(Box<Session>),
}

impl Target {
    /// Connects to a server.
    pub async fn connect(conninfo: &str) -> anyhow::Result<Self> {
        let mut config: tokio_postgres::Config =
            conninfo.parse().context("that is not a connection string")?;
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        if config.get_dbname().is_none() {
            config.dbname(DATABASE_NAME);
        }
        config.application_name("medley sql");
        let (client, mut connection) = match config.connect(client_tls()).await {
            Ok(connected) => connected,
            Err(error) => bail!("could not connect: {}", reason(&error)),
        };
        let mut messages = futures::stream::poll_fn(move |cx| connection.poll_message(cx));
        tokio::spawn(async move {
            while let Ok(Some(message)) = messages.try_next().await {
                if let AsyncMessage::Notice(notice) = message {
                    Printer::new(crate::cli::Format::Table).notice(&report(&notice));
                }
            }
        });
        Ok(Self::Remote(client))
    }

    /// Opens a data folder that no server is serving, as its superuser.
    pub fn open(
        data: &Path,
        key_file: Option<&Path>,
        registry: Arc<Registry>,
    ) -> anyhow::Result<Self> {
        let server = Server::open(data, key_file, registry)?;
        server.instance.start();
        let snapshot = server.instance.catalog().snapshot();
        let login = Login {
            user: snapshot.role_name(RoleOid::BOOTSTRAP),
            database: DATABASE_NAME.to_owned(),
            settings: vec![("application_name".to_owned(), "medley sql".to_owned())],
            pid: i32::try_from(std::process::id()).unwrap_or(i32::MAX),
            client: None,
            server: None,
        };
        let session = Session::open(&server.instance, login, Arc::new(Uninterrupted))?;
        Ok(Self::Local(Box::new(session)))
    }

    /// Runs a text; false if it failed, which the printer has said.
    pub async fn run(&mut self, text: &str, printer: &mut Printer) -> anyhow::Result<bool> {
        let failed = match self {
            Self::Remote(client) => run_remote(client, text, printer).await?,
            Self::Local(session) => run_local(session, text, printer).await?,
        };
        if let Some(report) = &failed {
            printer.error(report, text);
        }
        Ok(failed.is_none())
    }

    /// Runs one query, and keeps the first column of its rows.
    pub async fn texts(&mut self, query: &str) -> anyhow::Result<Result<Vec<String>, Report>> {
        match self {
            Self::Remote(client) => match client.simple_query(query).await {
                Ok(messages) => Ok(Ok(messages.iter().filter_map(first_text).collect())),
                Err(error) => failed(error).map(Err),
            },
            Self::Local(session) => {
                let mut texts = Texts(Vec::new());
                Ok(session.run(query, &mut texts).await.map(|()| texts.0))
            }
        }
    }

    /// Ends the session.
    pub async fn close(self) {
        if let Self::Local(mut session) = self {
            session.end().await;
        }
    }
}

async fn run_remote(
    client: &tokio_postgres::Client,
    text: &str,
    printer: &mut Printer,
) -> anyhow::Result<Option<Report>> {
    let messages = match client.simple_query_raw(text).await {
        Ok(messages) => messages,
        Err(error) => return failed(error).map(Some),
    };
    let mut messages = std::pin::pin!(messages);
    loop {
        match messages.try_next().await {
            Ok(Some(SimpleQueryMessage::RowDescription(columns))) => {
                printer.columns(columns.iter().map(|column| column.name().to_owned()).collect())?;
            }
            Ok(Some(SimpleQueryMessage::Row(row))) => {
                printer.row((0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect())?;
            }
            Ok(Some(SimpleQueryMessage::CommandComplete(count))) => {
                printer.complete(&format!("OK {count}"))?;
            }
            Ok(Some(_)) => {}
            Ok(None) => return Ok(None),
            Err(error) => return failed(error).map(Some),
        }
    }
}

fn first_text(message: &SimpleQueryMessage) -> Option<String> {
    match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }
}

/// What the server said; a lost connection ends the program.
fn failed(error: tokio_postgres::Error) -> anyhow::Result<Report> {
    match error.as_db_error() {
        Some(error) => Ok(report(error)),
        None => bail!("the connection was lost: {}", reason(&error)),
    }
}

fn reason(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => {
            let source = std::error::Error::source(error).map(ToString::to_string);
            source.unwrap_or_else(|| error.to_string())
        }
    }
}

fn report(error: &DbError) -> Report {
    use tokio_postgres::error::{ErrorPosition, Severity as Said};
    let severity = match error.parsed_severity() {
        Some(Said::Fatal) => Severity::Fatal,
        Some(Said::Panic) => Severity::Panic,
        Some(Said::Warning) => Severity::Warning,
        Some(Said::Notice) => Severity::Notice,
        Some(Said::Debug) => Severity::Debug,
        Some(Said::Info) => Severity::Info,
        Some(Said::Log) => Severity::Log,
        Some(Said::Error) | None => Severity::Error,
    };
    let sqlstate = SqlState::from_remote(error.code().code());
    let mut report = Report::new(severity, sqlstate, error.message());
    report.detail = error.detail().map(str::to_owned);
    report.hint = error.hint().map(str::to_owned);
    report.context = error.where_().map(str::to_owned);
    if let Some(ErrorPosition::Original(position)) = error.position() {
        report.position = usize::try_from(*position).ok();
    }
    report
}

async fn run_local(
    session: &mut Session,
    text: &str,
    printer: &mut Printer,
) -> anyhow::Result<Option<Report>> {
    let mut out = Printing { printer, failure: None };
    let result = session.run(text, &mut out).await;
    match out.failure {
        Some(failure) => Err(failure),
        None => Ok(result.err()),
    }
}

/// A session's answer, on its way to the terminal.
struct Printing<'a> {
    printer: &'a mut Printer,
    /// Why nothing could be printed.
    failure: Option<anyhow::Error>,
}

impl Printing<'_> {
    fn check(&mut self, printed: anyhow::Result<()>) -> Result<(), Report> {
        printed.map_err(|error| {
            let report = Report::error(SqlState::IO_ERROR, error.to_string());
            self.failure = Some(error);
            report
        })
    }
}

#[async_trait]
impl Output for Printing<'_> {
    async fn columns(&mut self, columns: &[Column]) -> Result<(), Report> {
        let names = columns.iter().map(|column| column.name.clone()).collect();
        let printed = self.printer.columns(names);
        self.check(printed)
    }

    async fn rows(&mut self, batch: &RecordBatch, style: &Arc<Style>) -> Result<(), Report> {
        for row in texts(batch, style).map_err(|error| error.report())? {
            let printed = self.printer.row(row);
            self.check(printed)?;
        }
        Ok(())
    }

    async fn complete(&mut self, tag: &str) -> Result<(), Report> {
        let printed = self.printer.complete(tag);
        self.check(printed)
    }

    async fn empty(&mut self) -> Result<(), Report> {
        Ok(())
    }

    async fn notice(&mut self, report: &Report) -> Result<(), Report> {
        self.printer.notice(report);
        Ok(())
    }

    async fn parameter(&mut self, _name: &str, _value: &str) -> Result<(), Report> {
        Ok(())
    }
}

/// A session's answer, of which the first column is kept.
struct Texts(Vec<String>);

#[async_trait]
impl Output for Texts {
    async fn columns(&mut self, _columns: &[Column]) -> Result<(), Report> {
        Ok(())
    }

    async fn rows(&mut self, batch: &RecordBatch, style: &Arc<Style>) -> Result<(), Report> {
        let rows = texts(batch, style).map_err(|error| error.report())?;
        self.0.extend(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()));
        Ok(())
    }

    async fn complete(&mut self, _tag: &str) -> Result<(), Report> {
        Ok(())
    }

    async fn empty(&mut self) -> Result<(), Report> {
        Ok(())
    }

    async fn notice(&mut self, _report: &Report) -> Result<(), Report> {
        Ok(())
    }

    async fn parameter(&mut self, _name: &str, _value: &str) -> Result<(), Report> {
        Ok(())
    }
}

type Row = Vec<Option<String>>;

fn texts(batch: &RecordBatch, style: &Style) -> medley_types::Result<Vec<Row>> {
    let schema = batch.schema();
    let writers =
        schema.fields().iter().zip(batch.columns()).map(|(field, array)| {
            ColumnWriter::text(medley_types::type_of_field(field), array, style)
        });
    let writers = writers.collect::<Result<Vec<_>, _>>()?;
    (0..batch.num_rows())
        .map(|row| writers.iter().map(|writer| text(writer, row)).collect())
        .collect()
}

fn text(writer: &ColumnWriter, row: usize) -> medley_types::Result<Option<String>> {
    if writer.is_null(row) {
        return Ok(None);
    }
    let mut bytes = BytesMut::new();
    writer.write(row, &mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
