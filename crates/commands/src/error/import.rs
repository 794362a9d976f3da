use medley_diagnostic::{Diagnostic, SqlState};

/// IMPORT FOREIGN SCHEMA cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Nobody could ask the remote.
    #[error("foreign-data wrapper \"{0}\" has no handler")]
    NoHandler(String),
    /// The wrapper described something that is no foreign table.
    #[error("foreign-data wrapper \"{0}\" described a table that cannot be declared")]
    NotATable(String),
}

impl Diagnostic for ImportError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::NoHandler(_) => SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            Self::NotATable(_) => SqlState::FDW_ERROR,
        }
    }
}
