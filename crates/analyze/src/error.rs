//! What is wrong with a query or an expression.
use medley_diagnostic::{Diagnostic, Report, SqlState};

use crate::type_name;

/// The result of analysis.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a query or an expression means nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A mistake, said in full.
    #[error(transparent)]
    Refused(Box<Report>),
    /// A literal that is no value of its type.
    #[error(transparent)]
    Value(#[from] medley_types::Error),
    /// A name that means no type.
    #[error(transparent)]
    TypeName(#[from] type_name::Error),
    /// What the catalog refuses.
    #[error(transparent)]
    Catalog(#[from] medley_catalog::Error),
    /// Something that cannot be has happened.
    #[error("{0}")]
    Internal(String),
}

impl From<Report> for Error {
    fn from(report: Report) -> Self {
        Self::Refused(Box::new(report))
    }
}

impl Error {
    /// A mistake at a place of the text, if the place is known.
    pub(crate) fn at(state: SqlState, message: impl Into<String>, position: Option<usize>) -> Self {
        let mut report = Report::error(state, message);
        report.position = position;
        report.into()
    }

    /// `0A000`, naming what is not supported.
    pub(crate) fn unsupported(what: impl std::fmt::Display) -> Self {
        Report::unsupported(what).into()
    }

    /// The same error, with a place in the text unless it has one.
    pub(crate) fn or_at(self, position: Option<usize>) -> Self {
        let mut report = self.report();
        if report.position.is_some() || position.is_none() {
            return self;
        }
        report.position = position;
        report.into()
    }

    /// The same error of another text than the one that was given.
    pub(crate) fn without_position(self) -> Self {
        let mut report = self.report();
        report.position = None;
        report.into()
    }
}

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Refused(report) => report.sqlstate,
            Self::Value(error) => error.sqlstate(),
            Self::TypeName(error) => error.sqlstate(),
            Self::Catalog(error) => error.sqlstate(),
            Self::Internal(_) => SqlState::INTERNAL_ERROR,
        }
    }

    fn report(&self) -> Report {
        match self {
            Self::Refused(report) => (**report).clone(),
            Self::Value(error) => error.report(),
            Self::TypeName(error) => error.report(),
            Self::Catalog(error) => error.report(),
            Self::Internal(_) => Report::error(self.sqlstate(), self.to_string()),
        }
    }
}
