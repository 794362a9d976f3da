//! User mappings and whether they may be used, for who has to do with them.
use super::super::mappings::{Mapping, State, seen};
use super::super::value::{flag, oid, optional_time, text};
use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    seen(session)?.iter().try_for_each(|it| row(it, out))
}

fn row(it: &Mapping, out: &mut RowSink) -> Result<()> {
    out.push(&[
        oid(it.entry.oid.0),
        text(it.server.as_str()),
        text(it.role.as_str()),
        text(it.state().as_str()),
        flag(it.accepted),
        optional_time(it.valid_until),
        flag(it.has_next_password),
    ])
}

impl Mapping {
    /// Whether it may be used now.
    pub fn state(&self) -> State {
        match self.is_over() {
            _ if self.is_pending => State::Pending,
            true => State::Expired,
            false => State::Usable,
        }
    }
}
