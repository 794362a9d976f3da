//! The audit trail: the last events in memory, and all of them in a file of JSON lines, if
//! `medley.toml` names one.
//!
//! A line is in the file, as far as the operating system is concerned, before its event is a row
//! of `medley_audit`: a server that is killed loses none. No event holds a value of an option or
//! a statement's text.
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use medley_catalog::Catalog;
use medley_engine::AuditRow;
use medley_foreign::{Auditor, RemoteEvent, RemoteStatement};
use medley_session::{AuditTrail, CatalogChange};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What `[audit]` in `medley.toml` says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The file of JSON lines; none is written if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The file is set aside when it is this big.
    #[serde(default = "megabytes")]
    pub file_megabytes: u32,
    /// How many that were set aside are kept: `FILE.1`, the newest, `FILE.2` and so on.
    #[serde(default = "files_kept")]
    pub files_kept: u32,
    /// How many events `medley_audit` shows.
    #[serde(default = "events")]
    pub events: usize,
}

fn megabytes() -> u32 {
    64
}

fn files_kept() -> u32 {
    5
}

fn events() -> usize {
    10_000
}

impl Default for Config {
    fn default() -> Self {
        Self { file: None, file_megabytes: megabytes(), files_kept: files_kept(), events: events() }
    }
}

impl Config {
    /// With the file where it is for this process.
    pub fn within(self, folder: &Path) -> Self {
        Self { file: self.file.map(|file| folder.join(file)), ..self }
    }
}

/// An event as it came: what is a row of it is made for whoever looks.
enum Event {
    Remote(Box<RemoteStatement>, Option<String>),
    Change(Arc<AuditRow>),
}

impl Event {
    fn row(&self) -> Arc<AuditRow> {
        match self {
            Self::Remote(statement, mapping_role) => {
                Arc::new(row_of(statement, mapping_role.clone()))
            }
            Self::Change(row) => Arc::clone(row),
        }
    }
}

/// The trail of one server.
pub struct Trail {
    catalog: Arc<Catalog>,
    state: Mutex<State>,
}

struct State {
    /// How many the ring holds.
    events: usize,
    ring: VecDeque<Event>,
    file: Option<LogFile>,
}

impl Trail {
    /// As the configuration says.
    pub fn open(config: &Config, catalog: &Arc<Catalog>) -> anyhow::Result<Self> {
        let (events, ring, file) = (config.events, VecDeque::new(), LogFile::of(config)?);
        let state = Mutex::new(State { events, ring, file });
        Ok(Self { catalog: Arc::clone(catalog), state })
    }

    /// Opens the file anew, under the name it has by now, and goes by this configuration: what was
    /// open may have been moved away. If it cannot be opened, events go where they went.
    pub fn reopen(&self, config: &Config) -> anyhow::Result<()> {
        let file = LogFile::of(config)?;
        let mut state = self.state.lock();
        (state.file, state.events) = (file, config.events);
        let too_many = state.ring.len().saturating_sub(state.events);
        state.ring.drain(..too_many);
        Ok(())
    }

    fn add(&self, event: Event) {
        let mut state = self.state.lock();
        if let Some(file) = &mut state.file {
            file.write(&event.row());
        }
        let oldest = match state.ring.len() >= state.events {
            true => state.ring.pop_front(),
            false => None,
        };
        if state.events > 0 {
            state.ring.push_back(event);
        }
        drop(state);
        drop(oldest);
    }
}

impl Auditor for Trail {
    fn record(&self, it: RemoteStatement) {
        let mapping_role = it.mapping.map(|(_, user)| self.catalog.snapshot().user_name(user));
        self.add(Event::Remote(Box::new(it), mapping_role));
    }
}

fn row_of(it: &RemoteStatement, mapping_role: Option<String>) -> AuditRow {
    AuditRow {
        began: micros(it.began),
        event: it.event.as_str(),
        query_id: Some(it.query.to_string()),
        session_role: it.session_user.clone(),
        role: (it.role.0, it.role.1.to_string()),
        mapping: it.mapping.map(|(oid, _)| oid.0),
        mapping_role,
        server: Some(it.server.1.to_string()),
        remote_user: it.remote_user.as_deref().map(str::to_owned),
        tables: Arc::clone(&it.tables),
        options: changed_by(it.event),
        rows: Some(it.rows),
        bytes: Some(it.bytes),
        milliseconds: milliseconds(it.elapsed),
        outcome: it.outcome.to_string(),
    }
}

/// The options that an event changes, as those of commands are told.
fn changed_by(event: RemoteEvent) -> Vec<String> {
    match event {
        RemoteEvent::Rotate => ["SET password", "DROP password_next"].map(str::to_owned).into(),
        _ => Vec::new(),
    }
}

impl AuditTrail for Trail {
    fn record_change(&self, it: CatalogChange) {
        self.add(Event::Change(Arc::new(AuditRow {
            began: micros(it.began),
            event: it.command,
            query_id: None,
            session_role: (it.session_user.0, it.session_user.1.into()),
            role: it.role,
            mapping: None,
            mapping_role: it.mapping_role,
            server: it.server,
            remote_user: None,
            tables: Arc::default(),
            options: it.options,
            rows: None,
            bytes: None,
            milliseconds: milliseconds(it.elapsed),
            outcome: it.outcome.to_string(),
        })));
    }

