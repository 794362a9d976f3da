use medley_diagnostic::{Diagnostic, Report, SqlState};

/// IMPORT FOREIGN SCHEMA cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Nobody could ask the remote.
    #[error("foreign-data wrapper \"{0}\" has no handler")]
    NoHandler(String),
    /// The wrapper described something that is no foreign table.
    #[error("foreign-data wrapper \"{0}\" described a table that cannot be declared")]
    NotATable(String),
    /// REFRESH of a foreign table whose remote table is gone.
    #[error("foreign table \"{0}\" has no table at its remote")]
    Gone(String),
    /// REFRESH of what no foreign table could become.
    #[error("foreign table \"{0}\" cannot be declared as its remote describes it")]
    NotDeclared(String),
}

impl Diagnostic for ImportError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::NoHandler(_) => SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            Self::NotATable(_) | Self::NotDeclared(_) => SqlState::FDW_ERROR,
            Self::Gone(_) => SqlState::FDW_TABLE_NOT_FOUND,
        }
    }

    fn report(&self) -> Report {
        let report = Report::error(self.sqlstate(), self.to_string());
        match self {
            Self::Gone(_) => report.with_hint(
                "Drop it, or say with ALTER FOREIGN TABLE ... OPTIONS what its remote is called now.",
            ),
            _ => report,
        }
    }
}
