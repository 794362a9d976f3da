//! `LIKE source { INCLUDING | EXCLUDING } …`.
use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::objects::{Column, Relation};
use medley_sql::LikeClause;

use super::definition::Definition;
use crate::Context;
use crate::error::Result;

/// Copies the columns of another relation, and of what they have what is included. Not-null
/// constraints always come along; options never do.
pub(super) fn add(
    ctx: &mut Context<'_>,
    definition: &mut Definition<'_>,
    clause: &LikeClause,
) -> Result<()> {
    let position = clause.source.position;
    let source = ctx.relation(&clause.source).map_err(|error| error.at(position))?;
    ctx.actor().check(source.oid.address(), Privileges::SELECT)?;
    let numbers: Vec<_> = source.live_columns().map(|column| column.number).collect();
    for number in &numbers {
        add_column(ctx, definition, clause, &source, *number)?;
    }
    if includes(clause, "CONSTRAINTS") {
        add_checks(ctx, definition, &source)?;
    }
    Ok(())
}

fn add_column(
    ctx: &mut Context<'_>,
    definition: &mut Definition<'_>,
    clause: &LikeClause,
    source: &Arc<Relation>,
    number: i16,
) -> Result<()> {
    let Some(original) = source.column_numbered(number) else { return Ok(()) };
    let own_number = definition.columns.last().map_or(1, |column| column.number + 1);
    let mut column = Column::new(original.name.clone(), own_number, original.pg_type);
    if let Some(mut not_null) = original.not_null.clone() {
        not_null.oid = ctx.allocate_oid()?;
        column.not_null = Some(not_null);
    }
    let feature = if original.is_generated() { "GENERATED" } else { "DEFAULTS" };
    if let Some(default) = original.default.as_ref().filter(|_| includes(clause, feature)) {
        let mut default = default.clone();
        default.oid = ctx.allocate_oid()?;
        column.default = Some(default);
    }
    if includes(clause, "COMMENTS") {
        let comment = ctx.catalog().comment(source.oid.address().column(number));
        definition.comments.extend(comment.map(|text| (own_number, text.to_owned())));
    }
    definition.columns.push(column);
    Ok(())
}

/// The checks name the same columns under their numbers here.
fn add_checks(
    ctx: &mut Context<'_>,
    definition: &mut Definition<'_>,
    source: &Relation,
) -> Result<()> {
    for check in &source.checks {
        let mut check = check.clone();
        check.oid = ctx.allocate_oid()?;
        let names = check.columns.iter().filter_map(|number| source.column_numbered(*number));
        let numbers = names.map(|column| definition.number_of(&column.name));
        check.columns = numbers.collect::<Result<_>>()?;
        definition.checks.push(check);
    }
    Ok(())
}

/// The last word about a feature counts; ALL is about each.
fn includes(clause: &LikeClause, feature: &str) -> bool {
    let about = clause.features.iter().rev().find(|(name, _)| *name == feature || *name == "ALL");
    about.is_some_and(|(_, included)| *included)
}
