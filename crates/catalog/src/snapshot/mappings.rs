use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use crate::ids::{Epoch, RoleOid, RoleOrPublic, ServerOid, UserMappingOid};
use crate::objects::UserMapping;

/// What a snapshot holds of a mapping; its options are in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MappingEntry {
    /// The mapping.
    pub oid: UserMappingOid,
    /// Its server.
    pub server: ServerOid,
    /// Whose it is.
    pub user: RoleOrPublic,
    /// `None` while a transaction's change to it is uncommitted.
    pub epoch: Option<Epoch>,
}

/// The mappings, three ways, and whole those that a transaction has changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Mappings {
    entries: OrdMap<UserMappingOid, (ServerOid, RoleOrPublic, Option<Epoch>)>,
    /// What resolving needs, in one lookup.
    by_server: OrdMap<(ServerOid, RoleOrPublic), (UserMappingOid, Option<Epoch>)>,
    by_role: OrdSet<(RoleOid, UserMappingOid)>,
    pub(super) uncommitted: OrdMap<UserMappingOid, Arc<UserMapping>>,
}

impl Mappings {
    pub(super) fn get(&self, oid: UserMappingOid) -> Option<MappingEntry> {
        let (server, user, epoch) = *self.entries.get(&oid)?;
        Some(MappingEntry { oid, server, user, epoch })
    }

    pub(super) fn find(&self, server: ServerOid, user: RoleOrPublic) -> Option<MappingEntry> {
        let (oid, epoch) = *self.by_server.get(&(server, user))?;
        Some(MappingEntry { oid, server, user, epoch })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = MappingEntry> {
        self.entries.iter().map(|(&oid, &(server, user, epoch))| MappingEntry {
            oid,
            server,
            user,
            epoch,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn of_server(&self, server: ServerOid) -> impl Iterator<Item = UserMappingOid> {
        let first = (server, RoleOrPublic::Public);
        let last = (server, RoleOrPublic::Role(RoleOid(u32::MAX)));
        self.by_server.range(first..=last).map(|(_, (oid, _))| *oid)
    }

    pub(super) fn of_role(&self, role: RoleOid) -> impl Iterator<Item = UserMappingOid> {
        let (first, last) = (UserMappingOid(0), UserMappingOid(u32::MAX));
        self.by_role.range((role, first)..=(role, last)).map(|(_, oid)| *oid)
    }

    pub(super) fn put(&mut self, entry: MappingEntry) {
        self.remove(entry.oid);
        self.entries.insert(entry.oid, (entry.server, entry.user, entry.epoch));
        self.by_server.insert((entry.server, entry.user), (entry.oid, entry.epoch));
        if let RoleOrPublic::Role(role) = entry.user {
            self.by_role.insert((role, entry.oid));
        }
    }

    pub(super) fn remove(&mut self, oid: UserMappingOid) -> Option<MappingEntry> {
        let old = self.get(oid)?;
        self.entries.remove(&oid);
        self.uncommitted.remove(&oid);
        // A new mapping of the same pair may be there already.
        if self.find(old.server, old.user).is_some_and(|found| found.oid == oid) {
            self.by_server.remove(&(old.server, old.user));
        }
        if let RoleOrPublic::Role(role) = old.user {
            self.by_role.remove(&(role, oid));
        }
        Some(old)
    }
}
