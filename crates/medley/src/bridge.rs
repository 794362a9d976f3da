//! Where the protocol and the sessions meet: the one file that knows both.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use bytes::Bytes;
use medley_copy::Pieces;
use medley_diagnostic::{Report, SqlState};
use medley_engine::RawFormats;
use medley_fdw::RawBatch;
use medley_secret::ScramKeys;
use medley_session::{Execution, Instance, Interrupt, Login, Output, Parameter, Status};
use medley_types::{Column, Style};
use medley_wire::{
    Authentication, Bind, CancelHandle, Completion, Format, Parse, Peer, Responder, RowShape,
    Server, Session, StartUp, StatementDescription, TransactionStatus,
};
use tokio_util::sync::CancellationToken;

use crate::login::Logins;

/// Lets people in and opens their sessions.
pub struct Bridge {
    instance: Arc<Instance>,
    logins: Arc<Logins>,
}

impl Bridge {
    /// For these sessions.
    pub fn new(instance: Arc<Instance>, logins: Arc<Logins>) -> Self {
        Self { instance, logins }
    }
}

#[async_trait]
impl Server for Bridge {
    async fn authentication(&self, start: &StartUp) -> Result<Authentication, Report> {
        self.logins.judge(&self.instance, start).await
    }

    fn failed(&self, start: &StartUp) {
        self.logins.failed(start);
    }

    async fn open(&self, start: StartUp, cancel: CancelHandle) -> Result<Box<dyn Session>, Report> {
        let login = Login {
            user: start.user,
            database: start.database,
            settings: start.parameters,
            pid: cancel.pid(),
            client: match start.peer {
                Peer::Tcp(address) => Some(address),
                Peer::Unix { .. } => None,
            },
            server: None,
        };
        let interrupt = Arc::new(WireInterrupt(cancel));
        let session = medley_session::Session::open(&self.instance, login, interrupt)?;
        Ok(Box::new(Conversation { session, shapes: HashMap::new() }))
    }
}

struct WireInterrupt(CancelHandle);

impl Interrupt for WireInterrupt {
    fn token(&self) -> CancellationToken {
        self.0.token()
    }

    fn reason(&self) -> Option<Report> {
        self.0.reason().map(|reason| reason.report())
    }
}

/// A session on the wire. The session does not know in which form a client wants its rows: that
/// is remembered here, for each portal.
struct Conversation {
    session: medley_session::Session,
    shapes: HashMap<String, RowShape>,
}

#[async_trait]
impl Session for Conversation {
    fn proved(&mut self, keys: ScramKeys) {
        self.session.proved(keys);
    }

    fn initial_parameters(&self) -> Vec<(&'static str, String)> {
        self.session.parameters()
    }

    fn initial_notices(&mut self) -> Vec<Report> {
        self.session.take_warnings()
    }

    fn status(&self) -> TransactionStatus {
        match self.session.status() {
            Status::Idle => TransactionStatus::Idle,
            Status::InBlock => TransactionStatus::Transaction,
            Status::Failed => TransactionStatus::Error,
        }
    }

    fn idle_limit(&self) -> Option<(Duration, Report)> {
        self.session.idle_limit()
    }

    async fn simple_query(&mut self, sql: &str, out: &mut Responder) -> Result<(), Report> {
        self.session.run(sql, &mut Answer { out, shape: None }).await
    }

    async fn parse(&mut self, parse: Parse, out: &mut Responder) -> Result<(), Report> {
        let mut out = Answer { out, shape: None };
        self.session.parse(&parse.name, &parse.sql, &parse.parameter_types, &mut out).await
    }

    async fn bind(&mut self, bind: Bind, _out: &mut Responder) -> Result<(), Report> {
        let formats: Vec<_> =
            (0..bind.parameters.len()).map(|index| bind.parameter_format(index)).collect();
        let parameters = bind.parameters.into_iter().zip(formats).map(parameter);
        let parameters = match parameters.collect::<Result<Vec<_>, _>>() {
            Ok(parameters) => parameters,
            Err(report) => {
                self.session.fail_transaction().await;
                return Err(report);
            }
        };
        self.session.bind(&bind.portal, &bind.statement, parameters).await?;
        let columns = self.session.describe_portal(&bind.portal).await?;
        match RowShape::new(columns.unwrap_or_default(), &bind.result_formats) {
            Ok(shape) => {
                self.shapes.insert(bind.portal, shape);
                Ok(())
            }
            Err(report) => {
                self.session.fail_transaction().await;
                Err(report)
            }
        }
    }

    async fn describe_statement(&mut self, name: &str) -> Result<StatementDescription, Report> {
        let description = self.session.describe_statement(name).await?;
        Ok(StatementDescription {
            parameters: description.parameters,
            columns: description.columns,
        })
    }

