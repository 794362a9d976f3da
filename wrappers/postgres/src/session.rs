//! A session at the remote: what every statement's way there and back has in common.
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::BytesMut;
use medley_fdw::{Canceller, Error, Report, Result, Settings, Severity, SqlState, Unreached};
use postgres_protocol::message::frontend;

use crate::connect::{Endpoint, SessionAttrs, os_text};
use crate::protocol::{
    BackendKey, Body, Frame, Wire, counted, malformed, parameter_status, report,
};
use crate::sql::literal;

/// What libpq says of a connection that ends unannounced.
pub(crate) const CLOSED: &str = "server closed the connection unexpectedly\n\
                                 \tThis probably means the server terminated abnormally\n\
                                 \tbefore or while processing the request.";

/// What a session is set to, so that values have one text and a name one meaning. Search path
/// first: with another, a stranger's function at the remote would run as the mapped account.
const SETTINGS: [&str; 5] = [
    "SET search_path = pg_catalog",
    "SET timezone = 'GMT'",
    "SET datestyle = ISO",
    "SET intervalstyle = postgres",
    "SET extra_float_digits = 3",
];

/// What a session was last told to be set to, beyond what it is set up with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// Nothing.
    Nothing,
    /// These settings.
    These(Settings),
    /// These or others: a transaction ended, which may have undone them.
    Unknown(Settings),
}

/// Rows as text.
pub(crate) type TextRows = Vec<Vec<Option<String>>>;

/// Where a session stands in a transaction, as ReadyForQuery says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Idle,
    InTransaction,
    Failed,
}

/// Undoes what a session may have come to be by what it ran: a function behind a remote view can
/// set a role, lock, or leave a table behind. Prepared statements stay.
const RESET: [&str; 8] = [
    "RESET SESSION AUTHORIZATION",
    "RESET ROLE",
    "RESET ALL",
    "CLOSE ALL",
    "UNLISTEN *",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
    "SELECT pg_catalog.pg_advisory_unlock_all()",
];

/// The same at a Medley, where nothing else can have become.
const RESET_MEDLEY: [&str; 2] = ["RESET SESSION AUTHORIZATION", "RESET ALL"];

/// What the session is called at the remote, in its `application_name`.
#[derive(Default)]
struct Name {
    /// To be told with the next message.
    wanted: Option<String>,
    /// What it is called as far as is known.
    told: Option<String>,
}

/// What was sent ahead of statements, whose answer is read when one of theirs is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ahead {
    /// A reset. A session that does not take it is lent to nobody.
    Reset,
    /// A name. That it is not taken is no reason not to go on.
    Name,
    /// Settings. What follows would answer otherwise without them.
    Settings,
}

/// A connection that has logged in. Dropped in the middle of something, it stops it.
pub(crate) struct Session {
    /// `None` only while dropping.
    wire: Option<Wire>,
    server: String,
    parameters: BTreeMap<String, String>,
    status: Status,
    /// How many ReadyForQuery are still to come for what was sent.
    awaited: usize,
    /// For one of them a Sync must still be sent.
    unsynced: bool,
    /// The socket is of no use any more.
    broken: bool,
    name: Name,
    /// What it is to be set to when something is next sent; none for what it is set up with.
    wanted: Option<Settings>,
    told: Told,
    /// What was last sent is a text whose places mean something to whoever sent it.
    is_placed: bool,
    /// What ran since it was set up may have made something else of it.
    is_used: bool,
    /// Answers that come before those that are awaited.
    ahead: VecDeque<Ahead>,
    /// The settings that the remote has.
    settings: Vec<&'static str>,
    canceller: Option<RemoteCanceller>,
}

impl Session {
    /// Of a wire that has just seen its first ReadyForQuery.
    pub fn new(
        mut wire: Wire,
        server: String,
        parameters: BTreeMap<String, String>,
        key: Option<(Endpoint, BackendKey)>,
    ) -> Self {
        wire.trust();
        let canceller = key.map(|(endpoint, key)| RemoteCanceller {
            endpoint: Arc::new(endpoint),
            key,
            server: server.clone(),
        });
        Self {
            wire: Some(wire),
            server,
            parameters,
            status: Status::Idle,
            awaited: 0,
            unsynced: false,
            broken: false,
            name: Name::default(),
            wanted: None,
            told: Told::Nothing,
            is_placed: false,
            is_used: false,
            ahead: VecDeque::new(),
            settings: Vec::new(),
            canceller,
        }
    }

