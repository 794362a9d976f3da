//! GRANT and REVOKE of roles, and ALTER GROUP.
use std::sync::Arc;

use medley_catalog::Transaction;
use medley_catalog::acl::Behavior;
use medley_catalog::ids::{MembershipOid, RoleOid};
use medley_catalog::objects::Membership;
use medley_diagnostic::SqlState;
use medley_sql::{GrantRole, GroupMembership, MemberOption};

use crate::Context;
use crate::authorize;
use crate::drop::behavior;
use crate::error::{Error, PermissionError, Result, RoleError};
use crate::names::lookup_failed;

/// What WITH says; `None` where it says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) admin: Option<bool>,
    pub(super) inherit: Option<bool>,
    pub(super) set: Option<bool>,
}

/// GRANT r TO m, REVOKE r FROM m.
pub(crate) fn grant(ctx: &mut Context<'_>, statement: GrantRole) -> Result<()> {
    let options = options(&statement.options)?;
    let grantor = statement.granted_by.as_ref().map(|spec| ctx.role(spec)).transpose()?;
    let members = ctx.roles(&statement.members)?;
    for role in &statement.roles {
        if !role.columns.is_empty() {
            return Err(RoleError::ColumnsOfRole.into());
        }
        let role = ctx.role_named(&role.name)?;
        authorize(ctx, role, statement.revoke)?;
        match statement.revoke {
            false => add(ctx, role, &members, grantor, &options)?,
            true => {
                remove(ctx, role, &members, grantor, &options, behavior(statement.behavior))?;
            }
        }
    }
    Ok(())
}

fn options(given: &[MemberOption]) -> Result<Options> {
    let mut options = Options::default();
    for MemberOption { name, value, position } in given {
        match name.as_str() {
            "admin" => options.admin = Some(*value),
            "inherit" => options.inherit = Some(*value),
            "set" => options.set = Some(*value),
            _ => {
                let unknown = Error::from(RoleError::UnknownGrantOption(name.clone()));
                return Err(unknown.at(*position));
            }
        }
    }
    Ok(options)
}

/// ALTER GROUP g { ADD | DROP } USER m.
pub(crate) fn change_group(ctx: &mut Context<'_>, statement: GroupMembership) -> Result<()> {
    let group = super::alter::to_alter(ctx, &statement.group)?;
    authorize::role::change_group(ctx, &group)?;
    let members = ctx.roles(&statement.members)?;
    let options = Options::default();
    match statement.add {
        true => add(ctx, group.oid, &members, None, &options),
        false => remove(ctx, group.oid, &members, None, &options, Behavior::Restrict),
    }
}

/// Whether the current role may grant this role, or revoke it.
pub(super) fn authorize(ctx: &Context<'_>, role: RoleOid, revoke: bool) -> Result<()> {
    let role = ctx.catalog().role(role).ok_or_else(|| lookup_failed(role.address()))?;
    authorize::role::membership(ctx, role, revoke)
}

/// Whoever makes a role without being a superuser may administer it, and no more.
pub(super) fn add_creator(ctx: &mut Context<'_>, role: RoleOid) -> Result<()> {
    let (member, grantor) = (ctx.current_role, RoleOid::BOOTSTRAP);
    let oid = MembershipOid(ctx.allocate_oid()?);
    let (admin, inherit, set) = (true, false, false);
    ctx.create(Membership { oid, role, member, grantor, admin, inherit, set })
}

/// Makes these roles members.
pub(super) fn add(
    ctx: &mut Context<'_>,
    role: RoleOid,
    members: &[RoleOid],
    grantor: Option<RoleOid>,
    options: &Options,
) -> Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    ctx.change(Transaction::lock_memberships)?;
    let grantor = grantor_of(ctx, role, grantor, false)?;
    for member in members {
        check_circle(ctx, role, *member)?;
    }
    if options.admin == Some(true) && grantor != RoleOid::BOOTSTRAP {
        check_admin_circle(ctx, role, members, grantor)?;
    }
    for member in members {
        add_one(ctx, role, *member, grantor, options)?;
    }
    Ok(())
}

