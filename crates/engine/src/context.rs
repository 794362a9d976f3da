//! What a query is planned and run for: a session at one statement.
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use medley_catalog::Snapshot;
use medley_catalog::ids::{RoleOid, ServerOid, UserMappingOid};
use medley_catalog::objects::Relation;
use medley_diagnostic::Report;
use medley_dump::Definitions;
use medley_fdw::drift::Drift;
use medley_fdw::{Registry, Settings};
use medley_foreign::{Access, Held, InDoubt, Probe};
use medley_types::Style;
use tokio_util::sync::CancellationToken;

/// One statement of one session.
#[derive(Clone)]
pub struct QueryContext {
    /// The catalog as the statement sees it.
    pub snapshot: Arc<Snapshot>,
    /// What the system's relations list, where that is an older state: in a transaction that sees
    /// the same from its first statement to its last.
    pub listed: Option<Arc<Snapshot>>,
    /// The effective role: whose privileges count.
    pub role: RoleOid,
    /// Who logged in, or who SET SESSION AUTHORIZATION says.
    pub session_user: RoleOid,
    /// `search_path` as it is set, `$user` included.
    pub search_path: Arc<[String]>,
    /// The settings that shape the text of values.
    pub style: Arc<Style>,
    /// `medley.pushdown`.
    pub pushdown: bool,
    /// `medley.query_memory`: bytes, if there is a limit of its own.
    pub memory: Option<usize>,
    /// `statement_timestamp()`: microseconds since 1970.
    pub statement_time: i64,
    /// `now()`: microseconds since 1970.
    pub transaction_time: i64,
    /// The statement's way to remotes.
    pub access: Arc<Access>,
    /// What else of session and server can be asked for.
    pub facts: Arc<dyn Facts>,
    /// Cancelled when the statement is to end.
    pub cancel: CancellationToken,
}

