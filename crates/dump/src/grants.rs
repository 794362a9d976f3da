//! Access control lists as GRANT and REVOKE.
use medley_catalog::acl::{Acl, AclItem, AclKind, Privileges};
use medley_catalog::ids::{RoleOid, RoleOrPublic};

use crate::Dump;

/// What an ACL is on.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// `SCHEMA films`, as it stands after ON.
    pub(crate) object: &'a str,
    /// Its kind.
    pub(crate) kind: AclKind,
    /// Who owns it.
    pub(crate) owner: RoleOid,
    /// Of a column its name, as it stands in parentheses.
    pub(crate) column: Option<&'a str>,
}

/// What leads from one ACL to another.
struct Steps {
    revoked: Vec<RoleOrPublic>,
    granted: Vec<AclItem>,
}

impl Dump<'_> {
    /// What makes the ACL of an object that was just made, and so has none.
    pub(crate) fn grants(&mut self, target: Target<'_>, acl: Option<&Acl>) {
        self.grants_from(target, &Acl::default_for(target.kind, target.owner), acl);
    }

    /// What makes an ACL of the one that is there; none is left as it is.
    pub(crate) fn grants_from(&mut self, target: Target<'_>, before: &Acl, acl: Option<&Acl>) {
        let Some(acl) = acl else { return };
        let steps = steps(before, acl, target.owner);
        for grantee in steps.revoked {
            let what = words(target.kind.all_privileges(), target);
            let (object, grantee) = (target.object, self.grantee(grantee));
            self.script.push(format!("REVOKE {what} ON {object} FROM {grantee}"));
        }
        for item in steps.granted {
            self.grant(target, &item);
        }
    }

    fn grant(&mut self, target: Target<'_>, item: &AclItem) {
        let by_other = (item.grantor != target.owner).then(|| self.role_name(item.grantor));
        if let Some(grantor) = &by_other {
            self.script.push(format!("SET SESSION AUTHORIZATION {grantor}"));
        }
        for (privileges, ending) in halves(item) {
            let what = words(privileges, target);
            let (object, grantee) = (target.object, self.grantee(item.grantee));
            self.script.push(format!("GRANT {what} ON {object} TO {grantee}{ending}"));
        }
        if by_other.is_some() {
            self.script.push("RESET SESSION AUTHORIZATION");
        }
    }
}

/// What may be granted on, and what may not.
pub(crate) fn halves(item: &AclItem) -> impl Iterator<Item = (Privileges, &'static str)> {
    let with = (item.grant_options & item.privileges, " WITH GRANT OPTION");
    let without = (item.privileges - item.grant_options, "");
    [with, without].into_iter().filter(|(privileges, _)| !privileges.is_empty())
}

/// `SELECT, UPDATE`, or `ALL`; of a column `SELECT (a), UPDATE (a)`.
fn words(privileges: Privileges, target: Target<'_>) -> String {
    let column = target.column.map(|column| format!(" ({column})")).unwrap_or_default();
    if privileges == target.kind.all_privileges() {
        return format!("ALL{column}");
    }
    let words: Vec<_> = privileges.iter().map(|(.., word)| format!("{word}{column}")).collect();
    words.join(", ")
}

fn steps(before: &Acl, after: &Acl, owner: RoleOid) -> Steps {
    let stays = |item: &AclItem| after.items().contains(item);
    let gone = before.items().iter().filter(|item| !stays(item));
    let mut left: Vec<_> =
        after.items().iter().filter(|item| !before.items().contains(item)).copied().collect();
    // Those of the owner first: the others' rights to grant come from there.
    let mut granted: Vec<AclItem> = Vec::new();
    while !left.is_empty() {
        let may = |item: &AclItem| {
            item.grantor == owner
                || granted.iter().any(|given| {
                    given.grantee == RoleOrPublic::Role(item.grantor)
                        && given.grant_options.intersects(item.privileges)
                })
        };
        let next = left.iter().position(may).unwrap_or_default();
        granted.push(left.remove(next));
    }
    Steps { revoked: gone.map(|item| item.grantee).collect(), granted }
}
