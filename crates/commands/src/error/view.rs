use medley_diagnostic::{Diagnostic, SqlState};

/// Something is wrong about a view.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// Whoever ran it would agree to something without knowing.
    #[error("function {0} cannot be used in a view")]
    Accepts(&'static str),
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
    /// OR REPLACE with other collations.
    #[error("cannot change collation of view column \"{column}\" from \"{from}\" to \"{to}\"")]
    ChangesCollation {
        /// The column.
        column: String,
        /// The collation it has.
        from: &'static str,
        /// The collation it would get.
        to: &'static str,
    },
    /// Rows that cannot be written cannot be checked; why they cannot is the hint.
    #[error("WITH CHECK OPTION is supported only on automatically updatable views")]
    CannotCheck(&'static str),
    /// A column that a view reads keeps its type.
    #[error("cannot alter type of a column used by a view or rule")]
    ColumnUsed {
        /// `view v`.
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
            Self::DropsColumns
            | Self::ChangesName { .. }
            | Self::ChangesType { .. }
            | Self::ChangesCollation { .. } => SqlState::INVALID_TABLE_DEFINITION,
            Self::Accepts(_) | Self::ColumnUsed { .. } | Self::CannotCheck(_) => {
                SqlState::FEATURE_NOT_SUPPORTED
            }
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::CheckOption(_) => Some("Valid values are \"local\" and \"cascaded\".".to_owned()),
            Self::ColumnUsed { view, column } => {
                Some(format!("rule _RETURN on {view} depends on column \"{column}\""))
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
            Self::CannotCheck(why) => Some((*why).to_owned()),
            _ => None,
        }
    }
}
