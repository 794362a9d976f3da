//! COPY: the checks that come before a row is read or written, and then that none is.
use medley_catalog::acl::Privileges;
use medley_catalog::ids::{RelationOid, RoleOid};
use medley_catalog::objects::Relation;
use medley_sql::{Copy, CopyDirection, CopyEnd, CopySource, QueryStatement};

use crate::change::check_change;
use crate::error::{Error, PermissionError, RelationError, Result};
use crate::{Context, maintenance};

const HINT: &str = "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for \
                    anyone.";

pub(crate) fn copy(ctx: &Context<'_>, statement: &Copy) -> Result<()> {
    check_end(ctx, statement)?;
    match &statement.source {
        CopySource::Query(QueryStatement::Select(_)) => {}
        CopySource::Query(change) => check_change(ctx, change)?,
        CopySource::Table { name, columns } => {
            let found = ctx.relation(name)?;
            check_table(ctx, &found, columns, statement.direction)?;
        }
    }
    Err(Error::unsupported("COPY"))
}

/// The foreign table that COPY … FROM STDIN fills.
pub fn copied_into(ctx: &Context<'_>, statement: &Copy) -> Result<RelationOid> {
    let CopySource::Table { name, columns } = &statement.source else {
        return Err(Error::unsupported("COPY"));
    };
    let found = ctx.relation(name)?;
    check_table(ctx, &found, columns, CopyDirection::From)?;
    Ok(found.oid)
}

/// Files and programs of the server's machine are for few.
fn check_end(ctx: &Context<'_>, statement: &Copy) -> Result<()> {
    let (needs, name, what) = match (&statement.end, statement.direction) {
        (CopyEnd::Client, _) => return Ok(()),
        (CopyEnd::File(_), CopyDirection::From) => {
            (RoleOid::READ_SERVER_FILES, "pg_read_server_files", "COPY from a file")
        }
        (CopyEnd::File(_), CopyDirection::To) => {
            (RoleOid::WRITE_SERVER_FILES, "pg_write_server_files", "COPY to a file")
        }
        (CopyEnd::Program(_), _) => (
            RoleOid::EXECUTE_SERVER_PROGRAM,
            "pg_execute_server_program",
            "COPY to or from an external program",
        ),
    };
    match ctx.actor().has_privileges_of(needs) {
        true => Ok(()),
        false => {
            let detail = format!("Only roles with privileges of the \"{name}\" role may {what}.");
            let (what, detail) = (what.to_owned(), Some(detail));
            Err(PermissionError::Refused { what, detail, hint: Some(HINT) }.into())
        }
    }
}

fn check_table(
    ctx: &Context<'_>,
    found: &Relation,
    columns: &[String],
    direction: CopyDirection,
) -> Result<()> {
    if let Some(column) = columns.iter().find(|column| found.column(column).is_none()) {
        let (column, relation) = (column.clone(), found.name.clone());
        return Err(RelationError::NoColumn { column, relation }.into());
    }
    let needs = match direction {
        CopyDirection::From => Privileges::INSERT,
        CopyDirection::To => Privileges::SELECT,
    };
    ctx.actor().check(found.oid.address(), needs)?;
    match direction {
        CopyDirection::To => {
            let (noun, name) = (found.noun(), found.name.clone());
            Err(RelationError::CannotCopyFrom { noun, name }.into())
        }
        CopyDirection::From if found.view().is_some() => {
            Err(RelationError::CannotCopyToView(found.name.clone()).into())
        }
        CopyDirection::From => maintenance::check_handler(ctx, found),
    }
}
