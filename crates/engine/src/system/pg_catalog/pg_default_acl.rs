//! ALTER DEFAULT PRIVILEGES.
use super::super::value::{acl, letter, oid};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    session.snapshot.default_acls().try_for_each(|it| {
        out.push(&[
            oid(it.oid.0),
            oid(it.role.0),
            oid(it.schema.map_or(0, |schema| schema.0)),
            letter(it.kind.letter()),
            acl(session, Some(&it.acl))?,
        ])
    })
}
