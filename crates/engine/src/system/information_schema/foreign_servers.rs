//! Servers that the actor may use.
use super::super::value::{optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    let actor = snapshot.actor(session.role);
    let mut visible = snapshot.servers().filter(|it| actor.sees_server(it.oid));
    visible.try_for_each(|it| {
        out.push(&[
            text(session.facts.database()),
            text(it.name.as_str()),
            text(session.facts.database()),
            optional(snapshot.name_of(it.wrapper.address())),
            optional(it.server_type.as_deref()),
            optional(it.version.as_deref()),
            text(snapshot.role_name(it.owner)),
        ])
    })
}
