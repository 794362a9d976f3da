//! Roles, as everybody sees them.
use medley_catalog::objects::Role;

use super::super::roles::{MASK, admitted, settings, valid_until};
use super::super::value::{flag, int4, oid, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let roles = admitted(session, keys, "oid", "rolname");
    roles.into_iter().try_for_each(|role| row(session, role, out))
}

fn row(session: &Session, role: &Role, out: &mut RowSink) -> Result<()> {
    out.push(&[
        text(role.name.as_str()),
        flag(role.superuser),
        flag(role.inherit),
        flag(role.create_role),
        flag(role.create_db),
        flag(role.can_login),
        flag(role.replication),
        int4(role.connection_limit),
        text(MASK),
        valid_until(role),
        flag(role.bypass_rls),
        settings(session, role),
        oid(role.oid.0),
    ])
}
