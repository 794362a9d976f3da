//! ALTER DEFAULT PRIVILEGES.
use std::sync::Arc;

use medley_catalog::acl::{Acl, Behavior, Privileges};
use medley_catalog::ids::{DefaultAclOid, RoleOid, RoleOrPublic, SchemaOid};
use medley_catalog::objects::{DefaultAcl, DefaultAclKind};
use medley_sql::AlterDefaultPrivileges;

use super::acl_change::AclChange;
use super::privileges::Wanted;
use crate::Context;
use crate::authorize::{self, Authorized};
use crate::drop::behavior;
use crate::error::{Error, GrantError, Result};

/// Of whose objects, in which schema, of which kind.
#[derive(Clone, Copy)]
struct Entry {
    role: RoleOid,
    schema: Option<SchemaOid>,
    kind: DefaultAclKind,
}

pub(crate) fn alter(ctx: &mut Context<'_>, statement: AlterDefaultPrivileges) -> Result<()> {
    let kind = kind_of(statement.objects)?;
    let grantees = statement.grantees.iter().map(|spec| ctx.role_or_public(spec));
    let change = AclChange {
        grantees: grantees.collect::<Result<_>>()?,
        revoke: statement.revoke,
        option: statement.grant_option,
        behavior: behavior(statement.behavior),
    };
    check_no_columns(&statement.privileges)?;
    let privileges = Wanted::of(&statement.privileges, kind.acl_kind())?.whole;
    let roles = match statement.roles.as_slice() {
        [] => vec![ctx.current_role],
        specs => ctx.roles(specs)?,
    };
    let roles = authorize::default_privileges(ctx, roles)?;
    let schemas = schemas(ctx, &statement, kind)?;
    apply(ctx, roles, &schemas, kind, &change, privileges)
}

fn check_no_columns(privileges: &medley_sql::Privileges) -> Result<()> {
    let has_columns = match privileges {
        medley_sql::Privileges::All { columns } => !columns.is_empty(),
        medley_sql::Privileges::Named(named) => named.iter().any(|it| !it.columns.is_empty()),
    };
    if has_columns { Err(GrantError::ColumnsByDefault.into()) } else { Ok(()) }
}

fn kind_of(objects: &str) -> Result<DefaultAclKind> {
    Ok(match objects {
        "TABLES" => DefaultAclKind::Relation,
        "SEQUENCES" => DefaultAclKind::Sequence,
        "FUNCTIONS" => DefaultAclKind::Function,
        "TYPES" => DefaultAclKind::Type,
        "SCHEMAS" => DefaultAclKind::Schema,
        "LARGE OBJECTS" => DefaultAclKind::LargeObject,
        other => {
            return Err(Error::unsupported(format!("ALTER DEFAULT PRIVILEGES ON {other}")));
        }
    })
}

/// No schema is every schema.
fn schemas(
    ctx: &Context<'_>,
    statement: &AlterDefaultPrivileges,
    kind: DefaultAclKind,
) -> Result<Vec<Option<SchemaOid>>> {
    if statement.schemas.is_empty() {
        return Ok(vec![None]);
    }
    if matches!(kind, DefaultAclKind::Schema | DefaultAclKind::LargeObject) {
        let what = format!("GRANT/REVOKE ON {}", statement.objects);
        return Err(GrantError::NotInSchema(what).into());
    }
    statement.schemas.iter().map(|name| Ok(Some(ctx.schema_named(name)?.oid))).collect()
}

fn apply(
    ctx: &mut Context<'_>,
    roles: Authorized<Vec<RoleOid>>,
    schemas: &[Option<SchemaOid>],
    kind: DefaultAclKind,
    change: &AclChange,
    privileges: Privileges,
) -> Result<()> {
    for role in roles.into_inner() {
        for schema in schemas {
            change_entry(ctx, Entry { role, schema: *schema, kind }, change, privileges)?;
        }
    }
    Ok(())
}

/// An entry that says nothing new is not kept.
fn change_entry(
    ctx: &mut Context<'_>,
    Entry { role, schema, kind }: Entry,
    change: &AclChange,
    privileges: Privileges,
) -> Result<()> {
    let built_in = match schema {
        None => Acl::default_for(kind.acl_kind(), role),
        Some(_) => Acl::default(),
    };
    let old = ctx.catalog().default_acl(role, schema, kind).cloned();
    let before = old.as_ref().map_or(&built_in, |old| &old.acl);
    let acl = change.apply(ctx, before, role, role, privileges)?.sorted();
    match (old, acl.is_same_as(&built_in)) {
        (None, true) => Ok(()),
        (Some(old), true) => ctx.remove(old.oid.address()),
        (Some(old), false) => ctx.update(&old, DefaultAcl { acl, ..DefaultAcl::clone(&old) }),
        (None, false) => {
            let oid = DefaultAclOid(ctx.allocate_oid()?);
            ctx.create(DefaultAcl { oid, role, schema, kind, acl })
        }
    }
}

/// DROP OWNED of a grantee.
pub(super) fn revoke_all(
    ctx: &mut Context<'_>,
    oid: DefaultAclOid,
    grantee: RoleOid,
) -> Result<()> {
    let found = ctx.catalog().default_acl_by_oid(oid).map(Arc::clone);
    let Some(entry) = found else { return Ok(()) };
    let change = AclChange {
        grantees: vec![RoleOrPublic::Role(grantee)],
        revoke: true,
        option: false,
        behavior: Behavior::Cascade,
    };
    let all = entry.kind.acl_kind().all_privileges();
    let entry = Entry { role: entry.role, schema: entry.schema, kind: entry.kind };
    change_entry(ctx, entry, &change, all)
}
