//! One connection: from its first packet to its end.
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures::FutureExt;
use medley_diagnostic::{Report, Severity, SqlState};
use pgwire::messages::response::{ErrorResponse, ReadyForQuery};
use pgwire::messages::startup::{
    Authentication as AuthenticationMessage, BackendKeyData, ParameterStatus, SecretKey,
};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tracing::{Instrument, Span};

use crate::cancel::Registered;
use crate::conversation::Conversation;
use crate::inbox::{Broken, Inbox};
use crate::serve::Shared;
use crate::startup::{Door, Hello, Opening, Stream};
use medley_secret::ScramKeys;

use crate::{
    Authentication, CancelReason, Peer, Responder, Session, TransactionStatus, bearer, report,
    scram,
};

/// How long what was told to stop is waited for before it is dropped.
pub(crate) const UNHEEDED: Duration = Duration::from_secs(5);
/// How long a last word may take to be sent.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Serves a connection to its end. A panic in what serves it ends it, and nothing else.
pub(crate) async fn serve(stream: Box<dyn Stream>, peer: Peer, shared: &Arc<Shared>) {
    let pid = tracing::field::Empty;
    let user = tracing::field::Empty;
    let span = tracing::info_span!("connection", pid, %peer, user);
    let door = Door::new(stream, peer, shared.options.tls.get());
    serve_in_span(door, shared).instrument(span).await;
}

async fn serve_in_span(mut door: Door, shared: &Arc<Shared>) {
    match start(&mut door, shared).await {
        Ok(None) => {}
        Ok(Some(opened)) => talk(door, opened, shared).await,
        Err(Broken::Gone) => tracing::debug!("gone before it was open"),
        Err(Broken::Fatal(report)) => {
            tracing::info!(sqlstate = %report.sqlstate, "connection refused");
            let message = ErrorResponse::new(report::fields(&as_fatal(*report)));
            timeout(LAST_WORD, door.send(&[&message])).await.ok();
        }
    }
}

/// A session that is open, and its places among all.
struct Opened {
    session: Box<dyn Session>,
    registered: Registered,
    _permit: OwnedSemaphorePermit,
}

/// Opens the session, unless that takes too long or the server stops first.
async fn start(door: &mut Door, shared: &Arc<Shared>) -> Result<Option<Opened>, Broken> {
    let deadline = tokio::time::sleep(shared.options.startup_timeout);
    let mut greeted = false;
    let opening = AssertUnwindSafe(open(door, shared, &mut greeted)).catch_unwind();
    let opened = tokio::select! {
        biased;
        opened = opening => opened.unwrap_or_else(|_| Err(panicked().into())),
        () = shared.shutdown.cancelled() => Err(shutting_down().into()),
        () = deadline => Err(too_slow().into()),
    };
    match opened {
        // Who has not said what it wants may not know the protocol.
        Err(Broken::Fatal(_)) if !greeted => Err(Broken::Gone),
        opened => opened,
    }
}

/// Opens the session; `None` when the connection did not want one.
async fn open(
    door: &mut Door,
    shared: &Arc<Shared>,
    greeted: &mut bool,
) -> Result<Option<Opened>, Broken> {
    let opening = door.greet().await;
    *greeted = !matches!(opening, Err(Broken::Gone));
    let hello = match opening? {
        Opening::Session(hello) => hello,
        Opening::Cancel { pid, secret } => {
            shared.options.cancels.request(pid, &secret);
            return Ok(None);
        }
    };
    Span::current().record("user", &hello.start.user);
    let permit = Arc::clone(&shared.sessions).try_acquire_owned();
    let permit = permit.map_err(|_| Broken::from(too_many()))?;
    let keys = authenticate(door, &hello, shared).await?;
    let Hello { start, version, .. } = hello;
    let closing = shared.shutdown.child_token();
    let registered = shared.options.cancels.register(version.secret_bytes(), closing);
    Span::current().record("pid", registered.handle.pid());
    let session = shared.server.open(start, registered.handle.clone()).await;
    let mut session = session.map_err(Broken::from)?;
    if let Some(keys) = keys {
        session.proved(keys);
    }
    tracing::info!("connection authorized");
    Ok(Some(Opened { session, registered, _permit: permit }))
}