fn add_one(
    ctx: &mut Context<'_>,
    role: RoleOid,
    member: RoleOid,
    grantor: RoleOid,
    options: &Options,
) -> Result<()> {
    match ctx.catalog().membership_of(role, member, grantor).cloned() {
        None => create(ctx, role, member, grantor, options),
        Some(old) => {
            let new = Membership {
                admin: options.admin.unwrap_or(old.admin),
                inherit: options.inherit.unwrap_or(old.inherit),
                set: options.set.unwrap_or(old.set),
                ..Membership::clone(&old)
            };
            if new == *old {
                ctx.notice(already_granted(ctx, &old));
                return Ok(());
            }
            ctx.update(&old, new)
        }
    }
}

fn create(
    ctx: &mut Context<'_>,
    role: RoleOid,
    member: RoleOid,
    grantor: RoleOid,
    options: &Options,
) -> Result<()> {
    // Without a word about INHERIT it is as the member has it now.
    let inherits = ctx.catalog().role(member).is_none_or(|member| member.inherit);
    let oid = MembershipOid(ctx.allocate_oid()?);
    ctx.change(|tx| tx.lock_referenced(role.address()))?;
    ctx.change(|tx| tx.lock_referenced(member.address()))?;
    ctx.create(Membership {
        oid,
        role,
        member,
        grantor,
        admin: options.admin.unwrap_or(false),
        inherit: options.inherit.unwrap_or(inherits),
        set: options.set.unwrap_or(true),
    })
}

fn already_granted(ctx: &Context<'_>, grant: &Membership) -> String {
    format!(
        "role \"{}\" has already been granted membership in role \"{}\" by role \"{}\"",
        ctx.role_name(grant.member),
        ctx.role_name(grant.role),
        ctx.role_name(grant.grantor),
    )
}

fn check_circle(ctx: &Context<'_>, role: RoleOid, member: RoleOid) -> Result<()> {
    if member == RoleOid::DATABASE_OWNER {
        return Err(RoleError::NoMembership(ctx.role_name(member)).into());
    }
    match ctx.catalog().actor(role).is_granted(member) {
        false => Ok(()),
        true => {
            let (role, member) = (ctx.role_name(role), ctx.role_name(member));
            Err(RoleError::Circular { role, member }.into())
        }
    }
}

/// Who gives the ADMIN option on must keep it even if those it is given to lose theirs.
fn check_admin_circle(
    ctx: &Context<'_>,
    role: RoleOid,
    members: &[RoleOid],
    grantor: RoleOid,
) -> Result<()> {
    let mut revocation = Revocation::of(ctx, role);
    for member in members {
        revocation.take_all(*member);
    }
    match revocation.has_admin(grantor) && !members.contains(&RoleOid::BOOTSTRAP) {
        true => Ok(()),
        false => Err(RoleError::CircularAdmin.into()),
    }
}

/// Ends memberships, or what `options` names of them.
fn remove(
    ctx: &mut Context<'_>,
    role: RoleOid,
    members: &[RoleOid],
    grantor: Option<RoleOid>,
    options: &Options,
    behavior: Behavior,
) -> Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    ctx.change(Transaction::lock_memberships)?;
    let grantor = grantor_of(ctx, role, grantor, true)?;
    for member in members {
        match ctx.catalog().membership_of(role, *member, grantor).cloned() {
            Some(grant) => remove_one(ctx, &grant, options, behavior)?,
            None => {
                let warning = not_granted(ctx, role, *member, grantor);
                ctx.warning(SqlState::WARNING, warning);
            }
        }
    }
    Ok(())
}

fn not_granted(ctx: &Context<'_>, role: RoleOid, member: RoleOid, grantor: RoleOid) -> String {
    format!(
        "role \"{}\" has not been granted membership in role \"{}\" by role \"{}\"",
        ctx.role_name(member),
        ctx.role_name(role),
        ctx.role_name(grantor),
    )
}

