//! Batches as DataRow messages.
use arrow_array::RecordBatch;
use bytes::{BufMut, BytesMut};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_types::{ColumnWriter, Style};

use crate::{Format, RowShape};

/// The columns of a batch, each with its way to be written chosen once.
pub(crate) struct Rows {
    columns: Vec<ColumnWriter>,
    count: usize,
}

impl Rows {
    pub(crate) fn new(
        batch: &RecordBatch,
        shape: &RowShape,
        style: &Style,
    ) -> Result<Self, Report> {
        if batch.num_columns() != shape.columns().len() {
            let (found, described) = (batch.num_columns(), shape.columns().len());
            let message = format!("a batch of {found} columns was described as {described}");
            return Err(Report::error(SqlState::INTERNAL_ERROR, message));
        }
        let shapes = shape.columns().iter().zip(shape.formats());
        let columns =
            batch.columns().iter().zip(shapes).map(|(array, (column, format))| match format {
                Format::Text => ColumnWriter::text(column.pg_type, array, style),
                Format::Binary => ColumnWriter::binary(column.pg_type, array),
            });
        let columns = columns.collect::<Result<_, _>>().map_err(|error| error.report())?;
        Ok(Self { columns, count: batch.num_rows() })
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Writes the body of a row's DataRow.
    pub(crate) fn put(&self, row: usize, buffer: &mut BytesMut) -> Result<(), Report> {
        buffer.put_u16(self.columns.len() as u16);
        self.columns.iter().try_for_each(|column| put_value(column, row, buffer))
    }
}

fn put_value(column: &ColumnWriter, row: usize, buffer: &mut BytesMut) -> Result<(), Report> {
    if column.is_null(row) {
        buffer.put_i32(-1);
        return Ok(());
    }
    let start = buffer.len();
    buffer.put_u32(0);
    column.write(row, buffer).map_err(|error| error.report())?;
    put_length(buffer, start, start + 4)
}

/// Fills in the length, kept at `at`, of what begins at `start`.
pub(crate) fn put_length(buffer: &mut BytesMut, at: usize, start: usize) -> Result<(), Report> {
    let length = i32::try_from(buffer.len() - start).map_err(|_| too_long())?;
    buffer[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// What has no place in a message's length.
pub(crate) fn too_long() -> Report {
    Report::error(SqlState::PROGRAM_LIMIT_EXCEEDED, "message is too long to be sent")
}
