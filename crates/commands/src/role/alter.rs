//! ALTER ROLE with attributes, and RENAME.
use std::sync::Arc;

use medley_catalog::ids::RoleOid;
use medley_catalog::objects::Role;
use medley_sql::{AlterRole, RoleSpec};

use super::{RESERVED_DETAIL, attributes, membership};
use crate::Context;
use crate::authorize;
use crate::error::{NameError, Noun, Result, RoleError};
use crate::names::lookup_failed;

pub(crate) fn alter(ctx: &mut Context<'_>, statement: AlterRole) -> Result<()> {
    let old = to_alter(ctx, &statement.role)?;
    attributes::check_connection_limit(&statement.options)?;
    let options = authorize::role::alter(ctx, &old, statement.options)?;
    if !options.get().members.is_empty() {
        authorize::role::change_group(ctx, &old)?;
    }
    let mut role = Role::clone(&old);
    attributes::apply(ctx, &mut role, options.get())?;
    if role.oid == RoleOid::BOOTSTRAP && !role.superuser {
        return Err(RoleError::BootstrapStaysSuperuser.into());
    }
    ctx.update(&old, role)?;
    let members = ctx.roles(&options.get().members)?;
    membership::add(ctx, old.oid, &members, None, &Default::default())
}

/// The role, unless it is the system's.
pub(crate) fn to_alter(ctx: &Context<'_>, spec: &RoleSpec) -> Result<Arc<Role>> {
    if let RoleSpec::Named(name) = spec {
        super::check_name(name, "Cannot alter reserved roles.")?;
    }
    let oid = ctx.role(spec)?;
    ctx.catalog().role(oid).cloned().ok_or_else(|| lookup_failed(oid.address()))
}

pub(crate) fn rename(ctx: &mut Context<'_>, name: &str, new_name: String) -> Result<()> {
    let old = Arc::clone(ctx.catalog().find_role(name)?);
    if old.oid == ctx.session_user {
        return Err(RoleError::RenameSessionUser.into());
    }
    if old.oid == ctx.current_role {
        return Err(RoleError::RenameCurrentUser.into());
    }
    super::check_name(name, RESERVED_DETAIL)?;
    super::check_name(&new_name, RESERVED_DETAIL)?;
    if ctx.catalog().role_named(&new_name).is_some() {
        return Err(NameError::exists(Noun::Role, new_name).into());
    }
    authorize::role::rename(ctx, &old)?;
    ctx.update(&old, Role { name: new_name, ..Role::clone(&old) })
}