/// What system relations and functions ask of the session and the server.
pub trait Facts: Send + Sync {
    /// The database's name.
    fn database(&self) -> &str;
    /// What `version()` says.
    fn version(&self) -> String;
    /// The value of a setting as SHOW prints it.
    fn setting(&self, name: &str) -> Option<String>;
    /// Where the settings that remotes are told of are kept as long as none is changed.
    fn relayed(&self) -> Option<&OnceLock<Settings>> {
        None
    }
    /// `set_config`: changes a setting, or resets it where there is no value, until the end of the
    /// transaction if `local`. The value as SHOW prints it then.
    fn set_setting(&self, name: &str, value: Option<&str>, local: bool) -> Result<String, Report>;
    /// All settings, as `pg_settings` lists them.
    fn settings(&self) -> Vec<SettingRow>;
    /// All sessions, as `pg_stat_activity` lists them.
    fn backends(&self) -> Vec<ActiveBackend>;
    /// The session's open cursors, as `pg_cursors` lists them.
    fn cursors(&self) -> Vec<CursorRow>;
    /// The session's prepared statements, as `pg_prepared_statements` lists them.
    fn prepared_statements(&self) -> Vec<PreparedRow>;
    /// What remotes have prepared and not ended, as `medley_in_doubt` lists it.
    fn in_doubt(&self) -> Result<Vec<InDoubt>, Report>;
    /// `pg_cancel_backend`: stops what the session of this pid runs; whether there is one.
    fn cancel_backend(&self, pid: i32) -> bool;
    /// `pg_terminate_backend`: ends the session of this pid, and waits for that for so long;
    /// whether it was there, and has gone if it was waited for.
    fn terminate_backend(&self, pid: i32, wait: Duration) -> bool;
    /// A word to the person, told when the statement is done.
    fn notice(&self, report: Report);
    /// `pg_backend_pid()`.
    fn backend_pid(&self) -> i32;
    /// `pg_postmaster_start_time()`: microseconds since 1970.
    fn start_time(&self) -> i64;
    /// Where this session's client connected to; none on a Unix socket.
    fn server_address(&self) -> Option<SocketAddr>;
    /// Where this session's client is; none on a Unix socket.
    fn client_address(&self) -> Option<SocketAddr>;
    /// The wrappers of this build.
    fn registry(&self) -> &Arc<Registry>;
    /// `medley_dump`: the catalog as this role sees it, as statements that make it again.
    /// `secrets` says what becomes of them.
    fn dump(
        &self,
        snapshot: &Snapshot,
        role: RoleOid,
        secrets: &str,
        definitions: &dyn Definitions,
    ) -> Result<Vec<String>, Report>;
    /// `medley_keys`: does this with the keys that seal secrets, and says what came of it.
    fn keys(&self, action: &str) -> Result<Vec<String>, Report>;
    /// `medley_accept_mapping`: `role` agrees to its mapping on this server; the mapping's options,
    /// as they are shown.
    fn accept_mapping(&self, server: ServerOid, role: RoleOid) -> Result<Vec<String>, Report>;
    /// `medley_test_mapping`: what comes of logging in, of each in turn. A statement tries each
    /// once, however often it asks.
    fn probe(&self, trials: &[Trial]) -> Result<Vec<Probe>, Report>;
    /// `postgres_fdw_get_connections`: those that the session has at a server, as a role.
    fn held(&self, server: ServerOid, role: RoleOid) -> Vec<Held>;
    /// `postgres_fdw_disconnect`: closes those that wait for a role's next statement; whether
    /// there were any.
    fn close_waiting(&self, server: ServerOid, role: RoleOid) -> bool;
    /// `medley_check_drift`: what these foreign tables of a server and their remote have come to
    /// differ in, as the account of a role finds it.
    fn drift(
        &self,
        _server: ServerOid,
        _role: RoleOid,
        _relations: &[Arc<Relation>],
    ) -> Result<Vec<Vec<Drift>>, Report> {
        Err(Report::unsupported("medley_check_drift"))
    }
    /// What was done at remotes and to the ways there, the oldest first, as `medley_audit` lists it.
    fn audit(&self) -> Vec<Arc<AuditRow>>;
    /// The lines of the file that says who may log in, as `pg_hba_file_rules` lists them.
    fn login_rules(&self) -> Vec<LoginRule>;
    /// The lines of the file that maps accounts outside to roles, as `pg_ident_file_mappings`
    /// lists them.
    fn login_maps(&self) -> Vec<LoginMap>;
    /// `pg_reload_conf()`: the server's files are read again, soon. Whether there is a server.
    fn reload(&self) -> bool;
}

/// A mapping to log in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trial {
    /// Where.
    pub server: ServerOid,
    /// Which; none for the one that counts for the role.
    pub mapping: Option<UserMappingOid>,
    /// As whom.
    pub role: RoleOid,
}

/// A row of `medley_audit`: a statement at a remote, or a statement that changed a way there.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// When it began: microseconds since 1970.
    pub began: i64,
    /// `REMOTE`, or the command that changed something.
    pub event: &'static str,
    /// The statement of ours; its sessions at remotes are called so.
    pub query_id: Option<String>,
    /// Who logged in.
    pub session_role: (RoleOid, Arc<str>),
    /// The role whose privileges counted.
    pub role: (RoleOid, String),
    /// The user mapping.
    pub mapping: Option<u32>,
    /// Whose mapping that is; `public` for everybody's.
    pub mapping_role: Option<String>,
    /// The foreign server.
    pub server: Option<String>,
    /// The account at the remote.
    pub remote_user: Option<String>,
    /// The foreign tables that were read.
    pub tables: Arc<[String]>,
    /// The options that were changed, without their values.
    pub options: Vec<String>,
    /// Rows that came from the remote.
    pub rows: Option<u64>,
    /// Bytes of their values.
    pub bytes: Option<u64>,
    /// How long it took.
    pub milliseconds: f64,
    /// `00000`, or why it ended.
    pub outcome: String,
}

