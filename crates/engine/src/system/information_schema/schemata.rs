//! Schemas that the actor owns or may use.
use medley_catalog::acl::Privileges;

use super::super::value::{NULL, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    let actor = snapshot.actor(session.role);
    let mut visible = snapshot.schemas().filter(|it| {
        let address = it.oid.address();
        actor.owns(address) || actor.has_any(address, Privileges::ALL_SCHEMA)
    });
    visible.try_for_each(|it| {
        out.push(&[
            text(session.facts.database()),
            text(it.name.as_str()),
            text(snapshot.role_name(it.owner)),
            NULL,
            NULL,
            NULL,
            NULL,
        ])
    })
}
