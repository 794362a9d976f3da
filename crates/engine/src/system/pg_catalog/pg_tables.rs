//! Tables that are no foreign tables: the system's own.
use super::super::relations;
use super::super::value::{NULL, flag, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    let tables = relations::all(snapshot).filter(|it| it.kind() == 'r');
    let mut admitted = tables.filter(|it| keys.admits_text("tablename", it.name()));
    admitted.try_for_each(|it| {
        out.push(&[
            text(it.schema_name(snapshot)),
            text(it.name()),
            text(snapshot.role_name(it.owner())),
            NULL,
            flag(false),
            flag(false),
            flag(false),
            flag(false),
        ])
    })
}
