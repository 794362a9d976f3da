//! What this crate asks of the server behind it.
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use medley_diagnostic::{Report, SqlState};
use medley_secret::{ScramKeys, Verifier};
use medley_types::{Column, PgType};
pub use pgwire::messages::response::TransactionStatus;

use crate::{CancelHandle, ClientCertificate, Judge, Responder};

/// Lets people in and opens their sessions.
#[async_trait]
pub trait Server: Send + Sync + 'static {
    /// How this user must prove who they are. A user who does not exist gets a verifier all the
    /// same (`Verifier::mock`), so that it looks and takes as a wrong password does.
    async fn authentication(&self, start: &StartUp) -> Result<Authentication, Report>;

    /// This user has not proved that they have the password.
    fn failed(&self, start: &StartUp) {
        let _ = start;
    }

    /// Opens the session of a user who has proved who they are. Whatever is reported here ends
    /// the connection, as FATAL.
    async fn open(&self, start: StartUp, cancel: CancelHandle) -> Result<Box<dyn Session>, Report>;
}

/// How a user proves who they are.
pub enum Authentication {
    /// By saying so.
    Trust,
    /// By SCRAM-SHA-256 against this verifier.
    Scram(Verifier),
    /// By a token that it shows.
    Bearer(Box<dyn Judge>),
}

/// What a client says of itself before anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartUp {
    /// The role to log in as.
    pub user: String,
    /// The database; the user's name when the client names none.
    pub database: String,
    /// Settings for the session, later ones winning: those in `options` first (`-c name=value`),
    /// then `application_name`, `client_encoding` and whatever else the client sent.
    pub parameters: Vec<(String, String)>,
    /// Where it comes from.
    pub peer: Peer,
    /// Whether the connection is under TLS.
    pub encrypted: bool,
    /// What the client has shown in the handshake of TLS.
    pub certificate: Option<ClientCertificate>,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Over TCP, from this address.
    Tcp(SocketAddr),
    /// Over a Unix socket.
    Unix {
        /// The account of this machine's that the client's process runs as, if the machine tells.
        uid: Option<u32>,
    },
}

/// As PostgreSQL's log has it: `192.0.2.1:5123`, `[local]`.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix { .. } => f.write_str("[local]"),
        }
    }
}

