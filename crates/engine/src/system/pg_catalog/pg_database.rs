//! The one database.
use medley_catalog::objects::Database;

use super::super::value::{NULL, acl, flag, int4, letter, oid, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// `pg_char_to_encoding('UTF8')`.
const UTF8: i32 = 6;
/// `pg_default`.
const DEFAULT_TABLESPACE: u32 = 1663;

/// Adds its row.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    session.snapshot.databases().try_for_each(|database| push(session, database, out))
}

fn push(session: &Session, database: &Database, out: &mut RowSink) -> Result<()> {
    out.push(&[
        oid(database.oid.0),
        text(&database.name),
        oid(database.owner.0),
        int4(UTF8),
        letter('b'),
        flag(database.is_template),
        flag(database.allow_connections),
        flag(false),
        int4(database.connection_limit),
        oid(0),
        oid(0),
        oid(DEFAULT_TABLESPACE),
        text("C.UTF-8"),
        text("C.UTF-8"),
        text("C.UTF-8"),
        NULL,
        NULL,
        acl(session, database.acl.as_ref())?,
        NULL,
    ])
}
