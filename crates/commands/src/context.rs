//! In whose name, and on what, a statement runs.
use std::sync::Arc;

use medley_catalog::ids::{ObjectAddress, RoleOid};
use medley_catalog::objects::Object;
use medley_catalog::{Snapshot, Transaction};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_fdw::{Actor, Registry};
use medley_secret::Sealer;
use medley_sql::Statement;
use medley_types::Style;

use crate::also_changed::AlsoChanged;
use crate::error::{Error, Result};
use crate::execute;

/// In whose name a statement runs.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// `current_user`: whose rights count.
    pub current_role: RoleOid,
    /// `session_user`.
    pub session_user: RoleOid,
}

/// What a statement runs in.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// In whose name.
    pub identity: Identity,
    /// The elements of `search_path`; `$user` is the current role's schema.
    pub search_path: &'a [String],
    /// How the session reads moments.
    pub style: &'a Style,
    /// The wrappers of this build.
    pub registry: &'a Registry,
    /// What seals secrets.
    pub sealer: &'a Sealer,
}

/// What a statement runs on. One is made for each statement.
pub struct Context<'a> {
    tx: &'a mut Transaction,
    view: Arc<Snapshot>,
    environment: Environment<'a>,
    pub(crate) current_role: RoleOid,
    pub(crate) session_user: RoleOid,
    pub(crate) search_path: &'a [String],
    pub(crate) style: &'a Style,
    pub(crate) registry: &'a Registry,
    pub(crate) sealer: &'a Sealer,
    /// Notices and warnings, in their order.
    pub(crate) notices: &'a mut Vec<Report>,
    pub(crate) also_changed: Vec<AlsoChanged>,
}

impl<'a> Context<'a> {
    /// For one statement. What it says besides goes to `notices`, and counts even if it fails.
    pub fn new(
        tx: &'a mut Transaction,
        environment: Environment<'a>,
        notices: &'a mut Vec<Report>,
    ) -> Self {
        let view = tx.snapshot();
        let Environment { identity, search_path, style, registry, sealer } = environment;
        let Identity { current_role, session_user } = identity;
        Self {
            tx,
            view,
            environment,
            current_role,
            session_user,
            search_path,
            style,
            registry,
            sealer,
            notices,
            also_changed: Vec::new(),
        }
    }

    /// The catalog as this statement sees it: committed changes of others, and its own.
    pub(crate) fn catalog(&self) -> &Arc<Snapshot> {
        &self.view
    }

    /// For whom validators judge.
    pub(crate) fn validator_actor(&self) -> Actor {
        let has = |role| self.actor().has_privileges_of(role);
        Actor {
            superuser: self.is_superuser(),
            reads_files: has(RoleOid::READ_SERVER_FILES),
            runs_programs: has(RoleOid::EXECUTE_SERVER_PROGRAM),
        }
    }
}

impl Context<'_> {
    /// Runs a statement that another one brought, as somebody else and with another search path.
    pub(crate) fn run_as(
        &mut self,
        role: RoleOid,
        search_path: &[String],
        statement: Statement,
    ) -> Result<()> {
        let identity = Identity { current_role: role, session_user: self.session_user };
        let environment = Environment { identity, search_path, ..self.environment };
        let mut inner = Context::new(self.tx, environment, self.notices);
        execute(&mut inner, statement)?;
        self.view = self.tx.snapshot();
        Ok(())
    }
}

/// Changes; each is seen at once.
impl Context<'_> {
    pub(crate) fn allocate_oid(&mut self) -> Result<u32> {
        Ok(self.tx.allocate_oid()?)
    }

    pub(crate) fn create(&mut self, object: impl Object) -> Result<()> {
        self.change(|tx| tx.create(object))
    }

    pub(crate) fn update<T: Object>(&mut self, old: &Arc<T>, new: T) -> Result<()> {
        self.change(|tx| tx.update(old, new))
    }

    pub(crate) fn remove(&mut self, address: ObjectAddress) -> Result<()> {
        self.change(|tx| tx.remove(address))
    }

    pub(crate) fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Transaction) -> medley_catalog::Result<T>,
    ) -> Result<T> {
        let done = change(self.tx)?;
        self.view = self.tx.snapshot();
        Ok(done)
    }
}

/// What is said besides.
impl Context<'_> {
    pub(crate) fn notice(&mut self, message: impl Into<String>) {
        self.notices.push(Report::notice(message));
    }

    pub(crate) fn warning(&mut self, sqlstate: SqlState, message: impl Into<String>) {
        self.notices.push(Report::warning(sqlstate, message));
    }

    /// `…, skipping`: what IF EXISTS makes of something missing.
    pub(crate) fn skip_missing(&mut self, missing: &Error) {
        self.notice(format!("{missing}, skipping"));
    }

    /// What IF NOT EXISTS makes of something that is there, with the code of the error.
    pub(crate) fn already_there(
        &mut self,
        exists: impl Into<Error>,
        if_not_exists: bool,
    ) -> Result<()> {
        let exists = exists.into();
        if !if_not_exists {
            return Err(exists);
        }
        let notice = Report::notice(format!("{exists}, skipping"));
        self.notices.push(Report { sqlstate: exists.sqlstate(), ..notice });
        Ok(())
    }
}
