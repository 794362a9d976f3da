use std::sync::Arc;

use medley_engine::{Batch, Parameter, Rows};
use parking_lot::Mutex;

use crate::extended::Prepared;

/// A prepared statement with its parameters, at some point of its execution.
pub(crate) struct Portal {
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) parameters: Vec<Parameter>,
    /// The statement has a name.
    pub(crate) is_of_named: bool,
    /// How many savepoints there were when it was made.
    pub(crate) level: usize,
    /// Of a change that has run: its command tag.
    pub(crate) tag: String,
    pub(crate) state: PortalState,
}

/// How far a portal is.
pub(crate) enum PortalState {
    /// Nothing has run.
    New,
    /// Rows are on their way.
    Running {
        /// Those to come. Never locked: the mutex lets a session be shared, which a stream of
        /// rows by itself does not.
        rows: Mutex<Rows>,
        /// Those that came, and were not asked for yet.
        rest: Option<Batch>,
    },
    /// It ran to its end.
    Done,
}

/// How an execution of a portal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Execution {
    /// With this command tag.
    Complete(String),
    /// At the number of rows that was asked for.
    Suspended,
    /// There was nothing to run.
    Empty,
}
