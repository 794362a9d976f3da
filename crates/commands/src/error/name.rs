use medley_diagnostic::{Diagnostic, SqlState};

/// What messages call a kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a variant for each kind, which says what it is")]
pub enum Noun {
    Wrapper,
    Server,
    ForeignTable,
    Table,
    View,
    /// Whatever kind of relation.
    Relation,
    Schema,
    Role,
    Extension,
    Database,
    MaterializedView,
    Sequence,
    Index,
    Type,
    Language,
    Tablespace,
}

impl Noun {
    /// What messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wrapper => "foreign-data wrapper",
            Self::Server => "server",
            Self::ForeignTable => "foreign table",
            Self::Table => "table",
            Self::View => "view",
            Self::Relation => "relation",
            Self::Schema => "schema",
            Self::Role => "role",
            Self::Extension => "extension",
            Self::Database => "database",
            Self::MaterializedView => "materialized view",
            Self::Sequence => "sequence",
            Self::Index => "index",
            Self::Type => "type",
            Self::Language => "language",
            Self::Tablespace => "tablespace",
        }
    }

    fn missing(self) -> SqlState {
        match self {
            Self::Wrapper
            | Self::Server
            | Self::ForeignTable
            | Self::Role
            | Self::Extension
            | Self::Index
            | Self::Type
            | Self::Language
            | Self::Tablespace => SqlState::UNDEFINED_OBJECT,
            Self::Table | Self::View | Self::Relation | Self::MaterializedView | Self::Sequence => {
                SqlState::UNDEFINED_TABLE
            }
            Self::Schema => SqlState::INVALID_SCHEMA_NAME,
            Self::Database => SqlState::INVALID_CATALOG_NAME,
        }
    }

    fn exists(self) -> SqlState {
        match self {
            Self::Wrapper
            | Self::Server
            | Self::Role
            | Self::Extension
            | Self::Type
            | Self::Language
            | Self::Tablespace => SqlState::DUPLICATE_OBJECT,
            Self::Database => SqlState::DUPLICATE_DATABASE,
            Self::ForeignTable
            | Self::Table
            | Self::View
            | Self::Relation
            | Self::MaterializedView
            | Self::Sequence
            | Self::Index => SqlState::DUPLICATE_TABLE,
            Self::Schema => SqlState::DUPLICATE_SCHEMA,
        }
    }
}

/// Something is not there, or is there already, or is something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is none of this name.
    #[error("{} \"{name}\" does not exist", noun.name())]
    Missing {
        /// What it was said to be.
        noun: Noun,
        /// As written.
        name: String,
    },
    /// There is one of this name.
    #[error("{} \"{name}\" already exists", noun.name())]
    Exists {
        /// What it is.
        noun: Noun,
        /// Its name.
        name: String,
    },
    /// It is in the schema that it should go to.
    #[error("relation \"{name}\" already exists in schema \"{schema}\"")]
    ExistsInSchema {
        /// Its name.
        name: String,
        /// The schema.
        schema: String,
    },
    /// A mapping that is not there.
    #[error("user mapping for \"{role}\" does not exist for server \"{server}\"")]
    NoMapping {
        /// Whose.
        role: String,
        /// Where.
        server: String,
    },
    /// A mapping that is there.
    #[error("user mapping for \"{role}\" already exists for server \"{server}\"")]
    MappingExists {
        /// Whose.
        role: String,
        /// Where.
        server: String,
    },
    /// A collation that is not there.
    #[error("collation \"{0}\" for encoding \"UTF8\" does not exist")]
    NoCollation(String),
    /// A function that this build does not have.
    #[error("function {0} does not exist")]
    NoFunction(String),
    /// A procedure that is not there.
    #[error("procedure {0} does not exist")]
    NoProcedure(String),
    /// A function of another kind than was said.
    #[error("{name} is not a {expected}")]
    WrongRoutine {
        /// With its arguments.
        name: String,
        /// `function` or `procedure`.
        expected: &'static str,
    },
    /// No function of this name, whatever its arguments.
    #[error("could not find a {what} named \"{name}\"")]
    NoneNamed {
        /// `function` or `procedure`.
        what: &'static str,
        /// As written.
        name: String,
    },
    /// Several functions of this name, and no arguments to choose by.
    #[error("{what} name \"{name}\" is not unique")]
    ManyNamed {
        /// `function` or `procedure`.
        what: &'static str,
        /// As written.
        name: String,
    },
    /// A large object; there are none.
    #[error("large object {0} does not exist")]
    NoLargeObject(u32),
    /// A number that no object has.
    #[error("value \"{0}\" is out of range for type oid")]
    NotAnOid(String),
    /// A relation of another kind than was said.
    #[error("\"{name}\" is not {expected}")]
    WrongKind {
        /// Its name.
        name: String,
        /// What it was said to be, with its article.
        expected: &'static str,
        /// What to do instead.
        hint: Option<&'static str>,
    },
    /// A name of another database.
    #[error("cross-database references are not implemented: {0}")]
    OtherDatabase(String),
    /// No schema to make something in.
    #[error("no schema has been selected to create in")]
    NoSchemaSelected,
    /// An element of CREATE SCHEMA that says another schema.
    #[error("CREATE specifies a schema ({named}) different from the one being created ({schema})")]
    OtherSchema {
        /// What it says.
        named: String,
        /// What is being made.
        schema: String,
    },
    /// A schema of the system's.
    #[error("unacceptable schema name \"{0}\"")]
    ReservedSchema(String),
    /// An extension that this build does not bring.
    #[error("extension \"{0}\" is not available")]
    ExtensionUnavailable(String),
    /// An extension's version that this build does not bring.
    #[error(
        "extension \"{name}\" has no installation script nor update path for version \"{version}\""
    )]
    NoExtensionVersion {
        /// The extension.
        name: String,
        /// What was asked for.
        version: String,
    },
    /// The same, from the version that is there.
    #[error(
        "extension \"{name}\" has no update path from version \"{installed}\" to version \
         \"{version}\""
    )]
    NoUpdatePath {
        /// The extension.
        name: String,
        /// What is there.
        installed: String,
        /// What was asked for.
        version: String,
    },
    /// SECURITY LABEL, with nobody to ask.
    #[error("no security label providers have been loaded")]
    NoLabelProviders,
    /// SECURITY LABEL FOR somebody who is not there.
    #[error("security label provider \"{0}\" is not loaded")]
    NoLabelProvider(String),
    /// The system needs it.
    #[error("cannot drop {0} because it is required by the database system")]
    Pinned(String),
}

