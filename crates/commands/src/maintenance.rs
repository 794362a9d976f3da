//! What needs tables of one's own, and is refused or skipped on a foreign table.
use std::collections::BTreeSet;
use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::ids::{Class, RelationOid};
use medley_catalog::objects::Relation;
use medley_diagnostic::SqlState;
use medley_sql::{Analyze, Lock, Name, ObjectKind, Truncate, Vacuum};

use crate::error::{Error, ImportError, RelationError, Result};
use crate::{Context, relation};

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

/// A foreign table that ANALYZE names.
#[derive(Clone, Debug)]
pub struct AnalyzedTable {
    /// The table.
    pub relation: RelationOid,
    /// Its name, for messages.
    pub name: String,
}

/// ANALYZE up to where remotes must be asked: the tables that the role may analyze. A warning says
/// which are skipped.
pub fn plan_analyze(ctx: &mut Context<'_>, statement: &Analyze) -> Result<Vec<AnalyzedTable>> {
    let mut tables = Vec::new();
    for (name, columns) in &statement.relations {
        let found = ctx.relation(name)?;
        let actor = ctx.catalog().actor(ctx.current_role);
        if !actor.has_any(found.oid.address(), Privileges::MAINTAIN) {
            let message = format!("permission denied to analyze \"{}\", skipping it", found.name);
            ctx.warning(SqlState::WARNING, message);
            continue;
        }
        if found.view().is_some() {
            let why = "cannot analyze non-tables or special system tables";
            ctx.warning(SqlState::WARNING, format!("skipping \"{}\" --- {why}", found.name));
            continue;
        }
        check_handler(ctx, &found)?;
        check_columns(&found, columns)?;
        tables.push(AnalyzedTable { relation: found.oid, name: found.name.clone() });
    }
    Ok(tables)
}

/// TRUNCATE: the foreign tables that it names, each once, which whoever asks may empty.
pub fn truncated(ctx: &Context<'_>, statement: &Truncate) -> Result<Vec<RelationOid>> {
    let mut tables = Vec::new();
    for (name, _) in &statement.relations {
        let found = ctx.relation(name)?;
        if found.view().is_some() {
            return Err(relation::wrong_kind(ObjectKind::Table, &found, None));
        }
        check_handler(ctx, &found)?;
        ctx.actor().check(found.oid.address(), Privileges::TRUNCATE)?;
        if !tables.contains(&found.oid) {
            tables.push(found.oid);
        }
    }
    Ok(tables)
}

/// The columns that a statement names are there, and each is named once.
fn check_columns(relation: &Relation, columns: &[Name]) -> Result<()> {
    for (index, column) in columns.iter().enumerate() {
        let (column, relation_name) = (column.clone(), relation.name.clone());
        if relation.column(&column).is_none() {
            return Err(RelationError::NoColumn { column, relation: relation_name }.into());
        }
        if columns[..index].contains(&column) {
            return Err(
                RelationError::ColumnAnalyzedTwice { column, relation: relation_name }.into()
            );
        }
    }
    Ok(())
}

/// What a view reads runs on foreign tables too.
pub(crate) fn check_handlers_below(ctx: &Context<'_>, view: &Relation) -> Result<()> {
    for found in relations_below(ctx, view) {
        match found.view() {
            Some(_) => check_handlers_below(ctx, &found)?,
            None => check_handler(ctx, &found)?,
        }
    }
    Ok(())
}

/// The table itself, or the one table that a view reads.
pub(crate) fn table_below(ctx: &Context<'_>, relation: &Arc<Relation>) -> Option<Arc<Relation>> {
    if relation.view().is_none() {
        return Some(Arc::clone(relation));
    }
    let mut below = relations_below(ctx, relation).into_iter();
    match (below.next(), below.next()) {
        (Some(only), None) => table_below(ctx, &only),
        _ => None,
    }
}

/// The relations that a view reads, each once.
fn relations_below(ctx: &Context<'_>, view: &Relation) -> Vec<Arc<Relation>> {
    let Some(view) = view.view() else { return Vec::new() };
    let oids: BTreeSet<_> = view
        .depends_on
        .iter()
        .filter(|address| address.class == Class::Relation)
        .map(|address| RelationOid(address.oid))
        .collect();
    oids.into_iter().filter_map(|oid| ctx.catalog().relation(oid).cloned()).collect()
}

/// Whatever runs on a foreign table needs a handler.
pub(crate) fn check_handler(ctx: &Context<'_>, relation: &Relation) -> Result<()> {
    let wrapper = ctx.wrapper_of_table(relation)?;
    match wrapper.handler {
        Some(_) => Ok(()),
        None => Err(ImportError::NoHandler(wrapper.name.clone()).into()),
    }
}
