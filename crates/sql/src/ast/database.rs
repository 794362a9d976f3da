use super::{Name, SettingChange};

/// `CREATE DATABASE name [WITH] option ...`.
#[derive(Debug)]
pub struct CreateDatabase {
    /// Its name.
    pub name: Name,
    /// What is said of it, as written: contradictions and unknown ones included.
    pub options: Vec<DatabaseOption>,
}

/// `ALTER DATABASE name ...`; SET and RESET are [`AlterDatabaseSettings`].
#[derive(Debug)]
pub struct AlterDatabase {
    /// The database.
    pub name: Name,
    /// What changes.
    pub action: AlterDatabaseAction,
}

/// What of a database changes.
#[derive(Debug)]
pub enum AlterDatabaseAction {
    /// `[WITH] option ...`, which may be none.
    Options(Vec<DatabaseOption>),
    /// `SET TABLESPACE name`.
    SetTablespace(Name),
    /// `REFRESH COLLATION VERSION`.
    RefreshCollationVersion,
}

impl AlterDatabaseAction {
    /// It goes to another tablespace, and nothing else is said of it.
    pub(super) fn moves(&self) -> bool {
        match self {
            Self::SetTablespace(_) => true,
            Self::Options(options) => {
                matches!(options.as_slice(), [only] if only.name == "tablespace")
            }
            Self::RefreshCollationVersion => false,
        }
    }
}

/// An option of CREATE or ALTER DATABASE.
#[derive(Debug)]
pub struct DatabaseOption {
    /// Its name; CONNECTION LIMIT is `connection_limit`.
    pub name: Name,
    /// Its value.
    pub value: DatabaseOptionValue,
    /// Where it stands: characters from 1.
    pub position: usize,
}

/// The value of such an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseOptionValue {
    /// DEFAULT.
    Default,
    /// An integer of 32 bits.
    Integer(i32),
    /// Another number, as written.
    Number(String),
    /// A word or a string.
    Text(String),
}

/// `ALTER DATABASE name { SET | RESET } ...`.
#[derive(Debug)]
pub struct AlterDatabaseSettings {
    /// The database.
    pub name: Name,
    /// What changes.
    pub change: SettingChange,
}

/// `DROP DATABASE [IF EXISTS] name [[WITH] (FORCE)]`. Here FORCE changes nothing: whatever it
/// would end is what refuses.
#[derive(Debug)]
pub struct DropDatabase {
    /// A missing one is a notice.
    pub if_exists: bool,
    /// The database.
    pub name: Name,
}
