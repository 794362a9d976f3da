//! What system relations ask of the session.
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use medley_catalog::ids::{DATABASE_NAME, RoleOid, ServerOid};
use medley_catalog::objects::Relation;
use medley_catalog::{BootstrapWrapper, Snapshot};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_dump::Definitions;
use medley_engine::{
    ActiveBackend, AuditRow, CursorRow, Facts, LoginMap, LoginRule, PreparedRow, SettingRow, Trial,
};
use medley_fdw::Registry;
use medley_fdw::drift::Drift;
use medley_foreign::{Access, Held, InDoubt, Probe};
use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;

use crate::login::{Login, micros};
use crate::mappings::{self, Tried};
use crate::settings::{Change, Context, Kind, SETTINGS, Setting, Unit};
use crate::standing::Standing;
use crate::statements::Statements;
use crate::{Activity, AuditTrail, Configuration, Instance, Session, Settings};

/// A session as the engine may ask it, for one statement.
struct SessionFacts {
    instance: Arc<Instance>,
    settings: Arc<Mutex<Settings>>,
    login: Arc<Login>,
    access: Arc<Access>,
    /// What came of the mappings that this statement has tried.
    tried: AsyncMutex<Tried>,
    cursors: Vec<CursorRow>,
    statements: Statements,
    notices: Arc<Mutex<Vec<Report>>>,
    standing: Arc<Standing>,
}

impl Session {
    pub(crate) fn facts(&self, access: Arc<Access>, standing: &Arc<Standing>) -> Arc<dyn Facts> {
        Arc::new(SessionFacts {
            instance: Arc::clone(&self.instance),
            settings: Arc::clone(&self.settings),
            login: Arc::clone(&self.login),
            access,
            tried: AsyncMutex::default(),
            cursors: self.cursor_rows(),
            statements: self.statements.clone(),
            notices: Arc::clone(&self.told_by_functions),
            standing: Arc::clone(standing),
        })
    }
}

impl Facts for SessionFacts {
    fn database(&self) -> &str {
        DATABASE_NAME
    }

    fn version(&self) -> String {
        let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
        format!("PostgreSQL {} on {arch}-{os}, compiled by rustc", crate::SERVER_VERSION)
    }

    fn setting(&self, name: &str) -> Option<String> {
        let identity =
            self.standing.identity.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        match identity {
            Some((_, value)) => Some(value.clone()),
            None => self.settings.lock().show(name).ok().map(str::to_owned),
        }
    }

    fn relayed(&self) -> Option<&OnceLock<medley_fdw::Settings>> {
        Some(&self.standing.relayed)
    }

    fn set_setting(&self, name: &str, value: Option<&str>, local: bool) -> Result<String, Report> {
        if self.standing.identity.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
            return Err(
                Report::unsupported(format!("set_config of \"{name}\"")).with_hint("Use SET.")
            );
        }
        let superuser = self.setting("is_superuser").as_deref() == Some("on");
        let change = Change { superuser, local };
        let mut settings = self.settings.lock();
        match value {
            Some(value) => settings.set_text(name, value, change)?,
            None => settings.reset(name, change)?,
        }
        settings.show(name).map(str::to_owned)
    }

    fn settings(&self) -> Vec<SettingRow> {
        let settings = self.settings.lock();
        let mut rows: Vec<_> =
            SETTINGS.iter().map(|setting| row(setting, settings.get(setting.name))).collect();
        rows.sort_by_key(|row| row.name.to_lowercase());
        rows
    }

    fn backends(&self) -> Vec<ActiveBackend> {
        self.instance.backends.list().into_iter().map(backend).collect()
    }

    fn cursors(&self) -> Vec<CursorRow> {
        self.cursors.clone()
    }

    fn prepared_statements(&self) -> Vec<PreparedRow> {
        self.statements.rows()
    }

    fn in_doubt(&self) -> Result<Vec<InDoubt>, Report> {
        self.instance.foreign.in_doubt().map_err(|error| error.report())
    }

    fn cancel_backend(&self, pid: i32) -> bool {
        self.instance.signals().is_some_and(|signals| signals.cancel(pid))
    }

    fn terminate_backend(&self, pid: i32, wait: Duration) -> bool {
        if !self.instance.signals().is_some_and(|signals| signals.terminate(pid)) {
            return false;
        }
        let is_there = || self.instance.backends.list().iter().any(|it| it.pid == pid);
        let until = Instant::now() + wait;
        tokio::task::block_in_place(|| {
            while !wait.is_zero() && is_there() {
                if Instant::now() >= until {
                    return false;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            true
        })
    }

    fn notice(&self, report: Report) {
        self.notices.lock().push(report);
    }

    fn backend_pid(&self) -> i32 {
        self.login.pid
    }

    fn start_time(&self) -> i64 {
        micros(self.instance.started)
    }

    fn server_address(&self) -> Option<SocketAddr> {
        self.login.server
    }

    fn client_address(&self) -> Option<SocketAddr> {
        self.login.client
    }

    fn registry(&self) -> &Arc<Registry> {
        &self.instance.registry
    }

    fn audit(&self) -> Vec<Arc<AuditRow>> {
        self.instance.trail().map(AuditTrail::rows).unwrap_or_default()
    }

    fn login_rules(&self) -> Vec<LoginRule> {
        self.instance.configuration().map(Configuration::login_rules).unwrap_or_default()
    }

    fn login_maps(&self) -> Vec<LoginMap> {
        self.instance.configuration().map(Configuration::login_maps).unwrap_or_default()
    }

    fn reload(&self) -> bool {
        self.instance.configuration().is_some_and(Configuration::reload)
    }

    fn keys(&self, action: &str) -> Result<Vec<String>, Report> {
        tokio::task::block_in_place(|| self.instance.keys().run(action))
    }

    fn accept_mapping(&self, server: ServerOid, role: RoleOid) -> Result<Vec<String>, Report> {
        if self.settings.lock().is_on("transaction_read_only") {
            let message = "cannot execute medley_accept_mapping() in a read-only transaction";
            return Err(Report::error(SqlState::READ_ONLY_SQL_TRANSACTION, message));
        }
        tokio::task::block_in_place(|| mappings::accept(&self.instance, &self.access, server, role))
    }

    fn probe(&self, trials: &[Trial]) -> Result<Vec<Probe>, Report> {
        let tries = async { self.tried.lock().await.probe(&self.access, trials).await };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(tries))
    }

    fn held(&self, server: ServerOid, role: RoleOid) -> Vec<Held> {
        self.access.held(server, role)
    }

    fn close_waiting(&self, server: ServerOid, role: RoleOid) -> bool {
        self.access.close_waiting(server, role)
    }

    fn drift(
        &self,
        server: ServerOid,
        role: RoleOid,
        relations: &[Arc<Relation>],
    ) -> Result<Vec<Vec<Drift>>, Report> {
        let compared = async {
            let remote = self.access.resolve(server, role)?;
            self.access.drift(&remote, relations).await
        };
        let wait = || tokio::runtime::Handle::current().block_on(compared);
        tokio::task::block_in_place(wait).map_err(|error| error.report())
    }

    fn dump(
        &self,
        snapshot: &Snapshot,
        role: RoleOid,
        secrets: &str,
        definitions: &dyn Definitions,
    ) -> Result<Vec<String>, Report> {
        let secrets = secrets.parse().map_err(|error: medley_dump::Error| error.report())?;
        let (data_keys, wrappers) =
            (&*self.instance.catalog().data_keys(), &*new_wrappers(self.registry()));
        let request =
            medley_dump::Request { snapshot, role, secrets, data_keys, wrappers, definitions };
        medley_dump::dump(request).map_err(|error| error.report())
    }
}

