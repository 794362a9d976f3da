use medley_diagnostic::{Diagnostic, Report, SqlState};

use crate::ours::WrongReference;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a wrapper may answer instead of rows.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No option of this name, here.
    #[error("invalid option \"{name}\"")]
    UnknownOption {
        /// What was written.
        name: String,
        /// What may have been meant.
        meant: Meant,
        /// What the wrapper raises.
        sqlstate: SqlState,
    },
    /// An option that must be there.
    #[error("required option \"{0}\" is missing")]
    MissingOption(&'static str),
    /// Not true, false, on or off.
    #[error("{0} requires a Boolean value")]
    NotBoolean(String),
    /// Not an integer.
    #[error("invalid value for integer option \"{name}\": {value}")]
    NotInteger {
        /// The option.
        name: String,
        /// What was written.
        value: String,
    },
    /// An integer below one.
    #[error("\"{0}\" must be an integer value greater than zero")]
    NotPositive(String),
    /// Not a number.
    #[error("invalid value for floating point option \"{name}\": {value}")]
    NotReal {
        /// The option.
        name: String,
        /// What was written.
        value: String,
    },
    /// A number below zero.
    #[error("\"{0}\" must be a floating point value greater than or equal to zero")]
    Negative(String),
    /// Not one of the words.
    #[error("invalid value for string option \"{name}\": {value}")]
    NotOneOf {
        /// The option.
        name: String,
        /// What was written.
        value: String,
    },
    /// Not one of the words of an option of ours: what it is instead is not said, for it may be a
    /// secret. Of options that PostgreSQL has, its own words say it.
    #[error("invalid value for option \"{name}\"")]
    NotOurWord {
        /// The option.
        name: String,
        /// The words.
        words: &'static [&'static str],
    },
    /// Not a list of names.
    #[error("parameter \"{0}\" must be a list of extension names")]
    NotNameList(String),
    /// Not a reference, or not one for this option.
    #[error("invalid value for option \"{option}\": {why}")]
    Reference {
        /// The option.
        option: String,
        /// Why.
        #[source]
        why: WrongReference,
    },
    /// Not the beginning of a reference. What it is instead is not said: it may be a secret.
    #[error("invalid prefix of references in option \"allowed_refs\"")]
    NotAPrefix,
    /// Not a moment, likewise.
    #[error("invalid value for option \"valid_until\"")]
    ValidUntil,
    /// A value and where it is kept instead.
    #[error("options \"{0}\" and \"{0}_ref\" exclude each other")]
    ValueAndReference(&'static str),
    /// The remote could not be reached, or did not let us in. The detail is what it said.
    #[error("could not connect to server \"{server}\"")]
    Connect {
        /// The foreign server.
        server: String,
        /// Why.
        detail: String,
        /// The same as one of a few words.
        kind: Unreached,
    },
    /// The remote refused a statement, or something is wrong with what it sent.
    #[error(transparent)]
    Remote(Box<Report>),
    /// The connection ended in the middle.
    #[error("connection to server \"{server}\" was lost")]
    Lost {
        /// The foreign server.
        server: String,
        /// How it ended.
        detail: String,
    },
    /// A value that is none, or that cannot be held here.
    #[error("{source}")]
    Value {
        /// What is wrong with it.
        #[source]
        source: medley_types::Error,
        /// Where it was met: `column "a" of foreign table "ft"`.
        context: Option<String>,
    },
    /// As many columns came as were not declared.
    #[error("remote query result does not match the foreign table")]
    Mismatch,
    /// Any refusal that is said in full.
    #[error(transparent)]
    Refused(Box<Report>),
    /// What this wrapper cannot do.
    #[error("this wrapper does not support {0}")]
    Unsupported(&'static str),
    /// It cannot describe remote tables.
    #[error("this wrapper does not support IMPORT FOREIGN SCHEMA")]
    NoImport,
    /// The statement was cancelled.
    #[error("canceling statement due to user request")]
    Cancelled,
}

/// Why a remote could not be reached, or did not let us in; of several reasons the greatest, which
/// is the one that came nearest to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unreached {
    /// The options make no sense together, or anything else.
    Other,
    /// The host has no address.
    NoSuchHost,
    /// The address is one that this server must not lead to.
    Forbidden,
    /// Nobody listens there.
    Refused,
    /// There was no answer in time.
    Timeout,
    /// There was no secure channel.
    Tls,
    /// The remote wants to know who we are in a way that is not accepted, or cannot be.
    Method,
    /// The remote does not believe, or not admit, who we say we are.
    Authentication,
}

impl Unreached {
    /// A word or two for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::NoSuchHost => "no such host",
            Self::Forbidden => "address not allowed",
            Self::Refused => "connection refused",
            Self::Timeout => "timeout",
            Self::Tls => "TLS",
            Self::Method => "authentication method",
            Self::Authentication => "authentication",
        }
    }
}

