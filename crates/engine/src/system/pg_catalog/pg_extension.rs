//! Extensions.
use super::super::value::{NULL, flag, oid, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    session.snapshot.extensions().try_for_each(|it| {
        out.push(&[
            oid(it.oid.0),
            text(it.name.as_str()),
            oid(it.owner.0),
            oid(it.schema.0),
            flag(false),
            text(it.version.as_str()),
            NULL,
            NULL,
        ])
    })
}
