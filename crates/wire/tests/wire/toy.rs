//! A server whose sessions do what they are told, word by word.
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_array::{Int32Array, RecordBatch, StringArray};
use async_trait::async_trait;
use medley_diagnostic::{Constraint, InternalQuery, Report, SqlState};
use medley_secret::{Secret, Verifier};
use medley_types::{Column, PgType, Style};
use medley_wire::{
    Authentication, Bind, CancelHandle, Cancels, Completion, Format, Listener, Options, Parse,
    Responder, RowShape, Server, Session, StartUp, StatementDescription, TransactionStatus, serve,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Rows of a batch.
const BATCH_ROWS: usize = 1024;

/// What a test may want to know of what happened in the server.
#[derive(Clone)]
pub struct Seen {
    events: mpsc::UnboundedSender<String>,
    /// Batches that sessions have handed over.
    pub batches: Arc<AtomicUsize>,
}

/// A toy server that is running.
pub struct Toy {
    pub port: u16,
    pub cancels: Cancels,
    pub seen: Seen,
    pub shutdown: CancellationToken,
    pub socket_dir: tempfile::TempDir,
    events: mpsc::UnboundedReceiver<String>,
    serving: JoinHandle<()>,
}

impl Toy {
    /// Lets everybody in.
    pub async fn start() -> Self {
        Self::start_with(Options::default(), None).await
    }

    /// `password` is everybody's whose name begins with `a`; nobody else is.
    pub async fn start_with(options: Options, password: Option<&str>) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let seen = Seen { events: sender, batches: Arc::default() };
        let verifier =
            password.map(|password| Verifier::of_password(&Secret::new(password.into())));
        let server = Arc::new(ToyServer { verifier, seen: seen.clone() });
        let socket_dir = tempfile::tempdir().unwrap();
        let tcp = Listener::tcp(([127, 0, 0, 1], 0).into()).unwrap();
        let port = tcp.address().unwrap().port();
        let unix = Listener::unix(socket_dir.path(), port).await.unwrap();
        let shutdown = CancellationToken::new();
        let cancels = options.cancels.clone();
        let serving = tokio::spawn(serve(vec![tcp, unix], server, options, shutdown.clone()));
        Self { port, cancels, seen, shutdown, socket_dir, events, serving }
    }

    /// A connection string.
    pub fn conninfo(&self, user: &str) -> String {
        format!("host=127.0.0.1 port={} user={user} dbname=medley", self.port)
    }

    /// A client, and what ends when its connection does.
    pub async fn connect(&self) -> tokio_postgres::Client {
        self.connect_as("alice").await.unwrap()
    }

    pub async fn connect_as(
        &self,
        user: &str,
    ) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let conninfo = self.conninfo(user);
        let (client, connection) =
            tokio_postgres::connect(&conninfo, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Waits for the next thing that sessions have noted.
    pub async fn event(&mut self) -> String {
        let event = tokio::time::timeout(Duration::from_secs(10), self.events.recv()).await;
        event.expect("an event in time").expect("the server runs")
    }

    /// Stops the server and waits for its end.
    pub async fn stop(self) -> tempfile::TempDir {
        self.shutdown.cancel();
        self.serving.await.unwrap();
        self.socket_dir
    }
}

struct ToyServer {
    verifier: Option<Verifier>,
    seen: Seen,
}

#[async_trait]
impl Server for ToyServer {
    async fn authentication(&self, start: &StartUp) -> Result<Authentication, Report> {
        Ok(match &self.verifier {
            None => Authentication::Trust,
            Some(verifier) if start.user.starts_with('a') => {
                Authentication::Scram(verifier.clone())
            }
            Some(_) => Authentication::Scram(Verifier::mock(&start.user, &[7; 32])),
        })
    }

    async fn open(&self, start: StartUp, cancel: CancelHandle) -> Result<Box<dyn Session>, Report> {
        match start.database.as_str() {
            "medley" => {}
            "slow" => std::future::pending().await,
            "panic" => panic!("as the test wants it"),
            other => {
                let message = format!("database \"{other}\" does not exist");
                return Err(Report::error(SqlState::INVALID_CATALOG_NAME, message));
            }
        }
        Ok(Box::new(ToySession {
            start,
            cancel,
            seen: self.seen.clone(),
            status: TransactionStatus::Idle,
            statements: HashMap::new(),
            portals: HashMap::new(),
        }))
    }
}

struct ToySession {
    start: StartUp,
    cancel: CancelHandle,
    seen: Seen,
    status: TransactionStatus,
    statements: HashMap<String, String>,
    portals: HashMap<String, Portal>,
}

struct Portal {
    sql: String,
    shape: Option<RowShape>,
    sent: usize,
}

/// The columns of everything that returns rows.
fn columns() -> Vec<Column> {
    let column = |name: &str, pg_type| Column { name: name.to_owned(), pg_type };
    vec![column("n", PgType::INT4), column("t", PgType::TEXT.with_typmod(-1))]
}

/// Rows `first..first + count`; the text of every third is null.
pub fn batch(first: usize, count: usize) -> RecordBatch {
    let numbers = || (first..first + count).map(|n| n as i32);
    let texts = numbers().map(|n| (n % 3 != 2).then(|| format!("row {n}")));
    let numbers = Int32Array::from_iter_values(numbers());
    let texts: StringArray = texts.collect();
    RecordBatch::try_from_iter_with_nullable([
        ("n", Arc::new(numbers) as _, true),
        ("t", Arc::new(texts) as _, true),
    ])
    .unwrap()
}

impl ToySession {
    fn note(&self, event: impl Into<String>) {
        self.seen.events.send(event.into()).ok();
    }

    async fn rows(
        &self,
        range: std::ops::Range<usize>,
        shape: &RowShape,
        out: &mut Responder,
    ) -> Result<(), Report> {
        for first in range.clone().step_by(BATCH_ROWS) {
            let count = BATCH_ROWS.min(range.end - first);
            out.batch(&batch(first, count), shape, &Style::default()).await?;
            self.seen.batches.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    async fn run(
        &mut self,
        sql: &str,
        shape: &RowShape,
        out: &mut Responder,
    ) -> Result<String, Report> {
        let words: Vec<&str> = sql.split_whitespace().collect();
        match words[..] {
            ["rows", count] => {
                let count = count.parse().unwrap();
                self.rows(0..count, shape, out).await?;
                return Ok(format!("SELECT {count}"));
            }
            ["flood"] => self.rows(0..usize::MAX, shape, out).await?,
            ["drip"] => loop {
                out.batch(&batch(0, 1), shape, &Style::default()).await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            },
            ["sleep"] => {
                self.note("sleeping");
                let reason = self.cancel.requested().await;
                self.note(format!("told to stop: {reason:?}"));
                return Err(reason.report());
            }
            ["nap"] => {
                self.note("napping");
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            ["stubborn"] => {
                self.note("stubborn");
                std::future::pending::<()>().await;
            }
            ["panic"] => panic!("as the test wants it"),
            ["error"] => return Err(full_report(Report::error)),
            ["fatal"] => {
                return Err(Report::fatal(SqlState::IDLE_SESSION_TIMEOUT, "enough"));
            }
            ["notice"] => out.notice(&full_report(Report::warning)).await?,
            ["set", name, value] => out.parameter_status(name, value)?,
            ["whoami"] => {
                let values = [&self.start.user, &self.start.peer.to_string()];
                out.data_row(&values.map(|value| Some(value.as_bytes()))).await?;
            }
            ["copy", "out"] => {
                out.copy_out(Format::Text, 2)?;
                for line in ["1\tone\n", "2\ttwo\n"] {
                    out.copy_data(line.as_bytes()).await?;
                }
                out.copy_done()?;
                return Ok("COPY 2".to_owned());
            }
            ["copy", "in"] => return self.copy_in(out).await,
            ["begin"] | ["start", "transaction"] => self.status = TransactionStatus::Transaction,
            ["rollback" | "commit"] => self.status = TransactionStatus::Idle,
            _ => return Err(Report::error(SqlState::SYNTAX_ERROR, "what?")),
        }
        Ok(words[0].to_uppercase())
    }

    async fn copy_in(&self, out: &mut Responder) -> Result<String, Report> {
        let mut data = out.copy_in(Format::Text, 1).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = data.next().await? {
            bytes.extend(piece);
        }
        self.note(String::from_utf8(bytes).unwrap());
        Ok("COPY 1".to_owned())
    }

    fn failed(&mut self, report: Report) -> Report {
        if self.status == TransactionStatus::Transaction {
            self.status = TransactionStatus::Error;
        }
        report
    }
}

/// A report with something in every field.
fn full_report(kind: fn(SqlState, &'static str) -> Report) -> Report {
    let mut report = kind(SqlState::UNIQUE_VIOLATION, "no")
        .with_detail("Because.")
        .with_hint("Do not.")
        .with_context("in a test")
        .at(3);
    report.internal = Some(InternalQuery { text: "inner".into(), position: Some(4) });
    let (schema, table, name) = ("s".into(), "t".into(), "n".into());
    report.constraint = Some(Constraint { schema, table, name });
    report
}

#[async_trait]
impl Session for ToySession {
    fn initial_parameters(&self) -> Vec<(&'static str, String)> {
        vec![("server_version", "18.4 (toy)".into()), ("client_encoding", "UTF8".into())]
    }

    fn status(&self) -> TransactionStatus {
        self.status
    }

    fn idle_limit(&self) -> Option<(Duration, Report)> {
        let report = Report::fatal(
            SqlState::IDLE_SESSION_TIMEOUT,
            "terminating connection due to idle-session timeout",
        );
        (self.start.user == "hasty").then_some((Duration::from_millis(200), report))
    }

    async fn simple_query(&mut self, sql: &str, out: &mut Responder) -> Result<(), Report> {
        let statements: Vec<_> =
            sql.split(';').map(str::trim).filter(|statement| !statement.is_empty()).collect();
        if statements.is_empty() {
            return out.empty_query();
        }
        for statement in statements {
            let statement = statement.to_lowercase();
            let shape = RowShape::text(columns());
            if returns_rows(&statement) {
                out.row_description(&shape)?;
            }
            let tag = self.run(&statement, &shape, out).await.map_err(|e| self.failed(e))?;
            out.complete(&tag)?;
        }
        Ok(())
    }

    async fn parse(&mut self, parse: Parse, _: &mut Responder) -> Result<(), Report> {
        if parse.sql == "bad" {
            return Err(self.failed(Report::error(SqlState::SYNTAX_ERROR, "bad")));
        }
        self.statements.insert(parse.name, parse.sql.to_lowercase());
        Ok(())
    }

    async fn bind(&mut self, bind: Bind, _: &mut Responder) -> Result<(), Report> {
        let Some(sql) = self.statements.get(&bind.statement) else {
            let message = format!("prepared statement \"{}\" does not exist", bind.statement);
            return Err(Report::error(SqlState::INVALID_SQL_STATEMENT_NAME, message));
        };
        let mut sql = sql.clone();
        for (index, value) in bind.parameters.iter().enumerate() {
            let value = value.as_deref().unwrap();
            let value = match bind.parameter_format(index) {
                Format::Text => String::from_utf8(value.to_vec()).unwrap(),
                Format::Binary => i32::from_be_bytes(value.try_into().unwrap()).to_string(),
            };
            sql = sql.replace(&format!("${}", index + 1), &value);
        }
        let shape = match returns_rows(&sql) {
            true => Some(RowShape::new(columns(), &bind.result_formats)?),
            false => None,
        };
        self.portals.insert(bind.portal, Portal { sql, shape, sent: 0 });
        Ok(())
    }

    async fn describe_statement(&mut self, name: &str) -> Result<StatementDescription, Report> {
        let sql = &self.statements[name];
        Ok(StatementDescription {
            parameters: vec![PgType::INT4; sql.matches('$').count()].into(),
            columns: returns_rows(sql).then(|| columns().into()),
        })
    }

    async fn describe_portal(&mut self, name: &str) -> Result<Option<RowShape>, Report> {
        Ok(self.portals[name].shape.clone())
    }

    async fn execute(
        &mut self,
        portal: &str,
        max_rows: Option<usize>,
        out: &mut Responder,
    ) -> Result<Completion, Report> {
        let Some(Portal { sql, shape, sent }) = self.portals.get(portal) else {
            let message = format!("portal \"{portal}\" does not exist");
            return Err(self.failed(Report::error(SqlState::INVALID_CURSOR_NAME, message)));
        };
        let (sql, shape, sent) = (sql.clone(), shape.clone(), *sent);
        if sql.is_empty() {
            return Ok(Completion::Empty);
        }
        let shape = shape.unwrap_or_else(|| RowShape::text(columns()));
        let Some(count) = sql.strip_prefix("rows ") else {
            let tag = self.run(&sql, &shape, out).await.map_err(|e| self.failed(e))?;
            return Ok(Completion::Complete(tag));
        };
        let count: usize = count.parse().unwrap();
        let end = count.min(max_rows.map_or(count, |rows| sent + rows));
        self.rows(sent..end, &shape, out).await?;
        self.portals.get_mut(portal).unwrap().sent = end;
        Ok(match max_rows {
            Some(rows) if end - sent == rows => Completion::Suspended,
            _ => Completion::Complete(format!("SELECT {}", end - sent)),
        })
    }

    async fn close_statement(&mut self, name: &str) -> Result<(), Report> {
        self.statements.remove(name);
        Ok(())
    }

    async fn close_portal(&mut self, name: &str) -> Result<(), Report> {
        self.portals.remove(name);
        Ok(())
    }

    async fn sync(&mut self, _: &mut Responder) -> Result<(), Report> {
        if self.status == TransactionStatus::Idle {
            self.portals.clear();
        }
        Ok(())
    }

    async fn fail(&mut self) {
        if self.status == TransactionStatus::Transaction {
            self.status = TransactionStatus::Error;
        }
    }

    async fn end(&mut self) {
        self.note("ended");
    }
}

fn returns_rows(sql: &str) -> bool {
    ["rows", "flood", "drip", "whoami"].iter().any(|word| sql.starts_with(word))
}
