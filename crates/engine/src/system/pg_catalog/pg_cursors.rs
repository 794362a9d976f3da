//! The session's own open cursors.
use super::super::value::{flag, optional_time, text};
use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    session.facts.cursors().iter().try_for_each(|cursor| {
        out.push(&[
            text(cursor.name.as_str()),
            text(&*cursor.statement),
            flag(cursor.is_holdable),
            flag(cursor.is_binary),
            flag(cursor.is_scrollable),
            optional_time(Some(cursor.created)),
        ])
    })
}
