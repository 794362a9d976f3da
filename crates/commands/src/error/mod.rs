//! What goes wrong with utility statements, by family.
mod change;
mod database;
mod grant;
mod import;
mod name;
mod option;
mod permission;
mod relation;
mod role;
mod view;

pub use change::ChangeError;
pub use database::DatabaseError;
pub use grant::GrantError;
pub use import::ImportError;
pub use name::{NameError, Noun};
pub use option::OptionError;
pub use permission::PermissionError;
pub use relation::RelationError;
pub use role::RoleError;
pub use view::ViewError;

use medley_diagnostic::{Diagnostic, InternalQuery, Report, SqlState};

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a utility statement was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something is not there, or is there already.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is not for this role to do.
    #[error(transparent)]
    Permission(#[from] PermissionError),
    /// Something is wrong with OPTIONS.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// Something is wrong about the database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Something is wrong about a role.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// Something is wrong about privileges.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// Something is wrong about a foreign table or view.
    #[error(transparent)]
    Relation(#[from] RelationError),
    /// Something is wrong about a view.
    #[error(transparent)]
    View(#[from] ViewError),
    /// Rows that cannot be changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// IMPORT FOREIGN SCHEMA cannot be done.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A query or an expression means nothing.
    #[error(transparent)]
    Analysis(#[from] medley_analyze::Error),
    /// The catalog cannot take it: locks, dependents, the store.
    #[error(transparent)]
    Catalog(#[from] medley_catalog::Error),
    /// The text is at fault, though it could be read.
    #[error(transparent)]
    Syntax(#[from] medley_sql::SyntaxError),
    /// A value could not be sealed.
    #[error(transparent)]
    Secret(#[from] medley_secret::Error),
    /// A type or value that is none.
    #[error(transparent)]
    Type(#[from] medley_types::Error),
    /// What PostgreSQL has and Medley does not.
    #[error("{what} is not supported")]
    Unsupported {
        /// The statement, or the part of it.
        what: String,
        /// What to do instead.
        hint: Option<&'static str>,
    },
    /// The same, and where in the statement.
    #[error("{source}")]
    At {
        /// What is wrong.
        source: Box<Error>,
        /// Characters from 1.
        position: usize,
    },
    /// What went wrong with one of the statements that an IMPORT made.
    #[error("{source}")]
    Importing {
        /// What is wrong.
        source: Box<Error>,
        /// What is done: importing, or refreshing.
        doing: &'static str,
        /// The table.
        table: String,
        /// The statement's text.
        text: String,
    },
}

impl Error {
    /// What PostgreSQL has and Medley does not.
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into(), hint: None }
    }

    /// The same error, pointing there.
    pub(crate) fn at(self, position: usize) -> Self {
        Self::At { source: Box::new(self), position }
    }

    /// The same error of an expression, without its place: ALTER tells none.
    pub(crate) fn without_position(self) -> Self {
        match self {
            Self::Analysis(error) => {
                let report = Report { position: None, ..error.report() };
                Self::Analysis(report.into())
            }
            other => other,
        }
    }

    /// Something that was named is not there, which IF EXISTS forgives.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(
            self,
            Self::Catalog(medley_catalog::Error::Undefined { .. })
                | Self::Name(NameError::Missing { .. } | NameError::NoMapping { .. })
        )
    }

    fn inner(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Name(error) => Some(error),
            Self::Permission(error) => Some(error),
            Self::Option(error) => Some(error),
            Self::Database(error) => Some(error),
            Self::Role(error) => Some(error),
            Self::Grant(error) => Some(error),
            Self::Relation(error) => Some(error),
            Self::View(error) => Some(error),
            Self::Change(error) => Some(error),
            Self::Import(error) => Some(error),
            Self::Analysis(error) => Some(error),
            Self::Catalog(error) => Some(error),
            Self::Secret(error) => Some(error),
            Self::Syntax(error) => Some(error),
            Self::Type(error) => Some(error),
            Self::At { source, .. } | Self::Importing { source, .. } => Some(source.as_ref()),
            Self::Unsupported { .. } => None,
        }
    }
}

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        self.inner().map_or(SqlState::FEATURE_NOT_SUPPORTED, Diagnostic::sqlstate)
    }

    fn detail(&self) -> Option<String> {
        self.inner()?.detail()
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unsupported { hint, .. } => hint.map(str::to_owned),
            _ => self.inner()?.hint(),
        }
    }

    fn report(&self) -> Report {
        match self {
            Self::At { source, position } => source.report().at(*position),
            Self::Importing { source, doing, table, text } => {
                importing(source.report(), doing, table, text)
            }
            Self::Unsupported { what, hint } => {
                let report = Report::unsupported(what);
                hint.map_or(report.clone(), |hint| report.with_hint(hint))
            }
            _ => self.inner().map_or_else(
                || Report::error(self.sqlstate(), self.to_string()),
                Diagnostic::report,
            ),
        }
    }
}

/// The position was one of the generated text.
fn importing(mut report: Report, doing: &str, table: &str, text: &str) -> Report {
    if let Some(position) = report.position.take() {
        report.internal = Some(InternalQuery { text: text.to_owned(), position: Some(position) });
    }
    report.with_context(format!("{doing} foreign table \"{table}\""))
}
