use medley_catalog::ids::{Epoch, RoleOid, ServerOid, UserMappingOid};

use crate::names::NameId;

/// Whose a remote connection is. Two statements share a connection only if their keys are equal.
///
/// There is no way to make one but [`crate::Access::resolve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnKey {
    pub(crate) server: ServerOid,
    /// None for a wrapper that looks no mapping up.
    pub(crate) mapping: Option<UserMappingOid>,
    /// Changes with any committed change to what `connect` receives; never reused. None under
    /// uncommitted DDL: such a connection is never lent to another statement.
    pub(crate) epoch: Option<Epoch>,
    pub(crate) principal: Principal,
}

/// What of the person shaped the remote session, besides the mapping: each is there if the
/// wrapper says that it did. A role is its oid and its name: the remote was told the name, which
/// may be another's, or nobody's, once the role is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// Who logged in.
    pub(crate) session_user: Option<(RoleOid, NameId)>,
    /// The role it is used as.
    pub(crate) role: Option<(RoleOid, NameId)>,
    /// Whether that role is a superuser, for whom rules about passwords are waived.
    pub(crate) superuser: Option<bool>,
    /// The session.
    pub(crate) session: Option<u64>,
    /// The Medleys that the session came through.
    pub(crate) via: Option<NameId>,
    /// Whether the server's owner is one whose servers may lead to local addresses.
    pub(crate) local: bool,
}

/// The account at the remote that connections count against, whatever else told them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AccountKey {
    server: ServerOid,
    mapping: Option<UserMappingOid>,
    session_user: Option<(RoleOid, NameId)>,
    role: Option<(RoleOid, NameId)>,
}

/// A key without what a transaction does not look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PinnedKey {
    pub server: ServerOid,
    pub mapping: Option<UserMappingOid>,
    session_user: Option<RoleOid>,
    role: Option<RoleOid>,
    superuser: Option<bool>,
    session: Option<u64>,
}

impl ConnKey {
    /// The server.
    pub fn server(&self) -> ServerOid {
        self.server
    }

    /// The mapping, if one was looked up.
    pub fn mapping(&self) -> Option<UserMappingOid> {
        self.mapping
    }

    /// The state of server and mapping that it was resolved in; None under uncommitted DDL.
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// The part that limits look at: not when it was opened, by which session and by what right.
    pub(crate) fn account(&self) -> AccountKey {
        let Self { server, mapping, principal, .. } = *self;
        let Principal { session_user, role, .. } = principal;
        AccountKey { server, mapping, session_user, role }
    }

    pub(crate) fn admits_local(&self) -> bool {
        self.principal.local
    }

    /// The part that a transaction pins a connection by: it keeps the one it first used for a
    /// mapping, whatever is changed meanwhile, names included.
    pub(crate) fn pinned(&self) -> PinnedKey {
        let Self { server, mapping, principal, .. } = *self;
        let Principal { session_user, role, superuser, session, local: _, via: _ } = principal;
        let oid = |told: (RoleOid, NameId)| told.0;
        PinnedKey {
            server,
            mapping,
            session_user: session_user.map(oid),
            role: role.map(oid),
            superuser,
            session,
        }
    }
}
