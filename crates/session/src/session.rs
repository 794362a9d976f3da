use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use medley_catalog::ids::{Epoch, UserMappingOid};
use medley_catalog::{Backend, Snapshot};
use medley_diagnostic::{Diagnostic, Report, Severity, SqlState};
use medley_foreign::Access;
use medley_secret::ScramKeys;
use medley_sql::{FirstParameter, Statement};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::cursor::Cursor;
use crate::gateways;
use crate::login::{self, Login};
use crate::portal::Portal;
use crate::settings::Readings;
use crate::standing::{MadeOf, Standing};
use crate::statements::Statements;
use crate::transaction::{Kind, Transaction};
use crate::{Activity, Identity, Instance, Interrupt, Output, Settings, State, backends};

/// One person's conversation with the server.
pub struct Session {
    pub(crate) instance: Arc<Instance>,
    pub(crate) login: Arc<Login>,
    pub(crate) identity: Identity,
    pub(crate) settings: Arc<Mutex<Settings>>,
    pub(crate) transaction: Option<Transaction>,
    pub(crate) statements: Statements,
    pub(crate) portals: HashMap<String, Portal>,
    pub(crate) cursors: HashMap<String, Cursor>,
    pub(crate) backend: backends::Registered,
    interrupt: Arc<dyn Interrupt>,
    pub(crate) number: u64,
    pub(crate) since: SystemTime,
    /// The Medleys that it came through, this one last.
    pub(crate) via: Arc<str>,
    /// What the client was last told of the settings that it follows.
    reported: HashMap<&'static str, String>,
    /// What that was made of.
    reported_of: Option<MadeOf>,
    /// What statements have in common, as it was last made.
    pub(crate) standing: Option<Arc<Standing>>,
    /// What was wrong at the start, and did not keep anybody out.
    warnings: Vec<Report>,
    /// What the person has proved to have.
    pub(crate) scram_keys: Option<Arc<ScramKeys>>,
    /// Statements that may have something to tell of the rows that they read.
    pub(crate) noted: Vec<Weak<Access>>,
    /// What functions had to say while a query ran.
    pub(crate) told_by_functions: Arc<Mutex<Vec<Report>>>,
    /// Mappings of which the person knows that they will be over.
    pub(crate) told_endings: HashSet<(UserMappingOid, Option<Epoch>)>,
}

/// For the protocol's ReadyForQuery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Between transactions.
    Idle,
    /// In a transaction block.
    InBlock,
    /// In one that has failed.
    Failed,
}

/// What bounds a statement: the client's cancel, the server's end, and the timeout.
pub(crate) struct Bounds {
    pub(crate) token: CancellationToken,
    timed_out: Arc<AtomicBool>,
    timeout: Option<Duration>,
    /// How long the transaction may go on, if it is not to go on for ever.
    transaction_left: Option<Duration>,
    transaction_timed_out: Arc<AtomicBool>,
    /// No other statement came in its message.
    pub(crate) alone: bool,
}

impl Session {
    /// Begins a session for somebody who has proved who they are.
    pub fn open(
        instance: &Arc<Instance>,
        login: Login,
        interrupt: Arc<dyn Interrupt>,
    ) -> Result<Self, Report> {
        let role = login::admit(instance, &login)?;
        let stored = login::stored_settings(&instance.catalog.snapshot(), &role);
        let beginning = stored.iter().rev().find(|(name, _)| name == "role");
        let beginning = beginning.map(|(_, role)| role.clone());
        let via = gateways::via(instance.number, &login.settings)?;
        let no_role = |(name, _): &(String, String)| name != "role";
        let stored = stored.into_iter().filter(no_role);
        let asked = login.settings.iter().filter(|it| no_role(it));
        let asked = asked.filter(|(name, _)| !gateways::is_said_by_gateways(name)).cloned();
        let settings = Settings::new(stored, asked)
            .map_err(|report| Report { severity: Severity::Fatal, ..report })?;
        let since = SystemTime::now();
        let activity = Activity {
            pid: login.pid,
            user: role.oid,
            application_name: settings.get("application_name").into(),
            client: login.client,
            since,
            transaction_since: None,
            statement_since: None,
            state_since: since,
            state: State::Idle,
        };
        let mut session = Self {
            identity: Identity::new(role.oid),
            settings: Arc::new(Mutex::new(settings)),
            transaction: None,
            statements: Statements::default(),
            portals: HashMap::new(),
            cursors: HashMap::new(),
            backend: instance.backends.register(activity),
            number: instance.next_session(),
            instance: Arc::clone(instance),
            login: Arc::new(login),
            interrupt,
            since,
            via,
            reported: HashMap::new(),
            reported_of: None,
            standing: None,
            warnings: Vec::new(),
            noted: Vec::new(),
            told_by_functions: Arc::default(),
            told_endings: HashSet::new(),
            scram_keys: None,
        };
        if let Some(role) = beginning.filter(|role| role != "none") {
            session.begin_as(&role);
        }
        session.reported = session.parameters().into_iter().collect();
        Ok(session)
    }

