//! What needs tables of one's own, and is refused or skipped on a foreign table.
use medley_diagnostic::SqlState;
use medley_sql::{Lock, Vacuum};

use crate::Context;
use crate::error::{Error, RelationError, Result};

/// LOCK TABLE.
pub(crate) fn lock(ctx: &mut Context<'_>, statement: &Lock) -> Result<()> {
    let Some((name, _)) = statement.relations.first() else { return Ok(()) };
    let found = ctx.relation(name)?;
    match found.view() {
        Some(_) => Err(Error::unsupported("LOCK TABLE of a view")),
        None => Err(RelationError::CannotLock(found.name.clone()).into()),
    }
}

/// VACUUM: there is nothing here to clean up.
pub(crate) fn vacuum(ctx: &mut Context<'_>, statement: &Vacuum) -> Result<()> {
    for (name, _) in &statement.relations {
        let found = ctx.relation(name)?;
        let name = &found.name;
        let warning =
            format!("skipping \"{name}\" --- cannot vacuum non-tables or special system tables");
        ctx.warning(SqlState::WARNING, warning);
    }
    Ok(())
}
