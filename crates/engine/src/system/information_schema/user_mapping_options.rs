//! Options of mappings of servers that the actor may use; values for those who may see them.
use super::super::mappings::of_catalog;
use super::super::value::{optional, text};
use super::user_mappings::{user_name, visible};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    let actor = snapshot.actor(session.role);
    for entry in visible(session) {
        for option in actor.mapping_option_rows(entry.oid).map_err(of_catalog)? {
            out.push(&[
                text(user_name(snapshot, &entry)),
                text(session.facts.database()),
                optional(snapshot.name_of(entry.server.address())),
                text(option.name),
                optional(option.value),
            ])?;
        }
    }
    Ok(())
}
