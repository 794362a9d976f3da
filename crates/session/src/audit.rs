//! What is told of statements that change servers and user mappings: everything but values.
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use medley_catalog::ids::RoleOid;
use medley_commands::AlsoChanged;
use medley_diagnostic::{Report, SqlState};
use medley_engine::AuditRow;
use medley_foreign::Auditor;
use medley_sql::{Name, ObjectKind, OptionItem, RoleSpec, Statement};

use crate::Session;

/// Where the audit trail goes, and what is still known of it.
pub trait AuditTrail: Auditor {
    /// A statement that changes servers or user mappings has ended. Its transaction may still be
    /// rolled back.
    fn record_change(&self, change: CatalogChange);
    /// What is still known, the oldest first.
    fn rows(&self) -> Vec<Arc<AuditRow>>;
}

/// A statement that changed, or was to change, a server or a user mapping.
#[derive(Clone, Debug)]
pub struct CatalogChange {
    /// When it began.
    pub began: SystemTime,
    /// Its command tag.
    pub command: &'static str,
    /// Who logged in.
    pub session_user: (RoleOid, String),
    /// The role whose privileges counted.
    pub role: (RoleOid, String),
    /// The server, as the statement names it.
    pub server: Option<String>,
    /// Whose mapping, `public` for everybody's.
    pub mapping_role: Option<String>,
    /// The options that it sets or drops, without values; none of a statement that failed, for
    /// what stands in the place of a name may not be one.
    pub options: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
    /// `00000`, or the error.
    pub outcome: SqlState,
}

impl CatalogChange {
    /// What the statement changed without naming it.
    fn with(&self, also: &AlsoChanged) -> Self {
        Self {
            command: also.command,
            server: Some(also.server.clone()),
            mapping_role: also.mapping_role.clone(),
            options: Vec::new(),
            ..self.clone()
        }
    }
}

/// A change that is being made.
pub(crate) struct Changing {
    change: CatalogChange,
    since: Instant,
}

impl Session {
    /// What is to be told of a statement before it is run, which takes it apart.
    pub(crate) fn audited(&self, statement: &Statement) -> Vec<Changing> {
        if self.instance.trail().is_none() {
            return Vec::new();
        }
        let named = |oid| (oid, self.committed().role_name(oid));
        let identity = &self.identity;
        let changing = |subject: Subject| Changing {
            change: CatalogChange {
                began: SystemTime::now(),
                command: statement.tag(),
                session_user: named(identity.session_user()),
                role: named(identity.current_user()),
                server: subject.server,
                mapping_role: subject.role.map(|role| self.spelled(role)),
                options: subject.options,
                elapsed: Duration::ZERO,
                outcome: SqlState::SUCCESSFUL_COMPLETION,
            },
            since: Instant::now(),
        };
        subjects(statement).into_iter().map(changing).collect()
    }

    /// What came of it, and what it changed besides.
    pub(crate) fn audit<T>(
        &self,
        changing: Vec<Changing>,
        done: &Result<(T, Vec<AlsoChanged>), Report>,
    ) {
        let Some(trail) = self.instance.trail() else { return };
        let mut changes = changing.into_iter().map(|Changing { mut change, since }| {
            change.elapsed = since.elapsed();
            if let Err(report) = done {
                change.outcome = report.sqlstate;
                change.options.clear();
            }
            change
        });
        let Some(first) = changes.next() else { return };
        let also = done.iter().flat_map(|(_, also)| also);
        let also: Vec<_> = also.map(|also| first.with(also)).collect();
        let all = std::iter::once(first).chain(changes).chain(also);
        all.for_each(|change| trail.record_change(change));
    }

    fn spelled(&self, role: &RoleSpec) -> String {
        let name = |oid| self.committed().role_name(oid);
        match role {
            RoleSpec::Named(role) => role.as_str().to_owned(),
            RoleSpec::CurrentUser => name(self.identity.current_user()),
            RoleSpec::SessionUser => name(self.identity.session_user()),
            RoleSpec::Public => "public".to_owned(),
        }
    }
}

/// What a statement changes.
#[derive(Default)]
struct Subject<'a> {
    server: Option<String>,
    role: Option<&'a RoleSpec>,
    options: Vec<String>,
}

fn subjects(statement: &Statement) -> Vec<Subject<'_>> {
    match statement {
        Statement::CreateServer(it) => vec![of_server(&it.name, &it.options)],
        Statement::AlterServer(it) => {
            vec![of_server(&it.name, it.options.as_deref().unwrap_or_default())]
        }
        Statement::CreateUserMapping(it) => vec![of_mapping(&it.server, &it.role, &it.options)],
        Statement::AlterUserMapping(it) => vec![of_mapping(&it.server, &it.role, &it.options)],
        Statement::DropUserMapping(it) => vec![of_mapping(&it.server, &it.role, &[])],
        Statement::Rename(it) if it.kind == ObjectKind::Server => {
            vec![named(it.name.name())]
        }
        Statement::AlterOwner(it) if it.kind == ObjectKind::Server => {
            vec![named(it.name.name())]
        }
        Statement::Drop(it) if it.kind == ObjectKind::Server => {
            it.names.iter().map(|name| named(name.name())).collect()
        }
        // They do not say what they take with them.
        Statement::Drop(it)
            if matches!(it.kind, ObjectKind::ForeignDataWrapper | ObjectKind::Extension) =>
        {
            vec![Subject::default()]
        }
        Statement::DropOwned(_) | Statement::ReassignOwned(_) => vec![Subject::default()],
        _ => Vec::new(),
    }
}

fn named<'a>(server: &str) -> Subject<'a> {
    Subject { server: Some(server.to_owned()), ..Subject::default() }
}

fn of_server<'a>(server: &Name, options: &[OptionItem]) -> Subject<'a> {
    Subject { options: options.iter().map(named_option).collect(), ..named(server.as_str()) }
}

fn of_mapping<'a>(server: &Name, role: &'a RoleSpec, options: &[OptionItem]) -> Subject<'a> {
    Subject { role: Some(role), ..of_server(server, options) }
}

/// `SET password`: what is done, and to which option.
fn named_option(item: &OptionItem) -> String {
    let verb = match item {
        OptionItem::Add { .. } => "ADD",
        OptionItem::Set { .. } => "SET",
        OptionItem::Drop { .. } => "DROP",
    };
    format!("{verb} {}", item.name())
}
