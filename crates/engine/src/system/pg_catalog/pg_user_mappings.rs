//! User mappings, with options only for those who may see them.
use medley_catalog::{Actor, MappingEntry};

use super::super::mappings::{admitted, of_catalog};
use super::super::value::{oid, optional, text, texts_or_null};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    let entries = admitted(&session.snapshot, keys, ("umid", "srvid", "umuser"));
    entries.into_iter().try_for_each(|it| row(&actor, it, out))
}

fn row(actor: &Actor<'_>, entry: MappingEntry, out: &mut RowSink) -> Result<()> {
    let shown = actor.mapping_options(entry.oid).map_err(of_catalog)?;
    let server = actor.snapshot().server(entry.server);
    out.push(&[
        oid(entry.oid.0),
        oid(entry.server.0),
        optional(server.map(|server| server.name.as_str())),
        oid(entry.user.oid()),
        text(actor.snapshot().user_name(entry.user)),
        texts_or_null(&shown.unwrap_or_default()),
    ])
}
