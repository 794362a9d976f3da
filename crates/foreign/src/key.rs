use medley_catalog::ids::{Epoch, RoleOid, ServerOid, UserMappingOid};

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
/// wrapper says that it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// Who logged in.
    pub(crate) session_user: Option<RoleOid>,
    /// The role it is used as.
    pub(crate) role: Option<RoleOid>,
    /// Whether that role is a superuser, for whom rules about passwords are waived.
    pub(crate) superuser: Option<bool>,
    /// The session.
    pub(crate) session: Option<u64>,
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

    /// The part that a transaction pins a connection by: it keeps the one it first used for a
    /// mapping, whatever is changed meanwhile.
    pub(crate) fn pinned(&self) -> Self {
        Self { epoch: None, ..*self }
    }
}
