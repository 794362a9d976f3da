//! The connections that a session has at a server, as `postgres_fdw_get_connections` lists them.
use medley_catalog::ids::{RoleOid, ServerOid, UserMappingOid};

use super::Access;

/// A connection that the transaction holds, or that waits for the next statement of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// By which mapping, where one is looked up.
    pub mapping: Option<UserMappingOid>,
    /// The transaction holds it.
    pub in_transaction: bool,
    /// The process that serves it at the remote, where there is one.
    pub remote_pid: Option<i32>,
}

impl Access {
    /// Those at a server: the transaction's, whoever's they are, and those that wait for the role.
    /// Nobody is asked for any; a role without a mapping has none.
    pub fn held(&self, server: ServerOid, role: RoleOid) -> Vec<Held> {
        let mut held = match &self.transaction {
            Some(transaction) => transaction.held(server),
            None => Vec::new(),
        };
        if let Ok(remote) = self.resolve_by(server, None, role) {
            let key = remote.key();
            let waiting = self.foreign.pool.waiting(key).into_iter();
            let of_role =
                |remote_pid| Held { mapping: key.mapping(), in_transaction: false, remote_pid };
            held.extend(waiting.map(of_role));
        }
        held
    }

    /// Closes those that wait for the role; whether there were any.
    pub fn close_waiting(&self, server: ServerOid, role: RoleOid) -> bool {
        let remote = self.resolve_by(server, None, role);
        remote.is_ok_and(|remote| self.foreign.pool.forget(remote.key()))
    }
}