    /// The foreign server's name.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What the remote says of itself: `server_version`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The remote is a Medley.
    pub fn is_medley(&self) -> bool {
        self.parameter("server_version").is_some_and(|version| version.contains("(Medley "))
    }

    /// Where it stands in a transaction.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Nothing is under way, so that it can be used for something else.
    pub fn is_free(&self) -> bool {
        self.awaited == 0 && !self.broken
    }

    /// The process that serves it.
    pub fn remote_pid(&self) -> Option<i32> {
        self.canceller.as_ref().map(|canceller| canceller.key.process)
    }

    /// What stops it.
    pub fn canceller(&self) -> Option<RemoteCanceller> {
        self.canceller.clone()
    }

    /// The messages beneath.
    pub fn wire(&mut self) -> &mut Wire {
        self.wire.as_mut().expect("it is taken only in drop")
    }

    /// Is called this at the remote, from the next message on; that costs no round trip.
    pub fn call_itself(&mut self, name: String) {
        self.name.wanted = Some(name).filter(|name| self.name.told.as_ref() != Some(name));
    }

    /// What it is yet to be called, to whoever tells the remote now.
    pub fn take_name(&mut self) -> Option<String> {
        let name = self.name.wanted.take();
        self.name.told.clone_from(&name);
        name
    }

    /// Nothing but setting it up was done on it, or what leaves nothing behind.
    pub fn is_unused(&self) -> bool {
        !self.is_used
    }

    /// What was sent last leaves it as unused as it was.
    pub fn stays_unused(&mut self) {
        self.is_used = false;
    }

    /// Is set to these settings from the next message on, which costs no round trip and, if it is
    /// so already, no byte; without any to what it was set up with.
    pub fn under(&mut self, settings: Option<Settings>) {
        self.wanted = settings;
    }

    /// What was set since a savepoint may have been undone.
    pub fn forget_settings(&mut self) {
        self.told = match std::mem::replace(&mut self.told, Told::Nothing) {
            Told::These(settings) | Told::Unknown(settings) => Told::Unknown(settings),
            Told::Nothing => Told::Nothing,
        };
    }

    /// The statements that set it to what is wanted, if it is not.
    fn setting(&self) -> Option<String> {
        let set = |(name, value): &(&str, String)| format!("SET {name} = {}", literal(value));
        let statements: Vec<String> = match (&self.wanted, &self.told) {
            (None, Told::Nothing) => return None,
            (None, Told::These(told) | Told::Unknown(told)) => {
                let resets = told.iter().map(|(name, _)| format!("RESET {name}"));
                resets.chain(self.settings.iter().map(|it| (*it).to_owned())).collect()
            }
            (Some(wanted), Told::These(told)) => {
                let differs = |(index, it): &(usize, &(&str, String))| told.get(*index) != Some(it);
                let differing = wanted.iter().enumerate().filter(differs);
                differing.map(|(_, it)| set(it)).collect()
            }
            (Some(wanted), Told::Nothing | Told::Unknown(_)) => wanted.iter().map(set).collect(),
        };
        (!statements.is_empty()).then(|| statements.join("; "))
    }

    /// Sends messages that `write` makes, which the remote answers with so many ReadyForQuery.
    pub async fn send(
        &mut self,
        answers: usize,
        write: impl FnOnce(&mut BytesMut) -> io::Result<()>,
    ) -> Result<()> {
        let name = self.name.wanted.clone().filter(|_| self.awaited == 0);
        // A transaction that has failed takes nothing but its end.
        let can_set = self.awaited == 0 && self.status != Status::Failed;
        let setting = self.setting().filter(|_| can_set);
        self.is_used = true;
        let wire = self.wire();
        let mut ahead: Vec<String> = Vec::new();
        ahead.extend(name.iter().map(|name| format!("SET application_name = {}", literal(name))));
        ahead.extend(setting.clone());
        let told = ahead.iter().try_for_each(|sql| frontend::query(sql, wire.output()));
        let written = told.and_then(|()| write(wire.output()));
        if written.is_err() {
            wire.output().clear();
        }
        written.map_err(|error| unsendable(&error))?;
        self.is_placed = self.wanted.is_some();
        self.awaited += answers;
        if name.is_some() {
            self.ahead.push_back(Ahead::Name);
            self.name = Name { wanted: None, told: name };
        }
        if setting.is_some() {
            self.ahead.push_back(Ahead::Settings);
            self.told = self.wanted.clone().map_or(Told::Nothing, Told::These);
        }
        let sent = self.wire().flush().await;
        sent.map_err(|error| self.lost(&error))
    }

