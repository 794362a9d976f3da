//! CREATE SCHEMA, and what moves things between schemas.
use std::sync::Arc;

use medley_catalog::acl::Privileges;
use medley_catalog::ids::{RoleOid, SchemaOid};
use medley_catalog::objects::{DefaultAclKind, Extension, Relation, Schema};
use medley_sql::{CreateSchema, ObjectKind, SetObjectSchema, Statement};

use crate::authorize::{self, Authorized};
use crate::error::{Error, NameError, Noun, RelationError, Result};
use crate::{Context, relation, stored};

pub(crate) fn create(ctx: &mut Context<'_>, statement: CreateSchema) -> Result<()> {
    let owner = match &statement.owner {
        Some(owner) => ctx.role(owner)?,
        None => ctx.current_role,
    };
    let name = statement.name.unwrap_or_else(|| ctx.role_name(owner));
    let authorized = authorize::create_in_database(ctx, (name, owner))?;
    let (name, owner) = authorized.get();
    ctx.actor().check_can_set_role(*owner)?;
    check_name(name)?;
    if ctx.catalog().schema_named(name).is_some() {
        let exists = NameError::exists(Noun::Schema, name);
        return ctx.already_there(exists, statement.if_not_exists);
    }
    let (name, owner) = (name.clone(), *owner);
    apply_create(ctx, authorized)?;
    run_elements(ctx, &name, owner, statement.elements)
}

/// Refuses names that only the system gives.
pub(crate) fn check_name(name: &str) -> Result<()> {
    match name.starts_with("pg_") {
        true => Err(NameError::ReservedSchema(name.to_owned()).into()),
        false => Ok(()),
    }
}

fn apply_create(ctx: &mut Context<'_>, new: Authorized<(String, RoleOid)>) -> Result<()> {
    let (name, owner) = new.into_inner();
    let oid = SchemaOid(ctx.allocate_oid()?);
    let acl = ctx.catalog().acl_of_new(DefaultAclKind::Schema, owner, None);
    ctx.create(Schema { oid, name, owner, acl })
}

/// What stands in CREATE SCHEMA runs as the schema's owner, and inside it: views, then grants.
fn run_elements(
    ctx: &mut Context<'_>,
    schema: &str,
    owner: RoleOid,
    mut elements: Vec<Statement>,
) -> Result<()> {
    elements.iter_mut().try_for_each(|element| place(element, schema))?;
    elements.sort_by_key(|element| matches!(element, Statement::Grant(_)));
    let mut path = vec![schema.to_owned()];
    path.extend_from_slice(ctx.search_path);
    elements.into_iter().try_for_each(|element| ctx.run_as(owner, &path, element))
}

/// Has an element made in this schema, if it can be.
fn place(element: &mut Statement, schema: &str) -> Result<()> {
    let name = match element {
        Statement::CreateView(view) => &mut view.name,
        Statement::Grant(_) => return Ok(()),
        other => return Err(Error::unsupported(format!("{} inside CREATE SCHEMA", other.tag()))),
    };
    match name.schema() {
        Some(named) if named != schema => {
            let (named, schema) = (named.to_owned(), schema.to_owned());
            Err(NameError::OtherSchema { named, schema }.into())
        }
        Some(_) => Ok(()),
        None => {
            name.parts.insert(0, schema.to_owned());
            Ok(())
        }
    }
}

/// ALTER … SET SCHEMA.
pub(crate) fn set(ctx: &mut Context<'_>, statement: SetObjectSchema) -> Result<()> {
    match statement.kind {
        ObjectKind::Extension => set_of_extension(ctx, &statement),
        kind => {
            let found = relation::to_alter(ctx, kind, &statement.name, statement.if_exists)?;
            let Some(found) = found else { return Ok(()) };
            set_of_relation(ctx, found, &statement.schema)
        }
    }
}

fn set_of_relation(
    ctx: &mut Context<'_>,
    found: Authorized<Arc<Relation>>,
    schema: &str,
) -> Result<()> {
    let schema = ctx.schema_to_create_in(schema)?;
    let schema = authorize::create_in(ctx, schema)?.into_inner();
    let old = found.into_inner();
    if [old.schema, schema.oid].iter().any(|schema| ctx.catalog().is_temp_schema(*schema)) {
        return Err(RelationError::MoveTemporary.into());
    }
    if old.schema == schema.oid {
        return Ok(());
    }
    if ctx.catalog().relation_named(schema.oid, &old.name).is_some() {
        let (name, schema) = (old.name.clone(), schema.name.clone());
        return Err(NameError::ExistsInSchema { name, schema }.into());
    }
    stored::keeping_views(ctx, &[old.oid], |ctx| {
        ctx.update(&old, Relation { schema: schema.oid, ..Relation::clone(&old) })
    })
}

fn set_of_extension(ctx: &mut Context<'_>, statement: &SetObjectSchema) -> Result<()> {
    let extension = Arc::clone(ctx.catalog().find_extension(statement.name.name())?);
    let schema = ctx.schema_named(&statement.schema)?;
    let extension = authorize::owner(ctx, extension)?;
    ctx.actor().check(schema.oid.address(), Privileges::CREATE)?;
    let old = extension.into_inner();
    ctx.update(&old, Extension { schema: schema.oid, ..Extension::clone(&old) })
}
