//! What needs roles.
use medley_catalog::ids::{Class, DatabaseOid};
use medley_catalog::objects::ReferenceKind;

use super::super::value::{int4, letter, oid};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let roles = session.snapshot.roles().filter(|it| keys.admits_oid("refobjid", it.oid.0));
    for role in roles.filter(|role| !role.oid.address().is_pinned()) {
        for reference in session.snapshot.dependents(role.oid.address()) {
            let from = reference.from;
            let kind = if reference.kind == ReferenceKind::Acl { 'a' } else { 'o' };
            out.push(&[
                oid(database(from.class)),
                oid(from.class.oid()),
                oid(from.oid),
                int4(from.subid),
                oid(Class::Role.oid()),
                oid(role.oid.0),
                letter(kind),
            ])?;
        }
    }
    Ok(())
}

fn database(class: Class) -> u32 {
    match class {
        Class::Role | Class::Membership | Class::Database => 0,
        _ => DatabaseOid::MEDLEY.0,
    }
}