    async fn describe_portal(&mut self, name: &str) -> Result<Option<RowShape>, Report> {
        let Some(columns) = self.session.describe_portal(name).await? else { return Ok(None) };
        match self.shapes.get(name) {
            Some(shape) if Arc::ptr_eq(shape.columns(), &columns) => Ok(Some(shape.clone())),
            Some(shape) => RowShape::new(columns, shape.formats()).map(Some),
            None => Ok(Some(RowShape::text(columns))),
        }
    }

    async fn execute(
        &mut self,
        portal: &str,
        max_rows: Option<usize>,
        out: &mut Responder,
    ) -> Result<Completion, Report> {
        let shape = self.describe_portal(portal).await?;
        let execution = self.session.execute(portal, max_rows, &mut Answer { out, shape }).await?;
        Ok(match execution {
            Execution::Complete(tag) => Completion::Complete(tag),
            Execution::Suspended => Completion::Suspended,
            Execution::Empty => Completion::Empty,
        })
    }

    async fn close_statement(&mut self, name: &str) -> Result<(), Report> {
        self.session.close_statement(name);
        Ok(())
    }

    async fn close_portal(&mut self, name: &str) -> Result<(), Report> {
        self.session.close_portal(name);
        self.shapes.remove(name);
        Ok(())
    }

    async fn sync(&mut self, out: &mut Responder) -> Result<(), Report> {
        self.session.sync(&mut Answer { out, shape: None }).await
    }

    async fn fail(&mut self) {
        self.session.fail_transaction().await;
    }

    async fn end(&mut self) {
        self.session.end().await;
    }
}

fn parameter((value, format): (Option<Bytes>, Format)) -> Result<Option<Parameter>, Report> {
    let Some(value) = value else { return Ok(None) };
    match format {
        Format::Binary => Ok(Some(Parameter::Binary(value.to_vec()))),
        Format::Text => match String::from_utf8(value.to_vec()) {
            Ok(text) => Ok(Some(Parameter::Text(text))),
            Err(_) => Err(Report::error(
                SqlState::CHARACTER_NOT_IN_REPERTOIRE,
                "invalid byte sequence for encoding \"UTF8\"",
            )),
        },
    }
}

fn format(binary: bool) -> Format {
    if binary { Format::Binary } else { Format::Text }
}

/// A session's answer, on its way to the client.
struct Answer<'a> {
    out: &'a mut Responder,
    /// Of the rows that follow.
    shape: Option<RowShape>,
}

#[async_trait]
impl Output for Answer<'_> {
    async fn columns(&mut self, columns: &[Column]) -> Result<(), Report> {
        let shape = RowShape::text(columns.to_vec());
        self.out.row_description(&shape)?;
        self.shape = Some(shape);
        Ok(())
    }

    async fn binary_columns(&mut self, columns: &[Column]) -> Result<(), Report> {
        let shape = RowShape::new(columns.to_vec(), &[Format::Binary])?;
        self.out.row_description(&shape)?;
        self.shape = Some(shape);
        Ok(())
    }

    async fn rows(&mut self, batch: &RecordBatch, style: &Arc<Style>) -> Result<(), Report> {
        match &self.shape {
            Some(shape) => self.out.batch(batch, shape, style).await,
            None => Err(Report::error(SqlState::INTERNAL_ERROR, "rows without columns")),
        }
    }

    fn raw_formats(&self) -> Option<RawFormats> {
        let Some(shape) = &self.shape else { return Some(RawFormats::Text) };
        let binary = shape.formats().iter().map(|format| *format == Format::Binary);
        Some(RawFormats::Columns(binary.collect()))
    }

    async fn raw_rows(&mut self, batch: &RawBatch) -> Result<(), Report> {
        self.out.raw_rows(&batch.messages).await
    }

    async fn copy_out(&mut self, binary: bool, columns: usize) -> Result<(), Report> {
        self.out.copy_out(format(binary), columns)
    }

    async fn copy_data(&mut self, pieces: &Pieces) -> Result<(), Report> {
        self.out.copy_rows(pieces.iter()).await
    }

    async fn copy_done(&mut self) -> Result<(), Report> {
        self.out.copy_done()
    }

    async fn copy_in(&mut self, binary: bool, columns: usize) -> Result<(), Report> {
        self.out.copy_in(format(binary), columns).await.map(drop)
    }

    async fn copy_next(&mut self) -> Result<Option<Bytes>, Report> {
        self.out.copying_in().next().await
    }

    async fn complete(&mut self, tag: &str) -> Result<(), Report> {
        self.shape = None;
        self.out.complete(tag)
    }

    async fn empty(&mut self) -> Result<(), Report> {
        self.out.empty_query()
    }

    async fn notice(&mut self, report: &Report) -> Result<(), Report> {
        self.out.notice(report).await
    }

    async fn parameter(&mut self, name: &str, value: &str) -> Result<(), Report> {
        self.out.parameter_status(name, value)
    }
}
