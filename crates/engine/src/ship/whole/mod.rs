//! The whole statement shipped: where all that a statement reads is at one remote that speaks
//! PostgreSQL's SQL, the remote is sent the statement as it was written, each relation's name
//! replaced by a SELECT of its declared columns.
//!
//! It knows what is eligible and how the text becomes the remote's; who sends it is the engine.
//! A plan holds no mapping: whether everything is at one remote is found out at each execution.
//!
//! Invariants:
//! - the text is the user's, rewritten by the spans of names, never printed from a tree;
//! - what is not on a list (`signature`), or is of a kind not known here, is not sent;
//! - each name of a relation in the text is one of the analysed tree's, and is replaced.
mod plan;
mod read;
mod rewrite;
mod run;
mod session_value;
pub(crate) mod signature;
mod target;

pub(crate) use plan::{Whole, plan};
pub(crate) use read::Needs;
pub(crate) use run::{Decoder, Target, known_target, start, target};
pub(crate) use signature::{SessionValue, is_known_function};
use target::fits;
pub(crate) use target::is_same_type;

use std::fmt;

/// Why a statement is not shipped as a whole, for EXPLAIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotShipped {
    reason: String,
    /// Something of it could be shipped that way.
    pub is_news: bool,
}

impl NotShipped {
    /// For a reason in words that end a sentence.
    pub fn because(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), is_news: true }
    }

    /// For a reason that goes without saying: of this kind nothing ever is.
    pub fn by_nature(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), is_news: false }
    }
}

impl fmt::Display for NotShipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// What is shippable, or the first reason why it is not.
pub(crate) type Shippable<T> = Result<T, NotShipped>;
