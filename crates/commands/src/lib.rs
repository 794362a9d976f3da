//! Utility statements: resolve, authorize, check, apply.
//!
//! A statement that reaches this crate was parsed and nothing else. Its names are resolved in one
//! snapshot, its right is established (which makes an `Authorized`, the only thing that is ever
//! applied), its options are judged and sealed, and then the catalog's transaction takes the
//! change. The order of the checks, and what each says, are PostgreSQL's.
//!
//! It does not know sessions, remotes or the query engine: SET, transactions, cursors and queries
//! are the session's; IMPORT FOREIGN SCHEMA is asked about here ([`plan_import`]) and done here
//! ([`apply_import`]), and between the two the session asks the remote.
//!
//! Invariants:
//! - nothing is applied that is not `Authorized`, which only `authorize` makes;
//! - a given option's value is a `Secret` until `options` has decided that it is none;
//! - a value that is a secret reaches the catalog sealed, for its very place.
mod also_changed;
mod authorize;
mod builtin_validator;
mod change;
mod comment;
mod context;
mod copy;
mod database;
mod drop;
mod error;
mod extension;
mod foreign_table;
mod grant;
mod import;
mod maintenance;
mod names;
mod options;
mod owner;
mod references;
mod refresh;
mod relation;
mod rename;
mod role;
mod schema;
mod server;
mod settings;
mod stored;
mod system;
mod unsupported;
mod user_mapping;
mod view;
mod wrapper;

pub use also_changed::AlsoChanged;
pub use authorize::{check_set_role, check_set_session_authorization};
pub use change::{check_change, check_change_names};
pub use context::{Context, Environment, Identity};
pub use copy::copied_into;
pub use error::{
    ChangeError, DatabaseError, Error, GrantError, ImportError, NameError, Noun, OptionError,
    PermissionError, RelationError, Result, RoleError, ViewError,
};
pub use foreign_table::type_named;
pub use import::{ImportPlan, apply_import, plan_import};
pub use maintenance::{AnalyzedTable, plan_analyze, truncated};
pub use refresh::{RefreshPlan, apply_refresh, plan_refresh};
pub use settings::{SettingWrite, alter_database_settings, alter_role_settings};

use medley_sql::Statement;

/// What the client is told when a statement is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The command tag.
    pub tag: &'static str,
}

/// Runs a utility statement.
///
/// What it says besides goes to the context's notices. When it fails, the transaction holds what
/// was done until then: the session rolls back to where the statement began.
pub fn execute(ctx: &mut Context<'_>, statement: Statement) -> Result<Outcome> {
    let tag = statement.tag();
    dispatch(ctx, statement)?;
    Ok(Outcome { tag })
}

/// Everything else that PostgreSQL knows is the session's, or is not here.
fn refusal(statement: &Statement) -> Error {
    let hint = match statement {
        Statement::Unsupported("CREATE TABLE" | "CREATE TABLE AS") => {
            Some("Medley keeps no rows of its own: use CREATE FOREIGN TABLE.")
        }
        _ => None,
    };
    Error::Unsupported { what: statement.tag().to_owned(), hint }
}

fn dispatch(ctx: &mut Context<'_>, statement: Statement) -> Result<()> {
    match statement {
        Statement::CreateForeignDataWrapper(it) => wrapper::create(ctx, it),
        Statement::AlterForeignDataWrapper(it) => wrapper::alter(ctx, it),
        Statement::CreateServer(it) => server::create(ctx, it),
        Statement::AlterServer(it) => server::alter(ctx, it),
        Statement::CreateUserMapping(it) => user_mapping::create(ctx, it),
        Statement::AlterUserMapping(it) => user_mapping::alter(ctx, it),
        Statement::DropUserMapping(it) => user_mapping::drop(ctx, it),
        Statement::CreateForeignTable(it) => foreign_table::create(ctx, it),
        Statement::AlterTable(it) => foreign_table::alter(ctx, it),
        Statement::CreateView(it) => view::create(ctx, &it),
        Statement::CreateSchema(it) => schema::create(ctx, it),
        Statement::CreateExtension(it) => extension::create(ctx, it),
        Statement::AlterExtension(it) => extension::alter(ctx, it),
        Statement::Drop(it) => drop::drop(ctx, it),
        Statement::Rename(it) => rename::rename(ctx, it),
        Statement::AlterOwner(it) => owner::alter(ctx, it),
        Statement::SetObjectSchema(it) => schema::set(ctx, it),
        Statement::Comment(it) => comment::comment(ctx, it),
        Statement::SecurityLabel(it) => comment::security_label(&it),
        Statement::CreateDatabase(it) => database::create(ctx, &it),
        Statement::AlterDatabase(it) => database::alter(ctx, &it),
        Statement::DropDatabase(it) => database::drop(ctx, &it),
        Statement::CreateRole(it) => role::create(ctx, *it),
        Statement::AlterRole(it) => role::alter(ctx, *it),
        Statement::GroupMembership(it) => role::change_group(ctx, it),
        Statement::DropRole(it) => role::drop(ctx, it),
        Statement::ReassignOwned(it) => role::reassign(ctx, it),
        Statement::DropOwned(it) => role::drop_owned(ctx, it),
        Statement::Grant(it) => grant::grant(ctx, it),
        Statement::GrantRole(it) => role::grant(ctx, it),
        Statement::AlterDefaultPrivileges(it) => grant::alter_default_privileges(ctx, it),
        Statement::Lock(it) => maintenance::lock(ctx, &it),
        Statement::Vacuum(it) => maintenance::vacuum(ctx, &it),
        // The session asks the remotes.
        Statement::Analyze(it) => plan_analyze(ctx, &it).map(drop),
        Statement::Truncate(it) => {
            truncated(ctx, &it)?;
            Err(Error::unsupported("TRUNCATE"))
        }
        Statement::Copy(it) => copy::copy(ctx, &it),
        Statement::UnsupportedOn { what, relation } => {
            unsupported::on_relation(ctx, what, &relation)
        }
        other => Err(refusal(&other)),
    }
}
