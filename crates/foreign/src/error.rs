use medley_diagnostic::{Diagnostic, Report, SqlState};

use crate::{FetchError, Parted};

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a remote session is not to be had, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither a mapping of the role's own, nor PUBLIC's.
    #[error("user mapping not found for user \"{role}\", server \"{server}\"")]
    NoMapping {
        /// The role whose privileges count.
        role: String,
        /// The foreign server.
        server: String,
    },
    /// Two roles, equally near, have one.
    #[error(
        "user mapping for user \"{role}\", server \"{server}\" is ambiguous: {} are equally near",
        names(owners)
    )]
    AmbiguousMapping {
        /// The role whose privileges count.
        role: String,
        /// The foreign server.
        server: String,
        /// Whose mappings they are.
        owners: Vec<String>,
    },
    /// The mapping's role has not agreed to it.
    #[error("user mapping for \"{user}\", server \"{server}\" has not been accepted")]
    PendingMapping {
        /// Whose mapping it is.
        user: String,
        /// The foreign server.
        server: String,
    },
    /// The mapping is too old.
    #[error("user mapping for \"{user}\", server \"{server}\" has expired")]
    ExpiredMapping {
        /// Whose mapping it is.
        user: String,
        /// The foreign server.
        server: String,
        /// As the mapping says it.
        valid_until: String,
    },
    /// The wrapper was created without a handler.
    #[error("foreign-data wrapper \"{0}\" has no handler")]
    NoHandler(String),
    /// The wrapper's handler is not part of this build.
    #[error(
        "handler \"{handler}\" of foreign-data wrapper \"{wrapper}\" is not part of this build"
    )]
    UnknownHandler {
        /// The wrapper.
        wrapper: String,
        /// Its handler.
        handler: String,
    },
    /// The wrapper speaks no SQL, or nothing else.
    #[error("foreign-data wrapper \"{wrapper}\" does not support {what}")]
    WrongKind {
        /// The wrapper.
        wrapper: String,
        /// What was asked of it.
        what: &'static str,
    },
    /// The wrapper cannot describe remote tables.
    #[error("foreign-data wrapper \"{0}\" does not support IMPORT FOREIGN SCHEMA")]
    NoImport(String),
    /// The server, mapping or table went away since the statement was planned.
    #[error("{0}")]
    Gone(String),
    /// All connections that may be open are in use.
    #[error("too many connections to server \"{0}\"")]
    TooManyConnections(String),
    /// Rows are changed in transactions, of which the remote has none.
    #[error("rows on server \"{0}\" cannot be changed, for it has no transactions")]
    NoWriting(String),
    /// The statement was cancelled.
    #[error("canceling statement due to user request")]
    Cancelled,
    /// The transaction's connection broke.
    #[error("connection to server \"{0}\" was lost")]
    TransactionLost(String),
    /// A transaction was committed at some of its remotes, or nobody knows.
    #[error("{}", parted(_0))]
    Parted(Parted),
    /// A sealed option does not open.
    #[error("option \"{option}\" of {object} cannot be used: {source}")]
    Secret {
        /// The option.
        option: String,
        /// What it belongs to.
        object: String,
        /// Why.
        #[source]
        source: medley_secret::Error,
    },
    /// An option's value is kept elsewhere, and cannot be had.
    #[error("could not fetch \"{reference}\" for option \"{option}\" of server \"{server}\"")]
    Reference {
        /// The option that says where.
        option: String,
        /// Where.
        reference: String,
        /// The foreign server.
        server: String,
        /// Why.
        #[source]
        source: FetchError,
    },
    /// The remote user's name is not a template, though it is said to be one.
    #[error("invalid remote user's name for server \"{server}\": {source}")]
    Template {
        /// The foreign server.
        server: String,
        /// Why.
        #[source]
        source: medley_secret::ReferenceError,
    },
    /// The option was not entered for what the server is now.
    #[error(
        "option \"{option}\" of the user mapping for server \"{server}\" was not entered for this \
         endpoint"
    )]
    Unbound {
        /// The option.
        option: String,
        /// The foreign server.
        server: String,
    },
    /// The remote does not take the password that a mapping has, and none is there that could
    /// take its place.
    #[error(transparent)]
    Refused(medley_fdw::Error),
    /// The wrapper's word.
    #[error(transparent)]
    Wrapper(#[from] medley_fdw::Error),
    /// The catalog's word.
    #[error(transparent)]
    Catalog(#[from] medley_catalog::Error),
}

impl Error {
    /// The connection is of no use any more.
    pub fn is_connection_lost(&self) -> bool {
        matches!(self, Self::Wrapper(error) if error.is_connection_lost())
    }
}

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::NoMapping { .. } | Self::Gone(_) => SqlState::UNDEFINED_OBJECT,
            Self::NoHandler(_) | Self::AmbiguousMapping { .. } | Self::PendingMapping { .. } => {
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Self::ExpiredMapping { .. } => SqlState::INVALID_PASSWORD,
            Self::UnknownHandler { .. } | Self::WrongKind { .. } | Self::NoWriting(_) => {
                SqlState::FEATURE_NOT_SUPPORTED
            }
            Self::NoImport(_) => SqlState::FDW_NO_SCHEMAS,
            Self::TooManyConnections(_) => SqlState::TOO_MANY_CONNECTIONS,
            Self::Unbound { .. } => SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            Self::Cancelled => SqlState::QUERY_CANCELED,
            Self::TransactionLost(_) => SqlState::CONNECTION_EXCEPTION,
            Self::Parted(_) => SqlState::STATEMENT_COMPLETION_UNKNOWN,
            Self::Secret { source, .. } => source.sqlstate(),
            Self::Reference { source, .. } => source.sqlstate(),
            Self::Template { source, .. } => source.sqlstate(),
            Self::Refused(error) | Self::Wrapper(error) => error.sqlstate(),
            Self::Catalog(error) => error.sqlstate(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownHandler { .. } => Some(
                "What is declared with it is kept, and dumped. \"medley wrapper list\" lists the \
                 wrappers of this build."
                    .into(),
            ),
            Self::TooManyConnections(_) => {
                Some("Wait for other statements to end, or raise the limit.".into())
            }
            Self::AmbiguousMapping { role, server, .. } => {
                Some(format!("Create a user mapping for \"{role}\" on server \"{server}\"."))
            }
            Self::PendingMapping { user, server } => Some(format!(
                "Somebody else has made or changed it. If it is what it should be, \
                 SELECT medley_accept_mapping('{server}') as \"{user}\"."
            )),
            Self::ExpiredMapping { .. } => {
                Some("Alter its option \"valid_until\", and its password.".into())
            }
            Self::Unbound { option, server } => Some(format!(
                "Its endpoint or TLS options have changed, or \"bind_secrets\" was set, since. If \
                 they are right, enter it again: ALTER USER MAPPING … SERVER {server} OPTIONS (SET \
                 {option} '…')."
            )),
            Self::Parted(_) => Some(
                "Look at what was changed at these servers. The option \"two_phase\" of servers \
                 keeps the parts of a transaction together."
                    .into(),
            ),
            Self::Secret { source, .. } => source.hint(),
            Self::Reference { source, .. } => source.hint(),
            Self::Template { source, .. } => source.hint(),
            Self::Refused(error) => Some(error.hint().unwrap_or_else(|| ROTATION.to_owned())),
            Self::Wrapper(error) => error.hint(),
            Self::Catalog(error) => error.hint(),
            _ => None,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Reference { source, .. } => Some(sentence(&source.to_string())),
            Self::Parted(parted) => {
                Some(format!("{} The first error was: {}.", parted.detail(), parted.cause))
            }
            Self::ExpiredMapping { valid_until, .. } => {
                Some(format!("It was valid until {valid_until}."))
            }
            Self::Refused(error) | Self::Wrapper(error) => error.detail(),
            Self::Catalog(error) => error.detail(),
            _ => None,
        }
    }

    fn report(&self) -> Report {
        match self {
            Self::Refused(error) => Report { hint: self.hint(), ..error.report() },
            Self::Wrapper(error) => error.report(),
            Self::Catalog(error) => error.report(),
            _ => Report {
                detail: self.detail(),
                hint: self.hint(),
                ..Report::error(self.sqlstate(), self.to_string())
            },
        }
    }
}

fn parted(parted: &Parted) -> &'static str {
    match parted.unknown.is_empty() {
        true => "transaction was committed on some servers only",
        false => "it is not known whether the transaction was committed",
    }
}

/// What to do about a password that the remote does not take.
const ROTATION: &str = "If the password was changed at the remote, state the new one in the user \
                        mapping. To change it without this error, add it as \"password_next\" \
                        before the remote changes it.";

fn names(roles: &[String]) -> String {
    let quoted: Vec<_> = roles.iter().map(|role| format!("\"{role}\"")).collect();
    quoted.join(" and ")
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).chain(['.']).collect()
}