    /// Sends messages that end with a Flush; the Sync comes with the next ones, by
    /// [`Session::send_synced`], or after an error.
    pub async fn send_open(
        &mut self,
        write: impl FnOnce(&mut BytesMut) -> io::Result<()>,
    ) -> Result<()> {
        self.send(1, |out| {
            write(out)?;
            frontend::flush(out);
            Ok(())
        })
        .await?;
        self.unsynced = true;
        Ok(())
    }

    /// Sends the Sync that [`Session::send_open`] left out, `before` it and `after` it what else
    /// is to be sent; `answers` counts what comes after.
    pub async fn send_synced(
        &mut self,
        before: impl FnOnce(&mut BytesMut) -> io::Result<()>,
        answers: usize,
        after: impl FnOnce(&mut BytesMut) -> io::Result<()>,
    ) -> Result<()> {
        self.send(answers, |out| {
            before(out)?;
            frontend::sync(out);
            after(out)
        })
        .await?;
        self.unsynced = false;
        Ok(())
    }

    /// The next message that is about what was sent. An error of the remote's comes as `Err`
    /// after the session has recovered from it.
    pub async fn event(&mut self, sql: &str) -> Result<Frame> {
        let frame = self.next().await?;
        match frame.tag {
            b'E' => return Err(self.fail(report(&frame.body), sql).await),
            b'Z' => self.ready(&frame)?,
            _ => {}
        }
        Ok(frame)
    }

    /// The next message but for those that may come at any time.
    async fn next(&mut self) -> Result<Frame> {
        loop {
            let next = self.wire().next().await;
            let frame = next.map_err(|error| self.lost(&error))?;
            match frame.tag {
                b'N' | b'A' => {}
                b'S' => {
                    let read = parameter_status(&frame.body);
                    let (name, value) = read.map_err(|error| self.lost(&error))?;
                    self.parameters.insert(name, value);
                }
                _ => match self.ahead.front() {
                    Some(ahead) if !is_fatal(&frame) => self.answer_ahead(*ahead, &frame)?,
                    _ => return Ok(frame),
                },
            }
        }
    }

    fn answer_ahead(&mut self, ahead: Ahead, frame: &Frame) -> Result<()> {
        match (frame.tag, ahead) {
            (b'Z', _) => {
                self.ahead.pop_front();
                self.stand(frame)
            }
            (b'E', Ahead::Reset) => Err(self.lost(&malformed("answer to a reset"))),
            (b'E', Ahead::Settings) => {
                // What was sent behind it has no value now.
                self.broken = true;
                Err(Error::remote(Report { position: None, ..report(&frame.body) }))
            }
            _ => Ok(()),
        }
    }

    fn ready(&mut self, frame: &Frame) -> Result<()> {
        self.stand(frame)?;
        self.awaited = self.awaited.saturating_sub(1);
        Ok(())
    }

    /// Takes note of where it stands.
    fn stand(&mut self, frame: &Frame) -> Result<()> {
        let before = self.status;
        self.status = match frame.body.first() {
            Some(b'I') => Status::Idle,
            Some(b'T') => Status::InTransaction,
            Some(b'E') => Status::Failed,
            _ => return Err(self.lost(&malformed("transaction status"))),
        };
        if before != Status::Idle && self.status == Status::Idle {
            // What was set in a transaction that is rolled back is not set any more.
            self.name.told = None;
            self.forget_settings();
        }
        Ok(())
    }