/// The wrappers that a new catalog of this build has.
pub fn new_wrappers(registry: &Registry) -> Vec<BootstrapWrapper> {
    let new = |wrapper: &dyn medley_fdw::Wrapper| BootstrapWrapper {
        name: wrapper.name().to_owned(),
        handler: Some(wrapper.handler().to_owned()),
        validator: Some(wrapper.validator().to_owned()),
    };
    registry.wrappers().map(new).collect()
}

fn backend(activity: Activity) -> ActiveBackend {
    ActiveBackend {
        pid: activity.pid,
        role: activity.user,
        application_name: activity.application_name.to_string(),
        client: activity.client,
        backend_start: micros(activity.since),
        transaction_start: activity.transaction_since.map(micros),
        query_start: activity.statement_since.map(micros),
        state_change: Some(micros(activity.state_since)),
        state: activity.state.as_str(),
    }
}

fn row(setting: &Setting, value: &str) -> SettingRow {
    let (kind, unit) = match setting.kind {
        Kind::Bool => ("bool", None),
        Kind::Integer { unit, .. } => ("integer", unit_name(unit)),
        Kind::Real { .. } => ("real", None),
        Kind::Enum(_) => ("enum", None),
        _ => ("string", None),
    };
    let (min, max) = range(setting.kind);
    let is_default = value == setting.default;
    SettingRow {
        name: setting.name.to_owned(),
        setting: in_base_unit(setting.kind, value),
        unit,
        category: if setting.honoured { "Medley" } else { "Kept for existing scripts" },
        description: setting.doc,
        context: match setting.context {
            Context::User => "user",
            Context::Superuser => "superuser",
            Context::Postmaster => "postmaster",
            Context::Internal => "internal",
        },
        kind,
        source: if is_default { "default" } else { "session" },
        min,
        max,
        words: match setting.kind {
            Kind::Enum(words) => Some(words.iter().map(|word| (*word).to_owned()).collect()),
            _ => None,
        },
        boot: Some(in_base_unit(setting.kind, setting.default)),
        reset: Some(in_base_unit(setting.kind, setting.default)),
    }
}

fn unit_name(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::None => None,
        Unit::Milliseconds => Some("ms"),
        Unit::Kilobytes => Some("kB"),
        Unit::Blocks => Some("8kB"),
    }
}

fn range(kind: Kind) -> (Option<String>, Option<String>) {
    match kind {
        Kind::Integer { min, max, .. } => (Some(min.to_string()), Some(max.to_string())),
        Kind::Real { min, max } => (Some(min.to_string()), Some(max.to_string())),
        _ => (None, None),
    }
}

fn in_base_unit(kind: Kind, shown: &str) -> String {
    match kind {
        Kind::Integer { unit, .. } => crate::settings::in_base_unit(shown, unit),
        _ => shown.to_owned(),
    }
}
