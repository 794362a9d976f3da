//! A session without a server: enough of one to run scripts of utility statements.
mod import;
mod show;
mod wrapper;

use std::fmt::Write;
use std::sync::Arc;

use medley_catalog::ids::RoleOid;
use medley_catalog::{Backend, Bootstrap, Catalog, Savepoint, Transaction};
use medley_commands::{
    Context, Environment, Identity, Outcome, Result, SettingWrite, alter_database_settings,
    alter_role_settings, check_set_role, check_set_session_authorization, execute,
};
use medley_diagnostic::{Diagnostic, Report};
use medley_fdw::Registry;
use medley_secret::{Keyring, MasterKey, Sealer, WrappedKey};
use medley_sql::{Set, SetValue, SettingChange, Statement, Transaction as Steer};
use medley_types::Style;

pub struct Session {
    catalog: Arc<Catalog>,
    registry: Registry,
    sealer: Sealer,
    search_path: Vec<String>,
    session_user: RoleOid,
    current_role: RoleOid,
    block: Option<Block>,
    keyring: Keyring,
    folder: Arc<tempfile::TempDir>,
    backend: Backend,
}

/// What opens what is sealed.
struct Keys {
    master: MasterKey,
    data_keys: Vec<WrappedKey>,
}

impl Keys {
    fn new() -> Self {
        let master = MasterKey::generate();
        let data_keys = vec![Keyring::new_data_key(&master, 1)];
        Self { master, data_keys }
    }

    fn make_catalog(&self, folder: &tempfile::TempDir) {
        let (superuser, password, wrappers) = ("postgres".to_owned(), None, Vec::new());
        let data_keys = self.data_keys.clone();
        let bootstrap = Bootstrap { superuser, password, data_keys, wrappers };
        Catalog::create(&folder.path().join("data"), bootstrap).unwrap();
    }
}

/// A catalog that was made once, to begin with over and over: making it costs more than playing in
/// it.
pub struct Template {
    keys: Keys,
    files: Vec<(std::ffi::OsString, Vec<u8>)>,
}

impl Template {
    /// With what this script makes.
    pub fn new(script: &str) -> Self {
        let keys = Keys::new();
        let folder = tempfile::tempdir().unwrap();
        keys.make_catalog(&folder);
        let mut session = Session::opened(folder, &keys);
        let said = session.run_text(script);
        assert!(!said.contains("ERROR"), "{said}");
        let folder = session.into_folder();
        let files = std::fs::read_dir(folder.path().join("data")).unwrap().map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name(), std::fs::read(entry.path()).unwrap())
        });
        Self { files: files.collect(), keys }
    }
}

/// A transaction block.
struct Block {
    tx: Transaction,
    savepoints: Vec<(String, Savepoint)>,
    aborted: bool,
    roles: (RoleOid, RoleOid),
}

impl Block {
    fn savepoint(&self, name: &str) -> Result<usize, Report> {
        self.savepoints.iter().rposition(|it| it.0 == name).ok_or_else(|| {
            let message = format!("savepoint \"{name}\" does not exist");
            Report::error(medley_diagnostic::SqlState::INVALID_SAVEPOINT_SPECIFICATION, message)
        })
    }
}

