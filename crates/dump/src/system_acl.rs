//! Privileges on the system's own functions, types and languages.
use medley_catalog::acl::{Acl, AclKind, initial_acl};
use medley_catalog::acl_kind;
use medley_catalog::ids::{Class, RoleOid};
use medley_catalog::objects::SystemAcl;
use medley_types::PgType;

use crate::Dump;
use crate::grants::Target;
use crate::script::name;

impl Dump<'_> {
    /// What was changed of what a new catalog has.
    pub(crate) fn system_acls(&mut self) {
        for entry in self.catalog().system_acls() {
            let kind = acl_kind(entry.on).unwrap_or(AclKind::Function);
            let initial = initial_acl(entry.on).cloned();
            let before = initial.unwrap_or_else(|| Acl::default_for(kind, RoleOid::BOOTSTRAP));
            let object = object(entry);
            let target = Target { object: &object, kind, owner: RoleOid::BOOTSTRAP, column: None };
            self.grants_from(target, &before, Some(&entry.acl));
        }
    }
}

/// As it stands behind ON.
fn object(entry: &SystemAcl) -> String {
    match entry.on.class {
        Class::Type => {
            let info = PgType::plain(entry.on.oid).info();
            format!("TYPE pg_catalog.{}", name(info.map_or("", |info| info.name)))
        }
        Class::Language => format!("LANGUAGE {}", name(&entry.name)),
        _ => format!("FUNCTION pg_catalog.{}", entry.name),
    }
}
