//! Wrappers that the actor may use.
use super::super::value::{NULL, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    let mut visible = session.snapshot.wrappers().filter(|it| actor.sees_wrapper(it.oid));
    visible.try_for_each(|it| {
        out.push(&[
            text(session.facts.database()),
            text(it.name.as_str()),
            text(session.snapshot.role_name(it.owner)),
            NULL,
            text("c"),
        ])
    })
}
