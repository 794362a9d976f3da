use super::{Name, QualifiedName, RoleSpec};

/// The kinds of object that statements of Medley name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// FOREIGN DATA WRAPPER.
    ForeignDataWrapper,
    /// SERVER.
    Server,
    /// FOREIGN TABLE.
    ForeignTable,
    /// TABLE, or any relation in the ALTER TABLE form.
    Table,
    /// VIEW.
    View,
    /// MATERIALIZED VIEW.
    MaterializedView,
    /// INDEX.
    Index,
    /// SEQUENCE.
    Sequence,
    /// SCHEMA.
    Schema,
    /// EXTENSION.
    Extension,
    /// ROLE, USER or GROUP.
    Role,
    /// DATABASE.
    Database,
}

impl ObjectKind {
    /// Its words in SQL: `FOREIGN DATA WRAPPER`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ForeignDataWrapper => "FOREIGN DATA WRAPPER",
            Self::Server => "SERVER",
            Self::ForeignTable => "FOREIGN TABLE",
            Self::Table => "TABLE",
            Self::View => "VIEW",
            Self::MaterializedView => "MATERIALIZED VIEW",
            Self::Index => "INDEX",
            Self::Sequence => "SEQUENCE",
            Self::Schema => "SCHEMA",
            Self::Extension => "EXTENSION",
            Self::Role => "ROLE",
            Self::Database => "DATABASE",
        }
    }
}

/// What happens to dependents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DropBehavior {
    /// They forbid it; the default.
    #[default]
    Restrict,
    /// They go too.
    Cascade,
}

/// `DROP kind [IF EXISTS] name [, ...] [CASCADE | RESTRICT]`. Roles and user mappings have their
/// own statements.
#[derive(Debug)]
pub struct Drop {
    /// What they are said to be.
    pub kind: ObjectKind,
    /// A missing one is a notice.
    pub if_exists: bool,
    /// All or nothing.
    pub names: Vec<QualifiedName>,
    /// What happens to dependents.
    pub behavior: DropBehavior,
}

/// `ALTER kind name RENAME ... TO new_name`.
#[derive(Debug)]
pub struct Rename {
    /// What it is said to be.
    pub kind: ObjectKind,
    /// A missing relation is a notice.
    pub if_exists: bool,
    /// ONLY was written (of a column's rename).
    pub only: bool,
    /// The object.
    pub name: QualifiedName,
    /// Whether itself or a part of it is renamed.
    pub target: RenameTarget,
    /// Its name from now on.
    pub new_name: Name,
}

/// What of an object is renamed.
#[derive(Debug)]
pub enum RenameTarget {
    /// The object itself.
    Object,
    /// A column of it.
    Column(Name),
    /// A constraint of it; never of a FOREIGN TABLE.
    Constraint(Name),
}

/// `ALTER kind name OWNER TO role` of what is not a relation; for relations see
/// [`AlterTableAction::OwnerTo`](super::AlterTableAction::OwnerTo).
#[derive(Debug)]
pub struct AlterOwner {
    /// What it is said to be.
    pub kind: ObjectKind,
    /// The object.
    pub name: QualifiedName,
    /// Its owner from now on.
    pub new_owner: RoleSpec,
}

/// `ALTER kind [IF EXISTS] name SET SCHEMA schema`, of relations and extensions.
#[derive(Debug)]
pub struct SetObjectSchema {
    /// What it is said to be.
    pub kind: ObjectKind,
    /// A missing one is a notice.
    pub if_exists: bool,
    /// The object.
    pub name: QualifiedName,
    /// Where it is from now on.
    pub schema: Name,
}
