//! CREATE, ALTER and DROP USER MAPPING.
use std::sync::Arc;

use medley_catalog::MappingEntry;
use medley_catalog::ids::{RoleOrPublic, UserMappingOid};
use medley_catalog::objects::{Options, Server, UserMapping};
use medley_sql::{AlterUserMapping, CreateUserMapping, DropUserMapping, OptionItem, RoleSpec};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{NameError, Result};
use crate::options::{self, Owner};

/// Whose mapping on which server: what rights on mappings are about.
pub(crate) struct Target {
    pub(crate) user: RoleOrPublic,
    pub(crate) server: Arc<Server>,
}

pub(crate) fn create(ctx: &mut Context<'_>, statement: CreateUserMapping) -> Result<()> {
    let target = resolve(ctx, &statement.role, &statement.server)?;
    let target = authorize::mapping(ctx, target)?;
    if let Some(exists) = exists(ctx, target.get()) {
        return ctx.already_there(exists, statement.if_not_exists);
    }
    apply_create(ctx, target, statement.options)
}

pub(crate) fn alter(ctx: &mut Context<'_>, statement: AlterUserMapping) -> Result<()> {
    let target = resolve(ctx, &statement.role, &statement.server)?;
    let mapping = existing(ctx, &target)?;
    let target = authorize::mapping(ctx, target)?;
    apply_alter(ctx, target, mapping, statement.options)
}

pub(crate) fn drop(ctx: &mut Context<'_>, statement: DropUserMapping) -> Result<()> {
    let found = resolve(ctx, &statement.role, &statement.server)
        .and_then(|target| Ok((existing(ctx, &target)?, target)));
    let (mapping, target) = match found {
        Err(missing) if statement.if_exists && missing.is_missing() => {
            ctx.skip_missing(&missing);
            return Ok(());
        }
        found => found?,
    };
    let target = authorize::mapping(ctx, target)?;
    apply_drop(ctx, target, mapping)
}

/// The role comes first: it is reported missing even where the server is missing too.
fn resolve(ctx: &Context<'_>, role: &RoleSpec, server: &str) -> Result<Target> {
    let user = ctx.role_or_public(role)?;
    Ok(Target { user, server: ctx.server_named(server)? })
}

fn existing(ctx: &Context<'_>, target: &Target) -> Result<MappingEntry> {
    let found = ctx.catalog().mapping_for(target.server.oid, target.user);
    let missing = || NameError::NoMapping {
        role: ctx.catalog().user_name(target.user),
        server: target.server.name.clone(),
    };
    Ok(found.ok_or_else(missing)?)
}

/// What is said when there is one.
fn exists(ctx: &Context<'_>, target: &Target) -> Option<NameError> {
    ctx.catalog().mapping_for(target.server.oid, target.user)?;
    let (role, server) = (ctx.catalog().user_name(target.user), target.server.name.clone());
    Some(NameError::MappingExists { role, server })
}

fn apply_create(
    ctx: &mut Context<'_>,
    target: Authorized<Target>,
    items: Vec<OptionItem>,
) -> Result<()> {
    let Target { user, server } = target.into_inner();
    let wrapper = ctx.wrapper_of(&server)?;
    let oid = UserMappingOid(ctx.allocate_oid()?);
    let owner = Owner::UserMapping(oid);
    let options =
        options::settle_under(ctx, &wrapper, owner, Some(&server), &Options::default(), items)?;
    let accepted = is_own(ctx, user);
    let mapping = UserMapping { oid, server: server.oid, user, epoch: None, options, accepted };
    ctx.create(mapping)
}

/// Whoever says what account a role has, has agreed to it if it is that role.
fn is_own(ctx: &Context<'_>, user: RoleOrPublic) -> bool {
    user.role() == Some(ctx.current_role)
}

fn apply_alter(
    ctx: &mut Context<'_>,
    target: Authorized<Target>,
    mapping: MappingEntry,
    items: Vec<OptionItem>,
) -> Result<()> {
    let wrapper = ctx.wrapper_of(&target.get().server)?;
    let old = ctx.mapping(mapping.oid)?;
    let owner = Owner::UserMapping(old.oid);
    let server = Some(target.get().server.as_ref());
    let options = options::settle_under(ctx, &wrapper, owner, server, &old.options, items)?;
    let accepted = is_own(ctx, old.user);
    let mapping = UserMapping { options, accepted, ..UserMapping::clone(&old) };
    ctx.update(&old, mapping)
}

fn apply_drop(
    ctx: &mut Context<'_>,
    _authorized: Authorized<Target>,
    mapping: MappingEntry,
) -> Result<()> {
    let old = ctx.mapping(mapping.oid)?;
    ctx.remove(old.oid.address())
}
