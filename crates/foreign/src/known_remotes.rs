//! What servers came to for roles, as it was last resolved.
//!
//! Which mapping counts is found anew for each statement; what is kept is what follows from it:
//! the mapping as it is in the store, and what its options say. It serves as long as all that it
//! was made of is the same object, or of the same epoch.
use std::collections::HashMap;
use std::sync::Arc;

use medley_catalog::ids::{RoleOid, ServerOid};
use medley_catalog::objects::{Role, Server};
use medley_catalog::{MappingEntry, Snapshot};
use parking_lot::Mutex;

use crate::Foreign;
use crate::resolve::{Inner, now_us};

/// More than these are not kept: sealed options stay in the store.
const MOST: usize = 1000;

#[derive(Default)]
pub(crate) struct KnownRemotes(Mutex<HashMap<(ServerOid, RoleOid), Arc<Inner>>>);

/// What a remote is resolved of.
pub(crate) struct Origin<'a> {
    pub foreign: &'a Foreign,
    pub snapshot: &'a Snapshot,
    pub server: &'a Arc<Server>,
    pub role: &'a Arc<Role>,
    pub mapping: MappingEntry,
}

impl KnownRemotes {
    /// What was resolved of the same, if nothing of it has changed, and it may be used still.
    pub fn get(&self, origin: &Origin<'_>) -> Option<Arc<Inner>> {
        let known = self.0.lock().get(&(origin.server.oid, origin.role.oid)).cloned()?;
        is_of(&known, origin).then_some(known)
    }

    /// Keeps it, unless it is of one person, or of a state that is not committed.
    pub fn set(&self, remote: &Arc<Inner>) {
        let principal = remote.key.principal;
        let is_personal = principal.session_user.is_some()
            || principal.session.is_some()
            || principal.via.is_some();
        if is_personal || remote.key.epoch.is_none() {
            return;
        }
        let mut all = self.0.lock();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert((remote.server.oid, remote.role.oid), Arc::clone(remote));
    }
}

fn is_of(known: &Inner, origin: &Origin<'_>) -> bool {
    let Origin { foreign, snapshot, server, role, mapping } = origin;
    let is_mapping = |it: &medley_catalog::objects::UserMapping| {
        it.oid == mapping.oid && it.epoch == mapping.epoch
    };
    let owner_is_superuser = snapshot.role(server.owner).is_some_and(|owner| owner.superuser);
    Arc::ptr_eq(&known.server, server)
        && Arc::ptr_eq(&known.role, role)
        && mapping.epoch.is_some()
        && known.valid_until.is_none_or(|until| until > now_us())
        && known.mapping.as_deref().is_some_and(is_mapping)
        && known.key.epoch == snapshot.resolved(*mapping).epoch
        && known.key.principal.local == foreign.admits_local(owner_is_superuser)
        && Arc::ptr_eq(&known.references, &foreign.references())
}
