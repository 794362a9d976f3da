//! The roles whose privileges the actor has.
use super::super::value::text;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    let mut enabled = session.snapshot.roles().filter(|role| actor.has_privileges_of(role.oid));
    enabled.try_for_each(|role| out.push(&[text(role.name.as_str())]))
}
