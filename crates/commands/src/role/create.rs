//! CREATE ROLE, CREATE USER, CREATE GROUP.
use medley_catalog::ids::RoleOid;
use medley_catalog::objects::Role;
use medley_sql::{CreateRole, RoleKind, RoleOptions};

use super::membership::{self, Options};
use super::{RESERVED_DETAIL, attributes};
use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{NameError, Noun, Result};

pub(crate) fn create(ctx: &mut Context<'_>, statement: CreateRole) -> Result<()> {
    attributes::check_connection_limit(&statement.options)?;
    let options = authorize::role::create(ctx, statement.options)?;
    super::check_name(&statement.name, RESERVED_DETAIL)?;
    if ctx.catalog().role_named(&statement.name).is_some() {
        return Err(NameError::exists(Noun::Role, statement.name).into());
    }
    apply(ctx, statement.name, statement.kind, options)
}

fn apply(
    ctx: &mut Context<'_>,
    name: String,
    kind: RoleKind,
    options: Authorized<RoleOptions>,
) -> Result<()> {
    let options = options.into_inner();
    let oid = RoleOid(ctx.allocate_oid()?);
    let mut role = Role { can_login: kind == RoleKind::User, ..Role::new(oid, name) };
    attributes::apply(ctx, &mut role, &options)?;
    ctx.create(role)?;
    join(ctx, oid, &options)
}

/// The memberships that a new role begins with.
fn join(ctx: &mut Context<'_>, role: RoleOid, options: &RoleOptions) -> Result<()> {
    for group in ctx.roles(&options.in_roles)? {
        membership::authorize(ctx, group, false)?;
        membership::add(ctx, group, &[role], None, &Options::default())?;
    }
    if !ctx.is_superuser() {
        membership::add_creator(ctx, role)?;
    }
    let admins = ctx.roles(&options.admins)?;
    let admin = Options { admin: Some(true), ..Options::default() };
    membership::add(ctx, role, &admins, None, &admin)?;
    let members = ctx.roles(&options.members)?;
    membership::add(ctx, role, &members, None, &Options::default())
}