impl NameError {
    pub(crate) fn missing(noun: Noun, name: impl Into<String>) -> Self {
        Self::Missing { noun, name: name.into() }
    }

    pub(crate) fn exists(noun: Noun, name: impl Into<String>) -> Self {
        Self::Exists { noun, name: name.into() }
    }
}

impl Diagnostic for NameError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Missing { noun, .. } => noun.missing(),
            Self::Exists { noun, .. } => noun.exists(),
            Self::ExistsInSchema { .. } => SqlState::DUPLICATE_TABLE,
            Self::NoMapping { .. } | Self::NoCollation(_) => SqlState::UNDEFINED_OBJECT,
            Self::MappingExists { .. } => SqlState::DUPLICATE_OBJECT,
            Self::NoFunction(_) | Self::NoProcedure(_) | Self::NoneNamed { .. } => {
                SqlState::UNDEFINED_FUNCTION
            }
            Self::ManyNamed { .. } => SqlState::AMBIGUOUS_FUNCTION,
            Self::WrongRoutine { .. } => SqlState::WRONG_OBJECT_TYPE,
            Self::NoLargeObject(_) => SqlState::UNDEFINED_OBJECT,
            Self::NotAnOid(_) => SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            Self::WrongKind { .. } => SqlState::WRONG_OBJECT_TYPE,
            Self::OtherDatabase(_) | Self::ExtensionUnavailable(_) => {
                SqlState::FEATURE_NOT_SUPPORTED
            }
            Self::NoSchemaSelected => SqlState::INVALID_SCHEMA_NAME,
            Self::OtherSchema { .. } => SqlState::INVALID_SCHEMA_DEFINITION,
            Self::ReservedSchema(_) => SqlState::RESERVED_NAME,
            Self::NoExtensionVersion { .. }
            | Self::NoUpdatePath { .. }
            | Self::NoLabelProviders
            | Self::NoLabelProvider(_) => SqlState::INVALID_PARAMETER_VALUE,
            Self::Pinned(_) => SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::ReservedSchema(_) => {
                Some("The prefix \"pg_\" is reserved for system schemas.".into())
            }
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::WrongKind { hint, .. } => hint.map(str::to_owned),
            Self::ManyNamed { what, .. } => {
                Some(format!("Specify the argument list to select the {what} unambiguously."))
            }
            Self::ExtensionUnavailable(_) => Some(
                "The extension must first be installed on the system where PostgreSQL is running."
                    .into(),
            ),
            _ => None,
        }
    }
}
