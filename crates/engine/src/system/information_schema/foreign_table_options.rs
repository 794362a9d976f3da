//! Options of foreign tables that the actor has something to do with.
use medley_catalog::visibility::shown_options;

use super::super::value::{optional, text};
use super::foreign_tables::visible;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    for (relation, table) in visible(session) {
        for option in shown_options(&table.options, true) {
            out.push(&[
                text(session.facts.database()),
                optional(session.snapshot.name_of(relation.schema.address())),
                text(relation.name.as_str()),
                text(option.name),
                optional(option.value),
            ])?;
        }
    }
    Ok(())
}
