//! Views' rules; `ev_action` is the query's text.
use super::super::relations;
use super::super::value::{flag, letter, oid, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    for relation in relations::stored(session, keys, "ev_class", Some("oid")) {
        let Some(view) = relation.view() else { continue };
        out.push(&[
            oid(view.rule),
            text("_RETURN"),
            oid(relation.oid.0),
            letter('1'),
            letter('O'),
            flag(true),
            text("<>"),
            text(view.query.as_str()),
        ])?;
    }
    Ok(())
}
