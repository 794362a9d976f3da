use std::fmt;

use crate::{Diagnostic, SqlState};

/// How grave a report is, in PostgreSQL's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Of use to developers.
    Debug,
    /// Goes to the server's log.
    Log,
    /// Asked for by the statement.
    Info,
    /// Of use to the person.
    Notice,
    /// Likely not what was meant.
    Warning,
    /// Ends the statement.
    Error,
    /// Ends the session.
    Fatal,
    /// Ends the server.
    Panic,
}

impl Severity {
    /// The word in the protocol's `S` and `V` fields.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Log => "LOG",
            Self::Info => "INFO",
            Self::Notice => "NOTICE",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
            Self::Panic => "PANIC",
        }
    }
}

/// A statement that was made for another one (IMPORT FOREIGN SCHEMA makes them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalQuery {
    /// Its text.
    pub text: String,
    /// Where in it: characters from 1.
    pub position: Option<usize>,
}

/// The names that come with a unique violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The constraint or unique index.
    pub name: String,
}

/// What a client is told: the fields of ErrorResponse and NoticeResponse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How grave.
    pub severity: Severity,
    /// What programs look at.
    pub sqlstate: SqlState,
    /// The primary message.
    pub message: String,
    /// The secondary message.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it happened.
    pub context: Option<String>,
    /// Where in the statement's text: characters from 1.
    pub position: Option<usize>,
    /// The generated statement that failed.
    pub internal: Option<InternalQuery>,
    /// The constraint that was violated.
    pub constraint: Option<Constraint>,
}

impl Report {
    /// A report of this gravity with nothing but code and message.
    pub fn new(severity: Severity, sqlstate: SqlState, message: impl Into<String>) -> Self {
        Self {
            severity,
            sqlstate,
            message: message.into(),
            detail: None,
            hint: None,
            context: None,
            position: None,
            internal: None,
            constraint: None,
        }
    }

    /// An ERROR.
    pub fn error(sqlstate: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, sqlstate, message)
    }

    /// A FATAL: the session ends with it.
    pub fn fatal(sqlstate: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Fatal, sqlstate, message)
    }

    /// A NOTICE with SQLSTATE 00000.
    pub fn notice(message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, SqlState::SUCCESSFUL_COMPLETION, message)
    }

    /// A WARNING.
    pub fn warning(sqlstate: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, sqlstate, message)
    }

    /// `0A000`, naming what is not supported.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::error(SqlState::FEATURE_NOT_SUPPORTED, format!("{what} is not supported"))
    }

    /// Adds the secondary message.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what to do about it.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a line to where it happened, outside of what is there.
    pub fn with_context(mut self, line: impl AsRef<str>) -> Self {
        let context = match self.context.take() {
            Some(inner) => format!("{inner}\n{}", line.as_ref()),
            None => line.as_ref().to_owned(),
        };
        self.context = Some(context);
        self
    }

    /// Adds where in the statement's text (characters from 1).
    pub fn at(mut self, position: usize) -> Self {
        self.position = Some(position);
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn sqlstate(&self) -> SqlState {
        self.sqlstate
    }
    fn detail(&self) -> Option<String> {
        self.detail.clone()
    }
    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
    fn context(&self) -> Option<String> {
        self.context.clone()
    }
    fn position(&self) -> Option<usize> {
        self.position
    }
    fn report(&self) -> Report {
        self.clone()
    }
}
