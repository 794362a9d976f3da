//! The one database.
use medley_catalog::ids::{DatabaseOid, RoleOid};

use super::super::value::{NULL, acl, flag, int4, letter, oid, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// `pg_char_to_encoding('UTF8')`.
const UTF8: i32 = 6;
/// `pg_default`.
const DEFAULT_TABLESPACE: u32 = 1663;

/// Adds its row.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let database = DatabaseOid::MEDLEY.address();
    let owner = session.snapshot.owner(database).unwrap_or(RoleOid::BOOTSTRAP);
    out.push(&[
        oid(database.oid),
        text(session.facts.database()),
        oid(owner.0),
        int4(UTF8),
        letter('b'),
        flag(false),
        flag(true),
        flag(false),
        int4(-1),
        oid(0),
        oid(0),
        oid(DEFAULT_TABLESPACE),
        text("C.UTF-8"),
        text("C.UTF-8"),
        text("C.UTF-8"),
        NULL,
        NULL,
        acl(session, session.snapshot.acl(database))?,
        NULL,
    ])
}
