//! User mappings: for superusers and those who may read all data. Sealed values show as the mask
//! here too.
use medley_catalog::MappingEntry;

use super::super::mappings::{admitted, of_catalog};
use super::super::value::{NULL, oid, options};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let entries = admitted(&session.snapshot, keys, ("oid", "umserver", "umuser"));
    entries.into_iter().try_for_each(|it| row(session, it, out))
}

fn row(session: &Session, entry: MappingEntry, out: &mut RowSink) -> Result<()> {
    let mapping = session.snapshot.user_mapping(entry.oid).map_err(of_catalog)?;
    out.push(&[
        oid(entry.oid.0),
        oid(entry.user.oid()),
        oid(entry.server.0),
        mapping.map_or(NULL, |mapping| options(&mapping.options)),
    ])
}
