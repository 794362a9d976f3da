use medley_diagnostic::{Diagnostic, SqlState};

/// What goes wrong with a value or a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No type of this name.
    #[error("type \"{0}\" does not exist")]
    UnknownType(String),
    /// Text that is not a value of the type.
    #[error("invalid input syntax for type {type_name}: \"{input}\"")]
    InvalidText {
        /// As `format_type` prints it.
        type_name: String,
        /// What was given.
        input: String,
    },
    /// A date or time that is not one.
    #[error("invalid input syntax for type {type_name}: \"{input}\"")]
    InvalidDatetime {
        /// As `format_type` prints it.
        type_name: String,
        /// What was given.
        input: String,
    },
    /// A date or time field that is beyond its range.
    #[error("date/time field value out of range: \"{0}\"")]
    DatetimeField(String),
    /// A value that the type cannot hold.
    #[error("value \"{input}\" is out of range for type {type_name}")]
    OutOfRange {
        /// As `format_type` prints it.
        type_name: String,
        /// What was given.
        input: String,
    },
    /// A number with more digits than its declaration allows.
    #[error("numeric field overflow")]
    NumericOverflow {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// A text longer than its declaration.
    #[error("value too long for type {0}")]
    TooLong(String),
    /// Bytes that are not a value of the type.
    #[error("incorrect binary data format for type {0}")]
    InvalidBinary(String),
    /// A legal value of PostgreSQL that its Arrow form cannot hold.
    #[error("value of type {type_name} cannot be represented here: {value}")]
    Unrepresentable {
        /// As `format_type` prints it.
        type_name: String,
        /// What it was.
        value: String,
    },
    /// A malformed array literal.
    #[error("malformed array literal: \"{input}\"")]
    MalformedArray {
        /// What was given.
        input: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No time zone of this name.
    #[error("invalid value for parameter \"TimeZone\": \"{0}\"")]
    UnknownTimeZone(String),
}

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::UnknownType(_) => SqlState::UNDEFINED_OBJECT,
            Self::InvalidText { .. } | Self::MalformedArray { .. } => {
                SqlState::INVALID_TEXT_REPRESENTATION
            }
            Self::InvalidDatetime { .. } => SqlState::INVALID_DATETIME_FORMAT,
            Self::DatetimeField(_) => SqlState::DATETIME_FIELD_OVERFLOW,
            Self::OutOfRange { .. } | Self::NumericOverflow { .. } => {
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE
            }
            Self::TooLong(_) => SqlState::STRING_DATA_RIGHT_TRUNCATION,
            Self::InvalidBinary(_) => SqlState::INVALID_BINARY_REPRESENTATION,
            Self::Unrepresentable { .. } => SqlState::FEATURE_NOT_SUPPORTED,
            Self::UnknownTimeZone(_) => SqlState::INVALID_PARAMETER_VALUE,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::NumericOverflow { precision, scale } => Some(format!(
                "A field with precision {precision}, scale {scale} must round to an absolute \
                 value less than 10^{}.",
                i16::from(*precision) - i16::from(*scale)
            )),
            Self::MalformedArray { reason, .. } => Some((*reason).to_owned()),
            _ => None,
        }
    }
}