    /// ALTER ROLE … SET role: as if SET ROLE had been said at once. A role that is gone, or that
    /// may not be set any more, is passed over, as in PostgreSQL: nobody is locked out by it.
    fn begin_as(&mut self, role: &str) {
        let authenticated = self.identity.authenticated();
        match medley_commands::check_set_role(&self.committed(), authenticated, role) {
            Ok(role) => self.identity = Identity::new(authenticated).beginning_as(role),
            Err(error) => {
                tracing::warn!(setting = "role", sqlstate = %error.sqlstate(), "setting passed over");
                self.warnings.push(Report { severity: Severity::Warning, ..error.report() });
            }
        }
    }

    /// The keys that the person has proved to have: for remotes that keep the same verifier.
    pub fn proved(&mut self, keys: ScramKeys) {
        self.scram_keys = Some(Arc::new(keys));
        self.standing = None;
    }

    /// What the client is to be warned of at the start.
    pub fn take_warnings(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.warnings)
    }

    /// Where the session is between transactions.
    pub fn status(&self) -> Status {
        match self.transaction.as_ref().map(|transaction| transaction.kind) {
            None | Some(Kind::Implicit) => Status::Idle,
            Some(Kind::Block) => Status::InBlock,
            Some(Kind::Failed) => Status::Failed,
        }
    }

    /// How long the client may be idle in the state that the session is in, and what then ends it.
    pub fn idle_limit(&self) -> Option<(Duration, Report)> {
        let readings = self.readings();
        let (limit, sqlstate, what) = match self.status() {
            Status::Idle => (
                readings.idle_session_timeout,
                SqlState::IDLE_SESSION_TIMEOUT,
                "idle-session timeout",
            ),
            Status::InBlock | Status::Failed => (
                readings.idle_in_transaction_timeout,
                SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                "idle-in-transaction timeout",
            ),
        };
        let message = || format!("terminating connection due to {what}");
        let idle = limit.map(|limit| (limit, Report::fatal(sqlstate, message())));
        let transaction = self.transaction_left().filter(|_| self.status() != Status::Idle);
        let transaction = transaction.map(|left| (left, transaction_timeout()));
        idle.into_iter().chain(transaction).min_by_key(|(limit, _)| *limit)
    }

    /// Runs the statements of a text. An error ends it, and what it did outside of a transaction
    /// block is undone.
    pub async fn run(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Report> {
        self.begin_activity();
        let result = self.run_text(text, out).await;
        let result = match result {
            Ok(()) => Ok(()),
            Err(report) => Err(self.fail(report).await),
        };
        self.end_activity();
        self.report_parameters(out).await?;
        result
    }

    async fn run_text(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Report> {
        let script = medley_sql::parse(text).map_err(|error| error.report())?;
        for notice in &script.notices {
            self.notice(notice, out).await?;
        }
        if script.statements.is_empty() {
            return out.empty().await;
        }
        self.portals.remove("");
        let count = script.statements.len();
        let bounds = Bounds { alone: count == 1, ..self.bounds() };
        let _timer = bounds.start();
        for (index, parsed) in script.statements.into_iter().enumerate() {
            if let Some(parameter) = &parsed.first_parameter
                && !matches!(parsed.statement, Statement::Prepare(_))
            {
                return Err(no_parameter(parameter));
            }
            let done = self.statement(parsed.statement, text, &bounds, out).await;
            let tag = done.map_err(|report| bounds.explain(report, &*self.interrupt))?;
            tracing::debug!(tag, "statement done");
            if index + 1 == count {
                self.end_implicit().await?;
            }
            out.complete(&tag).await?;
        }
        Ok(())
    }

    /// What bounds the statement that begins.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            token: self.interrupt.token().child_token(),
            timed_out: Arc::default(),
            timeout: self.readings().statement_timeout,
            transaction_left: self.transaction_left(),
            transaction_timed_out: Arc::default(),
            alone: true,
        }
    }

    /// What is left of the time that the transaction may take, one that begins now included.
    fn transaction_left(&self) -> Option<Duration> {
        let limit = self.readings().transaction_timeout?;
        let started = self.transaction.as_ref().map(|transaction| transaction.started);
        let spent = started.and_then(|it| it.elapsed().ok()).unwrap_or_default();
        Some(limit.saturating_sub(spent))
    }

    pub(crate) fn explain(&self, bounds: &Bounds, report: Report) -> Report {
        bounds.explain(report, &*self.interrupt)
    }

    /// The transaction, begun now if there is none.
    pub(crate) fn transaction(&mut self) -> &mut Transaction {
        if self.transaction.is_none() {
            self.begin(Kind::Implicit);
        }
        self.transaction.as_mut().expect("it was begun just now")
    }

    pub(crate) fn begin(&mut self, kind: Kind) {
        let catalog = self.instance.catalog.begin(self.catalog_backend());
        self.transaction = Some(Transaction::new(catalog, kind));
        self.settings.lock().begin();
        self.identity.push();
    }

    /// What every statement asks of the settings.
    pub(crate) fn readings(&self) -> Arc<Readings> {
        Arc::clone(self.settings.lock().readings())
    }

    /// Commits what is not in a block.
    pub(crate) async fn end_implicit(&mut self) -> Result<(), Report> {
        match &self.transaction {
            Some(transaction) if transaction.kind == Kind::Implicit => self.commit().await,
            _ => Ok(()),
        }
    }

    /// Makes the transaction durable and ends it.
    pub(crate) async fn commit(&mut self) -> Result<(), Report> {
        if let Err(report) = Box::pin(self.hold_cursors()).await {
            Box::pin(self.rollback()).await;
            return Err(report);
        }
        let Some(transaction) = self.transaction.take() else { return Ok(()) };
        self.portals.clear();
        let mut committed = Ok(());
        if let Some(remote) = &transaction.remote {
            let done = Box::pin(remote.commit(&self.instance.foreign)).await;
            committed = done.map_err(|error| error.report());
            if committed.is_err() {
                Box::pin(remote.rollback()).await;
            }
        }
        if committed.is_ok() && transaction.catalog.has_changes() {
            let catalog = transaction.catalog;
            let done = tokio::task::block_in_place(|| catalog.commit());
            let wrote = transaction.remote.as_ref().is_some_and(|remote| remote.has_written());
            committed = done.map(drop).map_err(|error| match wrote {
                false => error.report(),
                true => only_there(&error.report()),
            });
        }
        match committed.is_ok() {
            true => {
                self.settings.lock().commit();
                self.identity.commit();
            }
            false => {
                self.settings.lock().rollback();
                self.identity.rollback();
            }
        }
        committed
    }

    /// Undoes the transaction.
    pub(crate) async fn rollback(&mut self) {
        let Some(transaction) = self.transaction.take() else { return };
        self.drop_cursors(None);
        if let Some(remote) = &transaction.remote {
            remote.rollback().await;
        }
        transaction.catalog.rollback();
        self.settings.lock().rollback();
        self.identity.rollback();
    }

    /// An error has happened: what is not in a block is undone, a block has failed.
    pub(crate) async fn fail(&mut self, report: Report) -> Report {
        tracing::debug!(sqlstate = %report.sqlstate, "statement failed");
        let process_id = self.login.pid.unsigned_abs();
        match self.transaction.as_mut() {
            None => {}
            Some(transaction) if transaction.kind == Kind::Implicit => self.rollback().await,
            Some(transaction) => {
                if let Some(remote) = &transaction.remote {
                    remote.stop();
                }
                let depth = transaction.depth();
                transaction.fail();
                if depth == 0 {
                    let backend = Backend { process_id, ..Backend::default() };
                    transaction.catalog = self.instance.catalog.begin(backend);
                }
                // Those of the savepoints that stay are looked at when it is gone back to.
                self.drop_cursors(depth.checked_sub(1));
                self.settings.lock().rollback_to(depth);
                self.identity.rollback_to(depth);
            }
        }
        report
    }

    /// An error that did not come from here: the block that the session is in has failed.
    pub async fn fail_transaction(&mut self) {
        let report = Report::error(SqlState::PROTOCOL_VIOLATION, "");
        self.fail(report).await;
    }

    /// The conversation is over.
    pub async fn end(&mut self) {
        self.portals.clear();
        self.cursors.clear();
        self.rollback().await;
        if let Err(report) = self.drop_temporary() {
            tracing::warn!(sqlstate = %report.sqlstate, "temporary relations not dropped");
        }
    }

    /// What is temporary goes, in the transaction that there is, else in one of its own.
    pub(crate) fn drop_temporary(&mut self) -> Result<(), Report> {
        if let Some(transaction) = &mut self.transaction {
            let dropped =
                tokio::task::block_in_place(|| transaction.catalog.drop_own_temp_schema());
            return dropped.map_err(|error| error.report());
        }
        let mut transaction = self.instance.catalog.begin(self.catalog_backend());
        let dropped = tokio::task::block_in_place(|| {
            transaction.drop_own_temp_schema().and_then(|()| transaction.commit())
        });
        dropped.map(drop).map_err(|error| error.report())
    }

    /// Whom the catalog's transactions are told to be of.
    fn catalog_backend(&self) -> Backend {
        Backend { process_id: self.login.pid.unsigned_abs(), ..Backend::default() }
    }

    /// The catalog as the statement sees it.
    pub(crate) fn snapshot(&mut self) -> Arc<Snapshot> {
        self.transaction().catalog.snapshot()
    }

    /// The last committed catalog, for what is not part of a statement.
    pub(crate) fn committed(&self) -> Arc<Snapshot> {
        self.instance.catalog.snapshot()
    }

    pub(crate) fn is_superuser(&self) -> bool {
        self.committed().role(self.identity.current_user()).is_some_and(|role| role.superuser)
    }

    /// A word to the person, unless they asked not to hear such.
    pub(crate) async fn notice(&self, report: &Report, out: &mut dyn Output) -> Result<(), Report> {
        match self.readings().tells(report.severity) {
            true => out.notice(report).await,
            false => Ok(()),
        }
    }

    pub(crate) async fn notices(
        &self,
        reports: Vec<Report>,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        for report in &reports {
            self.notice(report, out).await?;
        }
        Ok(())
    }

    /// The settings that clients follow, as they are now.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let snapshot = self.committed();
        let on_off = |on| if on { "on" } else { "off" };
        let settings = self.settings.lock();
        let mut parameters: Vec<_> =
            settings.reported().map(|(name, value)| (name, value.to_owned())).collect();
        let session_user = snapshot.role_name(self.identity.session_user());
        let current = snapshot.role(self.identity.current_user());
        parameters.push(("session_authorization", session_user));
        parameters.push(("is_superuser", on_off(current.is_some_and(|r| r.superuser)).to_owned()));
        parameters
    }

    /// Tells the client what has changed of them.
    pub async fn report_parameters(&mut self, out: &mut dyn Output) -> Result<(), Report> {
        let made_of = self.made_of();
        if self.reported_of.as_ref() == Some(&made_of) {
            return Ok(());
        }
        for (name, value) in self.parameters() {
            if self.reported.get(name) != Some(&value) {
                out.parameter(name, &value).await?;
                self.reported.insert(name, value);
            }
        }
        self.reported_of = Some(made_of);
        Ok(())
    }

    pub(crate) fn begin_activity(&self) {
        let now = SystemTime::now();
        let transaction = self.transaction.as_ref().map_or(now, |it| it.started);
        self.backend.update(|activity| {
            activity.state = State::Active;
            activity.statement_since = Some(now);
            activity.state_since = now;
            activity.transaction_since = Some(transaction);
        });
    }

    pub(crate) fn end_activity(&self) {
        let state = match self.status() {
            Status::Idle => State::Idle,
            Status::InBlock => State::IdleInTransaction,
            Status::Failed => State::IdleInFailedTransaction,
        };
        let readings = self.readings();
        let transaction = self.transaction.as_ref().map(|it| it.started);
        self.backend.update(|activity| {
            activity.state = state;
            activity.state_since = SystemTime::now();
            activity.application_name = Arc::clone(&readings.application_name);
            activity.transaction_since = transaction;
        });
    }
}

