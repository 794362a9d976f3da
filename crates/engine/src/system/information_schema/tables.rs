//! Relations that the actor has something to do with.
use super::super::relations::{self, AnyRelation};
use super::super::updatable;
use super::super::value::{NULL, optional, text, yes_or_no};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    visible(session, keys).into_iter().try_for_each(|it| row(session, it, out))
}

/// The relations that the actor sees, of those that keys admit.
pub(super) fn visible<'a>(session: &'a Session, keys: &Keys) -> Vec<AnyRelation<'a>> {
    let actor = session.snapshot.actor(session.role);
    let named = relations::keyed(session, keys, "", Some("table_name"));
    let admitted = named.into_iter().filter(|it| keys.admits_text("table_name", it.name()));
    admitted.filter(|it| it.is_listed(&actor)).collect()
}

fn row(session: &Session, relation: AnyRelation<'_>, out: &mut RowSink) -> Result<()> {
    let is_temporary = session.snapshot.own_temp_schema() == Some(relation.schema());
    let kind = match relation.kind() {
        _ if is_temporary => Some("LOCAL TEMPORARY"),
        'r' => Some("BASE TABLE"),
        'v' => Some("VIEW"),
        'f' => Some("FOREIGN"),
        _ => None,
    };
    out.push(&[
        text(session.facts.database()),
        text(relation.schema_name(&session.snapshot)),
        text(relation.name()),
        optional(kind),
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        yes_or_no(relation.events(session) & updatable::INSERT != 0),
        yes_or_no(false),
        NULL,
    ])
}
