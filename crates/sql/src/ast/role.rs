use medley_secret::Secret;

use super::{DropBehavior, Name, RoleSpec, SettingChange};

/// `CREATE ROLE`, `CREATE USER`, `CREATE GROUP`.
#[derive(Debug)]
pub struct CreateRole {
    /// USER implies LOGIN.
    pub kind: RoleKind,
    /// The role.
    pub name: Name,
    /// What was said of it.
    pub options: RoleOptions,
}

/// Which word was used for a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleKind {
    /// ROLE.
    Role,
    /// USER.
    User,
    /// GROUP.
    Group,
}

/// What CREATE ROLE and ALTER ROLE say of a role; `None` where nothing is said.
/// Contradictions were refused while parsing.
#[derive(Debug, Default)]
pub struct RoleOptions {
    /// `[NO]SUPERUSER`.
    pub superuser: Option<bool>,
    /// `[NO]CREATEDB`.
    pub create_db: Option<bool>,
    /// `[NO]CREATEROLE`.
    pub create_role: Option<bool>,
    /// `[NO]INHERIT`.
    pub inherit: Option<bool>,
    /// `[NO]LOGIN`.
    pub login: Option<bool>,
    /// `[NO]REPLICATION`.
    pub replication: Option<bool>,
    /// `[NO]BYPASSRLS`.
    pub bypass_rls: Option<bool>,
    /// `CONNECTION LIMIT`.
    pub connection_limit: Option<i32>,
    /// `PASSWORD`.
    pub password: Option<PasswordChange>,
    /// `VALID UNTIL`, as written.
    pub valid_until: Option<String>,
    /// `SYSID` was said, which does nothing but a notice.
    pub sysid: bool,
    /// `IN ROLE`, `IN GROUP`: CREATE only.
    pub in_roles: Vec<RoleSpec>,
    /// `ROLE`, `USER`: CREATE only.
    pub members: Vec<RoleSpec>,
    /// `ADMIN`: CREATE only.
    pub admins: Vec<RoleSpec>,
}

/// What PASSWORD says.
#[derive(Debug)]
pub enum PasswordChange {
    /// `PASSWORD NULL`.
    Clear,
    /// A password, or a verifier.
    Set(Secret),
}

/// `ALTER ROLE r [WITH] option ...`.
#[derive(Debug)]
pub struct AlterRole {
    /// The role.
    pub role: RoleSpec,
    /// What is said of it.
    pub options: RoleOptions,
}

/// `ALTER ROLE { r | ALL } [IN DATABASE d] { SET | RESET } ...`.
#[derive(Debug)]
pub struct AlterRoleSettings {
    /// `None` for ALL.
    pub role: Option<RoleSpec>,
    /// IN DATABASE.
    pub database: Option<Name>,
    /// What changes.
    pub change: SettingChange,
}

/// `ALTER GROUP g { ADD | DROP } USER r, ...`.
#[derive(Debug)]
pub struct GroupMembership {
    /// The group.
    pub group: RoleSpec,
    /// ADD; else DROP.
    pub add: bool,
    /// Its members.
    pub members: Vec<RoleSpec>,
}

/// `DROP ROLE`, `DROP USER`, `DROP GROUP`.
#[derive(Debug)]
pub struct DropRole {
    /// A missing one is a notice.
    pub if_exists: bool,
    /// Special ones are refused by the command (22023).
    pub roles: Vec<RoleSpec>,
}

/// `REASSIGN OWNED BY`.
#[derive(Debug)]
pub struct ReassignOwned {
    /// Old owners.
    pub roles: Vec<RoleSpec>,
    /// The new one.
    pub new_owner: RoleSpec,
}

/// `DROP OWNED BY`.
#[derive(Debug)]
pub struct DropOwned {
    /// The owners.
    pub roles: Vec<RoleSpec>,
    /// What happens to dependents.
    pub behavior: DropBehavior,
}
