//! Schemas; those of sessions are none of a dump's.
use std::sync::Arc;

use medley_catalog::acl::{Acl, AclItem, AclKind, Privileges};
use medley_catalog::ids::{FIRST_NORMAL_OID, RoleOid, RoleOrPublic, SchemaOid};
use medley_catalog::objects::Schema;

use crate::Dump;
use crate::grants::Target;
use crate::script::{comment_on, name};

/// What a new catalog says of its schemas.
const COMMENTS: [(SchemaOid, &str); 2] = [
    (SchemaOid::PG_CATALOG, "system catalog schema"),
    (SchemaOid::PUBLIC, "standard public schema"),
];

impl Dump<'_> {
    pub(crate) fn schemas(&mut self) {
        if self.catalog().schema(SchemaOid::PUBLIC).is_none() {
            self.script.push("DROP SCHEMA IF EXISTS public");
        }
        let lasting = |it: &&Arc<Schema>| !self.catalog().is_temp_schema(it.oid);
        let mut schemas: Vec<_> = self.catalog().schemas().filter(lasting).collect();
        schemas.sort_by_key(|schema| &schema.name);
        for schema in schemas {
            match schema.oid.0 < FIRST_NORMAL_OID {
                true => self.built_in_schema(schema),
                false => self.schema(schema),
            }
        }
    }

    fn schema(&mut self, schema: &Schema) {
        let object = format!("SCHEMA {}", name(&schema.name));
        self.script.push(format!("CREATE {object}"));
        self.script.push(format!("ALTER {object} OWNER TO {}", self.role_name(schema.owner)));
        self.comment(&object, self.catalog().comment(schema.oid.address()));
        let target =
            Target { object: &object, kind: AclKind::Schema, owner: schema.owner, column: None };
        self.grants(target, schema.acl.as_ref());
    }

    /// It is there, as every new catalog has it: what was changed of it is said.
    fn built_in_schema(&mut self, schema: &Schema) {
        let new_name = match schema.oid {
            SchemaOid::PUBLIC => "public",
            SchemaOid::PG_CATALOG => "pg_catalog",
            _ => "information_schema",
        };
        if schema.name != new_name {
            self.script.push(format!("ALTER SCHEMA {new_name} RENAME TO {}", name(&schema.name)));
        }
        let object = format!("SCHEMA {}", name(&schema.name));
        if schema.owner != new_owner(schema.oid) {
            self.script.push(format!("ALTER {object} OWNER TO {}", self.role_name(schema.owner)));
        }
        let new_comment = COMMENTS.iter().find(|(oid, _)| *oid == schema.oid).map(|(_, it)| *it);
        let comment = self.catalog().comment(schema.oid.address());
        if comment != new_comment {
            self.script.push(comment_on(&object, comment));
        }
        let target =
            Target { object: &object, kind: AclKind::Schema, owner: schema.owner, column: None };
        self.grants_from(target, &new_acl(schema.owner), schema.acl.as_ref());
    }
}

/// Who owns it in a new catalog.
fn new_owner(schema: SchemaOid) -> RoleOid {
    match schema {
        SchemaOid::PUBLIC => RoleOid::DATABASE_OWNER,
        _ => RoleOid::BOOTSTRAP,
    }
}

/// What a new catalog grants on its schemas, for whoever owns them now.
fn new_acl(owner: RoleOid) -> Acl {
    let usage = AclItem {
        grantee: RoleOrPublic::Public,
        grantor: owner,
        privileges: Privileges::USAGE,
        grant_options: Privileges::NONE,
    };
    let own = Acl::default_for(AclKind::Schema, owner);
    own.items().iter().copied().chain([usage]).collect()
}