/// What is said to who wrote an option that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// This one is near.
    Closest(&'static str),
    /// None is near.
    Unclear,
    /// There is none at all in this place.
    NoneHere,
}

impl Meant {
    fn hint(self) -> Option<String> {
        match self {
            Self::Closest(name) => Some(format!("Perhaps you meant the option \"{name}\".")),
            Self::Unclear => None,
            Self::NoneHere => Some("There are no valid options in this context.".to_owned()),
        }
    }
}

impl Error {
    /// A refusal that is said in full.
    pub fn refused(report: Report) -> Self {
        Self::Refused(Box::new(report))
    }

    /// What an object store said, without what it sent along: that may quote the request.
    pub fn of_store(error: &object_store::Error) -> Self {
        use object_store::Error as E;
        let (state, what) = match error {
            E::NotFound { path, .. } => {
                (SqlState::UNDEFINED_FILE, format!("object \"{path}\" does not exist"))
            }
            E::PermissionDenied { path, .. } => (
                SqlState::INSUFFICIENT_PRIVILEGE,
                format!("the object store denies access to \"{path}\""),
            ),
            E::Unauthenticated { path, .. } => (
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                format!("the object store does not accept the account for \"{path}\""),
            ),
            _ => (SqlState::FDW_ERROR, "the object store did not serve the request".to_owned()),
        };
        Self::refused(Report::error(state, what))
    }

    /// What the remote said.
    pub fn remote(report: Report) -> Self {
        Self::Remote(Box::new(report))
    }

    /// The remote does not believe who we say we are: another password may do.
    pub fn is_authentication(&self) -> bool {
        matches!(self, Self::Connect { kind: Unreached::Authentication, .. })
    }

    /// The connection is of no use any more.
    pub fn is_connection_lost(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Connect { .. })
    }
}

impl From<medley_types::Error> for Error {
    fn from(source: medley_types::Error) -> Self {
        Self::Value { source, context: None }
    }
}

/// The codes are those that `postgres_fdw` and `file_fdw` raise.
impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::UnknownOption { sqlstate, .. } => *sqlstate,
            Self::MissingOption(_) => SqlState::FDW_DYNAMIC_PARAMETER_VALUE_NEEDED,
            Self::NotBoolean(_) => SqlState::SYNTAX_ERROR,
            Self::NotInteger { .. }
            | Self::NotPositive(_)
            | Self::NotReal { .. }
            | Self::Negative(_)
            | Self::NotOneOf { .. }
            | Self::NotOurWord { .. }
            | Self::Reference { .. }
            | Self::NotAPrefix
            | Self::ValidUntil
            | Self::ValueAndReference(_)
            | Self::NotNameList(_) => SqlState::INVALID_PARAMETER_VALUE,
            Self::Connect { .. } => SqlState::SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
            Self::Lost { .. } => SqlState::CONNECTION_FAILURE,
            Self::Remote(report) | Self::Refused(report) => report.sqlstate,
            Self::Value { source, .. } => source.sqlstate(),
            Self::Mismatch => SqlState::INTERNAL_ERROR,
            Self::Unsupported(_) => SqlState::FEATURE_NOT_SUPPORTED,
            Self::NoImport => SqlState::FDW_NO_SCHEMAS,
            Self::Cancelled => SqlState::QUERY_CANCELED,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Connect { detail, .. } | Self::Lost { detail, .. } => Some(detail.clone()),
            Self::Remote(report) | Self::Refused(report) => report.detail.clone(),
            Self::Value { source, .. } => source.detail(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownOption { meant, .. } => meant.hint(),
            Self::Reference { why: WrongReference::Form(error), .. } => error.hint(),
            Self::NotAPrefix => Some(
                "A prefix is the beginning of a reference, as \"vault:kv/team/\" or \
                 \"file:/run/secrets/team/\"."
                    .to_owned(),
            ),
            Self::NotOurWord { words, .. } => {
                Some(format!("Valid values are: {}.", words.join(", ")))
            }
            Self::ValidUntil => {
                Some("Give a date, a time and a zone, as \"2030-01-31 12:00+00\".".to_owned())
            }
            Self::ValueAndReference(_) => Some("Drop the one that is not to count.".to_owned()),
            Self::Remote(report) | Self::Refused(report) => report.hint.clone(),
            Self::Value { source, .. } => source.hint(),
            _ => None,
        }
    }

    fn context(&self) -> Option<String> {
        match self {
            Self::Remote(report) | Self::Refused(report) => report.context.clone(),
            Self::Value { context, .. } => context.clone(),
            _ => None,
        }
    }
}
