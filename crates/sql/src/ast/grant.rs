use super::{DropBehavior, Name, QualifiedName, RoleSpec, TypeName};

/// `GRANT ... ON ... TO ...` and `REVOKE ... ON ... FROM ...`.
#[derive(Debug)]
pub struct Grant {
    /// REVOKE.
    pub revoke: bool,
    /// What.
    pub privileges: Privileges,
    /// On what.
    pub objects: GrantObjects,
    /// To or from whom.
    pub grantees: Vec<RoleSpec>,
    /// WITH GRANT OPTION; of REVOKE, GRANT OPTION FOR.
    pub grant_option: bool,
    /// GRANTED BY.
    pub granted_by: Option<RoleSpec>,
    /// Of REVOKE.
    pub behavior: DropBehavior,
}

/// The privileges named.
#[derive(Debug)]
pub enum Privileges {
    /// ALL [PRIVILEGES], perhaps of columns.
    All {
        /// Empty: the object itself.
        columns: Vec<Name>,
    },
    /// By name.
    Named(Vec<Privilege>),
}

/// One privilege: a word that the command knows or refuses (42601).
#[derive(Debug)]
pub struct Privilege {
    /// Folded: `select`, `usage`.
    pub name: Name,
    /// Empty: the object itself.
    pub columns: Vec<Name>,
}

/// What privileges are granted on.
#[derive(Debug)]
pub enum GrantObjects {
    /// `[TABLE] t, ...`.
    Tables(Vec<QualifiedName>),
    /// `SEQUENCE s, ...`.
    Sequences(Vec<QualifiedName>),
    /// `FOREIGN DATA WRAPPER w, ...`.
    ForeignDataWrappers(Vec<Name>),
    /// `FOREIGN SERVER s, ...`.
    ForeignServers(Vec<Name>),
    /// `SCHEMA s, ...`.
    Schemas(Vec<Name>),
    /// `DATABASE d, ...`.
    Databases(Vec<Name>),
    /// `ALL TABLES IN SCHEMA s, ...`.
    AllTablesInSchema(Vec<Name>),
    /// `ALL SEQUENCES IN SCHEMA s, ...` and the like.
    AllInSchema {
        /// `SEQUENCES`, `FUNCTIONS`, `PROCEDURES`, `ROUTINES`.
        kind: &'static str,
        /// The schemas.
        schemas: Vec<Name>,
    },
    /// `FUNCTION f(args), ...`, PROCEDURE, ROUTINE.
    Functions {
        /// What they are said to be.
        kind: RoutineKind,
        /// By name, with arguments where they are given.
        functions: Vec<FunctionName>,
    },
    /// `TYPE t, ...` and `DOMAIN d, ...`.
    Types {
        /// DOMAIN.
        domains: bool,
        /// By the names of the catalog.
        names: Vec<QualifiedName>,
    },
    /// `LANGUAGE l, ...`.
    Languages(Vec<Name>),
    /// `TABLESPACE t, ...`.
    Tablespaces(Vec<Name>),
    /// `LARGE OBJECT 1, ...`, as written.
    LargeObjects(Vec<String>),
    /// `PARAMETER p, ...`.
    Parameters(Vec<Name>),
}

/// What a function is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutineKind {
    /// FUNCTION: aggregates and window functions too.
    Function,
    /// PROCEDURE.
    Procedure,
    /// ROUTINE: any.
    Routine,
}

/// A function as commands name it.
#[derive(Debug)]
pub struct FunctionName {
    /// Its name.
    pub name: QualifiedName,
    /// The types of what it is called with; `None` where the name alone was given.
    pub arguments: Option<Vec<TypeName>>,
}

/// `GRANT r, ... TO m, ...` and `REVOKE r, ... FROM m, ...`.
#[derive(Debug)]
pub struct GrantRole {
    /// REVOKE.
    pub revoke: bool,
    /// Roles; a column list is for the command to refuse (0LP01).
    pub roles: Vec<Privilege>,
    /// Their members.
    pub members: Vec<RoleSpec>,
    /// Of GRANT, `WITH ADMIN OPTION` (true), `WITH INHERIT FALSE`; of REVOKE, what OPTION FOR
    /// takes back (always false).
    pub options: Vec<MemberOption>,
    /// GRANTED BY.
    pub granted_by: Option<RoleSpec>,
    /// Of REVOKE.
    pub behavior: DropBehavior,
}

/// An option of a membership.
#[derive(Debug)]
pub struct MemberOption {
    /// Any word: the command refuses what it does not know.
    pub name: Name,
    /// Whether it is to be had.
    pub value: bool,
    /// Where the word stands.
    pub position: usize,
}

/// `ALTER DEFAULT PRIVILEGES`.
#[derive(Debug)]
pub struct AlterDefaultPrivileges {
    /// FOR ROLE.
    pub roles: Vec<RoleSpec>,
    /// IN SCHEMA.
    pub schemas: Vec<Name>,
    /// REVOKE.
    pub revoke: bool,
    /// What; never of columns.
    pub privileges: Privileges,
    /// `TABLES`, `SEQUENCES`, `FUNCTIONS`, `TYPES`, `SCHEMAS` or `LARGE OBJECTS`.
    pub objects: &'static str,
    /// To or from whom.
    pub grantees: Vec<RoleSpec>,
    /// WITH GRANT OPTION; of REVOKE, GRANT OPTION FOR.
    pub grant_option: bool,
    /// Of REVOKE.
    pub behavior: DropBehavior,
}
