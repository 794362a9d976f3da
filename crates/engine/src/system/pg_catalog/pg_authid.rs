//! Roles, with a mask for the password: its verifier is shown to nobody.
use medley_catalog::objects::Role;

use super::super::roles::{MASK, admitted, valid_until};
use super::super::value::{flag, int4, oid, optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    admitted(session, keys, "oid", "rolname").into_iter().try_for_each(|role| row(role, out))
}

fn row(role: &Role, out: &mut RowSink) -> Result<()> {
    out.push(&[
        oid(role.oid.0),
        text(role.name.as_str()),
        flag(role.superuser),
        flag(role.inherit),
        flag(role.create_role),
        flag(role.create_db),
        flag(role.can_login),
        flag(role.replication),
        flag(role.bypass_rls),
        int4(role.connection_limit),
        optional(role.password.as_ref().map(|_| MASK)),
        valid_until(role),
    ])
}
