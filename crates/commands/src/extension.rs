//! CREATE and ALTER EXTENSION: an extension is a wrapper of this build.
use std::sync::Arc;

use medley_catalog::ids::{ExtensionOid, SchemaOid, WrapperOid};
use medley_catalog::objects::{Extension, Options, Wrapper};
use medley_sql::{AlterExtension, AlterExtensionAction, CreateExtension};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{Error, NameError, Noun, Result};

pub(crate) fn create(ctx: &mut Context<'_>, statement: CreateExtension) -> Result<()> {
    let name = &statement.name;
    if ctx.catalog().extension_named(name).is_some() {
        let exists = NameError::exists(Noun::Extension, name);
        return ctx.already_there(exists, statement.if_not_exists);
    }
    let registry = ctx.registry;
    let unavailable = || NameError::ExtensionUnavailable(name.clone());
    let found = registry.extension(name).ok_or_else(unavailable)?;
    let what = format!("create extension \"{name}\"");
    let hint = "Must be superuser to create this extension.";
    let found = authorize::superuser(ctx, what, hint, found)?;
    check_version(name, found.get().version(), statement.version)?;
    let schema = schema_for(ctx, statement.schema.as_deref())?;
    apply_create(ctx, found, schema)
}

fn check_version(name: &str, known: &str, asked: Option<String>) -> Result<()> {
    match asked {
        Some(version) if version != known => {
            Err(NameError::NoExtensionVersion { name: name.to_owned(), version }.into())
        }
        _ => Ok(()),
    }
}

fn schema_for(ctx: &Context<'_>, named: Option<&str>) -> Result<SchemaOid> {
    match named {
        Some(name) => Ok(ctx.schema_named(name)?.oid),
        None => Ok(ctx.path().creation_schema().ok_or(NameError::NoSchemaSelected)?),
    }
}

fn apply_create(
    ctx: &mut Context<'_>,
    found: Authorized<&dyn medley_fdw::Wrapper>,
    schema: SchemaOid,
) -> Result<()> {
    let found = found.into_inner();
    let member = adopt_or_create(ctx, found)?;
    let oid = ExtensionOid(ctx.allocate_oid()?);
    ctx.create(Extension {
        oid,
        name: found.extension().to_owned(),
        owner: ctx.current_role,
        schema,
        version: found.version().to_owned(),
        members: vec![member.address()],
    })?;
    ctx.change(|tx| tx.set_comment(oid.address(), found.summary()))
}

/// The wrapper of this name exists since the catalog was made, unless somebody dropped it.
fn adopt_or_create(ctx: &mut Context<'_>, found: &dyn medley_fdw::Wrapper) -> Result<WrapperOid> {
    if let Some(existing) = ctx.catalog().wrapper_named(found.name()) {
        return match existing.handler.as_deref() == Some(found.handler()) {
            true => Ok(existing.oid),
            false => Err(NameError::exists(Noun::Wrapper, found.name()).into()),
        };
    }
    let oid = WrapperOid(ctx.allocate_oid()?);
    ctx.create(Wrapper {
        oid,
        name: found.name().to_owned(),
        owner: ctx.current_role,
        handler: Some(found.handler().to_owned()),
        validator: Some(found.validator().to_owned()),
        acl: None,
        options: Options::default(),
        epoch: None,
    })?;
    Ok(oid)
}

pub(crate) fn alter(ctx: &mut Context<'_>, statement: AlterExtension) -> Result<()> {
    match statement.action {
        AlterExtensionAction::Update(version) => update(ctx, &statement.name, version),
        AlterExtensionAction::Member { .. } => {
            Err(Error::unsupported("ALTER EXTENSION ADD or DROP"))
        }
    }
}

/// This build brings one version of each.
fn update(ctx: &mut Context<'_>, name: &str, version: Option<String>) -> Result<()> {
    let extension = Arc::clone(ctx.catalog().find_extension(name)?);
    let extension = authorize::owner(ctx, extension)?;
    let installed = &extension.get().version;
    if let Some(version) = version.filter(|version| version != installed) {
        let (name, installed) = (name.to_owned(), installed.clone());
        return Err(NameError::NoUpdatePath { name, installed, version }.into());
    }
    ctx.notice(format!("version \"{installed}\" of extension \"{name}\" is already installed"));
    Ok(())
}
