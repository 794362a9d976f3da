use medley_diagnostic::{Diagnostic, SqlState};

/// Something is wrong about a view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// More names than the query has columns.
    #[error("CREATE VIEW specifies more column names than columns")]
    TooManyNames,
    /// An option twice.
    #[error("parameter \"{0}\" specified more than once")]
    OptionTwice(String),
    /// An option that is none.
    #[error("unrecognized parameter \"{0}\"")]
    UnknownOption(String),
    /// An option's namespace that is none.
    #[error("unrecognized parameter namespace \"{0}\"")]
    UnknownNamespace(String),
    /// Not a Boolean.
    #[error("invalid value for boolean option \"{option}\": {value}")]
    NotBoolean {
        /// The option.
        option: String,
        /// What was given.
        value: String,
    },
    /// Neither local nor cascaded.
    #[error("invalid value for enum option \"check_option\": {0}")]
    CheckOption(String),
    /// OR REPLACE with fewer columns.
    #[error("cannot drop columns from view")]
    DropsColumns,
    /// OR REPLACE with other names.
    #[error("cannot change name of view column \"{from}\" to \"{to}\"")]
    ChangesName {
        /// The name it has.
        from: String,
        /// The name it would get.
        to: String,
    },
    /// OR REPLACE with other types.
    #[error("cannot change data type of view column \"{column}\" from {from} to {to}")]
    ChangesType {
        /// The column.
        column: String,
        /// The type it has.
        from: String,
        /// The type it would get.
        to: String,
    },
    /// A view names this, and would mean something else, or nothing.
    #[error("cannot {action} because view {view} reads it")]
    ReadsIt {
        /// `rename foreign table ft`.
        action: String,
        /// The view.
        view: String,
    },
    /// A column that a view reads keeps its type.
    #[error("cannot alter type of a column used by a view or rule")]
    ColumnUsed {
        /// The view.
        view: String,
        /// The column.
        column: String,
    },
}

impl Diagnostic for ViewError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::TooManyNames => SqlState::SYNTAX_ERROR,
            Self::OptionTwice(_)
            | Self::UnknownOption(_)
            | Self::UnknownNamespace(_)
            | Self::NotBoolean { .. }
            | Self::CheckOption(_) => SqlState::INVALID_PARAMETER_VALUE,
            Self::DropsColumns | Self::ChangesName { .. } | Self::ChangesType { .. } => {
                SqlState::INVALID_TABLE_DEFINITION
            }
            Self::ReadsIt { .. } | Self::ColumnUsed { .. } => SqlState::FEATURE_NOT_SUPPORTED,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::CheckOption(_) => Some("Valid values are \"local\" and \"cascaded\".".to_owned()),
            Self::ColumnUsed { view, column } => {
                Some(format!("rule _RETURN on view {view} depends on column \"{column}\""))
            }
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::ChangesName { .. } => Some(
                "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead."
                    .into(),
            ),
            Self::ReadsIt { .. } => Some("Drop the view first, and create it again after.".into()),
            _ => None,
        }
    }
}
