//! Options of columns that the actor has something to do with.
use medley_catalog::objects::{Column, Relation};
use medley_catalog::visibility::shown_options;

use super::super::value::{optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    for relation in session.snapshot.relations() {
        let visible = relation.live_columns().filter(|it| actor.sees_column(relation, it));
        for column in visible {
            of_column(session, relation, column, out)?;
        }
    }
    Ok(())
}

fn of_column(
    session: &Session,
    relation: &Relation,
    column: &Column,
    out: &mut RowSink,
) -> Result<()> {
    shown_options(&column.options, true).into_iter().try_for_each(|option| {
        out.push(&[
            text(session.facts.database()),
            optional(session.snapshot.name_of(relation.schema.address())),
            text(relation.name.as_str()),
            text(column.name.as_str()),
            text(option.name),
            optional(option.value),
        ])
    })
}
