//! Foreign tables.
use super::super::relations;
use super::super::value::{oid, options};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    for relation in relations::stored(session, keys, "ftrelid", None) {
        let Some(table) = relation.foreign_table() else { continue };
        if keys.admits_oid("ftserver", table.server.0) {
            out.push(&[oid(relation.oid.0), oid(table.server.0), options(&table.options)])?;
        }
    }
    Ok(())
}
