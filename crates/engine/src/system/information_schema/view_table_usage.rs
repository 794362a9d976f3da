//! The relations that views name, for those who own them.
use std::collections::BTreeSet;

use medley_catalog::ids::{Class, RelationOid};
use medley_catalog::objects::Relation;

use super::super::value::{optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    for relation in session.snapshot.relations() {
        for used in used(relation) {
            let Some(used) = session.snapshot.relation(used) else { continue };
            if actor.has_privileges_of(used.owner) {
                row(session, relation, used, out)?;
            }
        }
    }
    Ok(())
}

fn used(relation: &Relation) -> BTreeSet<RelationOid> {
    let named = relation.view().into_iter().flat_map(|view| &view.depends_on);
    named.filter(|it| it.class == Class::Relation).map(|it| RelationOid(it.oid)).collect()
}

fn row(session: &Session, view: &Relation, used: &Relation, out: &mut RowSink) -> Result<()> {
    out.push(&[
        text(session.facts.database()),
        optional(session.snapshot.name_of(view.schema.address())),
        text(view.name.as_str()),
        text(session.facts.database()),
        optional(session.snapshot.name_of(used.schema.address())),
        text(used.name.as_str()),
    ])
}