    /// Reads on to ReadyForQuery after an error of the remote's, and words it.
    async fn fail(&mut self, mut report: Report, sql: &str) -> Error {
        report.position = report.position.filter(|_| self.is_placed);
        if report.severity >= Severity::Fatal {
            self.broken = true;
            let detail = format!("{}:  {}", report.severity.as_str(), report.message);
            return Error::Lost { server: self.server.clone(), detail };
        }
        match self.recover().await {
            Ok(()) => Error::remote(report.with_context(format!("remote SQL command: {sql}"))),
            Err(lost) => lost,
        }
    }

    /// Sends the Sync that is owed, and reads to the next ReadyForQuery.
    pub async fn recover(&mut self) -> Result<()> {
        if std::mem::take(&mut self.unsynced) {
            frontend::sync(self.wire().output());
            let sent = self.wire().flush().await;
            sent.map_err(|error| self.lost(&error))?;
        }
        loop {
            let frame = self.next().await?;
            if frame.tag == b'Z' {
                return self.ready(&frame);
            }
        }
    }

    /// What is said of a connection that does not work any more.
    pub fn lost(&mut self, error: &io::Error) -> Error {
        self.broken = true;
        let detail = match error.kind() {
            io::ErrorKind::UnexpectedEof => CLOSED.to_owned(),
            _ => os_text(error),
        };
        Error::Lost { server: self.server.clone(), detail }
    }

    /// A message that nobody expected.
    pub fn unexpected(&mut self, frame: &Frame) -> Error {
        self.lost(&malformed(&format!("message '{}'", frame.tag.escape_ascii())))
    }

    /// Runs statements whose rows nobody wants.
    pub async fn execute(&mut self, sql: &str) -> Result<()> {
        self.rows(sql).await.map(drop)
    }

    /// Runs a statement by the simple protocol and collects its rows as text.
    pub async fn rows(&mut self, sql: &str) -> Result<TextRows> {
        self.ensure_free()?;
        self.send(1, |out| frontend::query(sql, out)).await?;
        self.collect(sql).await
    }

    /// Several statements in one round trip, each with its own outcome.
    pub async fn each(&mut self, statements: &[&str]) -> Result<Vec<Result<TextRows>>> {
        self.ensure_free()?;
        let write =
            |out: &mut BytesMut| statements.iter().try_for_each(|sql| frontend::query(sql, out));
        self.send(statements.len(), write).await?;
        let mut outcomes = Vec::with_capacity(statements.len());
        for sql in statements {
            match self.collect(sql).await {
                Err(lost) if lost.is_connection_lost() => return Err(lost),
                outcome => outcomes.push(outcome),
            }
        }
        Ok(outcomes)
    }

    async fn collect(&mut self, sql: &str) -> Result<TextRows> {
        let mut rows = Vec::new();
        loop {
            let frame = self.event(sql).await?;
            match frame.tag {
                b'Z' => return Ok(rows),
                b'D' => {
                    let row = text_row(&frame.body).ok_or_else(|| self.unexpected(&frame))?;
                    rows.push(row);
                }
                b'T' | b'C' | b'I' => {}
                _ => return Err(self.unexpected(&frame)),
            }
        }
    }

    /// A stream that was dropped has left its answers in the way.
    pub fn ensure_free(&self) -> Result<()> {
        match self.is_free() {
            true => Ok(()),
            false => Err(Error::Lost {
                server: self.server.clone(),
                detail: "another command is already in progress".to_owned(),
            }),
        }
    }

    /// Sets what values and names depend on. What a remote does not have, it cannot have
    /// otherwise; what it has and does not set ends the connection.
    pub async fn set_up(&mut self) -> Result<()> {
        for (setting, outcome) in SETTINGS.into_iter().zip(self.each(&SETTINGS).await?) {
            match outcome {
                Err(Error::Remote(report)) if is_unknown_setting(report.sqlstate) => {}
                outcome => {
                    outcome?;
                    self.settings.push(setting);
                }
            }
        }
        Ok(())
    }

