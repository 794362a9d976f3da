use medley_diagnostic::{Diagnostic, SqlState};

/// Something is wrong about the database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// RENAME: every session is in it.
    #[error("current database cannot be renamed")]
    RenameCurrent,
    /// DROP, likewise.
    #[error("cannot drop the currently open database")]
    DropCurrent,
    /// SET TABLESPACE, likewise.
    #[error("cannot change the tablespace of the currently open database")]
    MoveCurrent,
    /// ALLOW_CONNECTIONS false, likewise.
    #[error("cannot disallow connections for current database")]
    DisallowCurrent,
    /// DROP of what others may be copied from.
    #[error("cannot drop a template database")]
    DropTemplate,
    /// An option that there is none of.
    #[error("option \"{0}\" not recognized")]
    UnknownOption(String),
    /// TABLESPACE among other options.
    #[error("option \"tablespace\" cannot be specified with other options")]
    TablespaceWithOthers,
    /// An option's value that is no integer.
    #[error("{0} requires an integer value")]
    NoInteger(&'static str),
    /// An option's value that is neither true nor false.
    #[error("{0} requires a Boolean value")]
    NoBoolean(&'static str),
    /// CONNECTION LIMIT below -1.
    #[error("invalid connection limit: {0}")]
    ConnectionLimit(i32),
}

impl Diagnostic for DatabaseError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::RenameCurrent | Self::TablespaceWithOthers => SqlState::FEATURE_NOT_SUPPORTED,
            Self::DropCurrent | Self::MoveCurrent => SqlState::OBJECT_IN_USE,
            Self::DisallowCurrent | Self::ConnectionLimit(_) => SqlState::INVALID_PARAMETER_VALUE,
            Self::DropTemplate => SqlState::WRONG_OBJECT_TYPE,
            Self::UnknownOption(_) | Self::NoInteger(_) | Self::NoBoolean(_) => {
                SqlState::SYNTAX_ERROR
            }
        }
    }
}
