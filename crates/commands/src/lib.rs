//! Utility statements: resolve, authorize, check, apply.
//!
//! A statement that reaches this crate was parsed and nothing else. Its names are resolved in one
//! snapshot, its right is established (which makes an `Authorized`, the only thing that is ever
//! applied), its options are judged and sealed, and then the catalog's transaction takes the
//! change. The order of the checks, and what each says, are PostgreSQL's.
//!
//! It does not know sessions, remotes or the query engine: SET, transactions, cursors and queries
//! are the session's; IMPORT FOREIGN SCHEMA is asked about here ([`plan_import`]) and done here
//! ([`apply_import`]), and between the two the session asks the remote; what a view's query
//! means is told by the session ([`create_view`]).
//!
//! Invariants:
//! - nothing is applied that is not `Authorized`, which only `authorize` makes;
//! - a given option's value is a `Secret` until `options` has decided that it is none;
//! - a value that is a secret reaches the catalog sealed, for its very place.
mod authorize;
mod builtin_validator;
mod context;
mod error;
mod foreign_table;
mod import;
mod names;
mod options;
mod server;
mod user_mapping;
mod view;
mod wrapper;

pub use authorize::{check_set_role, check_set_session_authorization};
pub use context::{Context, Identity};
pub use error::{
    Error, GrantError, ImportError, NameError, Noun, OptionError, PermissionError, RelationError,
    Result, RoleError, ViewError,
};
pub use foreign_table::ExpressionKind;
pub use import::{ImportPlan, apply_import, plan_import};
pub use view::{ViewQuery, create_view};

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
        other => Err(Error::unsupported(other.tag())),
    }
}
