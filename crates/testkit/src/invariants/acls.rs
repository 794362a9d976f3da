//! Who has privileges is there, and so is who gave them.
use medley_catalog::Snapshot;
use medley_catalog::acl::Acl;
use medley_catalog::ids::ObjectAddress;

use super::Broken;

pub(super) fn check(snapshot: &Snapshot, broken: &mut Broken) {
    let mut check = |on: ObjectAddress, acl: Option<&Acl>| {
        for item in acl.into_iter().flat_map(Acl::items) {
            let roles = [item.grantee.role(), Some(item.grantor)];
            for role in roles.into_iter().flatten() {
                broken.unless(snapshot.role(role).is_some(), || {
                    format!("a privilege on {on:?} names role {role}, which is not")
                });
            }
            broken.unless(!item.privileges.is_empty() || !item.grant_options.is_empty(), || {
                format!("a line of the ACL on {on:?} gives nothing")
            });
        }
    };
    snapshot.databases().for_each(|it| check(it.oid.address(), it.acl.as_ref()));
    snapshot.wrappers().for_each(|it| check(it.oid.address(), it.acl.as_ref()));
    snapshot.servers().for_each(|it| check(it.oid.address(), it.acl.as_ref()));
    snapshot.schemas().for_each(|it| check(it.oid.address(), it.acl.as_ref()));
    snapshot.default_acls().for_each(|it| check(it.oid.address(), Some(&it.acl)));
    snapshot.system_acls().for_each(|it| check(it.on, Some(&it.acl)));
    for relation in snapshot.relations() {
        let address = relation.oid.address();
        check(address, relation.acl.as_ref());
        for column in &relation.columns {
            check(address.column(column.number), column.acl.as_ref());
        }
    }
}
