//! The messages of an open session, one after the other.
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use medley_diagnostic::{Report, Severity, SqlState};
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    BindComplete, CloseComplete, ParseComplete, PortalSuspended,
};
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse, ReadyForQuery};

use crate::connection::{UNHEEDED, panicked, terminated};
use crate::frontend::{Request, Target};
use crate::inbox::{Broken, Frame};
use crate::{CancelHandle, CancelReason, Completion, Responder, RowShape, Session};

/// A client and its session.
pub(crate) struct Conversation<'a> {
    session: &'a mut dyn Session,
    out: &'a mut Responder,
    cancel: &'a CancelHandle,
    /// After an error in the extended protocol: up to the next Sync nothing is done.
    skipping: bool,
}

impl<'a> Conversation<'a> {
    pub(crate) fn new(
        session: &'a mut dyn Session,
        out: &'a mut Responder,
        cancel: &'a CancelHandle,
    ) -> Self {
        Self { session, out, cancel, skipping: false }
    }

    /// Answers messages until the client says goodbye, or something ends the session.
    pub(crate) async fn run(mut self, grace: Duration) -> Result<(), Broken> {
        let cancel = self.cancel;
        let ahead = self.out.inbox.ahead();
        self.out.flush().await.map_err(|_| Broken::Gone)?;
        loop {
            let frame = self.next().await?;
            let exchange = AssertUnwindSafe(self.exchange(frame)).catch_unwind();
            let answered = tokio::select! {
                biased;
                answered = exchange => answered,
                broken = unheeded(cancel, grace) => return Err(broken),
                never = ahead.read() => match never {},
            };
            match answered.unwrap_or_else(|_| Err(panicked().into()))? {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(()) => return Ok(()),
            }
        }
    }

    /// The next message, waited for as long as the session is to live and lets it wait.
    async fn next(&mut self) -> Result<Frame, Broken> {
        if let Some(frame) = self.out.inbox.take()
            && !self.cancel.closing().is_cancelled()
        {
            return frame;
        }
        let limit = self.session.idle_limit();
        tokio::select! {
            biased;
            () = self.cancel.closing().cancelled() => Err(terminated()),
            frame = self.out.inbox.next() => frame,
            report = expiry(limit) => Err(report.into()),
        }
    }

