use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use medley_types::{ColumnBuilder, type_of_field};

use crate::Result;

/// A batch is handed on when it holds this many rows …
const BATCH_ROWS: usize = 8192;
/// … or this many bytes.
const BATCH_BYTES: usize = 4 << 20;
/// Its bytes are counted when this many have come.
const UNCOUNTED_BYTES: usize = 64 << 10;
/// Room at the start: a lookup of one row should not pay for a batch.
const FIRST_ROWS: usize = 64;

/// Turns remote values into batches. A wrapper appends each value of a row to its column and
/// then calls [`RowBuilder::end_row`]; the columns hold the only match on types there is.
pub struct RowBuilder {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
    /// What the columns held when that was last counted.
    bytes: usize,
    /// What has come since then.
    uncounted: usize,
}

impl RowBuilder {
    /// For these columns: fields of `types::field`.
    pub fn new(schema: SchemaRef) -> Self {
        let builder = |field: &std::sync::Arc<arrow_schema::Field>| {
            ColumnBuilder::new(type_of_field(field), FIRST_ROWS)
        };
        let columns = schema.fields().iter().map(builder).collect();
        Self { columns, schema, rows: 0, bytes: 0, uncounted: 0 }
    }

    /// The columns, to append a value of the current row to each.
    pub fn columns(&mut self) -> &mut [ColumnBuilder] {
        &mut self.columns
    }

    /// Ends the current row.
    pub fn end_row(&mut self) {
        self.end_rows(1, UNCOUNTED_BYTES);
    }

    /// Ends so many rows, of which so many bytes came.
    #[inline]
    pub fn end_rows(&mut self, rows: usize, bytes: usize) {
        self.rows += rows;
        self.uncounted += bytes;
        if self.uncounted >= UNCOUNTED_BYTES {
            self.uncounted = 0;
            self.bytes = self.columns.iter().map(ColumnBuilder::byte_size).sum();
        }
    }

    /// How many rows more a batch takes.
    pub fn room(&self) -> usize {
        BATCH_ROWS.saturating_sub(self.rows)
    }

    /// Enough for a batch.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// No row yet.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Hands the rows on and starts anew.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        (self.bytes, self.uncounted) = (0, 0);
        let arrays = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        let options = arrow_array::RecordBatchOptions::new()
            .with_row_count(Some(std::mem::take(&mut self.rows)));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options).map_err(|error| {
            crate::Error::refused(medley_diagnostic::Report::error(
                medley_diagnostic::SqlState::INTERNAL_ERROR,
                error.to_string(),
            ))
        })
    }
}