    fn rows(&self) -> Vec<Arc<AuditRow>> {
        self.state.lock().ring.iter().map(Event::row).collect()
    }
}

fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// To the microsecond.
fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// A file that only its owner may read, and that is set aside when it has grown.
struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    limit: u64,
    kept: u32,
    /// The last line could not be written: it is said once, until one can.
    failing: bool,
}

impl LogFile {
    /// The one that the configuration names, if any.
    fn of(config: &Config) -> anyhow::Result<Option<Self>> {
        let file = config.file.as_ref().map(|path| {
            Self::open(path.clone(), config)
                .with_context(|| format!("could not open the audit log {}", path.display()))
        });
        file.transpose()
    }

    fn open(path: PathBuf, config: &Config) -> io::Result<Self> {
        let file = append(&path)?;
        let size = file.metadata()?.len();
        let limit = u64::from(config.file_megabytes) << 20;
        Ok(Self { path, file, size, limit, kept: config.files_kept, failing: false })
    }

    /// An event that cannot be written is a row of `medley_audit` all the same.
    fn write(&mut self, row: &AuditRow) {
        let line = format!("{}\n", json_of(row));
        match self.append(line.as_bytes()) {
            Ok(()) => self.failing = false,
            Err(error) if !std::mem::replace(&mut self.failing, true) => {
                tracing::error!(file = %self.path.display(), %error, "the audit log is incomplete");
            }
            Err(_) => {}
        }
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.size > 0 && self.size + line.len() as u64 > self.limit {
            self.rotate()?;
        }
        self.file.write_all(line)?;
        self.size += line.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..self.kept).rev() {
            if self.aside(number).exists() {
                fs::rename(self.aside(number), self.aside(number + 1))?;
            }
        }
        match self.kept {
            0 => fs::remove_file(&self.path)?,
            _ => fs::rename(&self.path, self.aside(1))?,
        }
        (self.file, self.size) = (append(&self.path)?, 0);
        Ok(())
    }

    fn aside(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

fn json_of(row: &AuditRow) -> Value {
    let began = DateTime::<Utc>::from_timestamp_micros(row.began).unwrap_or_default();
    let mut line = json!({
        "began": began.to_rfc3339_opts(SecondsFormat::Micros, true),
        "event": row.event,
        "query_id": row.query_id,
        "session_role": row.session_role.1,
        "role": row.role.1,
        "mapping": row.mapping,
        "mapping_role": row.mapping_role,
        "server": row.server,
        "remote_user": row.remote_user,
        "tables": row.tables,
        "options": row.options,
        "rows": row.rows,
        "bytes": row.bytes,
        "milliseconds": row.milliseconds,
        "sqlstate": row.outcome,
    });
    if let Value::Object(fields) = &mut line {
        fields.retain(|_, value| {
            !value.is_null() && value.as_array().is_none_or(|it| !it.is_empty())
        });
    }
    line
}

#[cfg(test)]
mod tests {
    use medley_catalog::ids::RoleOid;

    use super::*;

    fn row(number: i64) -> AuditRow {
        AuditRow {
            began: 1_700_000_000_000_000 + number,
            event: "REMOTE",
            query_id: Some("1".to_owned()),
            session_role: (RoleOid(1), "alice".into()),
            role: (RoleOid(2), "bob".to_owned()),
            mapping: None,
            mapping_role: None,
            server: Some("s".to_owned()),
            remote_user: None,
            tables: Arc::default(),
            options: Vec::new(),
            rows: Some(3),
            bytes: Some(24),
            milliseconds: 1.5,
            outcome: "00000".to_owned(),
        }
    }

    #[test]
    fn a_line_says_what_there_is() {
        let expected = "{\"began\":\"2023-11-14T22:13:20.000007Z\",\"bytes\":24,\"event\":\"REMOTE\",\
                        \"milliseconds\":1.5,\"query_id\":\"1\",\"role\":\"bob\",\"rows\":3,\
                        \"server\":\"s\",\"session_role\":\"alice\",\"sqlstate\":\"00000\"}";
        assert_eq!(json_of(&row(7)).to_string(), expected);
    }

    #[test]
    fn files_are_set_aside_and_the_oldest_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let config = Config { files_kept: 2, ..Config::default() };
        let mut file = LogFile::open(path.clone(), &config).unwrap();
        let line = json_of(&row(0)).to_string().len() as u64 + 1;
        file.limit = 3 * line;
        for number in 0..10 {
            file.write(&row(number));
        }
        let numbers = |name: &str| -> Vec<String> {
            let text = fs::read_to_string(folder.path().join(name)).unwrap();
            text.lines().map(|line| line[35..36].to_owned()).collect()
        };
        assert_eq!(numbers("audit.jsonl"), ["9"]);
        assert_eq!(numbers("audit.jsonl.1"), ["6", "7", "8"]);
        assert_eq!(numbers("audit.jsonl.2"), ["3", "4", "5"]);
        assert!(!folder.path().join("audit.jsonl.3").exists());
        // Another run goes on where this one ended.
        let mut file = LogFile::open(path.clone(), &config).unwrap();
        file.write(&row(1));
        assert_eq!(numbers("audit.jsonl"), ["9", "1"]);
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
