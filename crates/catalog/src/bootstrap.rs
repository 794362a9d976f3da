//! What a new catalog has in it.
use std::sync::Arc;

use crate::acl::{Acl, AclItem, AclKind, Privileges};
use crate::catalog::Bootstrap;
use crate::ids::{MembershipOid, RoleOid, RoleOrPublic, SchemaOid, WrapperOid};
use crate::objects::{Comment, Database, Membership, Object, Options, Role, Schema, Wrapper};
use crate::store::Meta;
use crate::transaction::Change;

/// PostgreSQL's predefined roles and their oids.
const PREDEFINED_ROLES: [(u32, &str); 16] = [
    (6171, "pg_database_owner"),
    (6181, "pg_read_all_data"),
    (6182, "pg_write_all_data"),
    (3373, "pg_monitor"),
    (3374, "pg_read_all_settings"),
    (3375, "pg_read_all_stats"),
    (3377, "pg_stat_scan_tables"),
    (4569, "pg_read_server_files"),
    (4570, "pg_write_server_files"),
    (4571, "pg_execute_server_program"),
    (4200, "pg_signal_backend"),
    (4544, "pg_checkpoint"),
    (6337, "pg_maintain"),
    (4550, "pg_use_reserved_connections"),
    (6304, "pg_create_subscription"),
    (6392, "pg_signal_autovacuum_worker"),
];

/// `pg_monitor` is a member of these, by grants with these oids.
const MONITOR: RoleOid = RoleOid(3373);
const MONITOR_GRANTS: [(u32, u32); 3] = [(13002, 3374), (13003, 3375), (13004, 3377)];

pub(crate) fn changes(bootstrap: Bootstrap, meta: &mut Meta) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.push(database());
    changes.push(put(superuser(&bootstrap)));
    changes.extend(PREDEFINED_ROLES.map(|(oid, name)| put(Role::new(RoleOid(oid), name))));
    changes.extend(MONITOR_GRANTS.map(|(oid, role)| put(monitor_grant(oid, role))));
    changes.extend(schemas().map(put));
    changes.extend(comments().map(put));
    for wrapper in bootstrap.wrappers {
        changes.push(put(Wrapper {
            oid: WrapperOid(meta.next_oid),
            name: wrapper.name,
            owner: RoleOid::BOOTSTRAP,
            handler: wrapper.handler,
            validator: wrapper.validator,
            acl: None,
            options: Options::default(),
            epoch: None,
        }));
        meta.next_oid += 1;
    }
    changes
}

/// The one database: also what a store has that was made before it had a row.
pub(crate) fn database() -> Change {
    put(Database::medley())
}

fn put<T: Object>(object: T) -> Change {
    Change { key: object.key(), row: Some(Arc::new(object).into_row()) }
}

fn superuser(bootstrap: &Bootstrap) -> Role {
    Role {
        superuser: true,
        create_role: true,
        create_db: true,
        can_login: true,
        replication: true,
        bypass_rls: true,
        password: bootstrap.password.clone(),
        ..Role::new(RoleOid::BOOTSTRAP, bootstrap.superuser.clone())
    }
}

fn monitor_grant(oid: u32, role: u32) -> Membership {
    Membership {
        oid: MembershipOid(oid),
        role: RoleOid(role),
        member: MONITOR,
        grantor: RoleOid::BOOTSTRAP,
        admin: false,
        inherit: true,
        set: true,
    }
}

fn schemas() -> [Schema; 3] {
    let schema = |oid, name: &str, owner| Schema {
        oid,
        name: name.to_owned(),
        owner,
        acl: Some(usage_for_all(owner)),
    };
    [
        schema(SchemaOid::PG_CATALOG, "pg_catalog", RoleOid::BOOTSTRAP),
        schema(SchemaOid::PUBLIC, "public", RoleOid::DATABASE_OWNER),
        schema(SchemaOid::INFORMATION_SCHEMA, "information_schema", RoleOid::BOOTSTRAP),
    ]
}

/// As PostgreSQL's own are described.
fn comments() -> [Comment; 2] {
    [
        (SchemaOid::PG_CATALOG, "system catalog schema"),
        (SchemaOid::PUBLIC, "standard public schema"),
    ]
    .map(|(schema, text)| Comment { on: schema.address(), text: text.to_owned() })
}

/// `{owner=UC/owner,=U/owner}`.
fn usage_for_all(owner: RoleOid) -> Acl {
    let usage = AclItem {
        grantee: RoleOrPublic::Public,
        grantor: owner,
        privileges: Privileges::USAGE,
        grant_options: Privileges::NONE,
    };
    let own = Acl::default_for(AclKind::Schema, owner);
    own.items().iter().copied().chain([usage]).collect()
}
