//! GRANT and REVOKE of privileges on objects.
mod acl_change;
mod default_privileges;
mod privileges;
mod relation;
mod system;

pub(crate) use default_privileges::alter as alter_default_privileges;

use std::sync::Arc;

use medley_catalog::acl::{AclKind, Behavior};
use medley_catalog::ids::{
    Class, DatabaseOid, DefaultAclOid, ObjectAddress, RelationOid, RoleOid, RoleOrPublic,
    SchemaOid, ServerOid, WrapperOid,
};
use medley_catalog::objects::{Database, Schema, Server, Wrapper};
use medley_sql::{Grant, GrantObjects, Name, ObjectKind, QualifiedName, RoutineKind};

use crate::Context;
use crate::authorize::{self, Addressed};
use crate::drop::behavior;
use crate::error::{Error, GrantError, Result};
use acl_change::{AclChange, Label};
use privileges::Wanted;

pub(crate) fn grant(ctx: &mut Context<'_>, statement: Grant) -> Result<()> {
    if let Some(grantor) = &statement.granted_by
        && ctx.role(grantor)? != ctx.current_role
    {
        return Err(GrantError::OtherGrantor.into());
    }
    let (kind, objects) = resolve(ctx, &statement.objects)?;
    let grantees = statement.grantees.iter().map(|spec| ctx.role_or_public(spec));
    let change = AclChange {
        grantees: grantees.collect::<Result<_>>()?,
        revoke: statement.revoke,
        option: statement.grant_option,
        behavior: behavior(statement.behavior),
    };
    let wanted = Wanted::of_objects(&statement.privileges, kind, &statement.objects)?;
    check_is_here(kind)?;
    system::check_is_no_array(&objects)?;
    objects.into_iter().try_for_each(|object| apply(ctx, object, &wanted, &change))
}

/// DROP OWNED: takes back what a role was granted on an object, as far as the current role can.
pub(crate) fn revoke_all(
    ctx: &mut Context<'_>,
    object: ObjectAddress,
    role: RoleOid,
) -> Result<()> {
    let change = AclChange {
        grantees: vec![RoleOrPublic::Role(role)],
        revoke: true,
        option: false,
        behavior: Behavior::Cascade,
    };
    match medley_catalog::acl_kind(object.whole()) {
        Some(kind) => apply(ctx, object.whole(), &Wanted::everything(kind), &change),
        None if object.class == Class::DefaultAcl => {
            default_privileges::revoke_all(ctx, DefaultAclOid(object.oid), role)
        }
        // A membership that the role granted.
        None => ctx.remove(object),
    }
}

/// Of such objects the privileges are fixed.
fn check_is_here(kind: AclKind) -> Result<()> {
    match kind {
        AclKind::Tablespace => Err(Error::unsupported("GRANT ON TABLESPACE")),
        AclKind::Parameter => Err(Error::unsupported("GRANT ON PARAMETER")),
        _ => Ok(()),
    }
}

fn resolve(ctx: &mut Context<'_>, objects: &GrantObjects) -> Result<(AclKind, Vec<ObjectAddress>)> {
    Ok(match objects {
        GrantObjects::Tables(names) => {
            let oids = names.iter().map(|name| kept(ctx, |ctx| relation::address(ctx, name)));
            (AclKind::Relation, oids.collect::<Result<_>>()?)
        }
        GrantObjects::AllTablesInSchema(names) => {
            (AclKind::Relation, relations_in_schemas(ctx, names)?)
        }
        GrantObjects::AllInSchema { kind: "SEQUENCES", schemas } => {
            // There are no sequences.
            schemas_named(ctx, schemas)?;
            (AclKind::Sequence, vec![])
        }
        GrantObjects::AllInSchema { kind, schemas } => {
            (AclKind::Function, functions_in_schemas(ctx, kind, schemas)?)
        }
        GrantObjects::ForeignDataWrappers(names) => {
            let oids = names.iter().map(|name| kept(ctx, |ctx| ctx.wrapper_named(name)));
            (AclKind::Wrapper, oids.collect::<Result<_>>()?)
        }
        GrantObjects::ForeignServers(names) => {
            let oids = names.iter().map(|name| kept(ctx, |ctx| ctx.server_named(name)));
            (AclKind::Server, oids.collect::<Result<_>>()?)
        }
        GrantObjects::Schemas(names) => {
            let oids = names.iter().map(|name| kept(ctx, |ctx| ctx.schema_named(name)));
            (AclKind::Schema, oids.collect::<Result<_>>()?)
        }
        GrantObjects::Databases(names) => {
            let oids = names.iter().map(|name| Ok(ctx.database_named(name)?.oid.address()));
            (AclKind::Database, oids.collect::<Result<_>>()?)
        }
        GrantObjects::Sequences(names) => return Err(refuse_sequences(ctx, names)),
        GrantObjects::Functions { kind, functions } => {
            let found = functions.iter().map(|function| system::function(ctx, *kind, function));
            (AclKind::Function, found.collect::<Result<_>>()?)
        }
        GrantObjects::Types { domains, names } => {
            let found = names.iter().map(|name| system::type_of(ctx, *domains, name));
            (AclKind::Type, found.collect::<Result<_>>()?)
        }
        GrantObjects::Languages(names) => {
            let found = names.iter().map(system::language);
            (AclKind::Language, found.collect::<Result<_>>()?)
        }
        GrantObjects::Tablespaces(names) => {
            names.iter().try_for_each(system::tablespace)?;
            (AclKind::Tablespace, vec![])
        }
        GrantObjects::LargeObjects(numbers) => {
            let missing = numbers.first().map(|number| system::large_object(number));
            return Err(missing.unwrap_or_else(|| Error::unsupported("GRANT ON LARGE OBJECT")));
        }
        GrantObjects::Parameters(_) => (AclKind::Parameter, vec![]),
    })
}

