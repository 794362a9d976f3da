//! Options of servers that the actor may use.
use super::super::value::{optional, text};
use medley_catalog::visibility::shown_options;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    for server in session.snapshot.servers().filter(|it| actor.sees_server(it.oid)) {
        for option in shown_options(&server.options, true) {
            out.push(&[
                text(session.facts.database()),
                text(server.name.as_str()),
                text(option.name),
                optional(option.value),
            ])?;
        }
    }
    Ok(())
}