fn transaction_timeout() -> Report {
    let message = "terminating connection due to transaction timeout";
    Report::fatal(SqlState::TRANSACTION_TIMEOUT, message)
}

/// The catalog refused what servers have committed.
fn only_there(cause: &Report) -> Report {
    let message = "transaction was committed on foreign servers, but not in the catalog";
    Report::error(SqlState::STATEMENT_COMPLETION_UNKNOWN, message)
        .with_detail(format!("The error was: {}.", cause.message))
}

/// `there is no parameter $1`.
pub(crate) fn no_parameter(parameter: &FirstParameter) -> Report {
    let message = format!("there is no parameter {}", parameter.written);
    let mut report = Report::error(SqlState::UNDEFINED_PARAMETER, message);
    report.position = Some(parameter.position);
    report
}

impl Bounds {
    /// Cancels the statement when its time is over; dropped, it does not.
    pub(crate) fn start(&self) -> Option<Timer> {
        let statement = self.timeout.map(|timeout| (timeout, &self.timed_out));
        let transaction = self.transaction_left.map(|left| (left, &self.transaction_timed_out));
        let first = statement.into_iter().chain(transaction).min_by_key(|(limit, _)| *limit);
        let (timeout, timed_out) = first?;
        let (token, timed_out) = (self.token.clone(), Arc::clone(timed_out));
        Some(Timer(tokio::spawn(async move {
            tokio::time::sleep(timeout).await;
            timed_out.store(true, Ordering::Relaxed);
            token.cancel();
        })))
    }

    /// Says why a statement was cancelled, where the error does not know.
    fn explain(&self, report: Report, interrupt: &dyn Interrupt) -> Report {
        if report.sqlstate != SqlState::QUERY_CANCELED {
            return report;
        }
        if let Some(reason) = interrupt.reason() {
            return reason;
        }
        if self.transaction_timed_out.load(Ordering::Relaxed) {
            return transaction_timeout();
        }
        match self.timed_out.load(Ordering::Relaxed) {
            true => Report::error(
                SqlState::QUERY_CANCELED,
                "canceling statement due to statement timeout",
            ),
            false => report,
        }
    }
}

/// A flag for waits that are not asynchronous; a cancel sets it as long as the result lives.
pub(crate) fn cancel_flag(token: &CancellationToken) -> (Arc<AtomicBool>, Timer) {
    let flag = Arc::new(AtomicBool::new(false));
    let (token, set) = (token.clone(), Arc::clone(&flag));
    let watch = tokio::spawn(async move {
        token.cancelled().await;
        set.store(true, Ordering::Relaxed);
    });
    (flag, Timer(watch))
}

/// Something that goes on beside a statement, and ends with it.
pub(crate) struct Timer(tokio::task::JoinHandle<()>);

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}
