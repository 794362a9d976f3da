//! DROP ROLE, DROP USER, DROP GROUP.
use std::sync::Arc;

use medley_catalog::ids::RoleOid;
use medley_sql::{DropRole, RoleSpec};

use crate::Context;
use crate::authorize::{self, Authorized};
use crate::error::{Result, RoleError};

pub(crate) fn drop(ctx: &mut Context<'_>, statement: DropRole) -> Result<()> {
    authorize::role::drop_any(ctx)?;
    let mut roles = Vec::new();
    for spec in &statement.roles {
        let RoleSpec::Named(name) = spec else { return Err(RoleError::SpecialInDrop.into()) };
        match resolve(ctx, name) {
            Err(missing) if statement.if_exists && missing.is_missing() => {
                ctx.skip_missing(&missing);
            }
            role => roles.push(role?),
        }
    }
    apply(ctx, roles)
}

fn resolve(ctx: &Context<'_>, name: &str) -> Result<Authorized<RoleOid>> {
    let role = Arc::clone(ctx.catalog().find_role(name)?);
    if role.oid == ctx.current_role {
        return Err(RoleError::CurrentUser.into());
    }
    if role.oid == ctx.session_user {
        return Err(RoleError::SessionUser.into());
    }
    let authorized = authorize::role::drop(ctx, &role)?;
    match role.oid.address().is_pinned() {
        true => Err(RoleError::Required(role.name.clone()).into()),
        false => Ok(authorized),
    }
}

fn apply(ctx: &mut Context<'_>, roles: Vec<Authorized<RoleOid>>) -> Result<()> {
    let mut oids: Vec<_> = roles.into_iter().map(Authorized::into_inner).collect();
    oids.sort_unstable();
    oids.dedup();
    let path = ctx.path();
    ctx.change(|tx| tx.drop_roles(&oids, &path))
}
