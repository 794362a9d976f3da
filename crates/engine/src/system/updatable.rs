//! Which relations, and which of their columns, can be written: PostgreSQL's
//! `relation_is_updatable`.
use std::collections::BTreeSet;

use medley_analyze::{not_updatable, stored, updatable_columns};
use medley_catalog::ids::RelationOid;
use medley_catalog::objects::{OptionValue, Relation};
use medley_fdw::Handler;

use medley_analyze::tree::{FromItem, RangeKind};

use super::Session;

/// UPDATE, as a bit of what can be done.
pub const UPDATE: i32 = 4;
/// INSERT.
pub const INSERT: i32 = 8;
/// DELETE.
pub const DELETE: i32 = 16;
const ALL: i32 = UPDATE | INSERT | DELETE;

/// Views within views within views.
const MAX_DEPTH: usize = 64;

/// What can be done to a relation, for all of its columns or for this one.
pub fn events(session: &Session, oid: RelationOid, column: Option<i16>) -> i32 {
    let columns = column.map(|column| BTreeSet::from([column]));
    events_within(session, oid, columns.as_ref(), 0)
}

fn events_within(
    session: &Session,
    oid: RelationOid,
    columns: Option<&BTreeSet<i16>>,
    depth: usize,
) -> i32 {
    if let Some(relation) = medley_analyze::system::relation_by_oid(oid.0) {
        return if relation.kind == 'r' { ALL } else { 0 };
    }
    let Some(relation) = session.snapshot.relation(oid) else { return 0 };
    match relation.view() {
        _ if depth > MAX_DEPTH => 0,
        Some(_) => of_view(session, relation, columns, depth).unwrap_or(0),
        None if takes_changes(session, relation).unwrap_or(false) => ALL,
        None => 0,
    }
}

/// A view can be written where what it reads can; what is computed is deleted with its row only.
fn of_view(
    session: &Session,
    relation: &Relation,
    columns: Option<&BTreeSet<i16>>,
    depth: usize,
) -> Option<i32> {
    let query = stored::view(&session.snapshot, relation, relation.view()?).ok()?;
    if not_updatable(&query, false).is_some() {
        return Some(0);
    }
    let [FromItem::Range(base)] = query.from.as_slice() else { return Some(0) };
    let RangeKind::Relation(below) = &query.ranges.get(*base)?.kind else { return Some(0) };
    let known: Vec<(i16, i16)> = updatable_columns(&query)
        .into_iter()
        .filter_map(|(index, number)| Some((i16::try_from(index + 1).ok()?, number)))
        .collect();
    let wanted: BTreeSet<i16> = known
        .iter()
        .filter(|(of_view, _)| columns.is_none_or(|columns| columns.contains(of_view)))
        .map(|(_, number)| *number)
        .collect();
    let own = if wanted.is_empty() { DELETE } else { ALL };
    Some(own & events_within(session, below.oid, Some(&wanted), depth + 1))
}

/// Its wrapper changes rows, and neither table nor server says no.
fn takes_changes(session: &Session, relation: &Relation) -> Option<bool> {
    let table = relation.foreign_table()?;
    let server = session.snapshot.server(table.server)?;
    let wrapper = session.snapshot.wrapper(server.wrapper)?;
    let handler = session.facts.registry().handler(wrapper.handler.as_deref()?)?;
    let Handler::Sql(wrapper) = handler else { return Some(false) };
    let said = table.options.get("updatable").or_else(|| server.options.get("updatable"));
    let is_off = matches!(said, Some(OptionValue::Plain(text))
        if matches!(text.to_ascii_lowercase().as_str(), "false" | "off" | "no" | "0" | "f" | "n"));
    Some(wrapper.modifies() && !is_off)
}
