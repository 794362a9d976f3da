//! What a query hands out.
use std::fmt;

use datafusion::arrow::array::RecordBatch;
use futures::stream::BoxStream;
use medley_types::Column;

use crate::error::Result;

/// The result of a query: its columns, and its rows as they come. Dropped early, it stops what
/// runs for it, here and at the remotes.
pub struct Rows {
    /// Names and types, in order; names need not be unique.
    pub columns: Vec<Column>,
    /// Batches with one Arrow column each, in its type's form; their fields' names mean nothing.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("columns", &self.columns).finish_non_exhaustive()
    }
}
