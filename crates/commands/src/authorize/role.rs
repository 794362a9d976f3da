//! Who may make, change, rename, drop and grant roles: PostgreSQL 16's rules.
use medley_catalog::ids::{ObjectAddress, RoleOid};
use medley_catalog::objects::Role;
use medley_sql::RoleOptions;

use super::Authorized;
use crate::Context;
use crate::error::{PermissionError, Result, RoleError};

/// An attribute that only who has it hands out.
struct Attribute {
    name: &'static str,
    given: fn(&RoleOptions) -> Option<bool>,
    held: fn(&Role) -> bool,
}

/// CREATEDB, REPLICATION and BYPASSRLS; SUPERUSER has rules of its own.
const HELD: [Attribute; 3] = [
    Attribute { name: "CREATEDB", given: |it| it.create_db, held: |role| role.create_db },
    Attribute { name: "REPLICATION", given: |it| it.replication, held: |role| role.replication },
    Attribute { name: "BYPASSRLS", given: |it| it.bypass_rls, held: |role| role.bypass_rls },
];

/// CREATE ROLE.
pub(crate) fn create(ctx: &Context<'_>, options: RoleOptions) -> Result<Authorized<RoleOptions>> {
    let refused = |detail: String| Err(PermissionError::detailed("create role", detail).into());
    if ctx.is_superuser() {
        return Ok(Authorized(options));
    }
    if !may_create_roles(ctx) {
        return refused("Only roles with the CREATEROLE attribute may create roles.".into());
    }
    let superuser = (options.superuser == Some(true)).then_some("SUPERUSER");
    let lacking = HELD.iter().find(|it| (it.given)(&options) == Some(true) && !holds(ctx, it));
    match superuser.or(lacking.map(|it| it.name)) {
        None => Ok(Authorized(options)),
        Some(name) => refused(format!(
            "Only roles with the {name} attribute may create roles with the {name} attribute."
        )),
    }
}

/// For whoever may make databases; `what` is what else that is needed for.
pub(crate) fn create_database<T>(
    ctx: &Context<'_>,
    what: &str,
    subject: T,
) -> Result<Authorized<T>> {
    let role = ctx.catalog().role(ctx.current_role);
    match role.is_some_and(|role| role.superuser || role.create_db) {
        true => Ok(Authorized(subject)),
        false => {
            let what = what.to_owned();
            Err(PermissionError::Refused { what, detail: None, hint: None }.into())
        }
    }
}

/// ALTER ROLE with attributes: everybody may change their own password.
pub(crate) fn alter(
    ctx: &Context<'_>,
    role: &Role,
    options: RoleOptions,
) -> Result<Authorized<RoleOptions>> {
    if ctx.is_superuser() {
        return Ok(Authorized(options));
    }
    match refusal_to_alter(ctx, role, &options) {
        None => Ok(Authorized(options)),
        Some(detail) => Err(PermissionError::detailed("alter role", detail).into()),
    }
}

fn refusal_to_alter(ctx: &Context<'_>, role: &Role, options: &RoleOptions) -> Option<String> {
    if role.superuser {
        return Some(
            "Only roles with the SUPERUSER attribute may alter roles with the SUPERUSER attribute."
                .into(),
        );
    }
    if options.superuser.is_some() {
        return Some(only_change("SUPERUSER"));
    }
    if !administers(ctx, role.oid) {
        return match says_more_than_password(options) {
            true => Some(needs_admin(role, "alter")),
            false if options.password.is_some() && role.oid != ctx.current_role => Some(
                "To change another role's password, the current user must have the CREATEROLE \
                 attribute and the ADMIN option on the role."
                    .into(),
            ),
            false => None,
        };
    }
    let lacking = HELD.iter().find(|it| (it.given)(options).is_some() && !holds(ctx, it));
    lacking.map(|it| only_change(it.name))
}

fn only_change(attribute: &str) -> String {
    format!("Only roles with the {attribute} attribute may change the {attribute} attribute.")
}

fn says_more_than_password(options: &RoleOptions) -> bool {
    let attributes = [
        options.inherit,
        options.create_role,
        options.create_db,
        options.login,
        options.replication,
        options.bypass_rls,
    ];
    attributes.iter().any(Option::is_some)
        || options.connection_limit.is_some()
        || options.valid_until.is_some()
}

/// ALTER ROLE … SET and RESET: everybody may for themselves.
pub(crate) fn alter_settings(ctx: &Context<'_>, role: &Role) -> Result<Authorized<RoleOid>> {
    let refused = |detail| Err(PermissionError::detailed("alter role", detail).into());
    if ctx.is_superuser() {
        return Ok(Authorized(role.oid));
    }
    if role.superuser {
        return refused(superusers_only("alter"));
    }
    match role.oid == ctx.current_role || administers(ctx, role.oid) {
        true => Ok(Authorized(role.oid)),
        false => refused(needs_admin(role, "alter")),
    }
}

