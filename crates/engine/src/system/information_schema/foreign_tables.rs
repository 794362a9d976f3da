//! Foreign tables that the actor has something to do with.
use medley_catalog::objects::{ForeignTable, Relation};

use super::super::value::{optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    visible(session).into_iter().try_for_each(|(relation, table)| {
        out.push(&[
            text(session.facts.database()),
            optional(snapshot.name_of(relation.schema.address())),
            text(relation.name.as_str()),
            text(session.facts.database()),
            optional(snapshot.name_of(table.server.address())),
        ])
    })
}

/// The foreign tables that the actor sees.
pub(super) fn visible(session: &Session) -> Vec<(&Relation, &ForeignTable)> {
    let actor = session.snapshot.actor(session.role);
    let tables = session.snapshot.relations().filter_map(|it| Some((&**it, it.foreign_table()?)));
    tables.filter(|(relation, _)| actor.sees_relation(relation)).collect()
}
