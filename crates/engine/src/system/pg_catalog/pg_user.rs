//! Roles that may log in, as everybody sees them.
use medley_catalog::objects::Role;

use super::super::roles::{MASK, admitted, settings, valid_until};
use super::super::value::{flag, oid, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let roles = admitted(session, keys, "usesysid", "usename");
    let mut users = roles.into_iter().filter(|role| role.can_login);
    users.try_for_each(|role| row(session, role, out))
}

fn row(session: &Session, role: &Role, out: &mut RowSink) -> Result<()> {
    out.push(&[
        text(role.name.as_str()),
        oid(role.oid.0),
        flag(role.create_db),
        flag(role.superuser),
        flag(role.replication),
        flag(role.bypass_rls),
        text(MASK),
        valid_until(role),
        settings(session, role),
    ])
}