/// ALTER ROLE ALL … SET and RESET.
pub(crate) fn alter_settings_of_all(ctx: &Context<'_>) -> Result<Authorized<()>> {
    match ctx.is_superuser() {
        true => Ok(Authorized(())),
        false => Err(PermissionError::detailed(
            "alter setting",
            "Only roles with the SUPERUSER attribute may alter settings globally.",
        )
        .into()),
    }
}

/// ALTER ROLE … RENAME.
pub(crate) fn rename(ctx: &Context<'_>, role: &Role) -> Result<Authorized<RoleOid>> {
    check_administration(ctx, role, "rename")
}

/// DROP ROLE, of any role at all.
pub(crate) fn drop_any(ctx: &Context<'_>) -> Result<()> {
    match may_create_roles(ctx) {
        true => Ok(()),
        false => Err(PermissionError::detailed(
            "drop role",
            "Only roles with the CREATEROLE attribute and the ADMIN option on the target roles \
             may drop roles.",
        )
        .into()),
    }
}

/// DROP ROLE, of this one.
pub(crate) fn drop(ctx: &Context<'_>, role: &Role) -> Result<Authorized<RoleOid>> {
    check_administration(ctx, role, "drop")
}

fn check_administration(
    ctx: &Context<'_>,
    role: &Role,
    action: &str,
) -> Result<Authorized<RoleOid>> {
    let refused = |detail| Err(PermissionError::detailed(format!("{action} role"), detail).into());
    if ctx.is_superuser() {
        return Ok(Authorized(role.oid));
    }
    if role.superuser {
        return refused(superusers_only(action));
    }
    match administers(ctx, role.oid) {
        true => Ok(Authorized(role.oid)),
        false => refused(needs_admin(role, action)),
    }
}

/// ALTER GROUP … ADD and DROP USER.
pub(crate) fn change_group(ctx: &Context<'_>, role: &Role) -> Result<()> {
    let detail = match ctx.actor().is_admin_of(role.oid) {
        _ if role.superuser && !ctx.is_superuser() => superusers_only("alter"),
        true => return Ok(()),
        false => format!(
            "Only roles with the ADMIN option on role \"{}\" may add or drop members.",
            role.name
        ),
    };
    Err(PermissionError::detailed("alter role", detail).into())
}

/// GRANT and REVOKE of a role; `action` is which.
pub(crate) fn membership(ctx: &Context<'_>, role: &Role, revoke: bool) -> Result<()> {
    if !revoke && role.oid == RoleOid::DATABASE_OWNER {
        return Err(RoleError::NoExplicitMembers(role.name.clone()).into());
    }
    let action = if revoke { "revoke" } else { "grant" };
    let detail = match ctx.actor().is_admin_of(role.oid) {
        _ if role.superuser && !ctx.is_superuser() => superusers_only(action),
        true => return Ok(()),
        false => format!(
            "Only roles with the ADMIN option on role \"{}\" may {action} this role.",
            role.name
        ),
    };
    Err(PermissionError::detailed(format!("{action} role \"{}\"", role.name), detail).into())
}

/// COMMENT ON ROLE.
pub(crate) fn comment(ctx: &Context<'_>, role: &Role) -> Result<Authorized<ObjectAddress>> {
    let needed = match role.superuser {
        true if !ctx.is_superuser() => "SUPERUSER attribute".to_owned(),
        false if !may_create_roles(ctx) => "CREATEROLE attribute".to_owned(),
        false if !ctx.actor().is_admin_of(role.oid) => {
            format!("ADMIN option on role \"{}\"", role.name)
        }
        _ => return Ok(Authorized(role.oid.address())),
    };
    let detail = format!("The current user must have the {needed}.");
    Err(PermissionError::Unnamed { detail }.into())
}

fn superusers_only(action: &str) -> String {
    format!(
        "Only roles with the SUPERUSER attribute may {action} roles with the SUPERUSER attribute."
    )
}

fn needs_admin(role: &Role, action: &str) -> String {
    format!(
        "Only roles with the CREATEROLE attribute and the ADMIN option on role \"{}\" may \
         {action} this role.",
        role.name
    )
}

fn holds(ctx: &Context<'_>, attribute: &Attribute) -> bool {
    ctx.catalog().role(ctx.current_role).is_some_and(|role| (attribute.held)(role))
}

fn may_create_roles(ctx: &Context<'_>) -> bool {
    ctx.catalog().role(ctx.current_role).is_some_and(|role| role.superuser || role.create_role)
}

/// It may make roles, and has this one to give.
fn administers(ctx: &Context<'_>, role: RoleOid) -> bool {
    may_create_roles(ctx) && ctx.actor().is_admin_of(role)
}
