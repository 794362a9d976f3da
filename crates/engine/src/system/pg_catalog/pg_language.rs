//! Languages of functions: those of the system's.
use medley_catalog::ids::{Class, ObjectAddress, RoleOid};

use super::super::value::{acl, flag, oid, text};
use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Oid, name, whether everybody may write functions in it, and its validator.
const LANGUAGES: [(u32, &str, bool, u32); 3] =
    [(12, "internal", false, 2246), (13, "c", false, 2247), (14, "sql", true, 2248)];

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let admitted = |it: &&(u32, &str, bool, u32)| keys.admits_oid("oid", it.0);
    for (number, name, trusted, validator) in LANGUAGES.iter().filter(admitted) {
        let own = session.snapshot.acl(ObjectAddress::new(Class::Language, *number));
        out.push(&[
            oid(*number),
            text(*name),
            oid(RoleOid::BOOTSTRAP.0),
            flag(false),
            flag(*trusted),
            oid(0),
            oid(0),
            oid(*validator),
            acl(session, own)?,
        ])?;
    }
    Ok(())
}
