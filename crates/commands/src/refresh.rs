//! ALTER FOREIGN TABLE … REFRESH, before and after the remote is asked.
use std::sync::Arc;

use medley_catalog::ids::ServerOid;
use medley_catalog::objects::Relation;
use medley_fdw::drift::Drift;
use medley_sql::{DropBehavior, ObjectKind, RefreshForeignTable, Statement, quote_identifier};

use crate::error::{Error, ImportError, Result};
use crate::import::column_text;
use crate::{Context, Outcome, foreign_table, relation};

/// The table that is to be brought up to date, which its owner has locked.
#[derive(Debug)]
pub struct RefreshPlan {
    /// The server to ask, by the mapping of the current role.
    pub server: ServerOid,
    /// The table.
    pub relation: Arc<Relation>,
    behavior: DropBehavior,
}

/// REFRESH up to where the remote must be asked; none if there is no such table, which is told.
pub fn plan_refresh(
    ctx: &mut Context<'_>,
    statement: &RefreshForeignTable,
) -> Result<Option<RefreshPlan>> {
    let RefreshForeignTable { if_exists, name, behavior } = statement;
    let found = relation::to_alter(ctx, ObjectKind::ForeignTable, name, *if_exists)?;
    let Some(found) = found else { return Ok(None) };
    let relation = found.into_inner();
    let not_declared = || ImportError::NotDeclared(relation.name.clone());
    let server = relation.foreign_table().ok_or_else(not_declared)?.server;
    Ok(Some(RefreshPlan { server, relation, behavior: *behavior }))
}

/// Adds, drops and changes columns, all or none. Names, privileges and comments of those that stay
/// are what they were.
pub fn apply_refresh(
    ctx: &mut Context<'_>,
    plan: &RefreshPlan,
    drifts: &[Drift],
) -> Result<Outcome> {
    let tag = "ALTER FOREIGN TABLE";
    let table = &plan.relation.name;
    if drifts.contains(&Drift::Gone) {
        return Err(ImportError::Gone(table.clone()).into());
    }
    if drifts.is_empty() {
        return Ok(Outcome { tag });
    }
    let actions: Vec<_> = drifts.iter().map(|drift| action(drift, plan.behavior)).collect();
    let schema = ctx.catalog().schema(plan.relation.schema).map(|it| it.name.clone());
    let name =
        format!("{}.{}", quote_identifier(&schema.unwrap_or_default()), quote_identifier(table));
    let text = format!("ALTER FOREIGN TABLE {name} {}", actions.join(", "));
    altered(ctx, table, &text).map_err(|source| Error::Importing {
        source: Box::new(source),
        doing: "refreshing",
        table: table.clone(),
        text,
    })?;
    Ok(Outcome { tag })
}

fn altered(ctx: &mut Context<'_>, table: &str, text: &str) -> Result<()> {
    let statement = medley_sql::parse(text)?.statements.pop().map(|parsed| parsed.statement);
    match statement {
        Some(Statement::AlterTable(alter)) => foreign_table::alter(ctx, alter),
        _ => Err(ImportError::NotDeclared(table.to_owned()).into()),
    }
}

fn action(drift: &Drift, behavior: DropBehavior) -> String {
    match drift {
        Drift::Gone => String::new(),
        Drift::Added(there) => format!("ADD COLUMN {}", column_text(there).trim_start()),
        Drift::Missing(here) => {
            let cascade = if behavior == DropBehavior::Cascade { " CASCADE" } else { "" };
            format!("DROP COLUMN {}{cascade}", quote_identifier(&here.name))
        }
        Drift::Changed(here, there) => {
            format!("ALTER COLUMN {} TYPE {}", quote_identifier(&here.name), there.type_name)
        }
    }
}
