//! Schemas.
use medley_catalog::objects::Schema;

use super::super::value::{acl, oid, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let admitted = |schema: &&std::sync::Arc<Schema>| {
        keys.admits_oid("oid", schema.oid.0) && keys.admits_text("nspname", &schema.name)
    };
    session.snapshot.schemas().filter(admitted).try_for_each(|it| row(session, it, out))
}

fn row(session: &Session, schema: &Schema, out: &mut RowSink) -> Result<()> {
    out.push(&[
        oid(schema.oid.0),
        text(schema.name.as_str()),
        oid(schema.owner.0),
        acl(session, schema.acl.as_ref())?,
    ])
}