fn remove_one(
    ctx: &mut Context<'_>,
    grant: &Arc<Membership>,
    options: &Options,
    behavior: Behavior,
) -> Result<()> {
    let whole = options.admin.is_none() && options.inherit.is_none() && options.set.is_none();
    if whole || options.admin.is_some() {
        remove_granted_on(ctx, grant, behavior)?;
    }
    if whole {
        return ctx.remove(grant.oid.address());
    }
    let new = Membership {
        admin: grant.admin && options.admin.is_none(),
        inherit: grant.inherit && options.inherit.is_none(),
        set: grant.set && options.set.is_none(),
        ..Membership::clone(grant)
    };
    match new == **grant {
        true => Ok(()),
        false => ctx.update(grant, new),
    }
}

/// What the member granted on by an ADMIN option that it has no longer.
fn remove_granted_on(ctx: &mut Context<'_>, grant: &Membership, behavior: Behavior) -> Result<()> {
    let mut revocation = Revocation::of(ctx, grant.role);
    revocation.take(grant);
    let dependents = revocation.gone.into_iter().filter(|oid| *oid != grant.oid);
    for dependent in dependents {
        if behavior == Behavior::Restrict {
            return Err(RoleError::DependentPrivileges.into());
        }
        ctx.remove(dependent.address())?;
    }
    Ok(())
}

/// Which grants of a role go when some go: who has lost the ADMIN option has granted nothing on.
struct Revocation {
    grants: Vec<Arc<Membership>>,
    gone: Vec<MembershipOid>,
}

impl Revocation {
    fn of(ctx: &Context<'_>, role: RoleOid) -> Self {
        let grants = ctx.catalog().memberships_in_role(role).cloned().collect();
        Self { grants, gone: Vec::new() }
    }

    fn take(&mut self, grant: &Membership) {
        if self.gone.contains(&grant.oid) {
            return;
        }
        self.gone.push(grant.oid);
        if grant.admin && !self.has_admin(grant.member) {
            self.take_where(|other| other.grantor == grant.member);
        }
    }

    fn take_all(&mut self, member: RoleOid) {
        self.take_where(|grant| grant.member == member);
    }

    fn take_where(&mut self, which: impl Fn(&Membership) -> bool) {
        let grants: Vec<_> = self.grants.iter().filter(|grant| which(grant)).cloned().collect();
        grants.iter().for_each(|grant| self.take(grant));
    }

    fn has_admin(&self, member: RoleOid) -> bool {
        let there = |grant: &&Arc<Membership>| !self.gone.contains(&grant.oid);
        self.grants.iter().filter(there).any(|grant| grant.member == member && grant.admin)
    }
}

/// Who is recorded as the grantor.
fn grantor_of(
    ctx: &Context<'_>,
    role: RoleOid,
    named: Option<RoleOid>,
    revoke: bool,
) -> Result<RoleOid> {
    match named {
        None if ctx.is_superuser() => Ok(RoleOid::BOOTSTRAP),
        None => Ok(ctx.actor().best_admin_of(role).ok_or(RoleError::NoGrantor)?),
        Some(grantor) => check_grantor(ctx, role, grantor, revoke),
    }
}

fn check_grantor(
    ctx: &Context<'_>,
    role: RoleOid,
    grantor: RoleOid,
    revoke: bool,
) -> Result<RoleOid> {
    let name = ctx.role_name(grantor);
    let what = match revoke {
        false => format!("grant privileges as role \"{name}\""),
        true => format!("revoke privileges granted by role \"{name}\""),
    };
    let refused = |detail| Err(PermissionError::detailed(what, detail).into());
    if !ctx.actor().has_privileges_of(grantor) {
        let action = if revoke {
            "revoke privileges granted by this role"
        } else {
            "grant privileges as this role"
        };
        return refused(format!("Only roles with privileges of role \"{name}\" may {action}."));
    }
    let may = |grantor| ctx.catalog().actor(grantor).best_admin_of(role) == Some(grantor);
    match revoke || grantor == RoleOid::BOOTSTRAP || may(grantor) {
        true => Ok(grantor),
        false => refused(format!(
            "The grantor must have the ADMIN option on role \"{}\".",
            ctx.role_name(role)
        )),
    }
}
