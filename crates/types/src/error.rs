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
    /// A month or a day that is beyond its range.
    #[error("date/time field value out of range: \"{0}\"")]
    DatetimeMonthOrDay(String),
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
        precision: u16,
        /// Digits after the point.
        scale: i16,
    },
    /// An infinity for a number whose declaration has a precision.
    #[error("numeric field overflow")]
    NumericInfinity {
        /// Digits in all.
        precision: u16,
        /// Digits after the point.
        scale: i16,
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
    /// A float beyond the type's range.
    #[error("\"{input}\" is out of range for type {type_name}")]
    FloatRange {
        /// As `format_type` prints it.
        type_name: String,
        /// What was given.
        input: String,
    },
    /// A computed value that the type cannot hold.
    #[error("{0} out of range")]
    ComputedRange(String),
    /// A number with more digits than `numeric` can ever hold.
    #[error("value overflows numeric format")]
    NumericFormat,
    /// A legal date or timestamp in form that the type cannot hold.
    #[error("{kind} out of range: \"{input}\"")]
    DatetimeRange {
        /// `date`, `timestamp`.
        kind: &'static str,
        /// What was given.
        input: String,
    },
    /// A field of an interval that is beyond its range.
    #[error("interval field value out of range: \"{0}\"")]
    IntervalField(String),
    /// An offset from UTC that no place on earth has.
    #[error("time zone displacement out of range: \"{0}\"")]
    ZoneDisplacement(String),
    /// A date or time names a zone that is none.
    #[error("time zone \"{0}\" not recognized")]
    UnrecognizedZone(String),
    /// A value is given in a form that is known to PostgreSQL and not read here.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// A malformed JSON text.
    #[error("invalid input syntax for type {type_name}")]
    InvalidJson {
        /// `json`, for `jsonb` too.
        type_name: &'static str,
        /// What is wrong with it.
        detail: String,
        /// Which line, and the text up to the place.
        context: String,
    },
    /// A JSON string has a character that text cannot have.
    #[error("unsupported Unicode escape sequence")]
    JsonZero,
    /// A JSON text nests deeper than can be read.
    #[error("stack depth limit exceeded")]
    TooDeep,
    /// A malformed hexadecimal bytea.
    #[error("{0}")]
    InvalidHex(String),
    /// A malformed bytea.
    #[error("{0}")]
    InvalidBytea(String),
    /// A `cidr` with bits set to the right of its mask.
    #[error("invalid cidr value: \"{0}\"")]
    InvalidCidr(String),
    /// Bytes that are not UTF-8.
    #[error("invalid byte sequence for encoding \"UTF8\": {0}")]
    InvalidUtf8(String),
    /// A type's modifiers are out of their range.
    #[error("{0}")]
    InvalidTypmod(String),
    /// A type's name, or its modifiers, cannot be read.
    #[error("{0}")]
    TypeSyntax(String),
    /// A type of which no binary form is known here.
    #[error("no binary output function available for type {0}")]
    NoBinaryOutput(String),
    /// An array came out of a computation in a form that its type does not have.
    #[error("cannot write a value of Arrow type {arrow} as type {type_name}")]
    ArrowMismatch {
        /// As `format_type` prints it.
        type_name: String,
        /// What it was.
        arrow: String,
    },
    /// A setting is given a value that it does not take.
    #[error("invalid value for parameter \"{name}\": \"{value}\"")]
    InvalidParameter {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it.
        detail: Option<String>,
        /// What could be given.
        hint: Option<String>,
    },
    /// A setting is given a number beyond its range.
    #[error("{value} is outside the valid range for parameter \"{name}\" ({min} .. {max})")]
    ParameterRange {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: i32,
        /// The least that may be given.
        min: i32,
        /// The most.
        max: i32,
    },
    /// No time zone of this name.
    #[error("invalid value for parameter \"TimeZone\": \"{0}\"")]
    UnknownTimeZone(String),
}

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn with_detail(mut self, text: String) -> Self {
        if let Self::InvalidParameter { detail, .. } = &mut self {
            *detail = Some(text);
        }
        self
    }

    pub(crate) fn with_hint(mut self, text: String) -> Self {
        if let Self::InvalidParameter { hint, .. } = &mut self {
            *hint = Some(text);
        }
        self
    }
}

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::UnknownType(_) => SqlState::UNDEFINED_OBJECT,
            Self::InvalidText { .. }
            | Self::MalformedArray { .. }
            | Self::InvalidJson { .. }
            | Self::InvalidBytea(_)
            | Self::InvalidCidr(_) => SqlState::INVALID_TEXT_REPRESENTATION,
            Self::InvalidDatetime { .. } => SqlState::INVALID_DATETIME_FORMAT,
            Self::DatetimeField(_) | Self::DatetimeMonthOrDay(_) | Self::DatetimeRange { .. } => {
                SqlState::DATETIME_FIELD_OVERFLOW
            }
            Self::IntervalField(_) => SqlState::INTERVAL_FIELD_OVERFLOW,
            Self::ZoneDisplacement(_) => SqlState::INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
            Self::OutOfRange { .. }
            | Self::FloatRange { .. }
            | Self::ComputedRange(_)
            | Self::NumericFormat
            | Self::NumericInfinity { .. }
            | Self::NumericOverflow { .. } => SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            Self::JsonZero => SqlState::UNTRANSLATABLE_CHARACTER,
            Self::TooDeep => SqlState::STATEMENT_TOO_COMPLEX,
            Self::TooLong(_) => SqlState::STRING_DATA_RIGHT_TRUNCATION,
            Self::InvalidBinary(_) => SqlState::INVALID_BINARY_REPRESENTATION,
            Self::InvalidUtf8(_) => SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            Self::Unrepresentable { .. } | Self::Unsupported(_) => SqlState::FEATURE_NOT_SUPPORTED,
            Self::UnknownTimeZone(_)
            | Self::UnrecognizedZone(_)
            | Self::InvalidTypmod(_)
            | Self::InvalidParameter { .. }
            | Self::InvalidHex(_)
            | Self::ParameterRange { .. } => SqlState::INVALID_PARAMETER_VALUE,
            Self::TypeSyntax(_) => SqlState::SYNTAX_ERROR,
            Self::NoBinaryOutput(_) => SqlState::UNDEFINED_FUNCTION,
            Self::ArrowMismatch { .. } => SqlState::INTERNAL_ERROR,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::NumericOverflow { precision, scale } => {
                let limit = match i32::from(*precision) - i32::from(*scale) {
                    0 => "1".to_owned(),
                    digits => format!("10^{digits}"),
                };
                Some(format!(
                    "A field with precision {precision}, scale {scale} must round to an absolute \
                     value less than {limit}."
                ))
            }
            Self::NumericInfinity { precision, scale } => Some(format!(
                "A field with precision {precision}, scale {scale} cannot hold an infinite value."
            )),
            Self::MalformedArray { reason, .. } => Some((*reason).to_owned()),
            Self::JsonZero => Some("\\u0000 cannot be converted to text.".to_owned()),
            Self::InvalidCidr(_) => Some("Value has bits set to right of mask.".to_owned()),
            Self::InvalidJson { detail, .. } => Some(detail.clone()),
            Self::InvalidParameter { detail, .. } => detail.clone(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::InvalidParameter { hint, .. } => hint.clone(),
            Self::DatetimeMonthOrDay(_) => {
                Some("Perhaps you need a different \"DateStyle\" setting.".to_owned())
            }
            _ => None,
        }
    }

    fn context(&self) -> Option<String> {
        match self {
            Self::InvalidJson { context, .. } => Some(context.clone()),
            _ => None,
        }
    }
}
