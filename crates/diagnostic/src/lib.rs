//! What a SQL client is told when something goes wrong, or is worth a word.
//!
//! Every error that can reach a client implements [`Diagnostic`]; a [`Report`] is what is sent.
//! This crate knows no other of ours, and no protocol.
mod report;
mod sqlstate;

pub use report::{Constraint, InternalQuery, Report, Severity};
pub use sqlstate::SqlState;

use std::error::Error;

/// An error that can be shown to a client: `Display` is the primary message, as PostgreSQL
/// writes it (lower case, no full stop). Details and hints are sentences.
pub trait Diagnostic: Error + Send + Sync + 'static {
    /// The five characters that programs look at.
    fn sqlstate(&self) -> SqlState;

    /// The secondary message.
    fn detail(&self) -> Option<String> {
        None
    }

    /// What to do about it.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Where it happened, outermost last, lines joined by a line feed.
    fn context(&self) -> Option<String> {
        None
    }

    /// Where in the statement's text: characters from 1, as PostgreSQL counts.
    fn position(&self) -> Option<usize> {
        None
    }

    /// The whole of what the client is told; override only to say more than the parts above.
    fn report(&self) -> Report {
        Report {
            severity: Severity::Error,
            sqlstate: self.sqlstate(),
            message: self.to_string(),
            detail: self.detail(),
            hint: self.hint(),
            context: self.context(),
            position: self.position(),
            internal: None,
            constraint: None,
        }
    }
}