    /// Has the remote make the session what it was when it was set up, and waits for no answer:
    /// whoever uses it next reads that first. False if it is to be closed instead.
    pub async fn reset(&mut self, is_medley: bool) -> bool {
        if !self.is_free() || self.status != Status::Idle {
            return false;
        }
        if self.is_unused() || self.ahead.contains(&Ahead::Reset) {
            // Nothing was asked of it since.
            return true;
        }
        // What it was told stays, for it is likely to be told the same again.
        let told = match &self.told {
            Told::Nothing => String::new(),
            Told::These(told) | Told::Unknown(told) => {
                let set =
                    |(name, value): &(&str, String)| format!("; SET {name} = {}", literal(value));
                told.iter().map(set).collect()
            }
        };
        let undo: &[&str] = if is_medley { &RESET_MEDLEY } else { &RESET };
        let sql = [undo, &self.settings].concat().join("; ") + &told;
        if let Told::Unknown(told) = &self.told {
            self.told = Told::These(Arc::clone(told));
        }
        self.name.told = None;
        self.name.wanted = None;
        let wire = self.wire();
        if frontend::query(&sql, wire.output()).is_err() || wire.flush().await.is_err() {
            self.broken = true;
            return false;
        }
        self.ahead.push_back(Ahead::Reset);
        self.is_used = false;
        true
    }

    /// Why this is not the kind of session that is wanted.
    pub async fn mismatch(&mut self, wanted: SessionAttrs) -> Result<Option<&'static str>> {
        use SessionAttrs::{Any, PreferStandby, Primary, ReadOnly, ReadWrite, Standby};
        Ok(match wanted {
            Any | PreferStandby => None,
            ReadWrite => self.is_read_only().await?.then_some("session is read-only"),
            ReadOnly => (!self.is_read_only().await?).then_some("session is not read-only"),
            Primary => self.is_standby().await?.then_some("server is in hot standby mode"),
            Standby => (!self.is_standby().await?).then_some("server is not in hot standby mode"),
        })
    }

    async fn is_read_only(&mut self) -> Result<bool> {
        let by_default = self.parameter("default_transaction_read_only") == Some("on");
        Ok(by_default || self.is_standby().await?)
    }

    async fn is_standby(&mut self) -> Result<bool> {
        match self.parameter("in_hot_standby") {
            Some(reported) => Ok(reported == "on"),
            None => {
                let rows = self.rows("SELECT pg_catalog.pg_is_in_recovery()").await?;
                Ok(rows.first().and_then(|row| row.first()?.as_deref()) == Some("t"))
            }
        }
    }
}

/// The remote ends the session.
fn is_fatal(frame: &Frame) -> bool {
    frame.tag == b'E' && report(&frame.body).severity >= Severity::Fatal
}

/// What remotes say of a setting that they do not have.
fn is_unknown_setting(state: SqlState) -> bool {
    state == SqlState::UNDEFINED_OBJECT || state == SqlState::FEATURE_NOT_SUPPORTED
}

fn text_row(body: &[u8]) -> Option<Vec<Option<String>>> {
    counted(body, |body: &mut Body<'_>| match body.value()? {
        None => Some(None),
        Some(bytes) => Some(Some(String::from_utf8_lossy(bytes).into_owned())),
    })
}

/// A text with a zero byte, or one that is too long for a message.
fn unsendable(error: &io::Error) -> Error {
    Error::remote(Report::error(SqlState::PROGRAM_LIMIT_EXCEEDED, os_text(error)))
}

/// Nothing may run on at the remote for somebody who is gone.
impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut wire) = self.wire.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let canceller = self.canceller.take().filter(|_| self.awaited > 0 && !self.broken);
        runtime.spawn(async move {
            if let Some(canceller) = canceller
                && let Err(error) = canceller.cancel().await
            {
                tracing::debug!(%error, "cancelling at the remote");
            }
            frontend::terminate(wire.output());
            // Whoever does not take it is closed on all the same.
            let _ = wire.flush().await;
        });
    }
}

/// Stops what a session is doing, over a connection of its own.
#[derive(Clone)]
pub(crate) struct RemoteCanceller {
    endpoint: Arc<Endpoint>,
    key: BackendKey,
    server: String,
}

#[async_trait]
impl Canceller for RemoteCanceller {
    async fn cancel(&self) -> Result<()> {
        let delivered = self.endpoint.cancel(self.key.process, self.key.secret).await;
        delivered.map_err(|error| Error::Connect {
            server: self.server.clone(),
            detail: os_text(&error),
            kind: Unreached::Other,
        })
    }
}