/// Whoever drops or renames it meanwhile is waited for, and then seen.
fn kept<T: Addressed>(
    ctx: &mut Context<'_>,
    resolve: impl Fn(&Context<'_>) -> Result<T>,
) -> Result<ObjectAddress> {
    Ok(ctx.keep_resolved(resolve)?.address())
}

fn relations_in_schemas(ctx: &Context<'_>, names: &[Name]) -> Result<Vec<ObjectAddress>> {
    let mut oids = Vec::new();
    for name in names {
        let schema = authorize::usage(ctx, ctx.schema_of_relations(name)?)?;
        oids.extend(ctx.catalog().relations_in(schema.get().oid).map(|it| it.oid.address()));
    }
    Ok(oids)
}

fn schemas_named(ctx: &Context<'_>, names: &[Name]) -> Result<Vec<SchemaOid>> {
    let schema = |name: &Name| Ok(authorize::usage(ctx, ctx.schema_of_relations(name)?)?.get().oid);
    names.iter().map(schema).collect()
}

/// Functions are the system's alone.
fn functions_in_schemas(
    ctx: &Context<'_>,
    kind: &str,
    names: &[Name],
) -> Result<Vec<ObjectAddress>> {
    let kind = match kind {
        "PROCEDURES" => RoutineKind::Procedure,
        "ROUTINES" => RoutineKind::Routine,
        _ => RoutineKind::Function,
    };
    let schemas = schemas_named(ctx, names)?;
    match schemas.as_slice() {
        _ if schemas.contains(&SchemaOid::INFORMATION_SCHEMA) => {
            Err(Error::unsupported("GRANT on the functions of information_schema"))
        }
        _ if schemas.contains(&SchemaOid::PG_CATALOG) => Ok(system::all_functions(ctx, kind)),
        _ => Ok(Vec::new()),
    }
}

/// There are no sequences.
fn refuse_sequences(ctx: &Context<'_>, names: &[QualifiedName]) -> Error {
    let first = names.first().map(|name| ctx.relation(name));
    match first {
        Some(Err(error)) => error,
        Some(Ok(found)) => crate::relation::wrong_kind(ObjectKind::Sequence, &found, None),
        None => Error::unsupported("GRANT ON SEQUENCE"),
    }
}

fn apply(
    ctx: &mut Context<'_>,
    object: ObjectAddress,
    wanted: &Wanted,
    change: &AclChange,
) -> Result<()> {
    let oid = object.oid;
    match object.class {
        Class::Relation => relation::apply(ctx, RelationOid(oid), wanted, change),
        Class::Wrapper => apply_to_wrapper(ctx, WrapperOid(oid), wanted, change),
        Class::Server => apply_to_server(ctx, ServerOid(oid), wanted, change),
        Class::Database => apply_to_database(ctx, DatabaseOid(oid), wanted, change),
        Class::Schema => apply_to_schema(ctx, SchemaOid(oid), wanted, change),
        Class::Function | Class::Type | Class::Language => {
            system::apply(ctx, object, wanted, change)
        }
        class => Err(Error::unsupported(format!("GRANT on a {}", class.noun()))),
    }
}

macro_rules! apply_to {
    ($($function:ident: $type:ident, $oid:ident, $lookup:ident;)*) => {$(
        fn $function(
            ctx: &mut Context<'_>,
            oid: $oid,
            wanted: &Wanted,
            change: &AclChange,
        ) -> Result<()> {
            let Some(old) = ctx.catalog().$lookup(oid).map(Arc::clone) else { return Ok(()) };
            let label = Label::of(ctx, oid.address());
            let acl = change.acl_of(ctx, oid.address(), wanted.whole, wanted.all, &label)?;
            ctx.update(&old, $type { acl: Some(acl), ..$type::clone(&old) })
        }
    )*};
}

apply_to! {
    apply_to_wrapper: Wrapper, WrapperOid, wrapper;
    apply_to_server: Server, ServerOid, server;
    apply_to_database: Database, DatabaseOid, database;
    apply_to_schema: Schema, SchemaOid, schema;
}
