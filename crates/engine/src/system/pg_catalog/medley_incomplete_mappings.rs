//! User mappings with secrets that were left empty: a dump without secrets leaves them so.
use super::super::mappings::seen;
use super::super::value::{oid, text, texts};
use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let seen = seen(session)?;
    let mut incomplete = seen.iter().filter(|it| !it.empty_secrets.is_empty());
    incomplete.try_for_each(|it| {
        out.push(&[
            oid(it.entry.oid.0),
            text(it.server.as_str()),
            text(it.role.as_str()),
            texts(it.empty_secrets.iter().map(String::as_str)),
        ])
    })
}
