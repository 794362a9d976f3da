//! USAGE on wrappers, servers and collations.
use medley_catalog::acl::Privileges;
use medley_catalog::ids::{ObjectAddress, RoleOid};

use super::super::collations;
use super::super::grants::{Grant, Listed, explode};
use super::super::value::{text, yes_or_no};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    list(session, Listed::WithPublic, out)
}

/// Lists the grants of USAGE.
pub(super) fn list(session: &Session, listed: Listed, out: &mut RowSink) -> Result<()> {
    of_collations(session, listed, out)?;
    let snapshot = &session.snapshot;
    for wrapper in snapshot.wrappers() {
        of_object(session, wrapper.oid.address(), "FOREIGN DATA WRAPPER", listed, out)?;
    }
    for server in snapshot.servers() {
        of_object(session, server.oid.address(), "FOREIGN SERVER", listed, out)?;
    }
    Ok(())
}

/// Everybody may use every collation.
fn of_collations(session: &Session, listed: Listed, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    if listed == Listed::EnabledRoles && !actor.has_privileges_of(RoleOid::BOOTSTRAP) {
        return Ok(());
    }
    collations::names().try_for_each(|name| {
        out.push(&[
            text(session.snapshot.role_name(RoleOid::BOOTSTRAP)),
            text("PUBLIC"),
            text(session.facts.database()),
            text("pg_catalog"),
            text(name),
            text("COLLATION"),
            text("USAGE"),
            yes_or_no(false),
        ])
    })
}

fn of_object(
    session: &Session,
    address: ObjectAddress,
    kind: &'static str,
    listed: Listed,
    out: &mut RowSink,
) -> Result<()> {
    let snapshot = &session.snapshot;
    let actor = snapshot.actor(session.role);
    let name = snapshot.name_of(address).unwrap_or_default();
    let owner = snapshot.owner(address).unwrap_or(RoleOid::BOOTSTRAP);
    let acl = snapshot.effective_acl(address).unwrap_or_default();
    let usage = |it: &Grant| it.privilege == Privileges::USAGE && listed.includes(&actor, it);
    explode(&acl).iter().filter(|it| usage(it)).try_for_each(|grant| {
        out.push(&[
            text(snapshot.role_name(grant.grantor)),
            text(grant.grantee_name(session)),
            text(session.facts.database()),
            text(""),
            text(name.as_str()),
            text(kind),
            text("USAGE"),
            yes_or_no(grant.is_grantable(session, owner)),
        ])
    })
}