/// A row of `pg_hba_file_rules`: where a line stands, and what it says or what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct LoginRule {
    /// Which of the good lines it is, from 1.
    pub number: Option<i32>,
    /// Its file.
    pub file: String,
    /// Its number in the file, from 1.
    pub line: i32,
    /// `local`, `host` …
    pub kind: Option<String>,
    /// The databases, as written.
    pub databases: Option<Vec<String>>,
    /// The roles, as written.
    pub roles: Option<Vec<String>>,
    /// An address, or the word for many.
    pub address: Option<String>,
    /// Of an address.
    pub mask: Option<String>,
    /// How people prove who they are.
    pub method: Option<String>,
    /// `name=value`.
    pub options: Option<Vec<String>>,
    /// Why the line cannot be used.
    pub error: Option<String>,
}

/// A row of `pg_ident_file_mappings`.
#[derive(Clone, Debug, Default)]
pub struct LoginMap {
    /// Which of the good lines it is, from 1.
    pub number: Option<i32>,
    /// Its file.
    pub file: String,
    /// Its number in the file, from 1.
    pub line: i32,
    /// The map that it is a part of.
    pub map: Option<String>,
    /// The account outside, as written.
    pub account: Option<String>,
    /// The role, as written.
    pub role: Option<String>,
    /// Why the line cannot be used.
    pub error: Option<String>,
}

/// A row of `pg_settings`.
#[derive(Clone, Debug, Default)]
pub struct SettingRow {
    /// Its name.
    pub name: String,
    /// Its value, as SHOW prints it but in its base unit.
    pub setting: String,
    /// The unit, if it has one.
    pub unit: Option<&'static str>,
    /// Its group in the manual.
    pub category: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// `user`, `superuser`, `postmaster` and so on.
    pub context: &'static str,
    /// `bool`, `integer`, `real`, `string` or `enum`.
    pub kind: &'static str,
    /// `default`, `session` and so on.
    pub source: &'static str,
    /// The smallest value.
    pub min: Option<String>,
    /// The greatest value.
    pub max: Option<String>,
    /// The words of an enum.
    pub words: Option<Vec<String>>,
    /// What it was when the server started.
    pub boot: Option<String>,
    /// What RESET sets it to.
    pub reset: Option<String>,
}

/// A row of `pg_cursors`.
#[derive(Clone, Debug)]
pub struct CursorRow {
    /// Its name.
    pub name: String,
    /// The text that it was declared in.
    pub statement: Arc<str>,
    /// WITH HOLD.
    pub is_holdable: bool,
    /// BINARY.
    pub is_binary: bool,
    /// Whether it can go back.
    pub is_scrollable: bool,
    /// When it was declared: microseconds since 1970.
    pub created: i64,
}

/// A row of `pg_prepared_statements`.
#[derive(Clone, Debug)]
pub struct PreparedRow {
    /// Its name.
    pub name: String,
    /// The text that it was prepared in.
    pub statement: Arc<str>,
    /// When: microseconds since 1970.
    pub prepared: i64,
    /// Oids of its parameters' types.
    pub parameter_types: Vec<u32>,
    /// Oids of its columns' types; none where no rows come out.
    pub result_types: Option<Vec<u32>>,
    /// By PREPARE, not by the protocol.
    pub from_sql: bool,
    /// How often it ran.
    pub runs: i64,
}

/// A row of `pg_stat_activity`.
#[derive(Clone, Debug)]
pub struct ActiveBackend {
    /// Its number.
    pub pid: i32,
    /// Who logged in.
    pub role: RoleOid,
    /// What the client calls itself.
    pub application_name: String,
    /// Where the client is; none on a Unix socket.
    pub client: Option<SocketAddr>,
    /// When it connected: microseconds since 1970.
    pub backend_start: i64,
    /// When its transaction began.
    pub transaction_start: Option<i64>,
    /// When its statement began.
    pub query_start: Option<i64>,
    /// When its state last changed.
    pub state_change: Option<i64>,
    /// `active`, `idle`, `idle in transaction` …
    pub state: &'static str,
}
