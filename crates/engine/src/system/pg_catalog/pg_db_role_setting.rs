//! Settings of roles and of the database.
use super::super::value::{oid, texts_or_null};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    session.snapshot.settings().try_for_each(|it| {
        out.push(&[
            oid(it.scope.database.map_or(0, |database| database.0)),
            oid(it.scope.role.map_or(0, |role| role.0)),
            texts_or_null(&it.shown()),
        ])
    })
}
