use std::sync::Arc;

use arrow_array::RecordBatch;
use medley_engine::{Parameter, Rows};
use parking_lot::Mutex;

use crate::extended::Prepared;

/// A prepared statement with its parameters, at some point of its execution.
pub(crate) struct Portal {
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) parameters: Vec<Parameter>,
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
        rest: Option<RecordBatch>,
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
