use medley_types::PgType;

use crate::Options;

/// Which tables IMPORT FOREIGN SCHEMA names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// All of them.
    None,
    /// LIMIT TO.
    LimitTo(Vec<String>),
    /// EXCEPT.
    Except(Vec<String>),
}

impl Restriction {
    /// Whether a table of this name is wanted.
    pub fn admits(&self, table: &str) -> bool {
        match self {
            Self::None => true,
            Self::LimitTo(names) => names.iter().any(|name| name == table),
            Self::Except(names) => names.iter().all(|name| name != table),
        }
    }
}

/// What IMPORT FOREIGN SCHEMA asks for.
#[derive(Debug)]
pub struct ImportSchema {
    /// The remote's schema.
    pub remote_schema: String,
    /// Which of its tables.
    pub restriction: Restriction,
    /// The statement's own options, judged by [`crate::Scope::Import`].
    pub options: Options,
}

/// A remote table as a foreign table would be declared.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDef {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<ColumnDef>,
    /// Table options, such as `schema_name`.
    pub options: Vec<(&'static str, String)>,
}

/// A remote column as a foreign table would declare it.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDef {
    /// Its name.
    pub name: String,
    /// Its type as the remote names it, schema-qualified unless built in.
    pub type_name: String,
    /// The same as a type that exists here; `None` when there is none.
    pub pg_type: Option<PgType>,
    /// Its collation as the remote names it, schema-qualified and quoted, unless it is the
    /// type's own.
    pub collation: Option<String>,
    /// NOT NULL.
    pub not_null: bool,
    /// DEFAULT, as an expression.
    pub default: Option<String>,
    /// GENERATED ALWAYS AS … STORED, as an expression.
    pub generated: Option<String>,
    /// Column options, such as `column_name`.
    pub options: Vec<(&'static str, String)>,
}
