use medley_diagnostic::{Diagnostic, SqlState};

/// What goes wrong with the data of COPY.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A line has more fields than there are columns.
    #[error("extra data after last expected column")]
    ExtraData,
    /// A line ends before this column.
    #[error("missing data for column \"{0}\"")]
    MissingData(String),
    /// A quote is open where the data ends.
    #[error("unterminated CSV quoted field")]
    UnterminatedQuote,
    /// A carriage return that does not end a line as the first one did.
    #[error("{} carriage return found in data", bare(*.csv))]
    CarriageReturn {
        /// In csv, not in text.
        csv: bool,
    },
    /// A line feed that does not end a line as the first one did.
    #[error("{} newline found in data", bare(*.csv))]
    Newline {
        /// In csv, not in text.
        csv: bool,
    },
    /// `\.` and something else on its line.
    #[error("end-of-copy marker is not alone on its line")]
    MarkerNotAlone,
    /// `\.` with another end of line than the lines before.
    #[error("end-of-copy marker does not match previous newline style")]
    MarkerStyle,
    /// Bytes that are no text of this encoding.
    #[error("invalid byte sequence for encoding \"{encoding}\": {bytes}")]
    InvalidBytes {
        /// PostgreSQL's name of the encoding.
        encoding: &'static str,
        /// In hexadecimal.
        bytes: String,
    },
    /// The header has another number of fields than there are columns.
    #[error("wrong number of fields in header line: got {got}, expected {expected}")]
    HeaderFields {
        /// In the header.
        got: usize,
        /// In the table.
        expected: usize,
    },
    /// A field of the header is null.
    #[error(
        "column name mismatch in header line field {field}: got null value (\"{null}\"), \
         expected \"{expected}\""
    )]
    HeaderNull {
        /// Which, from 1.
        field: usize,
        /// What stands for null.
        null: String,
        /// The column's name.
        expected: String,
    },
    /// A field of the header is not the column's name.
    #[error(
        "column name mismatch in header line field {field}: got \"{got}\", expected \"{expected}\""
    )]
    HeaderName {
        /// Which, from 1.
        field: usize,
        /// What stands there.
        got: String,
        /// The column's name.
        expected: String,
    },
    /// A field asks for a default that its column does not have.
    #[error("unexpected default marker in COPY data")]
    NoDefault(String),
    /// More rows were left out than may be.
    #[error("skipped more than REJECT_LIMIT ({0}) rows due to data type incompatibility")]
    RejectLimit(i64),
    /// What does not begin as the binary format does.
    #[error("COPY file signature not recognized")]
    Signature,
    /// The binary format's header says what nobody knows.
    #[error("unrecognized critical flags in COPY file header")]
    Flags,
    /// A row of the binary format has another number of fields than there are columns.
    #[error("row field count is {got}, expected {expected}")]
    FieldCount {
        /// In the row.
        got: i16,
        /// In the table.
        expected: usize,
    },
    /// A length that is none.
    #[error("invalid field size")]
    FieldSize,
    /// The binary format ends before its end.
    #[error("unexpected EOF in COPY data")]
    EarlyEnd,
    /// The binary format goes on behind its end.
    #[error("received copy data after EOF marker")]
    AfterEnd,
    /// A value that its type does not have.
    #[error(transparent)]
    Value(#[from] medley_types::Error),
    /// Arrays that make no batch.
    #[error("{0}")]
    Internal(String),
    /// One of the above, and where.
    #[error("{source}")]
    At {
        /// What.
        source: Box<Error>,
        /// `COPY t, line 3, column a: "x"`.
        context: String,
    },
}

/// The result of reading.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The same, in this place.
    pub(crate) fn at(self, context: String) -> Self {
        Self::At { source: Box::new(self), context }
    }
}

fn bare(csv: bool) -> &'static str {
    if csv { "unquoted" } else { "literal" }
}

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::ExtraData
            | Self::MissingData(_)
            | Self::UnterminatedQuote
            | Self::CarriageReturn { .. }
            | Self::Newline { .. }
            | Self::MarkerNotAlone
            | Self::MarkerStyle
            | Self::HeaderFields { .. }
            | Self::HeaderNull { .. }
            | Self::HeaderName { .. }
            | Self::Signature
            | Self::Flags
            | Self::FieldCount { .. }
            | Self::FieldSize
            | Self::EarlyEnd
            | Self::AfterEnd
            | Self::NoDefault(_) => SqlState::BAD_COPY_FILE_FORMAT,
            Self::InvalidBytes { .. } => SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            Self::RejectLimit(_) => SqlState::INVALID_TEXT_REPRESENTATION,
            Self::Value(error) => error.sqlstate(),
            Self::Internal(_) => SqlState::INTERNAL_ERROR,
            Self::At { source, .. } => source.sqlstate(),
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::NoDefault(column) => Some(format!("Column \"{column}\" has no default value.")),
            Self::Value(error) => error.detail(),
            Self::At { source, .. } => source.detail(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::CarriageReturn { csv: true } => {
                Some("Use quoted CSV field to represent carriage return.".to_owned())
            }
            Self::CarriageReturn { csv: false } => {
                Some("Use \"\\r\" to represent carriage return.".to_owned())
            }
            Self::Newline { csv: true } => {
                Some("Use quoted CSV field to represent newline.".to_owned())
            }
            Self::Newline { csv: false } => Some("Use \"\\n\" to represent newline.".to_owned()),
            Self::Value(error) => error.hint(),
            Self::At { source, .. } => source.hint(),
            _ => None,
        }
    }

    fn context(&self) -> Option<String> {
        match self {
            Self::At { source, context } => Some(match source.context() {
                Some(inner) => format!("{inner}\n{context}"),
                None => context.clone(),
            }),
            Self::Value(error) => error.context(),
            _ => None,
        }
    }
}
