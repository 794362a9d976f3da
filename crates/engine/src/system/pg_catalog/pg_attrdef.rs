//! Columns' defaults; `adbin` is the expression's text.
use super::super::relations;
use super::super::value::{int2, oid, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    for relation in relations::stored(session, keys, "adrelid", Some("oid")) {
        for column in relation.live_columns() {
            let Some(default) = &column.default else { continue };
            out.push(&[
                oid(default.oid),
                oid(relation.oid.0),
                int2(column.number),
                text(default.expression.as_str()),
            ])?;
        }
    }
    Ok(())
}
