//! CHECK and NOT NULL constraints, for those who own them.
use medley_analyze::ruleutils::Layout;

use super::super::constraints::{self, Constraint};
use super::super::value::{optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    let owned = session.snapshot.relations().filter(|it| actor.has_privileges_of(it.owner));
    let mut constraints = owned.flat_map(|relation| constraints::of(relation));
    constraints.try_for_each(|it| row(session, &it, out))
}

fn row(session: &Session, constraint: &Constraint<'_>, out: &mut RowSink) -> Result<()> {
    let clause = match constraint.condition(session, Layout::PLAIN)? {
        Some(condition) => condition,
        None => format!("{} IS NOT NULL", column_name(constraint)),
    };
    out.push(&[
        text(session.facts.database()),
        optional(session.snapshot.name_of(constraint.relation.schema.address())),
        text(constraint.name),
        text(clause),
    ])
}

fn column_name<'a>(constraint: &Constraint<'a>) -> &'a str {
    let number = constraint.columns.first().copied().unwrap_or_default();
    constraint.relation.column_numbered(number).map_or("VALUE", |column| &column.name)
}