    /// One message and its answer.
    async fn exchange(&mut self, frame: Frame) -> Result<ControlFlow<()>, Broken> {
        let kind = frame.kind;
        match kind {
            b'X' => return Ok(ControlFlow::Break(())),
            b'S' => self.skipping = false,
            _ if self.skipping => return Ok(ControlFlow::Continue(())),
            _ => {}
        }
        self.cancel.begin();
        let answered = self.answer(frame).await;
        let reason = self.cancel.reason();
        self.cancel.finish();
        match answered {
            Ok(()) => self.out.drain().await.map_err(|_| Broken::Gone)?,
            Err(report) => self.error(kind, report, reason).await?,
        }
        if matches!(kind, b'Q' | b'F' | b'S') {
            self.ready().await?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Sends an error that does not end the session.
    async fn error(
        &mut self,
        kind: u8,
        report: Report,
        reason: Option<CancelReason>,
    ) -> Result<(), Broken> {
        match reason {
            Some(CancelReason::ClientGone) => return Err(Broken::Gone),
            Some(CancelReason::Terminated) => return Err(terminated()),
            Some(CancelReason::Requested) | None => {}
        }
        if report.severity >= Severity::Fatal {
            return Err(report.into());
        }
        self.skipping = !matches!(kind, b'Q' | b'F' | b'S');
        self.out.put_error(&report)?;
        self.flush().await?;
        if self.out.out_of_step { Err(out_of_step().into()) } else { Ok(()) }
    }

    async fn ready(&mut self) -> Result<(), Broken> {
        let message = ReadyForQuery::new(self.session.status());
        self.out.put(&message)?;
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        self.out.flush().await.map_err(|_| Broken::Gone)
    }

    async fn answer(&mut self, frame: Frame) -> Result<(), Report> {
        let request = match Request::decode(frame) {
            Ok(Request::FunctionCall) => Err(Report::unsupported("fastpath function call")),
            request => request,
        };
        match request {
            Ok(request) => self.fulfil(request).await,
            Err(report) => {
                self.session.fail().await;
                Err(report)
            }
        }
    }

    async fn fulfil(&mut self, request: Request) -> Result<(), Report> {
        let Self { session, out, .. } = self;
        match request {
            Request::Query(sql) => session.simple_query(&sql, out).await,
            Request::Parse(parse) => {
                session.parse(parse, out).await?;
                out.put(&ParseComplete::new())
            }
            Request::Bind(bind) => {
                session.bind(bind, out).await?;
                out.put(&BindComplete::new())
            }
            Request::Describe(Target::Statement, name) => self.describe_statement(&name).await,
            Request::Describe(Target::Portal, name) => {
                let shape = session.describe_portal(&name).await?;
                self.describe_rows(shape)
            }
            Request::Execute { portal, max_rows } => {
                let completion = session.execute(&portal, max_rows, out).await?;
                self.complete(completion)
            }
            Request::Close(Target::Statement, name) => {
                session.close_statement(&name).await?;
                out.put(&CloseComplete::new())
            }
            Request::Close(Target::Portal, name) => {
                session.close_portal(&name).await?;
                out.put(&CloseComplete::new())
            }
            Request::Flush => out.flush().await,
            Request::Sync => session.sync(out).await,
            // Handled before, or of no effect here.
            Request::Terminate | Request::FunctionCall | Request::CopyRest => Ok(()),
        }
    }

    async fn describe_statement(&mut self, name: &str) -> Result<(), Report> {
        let description = self.session.describe_statement(name).await?;
        let types = description.parameters.iter().map(|parameter| parameter.oid.0).collect();
        self.out.put(&ParameterDescription::new(types))?;
        self.describe_rows(description.columns.map(RowShape::text))
    }

    fn describe_rows(&mut self, shape: Option<RowShape>) -> Result<(), Report> {
        match shape {
            Some(shape) => self.out.row_description(&shape),
            None => self.out.put(&NoData::new()),
        }
    }

    fn complete(&mut self, completion: Completion) -> Result<(), Report> {
        match completion {
            Completion::Complete(tag) => self.out.put(&CommandComplete::new(tag)),
            Completion::Suspended => self.out.put(&PortalSuspended::new()),
            Completion::Empty => self.out.put(&EmptyQueryResponse::new()),
        }
    }
}

/// Returns when an idle session has waited for too long.
async fn expiry(limit: Option<(Duration, Report)>) -> Report {
    match limit {
        Some((limit, report)) => {
            tokio::time::sleep(limit).await;
            report
        }
        None => std::future::pending().await,
    }
}

fn out_of_step() -> Report {
    Report::fatal(
        SqlState::PROTOCOL_VIOLATION,
        "terminating connection because protocol synchronization was lost",
    )
}

/// Returns when a session has not stopped although it was told to: some time after its client
/// went away, or after a shutdown's grace. The statement that runs is then dropped.
async fn unheeded(cancel: &CancelHandle, grace: Duration) -> Broken {
    let broken = tokio::select! {
        () = cancel.gone().cancelled() => Broken::Gone,
        () = out_of_grace(cancel, grace) => terminated(),
    };
    tokio::time::sleep(UNHEEDED).await;
    tracing::warn!("statement did not stop when told to, and is dropped");
    broken
}

/// Returns when the grace of a shutdown is over, and the running statement has been told so.
async fn out_of_grace(cancel: &CancelHandle, grace: Duration) {
    cancel.closing().cancelled().await;
    tokio::time::sleep(grace).await;
    cancel.terminate();
}
