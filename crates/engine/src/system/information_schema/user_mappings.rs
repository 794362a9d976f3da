//! Mappings of servers that the actor may use.
use medley_catalog::{MappingEntry, Snapshot};

use super::super::value::{optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    visible(session).into_iter().try_for_each(|it| {
        out.push(&[
            text(user_name(snapshot, &it)),
            text(session.facts.database()),
            optional(snapshot.name_of(it.server.address())),
        ])
    })
}

/// The mappings of the servers that the actor sees.
pub(super) fn visible(session: &Session) -> Vec<MappingEntry> {
    let actor = session.snapshot.actor(session.role);
    let servers = session.snapshot.servers().filter(|it| actor.sees_server(it.oid));
    servers.flat_map(|server| session.snapshot.mappings_of_server(server.oid)).collect()
}

/// Whose it is; PUBLIC in capitals.
pub(super) fn user_name(snapshot: &Snapshot, entry: &MappingEntry) -> String {
    let name = |role| snapshot.role_name(role);
    entry.user.role().map_or_else(|| "PUBLIC".to_owned(), name)
}
