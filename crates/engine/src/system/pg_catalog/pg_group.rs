//! Roles that may not log in, with their members.
use super::super::roles::admitted;
use super::super::value::{oid, oids, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let roles = admitted(session, keys, "grosysid", "groname");
    let mut groups = roles.into_iter().filter(|role| !role.can_login);
    groups.try_for_each(|role| {
        let members = session.snapshot.memberships_in_role(role.oid).map(|it| it.member.0);
        out.push(&[text(role.name.as_str()), oid(role.oid.0), oids(members)])
    })
}