/// One client's session: what it does for each message of the protocol.
///
/// An `Err` of severity ERROR is sent, and the session goes on; one of FATAL is sent and ends it.
/// The session itself fails its transaction block before it returns an `Err`. A statement that
/// does not stop within seconds of being told to, because its client went away or the server
/// stops, is dropped: nothing but [`Session::end`] is called after that.
#[async_trait]
pub trait Session: Send {
    /// The parameters that a client is told at the start (`server_version`, `TimeZone`, ...).
    fn initial_parameters(&self) -> Vec<(&'static str, String)>;

    /// What a client is warned of at the start; asked for once.
    fn initial_notices(&mut self) -> Vec<Report> {
        Vec::new()
    }

    /// The keys that the user has proved to have, before anything else is asked.
    fn proved(&mut self, keys: ScramKeys) {
        drop(keys);
    }

    /// For ReadyForQuery: idle, in a transaction block, in a failed one.
    fn status(&self) -> TransactionStatus;

    /// How long the next message is waited for, in the state the session is in, and what then ends
    /// the session (`idle_session_timeout`, `idle_in_transaction_session_timeout`).
    fn idle_limit(&self) -> Option<(Duration, Report)> {
        None
    }

    /// Runs the statements of a query string, each answered through `out` in full: its rows, and
    /// its tag or [`Responder::empty_query`].
    async fn simple_query(&mut self, sql: &str, out: &mut Responder) -> Result<(), Report>;

    /// Makes a prepared statement.
    async fn parse(&mut self, parse: Parse, out: &mut Responder) -> Result<(), Report>;

    /// Makes a portal of a prepared statement and its parameters.
    async fn bind(&mut self, bind: Bind, out: &mut Responder) -> Result<(), Report>;

    /// What a prepared statement takes and returns.
    async fn describe_statement(&mut self, name: &str) -> Result<StatementDescription, Report>;

    /// What a portal returns; `None` when it returns no rows.
    async fn describe_portal(&mut self, name: &str) -> Result<Option<RowShape>, Report>;

    /// Runs a portal, or goes on with it, for at most so many rows. The rows go through `out`;
    /// how it ended is returned, not sent.
    async fn execute(
        &mut self,
        portal: &str,
        max_rows: Option<usize>,
        out: &mut Responder,
    ) -> Result<Completion, Report>;

    /// Forgets a prepared statement; no error if there is none.
    async fn close_statement(&mut self, name: &str) -> Result<(), Report>;

    /// Forgets a portal; no error if there is none.
    async fn close_portal(&mut self, name: &str) -> Result<(), Report>;

    /// The end of a series of messages: commits what is not in a transaction block.
    async fn sync(&mut self, out: &mut Responder) -> Result<(), Report>;

    /// An error that the session did not raise itself was sent (a malformed message, say): a
    /// transaction block is failed by it as by any other.
    async fn fail(&mut self);

    /// The connection is over: roll back, give back what is held.
    async fn end(&mut self) {}
}

/// A statement to prepare.
pub struct Parse {
    /// Its name; empty for the unnamed one.
    pub name: String,
    /// Its text.
    pub sql: String,
    /// Oids of the parameters' types, as far as the client says; 0 leaves one open.
    pub parameter_types: Vec<u32>,
}

/// A portal to make. No `Debug`: parameters are nobody's business.
pub struct Bind {
    /// Its name; empty for the unnamed one.
    pub portal: String,
    /// The prepared statement's name.
    pub statement: String,
    /// No code (all text), one for all, or one for each parameter; see [`Bind::parameter_format`].
    pub parameter_formats: Vec<Format>,
    /// The values; `None` is NULL.
    pub parameters: Vec<Option<Bytes>>,
    /// No code (all text), one for all, or one for each column; see [`RowShape::new`].
    pub result_formats: Vec<Format>,
}

impl Bind {
    /// The form of the parameter of this index, from 0.
    pub fn parameter_format(&self, index: usize) -> Format {
        format_of(&self.parameter_formats, index)
    }
}

/// The form of a value on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// As PostgreSQL prints it.
    #[default]
    Text,
    /// As the type's `send` function has it.
    Binary,
}

impl Format {
    /// The protocol's code for it.
    pub fn code(self) -> i16 {
        match self {
            Self::Text => 0,
            Self::Binary => 1,
        }
    }

    /// The form that a client asked for.
    pub fn of_code(code: i16) -> Result<Self, Report> {
        match code {
            0 => Ok(Self::Text),
            1 => Ok(Self::Binary),
            _ => Err(Report::error(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("unsupported format code: {code}"),
            )),
        }
    }
}

/// The protocol's shorthand: none is all text, one is for all.
fn format_of(formats: &[Format], index: usize) -> Format {
    match formats {
        [] => Format::Text,
        [all] => *all,
        each => each.get(index).copied().unwrap_or_default(),
    }
}

/// The columns of a result, and the form of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowShape {
    columns: Arc<[Column]>,
    formats: Arc<[Format]>,
}

impl RowShape {
    /// These columns, in the forms that Bind asked for.
    pub fn new(columns: impl Into<Arc<[Column]>>, formats: &[Format]) -> Result<Self, Report> {
        let columns = columns.into();
        if formats.len() > 1 && formats.len() != columns.len() {
            let (formats, columns) = (formats.len(), columns.len());
            return Err(Report::error(
                SqlState::PROTOCOL_VIOLATION,
                format!(
                    "bind message has {formats} result formats but query has {columns} columns"
                ),
            ));
        }
        let formats = (0..columns.len()).map(|index| format_of(formats, index)).collect();
        Ok(Self { columns, formats })
    }

    /// These columns, all as text.
    pub fn text(columns: impl Into<Arc<[Column]>>) -> Self {
        let columns = columns.into();
        let formats = vec![Format::Text; columns.len()].into();
        Self { columns, formats }
    }

    /// The columns.
    pub fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    /// The form of each column.
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }
}

/// What a prepared statement takes and returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementDescription {
    /// Types of its parameters.
    pub parameters: Arc<[PgType]>,
    /// Its columns; `None` when it returns no rows.
    pub columns: Option<Arc<[Column]>>,
}

/// How the execution of a portal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// With this command tag.
    Complete(String),
    /// At the number of rows asked for; there may be more.
    Suspended,
    /// At once: the statement is empty.
    Empty,
}