impl Session {
    pub fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap())
    }

    pub fn in_folder(folder: tempfile::TempDir) -> Self {
        let keys = Keys::new();
        keys.make_catalog(&folder);
        Self::opened(folder, &keys)
    }

    /// On the catalog that is in the folder, whose keys these are.
    fn opened(folder: tempfile::TempDir, keys: &Keys) -> Self {
        let keyring = Keyring::open(Some(&keys.master), &keys.data_keys);
        Self {
            catalog: Catalog::open(&folder.path().join("data")).unwrap(),
            registry: wrapper::registry(),
            sealer: keyring.sealer(),
            search_path: vec!["$user".to_owned(), "public".to_owned()],
            session_user: RoleOid::BOOTSTRAP,
            current_role: RoleOid::BOOTSTRAP,
            block: None,
            keyring,
            folder: Arc::new(folder),
            backend: Backend::default(),
        }
    }

    /// On a catalog as the template has it, in a folder of its own.
    pub fn like(template: &Template, folder: tempfile::TempDir) -> Self {
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        for (name, content) in &template.files {
            std::fs::write(data.join(name), content).unwrap();
        }
        Self::opened(folder, &template.keys)
    }

    /// Another session on the same catalog, known to locks as this backend.
    pub fn beside_as(&self, backend: Backend) -> Self {
        Self {
            catalog: Arc::clone(&self.catalog),
            registry: self.registry.clone(),
            sealer: self.sealer.clone(),
            search_path: self.search_path.clone(),
            session_user: RoleOid::BOOTSTRAP,
            current_role: RoleOid::BOOTSTRAP,
            block: None,
            keyring: Keyring::open(None, &[]),
            folder: Arc::clone(&self.folder),
            backend,
        }
    }

    /// Runs a script; what comes back is the script with what is said in it.
    pub fn run(&mut self, script: &str) -> String {
        let mut said = String::new();
        let mut statement = String::new();
        for line in script.lines() {
            writeln!(said, "{line}").unwrap();
            if let Some(what) = line.strip_prefix("-- show ") {
                said.push_str(&show::show(&self.snapshot(), what));
            } else if !line.starts_with("--") {
                statement.push_str(line);
                statement.push('\n');
            }
            if line.ends_with(';') && !line.starts_with("--") {
                said.push_str(&self.run_text(&std::mem::take(&mut statement)));
            }
        }
        said
    }

    /// Opens what is sealed, as `foreign` would.
    pub fn opener(&self) -> medley_secret::Opener {
        self.keyring.opener()
    }

    /// Where the catalog is.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Closes the catalog, if this is the last session.
    pub fn into_folder(self) -> Arc<tempfile::TempDir> {
        self.folder
    }

    pub fn snapshot(&mut self) -> Arc<medley_catalog::Snapshot> {
        match &mut self.block {
            Some(block) => block.tx.snapshot(),
            None => self.catalog.snapshot(),
        }
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Runs statements; what comes back is what is said.
    pub fn run_text(&mut self, text: &str) -> String {
        let mut script = match medley_sql::parse(text) {
            Ok(script) => script,
            Err(error) => return self.failed(&error.report(), text),
        };
        let mut said: String = script.notices.iter().map(|notice| told(notice, None)).collect();
        for parsed in script.statements.drain(..) {
            let mut notices = Vec::new();
            let done = self.run_statement(parsed.statement, &mut notices);
            notices.iter().for_each(|notice| said.push_str(&told(notice, None)));
            match done {
                Ok(outcome) => writeln!(said, "{}", outcome.tag).unwrap(),
                Err(error) => said.push_str(&self.failed(&error, text)),
            }
        }
        said
    }

    fn failed(&mut self, report: &Report, text: &str) -> String {
        if let Some(block) = self.block.as_mut().filter(|block| !block.aborted) {
            block.aborted = true;
            // What was done since the last savepoint is undone at once, and its locks go.
            match block.savepoints.last() {
                Some((_, savepoint)) => block.tx.rollback_to(*savepoint).unwrap(),
                None => block.tx = self.catalog.begin(self.backend.clone()),
            }
        }
        told(report, Some(text))
    }

    fn run_statement(
        &mut self,
        statement: Statement,
        notices: &mut Vec<Report>,
    ) -> Result<Outcome, Report> {
        let tag = statement.tag();
        match statement {
            Statement::Transaction(steer) if !self.is_refused(&steer) => return self.steer(steer),
            _ if self.block.as_ref().is_some_and(|block| block.aborted) => {
                return Err(Report::error(
                    medley_diagnostic::SqlState::IN_FAILED_SQL_TRANSACTION,
                    "current transaction is aborted, commands ignored until end of transaction \
                     block",
                ));
            }
            Statement::Set(set) => {
                self.set(set).map_err(|error| error.report())?;
                return Ok(Outcome { tag });
            }
            _ => {}
        }
        let (mut tx, in_block) = match self.block.take() {
            Some(block) => (block.tx, Some((block.savepoints, block.roles))),
            None => (self.catalog.begin(self.backend.clone()), None),
        };
        let done = self.run_in(&mut tx, statement, notices).map_err(|error| error.report());
        match in_block {
            Some((savepoints, roles)) => {
                self.block = Some(Block { tx, savepoints, aborted: false, roles });
                done
            }
            None => {
                let outcome = done?;
                tx.commit().map_err(|error| error.report())?;
                Ok(outcome)
            }
        }
    }

    fn run_in(
        &self,
        tx: &mut Transaction,
        statement: Statement,
        notices: &mut Vec<Report>,
    ) -> Result<Outcome> {
        let identity =
            Identity { current_role: self.current_role, session_user: self.session_user };
        let style = Style::default();
        let (search_path, registry, sealer) =
            (self.search_path.as_slice(), &self.registry, &self.sealer);
        let environment = Environment { identity, search_path, style: &style, registry, sealer };
        let ctx = &mut Context::new(tx, environment, notices);
        match statement {
            Statement::ImportForeignSchema(statement) => import::import(ctx, statement),
            Statement::AlterRoleSettings(statement) => {
                let write = setting_write(statement.change);
                let database = statement.database.as_deref();
                alter_role_settings(ctx, statement.role.as_ref(), database, write)
            }
            Statement::AlterDatabaseSettings(statement) => {
                alter_database_settings(ctx, &statement.name, setting_write(statement.change))
            }
            statement => execute(ctx, statement),
        }
    }

    fn set(&mut self, set: Set) -> Result<()> {
        let Set::Setting { change, .. } = set else { panic!("scripts set settings") };
        let snapshot = self.snapshot();
        match change {
            SettingChange::Set { name, value: SetValue::List(values) } => {
                let values: Vec<_> = values.iter().map(|it| it.as_str().to_owned()).collect();
                match (name.as_str(), values[0].as_str()) {
                    ("role", "none") => self.current_role = self.session_user,
                    ("role", role) => {
                        self.current_role = check_set_role(&snapshot, self.session_user, role)?;
                    }
                    ("session_authorization", role) => {
                        let user = RoleOid::BOOTSTRAP;
                        let role = check_set_session_authorization(&snapshot, user, role)?;
                        (self.session_user, self.current_role) = (role, role);
                    }
                    ("search_path", _) => {
                        self.search_path = values.into_iter().filter(|it| !it.is_empty()).collect();
                    }
                    (other, _) => panic!("scripts do not set {other}"),
                }
            }
            SettingChange::Reset(name) if name == "role" => self.current_role = self.session_user,
            SettingChange::Reset(name) if name == "session_authorization" => {
                (self.session_user, self.current_role) = (RoleOid::BOOTSTRAP, RoleOid::BOOTSTRAP);
            }
            other => panic!("scripts do not say {other:?}"),
        }
        Ok(())
    }

    /// A block that has failed takes no more savepoints.
    fn is_refused(&self, steer: &Steer) -> bool {
        let aborted = self.block.as_ref().is_some_and(|block| block.aborted);
        aborted && matches!(steer, Steer::Savepoint(_) | Steer::Release(_))
    }

    fn steer(&mut self, steer: Steer) -> Result<Outcome, Report> {
        let tag = match steer {
            Steer::Begin { .. } => {
                let tx = self.catalog.begin(self.backend.clone());
                let roles = (self.session_user, self.current_role);
                self.block = Some(Block { tx, savepoints: Vec::new(), aborted: false, roles });
                "BEGIN"
            }
            Steer::Commit { .. } => match self.block.take().unwrap() {
                Block { aborted: true, roles, .. } => {
                    (self.session_user, self.current_role) = roles;
                    "ROLLBACK"
                }
                Block { tx, .. } => {
                    tx.commit().map_err(|error| error.report())?;
                    "COMMIT"
                }
            },
            Steer::Rollback { .. } => {
                let block = self.block.take().unwrap();
                (self.session_user, self.current_role) = block.roles;
                "ROLLBACK"
            }
            Steer::Savepoint(name) => {
                let block = self.block.as_mut().unwrap();
                block.savepoints.push((name, block.tx.savepoint()));
                "SAVEPOINT"
            }
            Steer::RollbackTo(name) => {
                let block = self.block.as_mut().unwrap();
                let index = block.savepoint(&name)?;
                block.tx.rollback_to(block.savepoints[index].1).unwrap();
                block.savepoints.truncate(index + 1);
                block.aborted = false;
                "ROLLBACK"
            }
            Steer::Release(name) => {
                let block = self.block.as_mut().unwrap();
                let index = block.savepoint(&name)?;
                block.tx.release(block.savepoints[index].1).unwrap();
                block.savepoints.truncate(index);
                "RELEASE"
            }
            other => panic!("scripts do not say {other:?}"),
        };
        Ok(Outcome { tag })
    }
}

/// The session would look whether it is a setting and a value of it.
fn setting_write(change: SettingChange) -> SettingWrite {
    match change {
        SettingChange::Set { name, value: SetValue::List(values) } => {
            let values: Vec<_> = values.iter().map(|value| value.as_str()).collect();
            SettingWrite::Set { name, value: values.join(", ") }
        }
        SettingChange::Set { name, .. } | SettingChange::Reset(name) => SettingWrite::Reset(name),
        SettingChange::ResetAll => SettingWrite::ResetAll { kept: Vec::new() },
    }
}

/// As psql prints it, but that AT has what stands where the error points.
fn told(report: &Report, text: Option<&str>) -> String {
    let severity = report.severity.as_str();
    let at = report.position.zip(text).map(|(position, text)| {
        text.trim_end().chars().skip(position - 1).take(8).collect::<String>()
    });
    let parts = [
        ("AT", &at),
        ("DETAIL", &report.detail),
        ("HINT", &report.hint),
        ("CONTEXT", &report.context),
    ];
    let mut said = format!("{severity}:  {}: {}\n", report.sqlstate, report.message);
    for (name, part) in parts {
        if let Some(text) = part {
            writeln!(said, "{name}:  {text}").unwrap();
        }
    }
    said
}