/// Settles the version, and lets the user prove who they are.
async fn authenticate(
    door: &mut Door,
    hello: &Hello,
    shared: &Shared,
) -> Result<Option<ScramKeys>, Broken> {
    if let Some(negotiation) = &hello.negotiation {
        door.send(&[negotiation]).await?;
    }
    let how = shared.server.authentication(&hello.start).await.map_err(Broken::from)?;
    let user = &hello.start.user;
    let keys = match how {
        Authentication::Trust => None,
        Authentication::Scram(verifier) => {
            let proved = scram::authenticate(door, user, verifier).await;
            if let Err(Broken::Fatal(_)) = proved {
                shared.server.failed(&hello.start);
            }
            proved?
        }
        Authentication::Bearer(judge) => {
            bearer::authenticate(door, user, &*judge).await?;
            None
        }
    };
    door.send(&[&AuthenticationMessage::Ok]).await?;
    Ok(keys)
}

/// The session's life after its opening.
async fn talk(door: Door, opened: Opened, shared: &Shared) {
    let Opened { mut session, registered, _permit } = opened;
    let cancel = registered.handle.clone();
    let (reading, writing) = tokio::io::split(door.stream);
    let inbox = Inbox::open(reading, shared.options.message_limit, cancel.clone());
    let mut out = Responder::new(Box::new(writing), inbox, cancel.clone());
    let ended = match welcome(&mut *session, &mut out, &registered) {
        Ok(()) => {
            let conversation = Conversation::new(&mut *session, &mut out, &cancel);
            conversation.run(shared.options.grace).await
        }
        Err(report) => Err(report.into()),
    };
    cancel.finish();
    farewell(ended, &mut out).await;
    end(session).await;
}

/// What a client is told before its first message.
fn welcome(
    session: &mut dyn Session,
    out: &mut Responder,
    registered: &Registered,
) -> Result<(), Report> {
    for report in session.initial_notices() {
        out.put_notice(&report)?;
    }
    for (name, value) in session.initial_parameters() {
        out.put(&ParameterStatus::new(name.to_owned(), value))?;
    }
    let key = secret_key(registered.handle.secret());
    out.put(&BackendKeyData::new(registered.handle.pid(), key))?;
    out.put(&ReadyForQuery::new(TransactionStatus::Idle))
}

/// pgwire's form of the secret.
fn secret_key(secret: &Bytes) -> SecretKey {
    match secret.len() {
        4 => SecretKey::I32(secret.clone().get_i32()),
        _ => SecretKey::Bytes(secret.clone()),
    }
}

/// Tells the client why it ends, if it is there to be told.
async fn farewell(ended: Result<(), Broken>, out: &mut Responder) {
    match ended {
        Ok(()) => tracing::debug!("client has ended the session"),
        Err(Broken::Gone) => tracing::info!("client has gone"),
        Err(Broken::Fatal(report)) => {
            tracing::info!(sqlstate = %report.sqlstate, "session ended");
            if out.put_error(&as_fatal(*report)).is_ok() {
                timeout(LAST_WORD, out.flush()).await.ok();
            }
        }
    }
}

/// Lets the session clean up.
async fn end(mut session: Box<dyn Session>) {
    let ending = AssertUnwindSafe(session.end()).catch_unwind();
    match timeout(UNHEEDED, ending).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => tracing::error!("session panicked at its end"),
        Err(_) => tracing::error!("session did not end in time"),
    }
}

/// Whatever ends a connection is FATAL.
fn as_fatal(report: Report) -> Report {
    Report { severity: report.severity.max(Severity::Fatal), ..report }
}

/// What the client of a session that panicked is told. What the panic said is not, nor is it
/// logged here: it may hold anything.
pub(crate) fn panicked() -> Report {
    tracing::error!("session panicked");
    Report::fatal(SqlState::INTERNAL_ERROR, "terminating connection because of an internal error")
}

fn too_many() -> Report {
    Report::fatal(SqlState::TOO_MANY_CONNECTIONS, "sorry, too many clients already")
}

fn too_slow() -> Report {
    Report::fatal(SqlState::QUERY_CANCELED, "canceling authentication due to timeout")
}

fn shutting_down() -> Report {
    Report::fatal(SqlState::CANNOT_CONNECT_NOW, "the database system is shutting down")
}

/// What the client of an open session is told when the server stops.
pub(crate) fn terminated() -> Broken {
    CancelReason::Terminated.report().into()
}
