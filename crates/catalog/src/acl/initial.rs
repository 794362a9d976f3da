//! What of the system is not for everybody from the start: PostgreSQL's `pg_init_privs`, as far as
//! it is about functions.
use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Acl, AclItem, Privileges};
use crate::ids::{Class, ObjectAddress, RoleOid, RoleOrPublic};

/// A function's oid, and the oids of those who may execute it.
static FUNCTIONS: LazyLock<HashMap<u32, Acl>> =
    LazyLock::new(|| include_str!("initial.tsv").lines().filter_map(read).collect());

/// The ACL that an object of the system begins with; none if it is the default of its kind.
pub fn initial_acl(address: ObjectAddress) -> Option<&'static Acl> {
    match address.class {
        Class::Function => FUNCTIONS.get(&address.oid),
        _ => None,
    }
}

fn read(line: &str) -> Option<(u32, Acl)> {
    let (function, grantees) = line.split_once('\t')?;
    let oids = grantees.split(',').filter_map(|oid| oid.parse().ok());
    Some((function.parse().ok()?, oids.map(|oid| execute(RoleOid(oid))).collect()))
}

fn execute(grantee: RoleOid) -> AclItem {
    AclItem {
        grantee: RoleOrPublic::Role(grantee),
        grantor: RoleOid::BOOTSTRAP,
        privileges: Privileges::EXECUTE,
        grant_options: Privileges::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_functions_are_not_for_everybody() {
        let pg_reload_conf = ObjectAddress::new(Class::Function, 2621);
        let acl = initial_acl(pg_reload_conf).expect("it is the superuser's");
        assert_eq!(acl.shown(|role| Some(role.0.to_string())), ["10=X/10"]);
        assert_eq!(initial_acl(ObjectAddress::new(Class::Function, 870)), None);
        assert!(FUNCTIONS.len() > 60);
    }
}
