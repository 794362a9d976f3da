//! Which user mappings a scan asks for.
use medley_catalog::ids::{RoleOid, ServerOid, UserMappingOid};
use medley_catalog::{MappingEntry, Snapshot};

use medley_diagnostic::Diagnostic;

use super::Keys;
use crate::error::Error;

/// The mappings that keys on these columns (the mapping, its server, its role) admit. There may
/// be a million: they are looked up by whatever key there is.
pub fn admitted(
    snapshot: &Snapshot,
    keys: &Keys,
    columns: (&str, &str, &str),
) -> Vec<MappingEntry> {
    let (oid, server, user) = columns;
    let entries: Vec<_> = match (keys.oids(oid), keys.oids(server), keys.oids(user)) {
        (Some(oids), ..) => {
            oids.iter().filter_map(|oid| snapshot.mapping(UserMappingOid(*oid))).collect()
        }
        (None, Some(servers), _) => servers
            .iter()
            .flat_map(|server| snapshot.mappings_of_server(ServerOid(*server)))
            .collect(),
        (None, None, Some(users)) if !users.contains(&0) => {
            users.iter().flat_map(|user| snapshot.mappings_of_role(RoleOid(*user))).collect()
        }
        _ => snapshot.mappings().collect(),
    };
    let is_admitted = |it: &MappingEntry| {
        keys.admits_oid(server, it.server.0) && keys.admits_oid(user, it.user.oid())
    };
    entries.into_iter().filter(is_admitted).collect()
}

/// What reading a mapping's options from the store ended with.
pub fn of_catalog(error: medley_catalog::Error) -> Error {
    error.report().into()
}
