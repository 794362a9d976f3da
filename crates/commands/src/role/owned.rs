//! REASSIGN OWNED and DROP OWNED.
use std::sync::Arc;

use medley_catalog::LockMode;
use medley_catalog::dependency::is_owned_class;
use medley_catalog::ids::{
    Class, DatabaseOid, ExtensionOid, ObjectAddress, RelationOid, RoleOid, SchemaOid, ServerOid,
    WrapperOid,
};
use medley_catalog::objects::{Extension, Reference, ReferenceKind};
use medley_sql::{DropOwned, ReassignOwned};

use crate::also_changed::AlsoChanged;
use crate::authorize::{self, Authorized, Gift};
use crate::drop::{behavior, drop_addresses};
use crate::error::{Result, RoleError};
use crate::{Context, grant, owner};

pub(crate) fn reassign(ctx: &mut Context<'_>, statement: ReassignOwned) -> Result<()> {
    let from = ctx.roles(&statement.roles)?;
    let to = ctx.role(&statement.new_owner)?;
    let authorized = authorize::reassign(ctx, from, to)?;
    let from = authorized.get().0.clone();
    for role in from {
        check_not_required(ctx, role, "reassign ownership of")?;
        for reference in owned(ctx, role) {
            give(ctx, &authorized, reference.from, to)?;
        }
    }
    Ok(())
}

fn owned(ctx: &Context<'_>, role: RoleOid) -> Vec<Reference> {
    let mut references = ctx.catalog().role_references(role);
    references.retain(|it| it.kind == ReferenceKind::Owner);
    references
}

/// The rules of ALTER … OWNER TO hold; mappings stay, for they are the role's own.
fn give(
    ctx: &mut Context<'_>,
    authorized: &Authorized<(Vec<RoleOid>, RoleOid)>,
    object: ObjectAddress,
    to: RoleOid,
) -> Result<()> {
    let catalog = Arc::clone(ctx.catalog());
    let oid = object.oid;
    match object.class {
        Class::Wrapper => match catalog.wrapper(WrapperOid(oid)) {
            Some(it) => owner::give_wrapper(ctx, authorize::give_wrapper(ctx, it.clone(), to)?),
            None => Ok(()),
        },
        Class::Server => match catalog.server(ServerOid(oid)) {
            Some(it) => {
                ctx.also_changed([(object, AlsoChanged::given(it))]);
                owner::give_server(ctx, authorize::give_server(ctx, it.clone(), to)?)
            }
            None => Ok(()),
        },
        Class::Schema => match catalog.schema(SchemaOid(oid)) {
            Some(it) => owner::give_schema(ctx, authorize::give_schema(ctx, it.clone(), to)?),
            None => Ok(()),
        },
        Class::Database => match catalog.database(DatabaseOid(oid)) {
            Some(it) => {
                let gift = Gift::reassigned(authorized, Arc::clone(it), to);
                owner::give_database(ctx, gift)
            }
            None => Ok(()),
        },
        Class::Relation => match catalog.relation(RelationOid(oid)) {
            Some(it) => {
                let gift = Gift::reassigned(authorized, Arc::clone(it), to);
                owner::give_relation(ctx, gift)
            }
            None => Ok(()),
        },
        Class::Extension => match catalog.extension(ExtensionOid(oid)) {
            Some(it) => ctx.update(it, Extension { owner: to, ..Extension::clone(it) }),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

pub(crate) fn drop_owned(ctx: &mut Context<'_>, statement: DropOwned) -> Result<()> {
    let roles = ctx.roles(&statement.roles)?;
    let roles = authorize::drop_owned(ctx, roles)?.into_inner();
    let mut targets = Vec::new();
    for role in roles {
        check_not_required(ctx, role, "drop")?;
        for reference in ctx.catalog().role_references(role) {
            match reference.kind {
                ReferenceKind::Owner if is_owned_class(reference.from.class) => {
                    targets.extend(still_owned(ctx, reference.from, role)?);
                }
                // It is not dropped with its owner, nor with anybody.
                ReferenceKind::Owner if reference.from.class == Class::Database => {}
                ReferenceKind::Owner => ctx.remove(reference.from)?,
                _ => grant::revoke_all(ctx, reference.from, role)?,
            }
        }
    }
    let also = drop_addresses(ctx, &targets, behavior(statement.behavior))?;
    ctx.also_changed(also);
    Ok(())
}

/// Keeps an object from others, and has none of what they have dropped or given away meanwhile.
fn still_owned(
    ctx: &mut Context<'_>,
    object: ObjectAddress,
    role: RoleOid,
) -> Result<Option<ObjectAddress>> {
    ctx.change(|tx| tx.lock_object(object, LockMode::Exclusive))?;
    Ok(Some(object).filter(|object| ctx.catalog().owner(*object) == Some(role)))
}

fn check_not_required(ctx: &Context<'_>, role: RoleOid, action: &'static str) -> Result<()> {
    match role.address().is_pinned() {
        true => Err(RoleError::RequiredOwner { action, role: ctx.role_name(role) }.into()),
        false => Ok(()),
    }
}
