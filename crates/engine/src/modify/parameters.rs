//! Rows as the parameters of remote statements.
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use medley_types::{ColumnWriter, PgType, Style, TimeZone};

use crate::error::{Error, Result};

/// As remotes read values, whatever they and this session are set to.
pub(super) fn remote_style() -> Style {
    Style { time_zone: TimeZone::default(), extra_float_digits: 3, ..Style::default() }
}

/// Columns whose values are told as text.
pub(super) struct Texts {
    columns: Vec<ColumnWriter>,
}

impl Texts {
    /// Of these columns of a batch, as these types.
    pub fn new(columns: &[(PgType, ArrayRef)]) -> Result<Self> {
        let style = remote_style();
        let writer = |(t, array): &(PgType, ArrayRef)| ColumnWriter::text(*t, array, &style);
        let columns = columns.iter().map(writer).collect::<medley_types::Result<_>>()?;
        Ok(Self { columns })
    }

    /// The values of a row.
    pub fn row(&self, row: usize) -> Result<Vec<Option<String>>> {
        self.columns.iter().map(|column| text(column, row)).collect()
    }
}

fn text(column: &ColumnWriter, row: usize) -> Result<Option<String>> {
    if column.is_null(row) {
        return Ok(None);
    }
    let mut out = bytes::BytesMut::new();
    column.write(row, &mut out)?;
    let text = String::from_utf8(out.to_vec());
    text.map(Some).map_err(|_| Error::Internal("an output function wrote no text".to_owned()))
}

/// The columns of a batch from this one on, with their types.
pub(super) fn columns(
    batch: &RecordBatch,
    from: usize,
    types: &[PgType],
) -> Result<Vec<(PgType, ArrayRef)>> {
    let arrays = batch.columns().get(from..from + types.len());
    let arrays = arrays.ok_or_else(|| Error::Internal("a column is missing".to_owned()))?;
    Ok(types.iter().copied().zip(arrays.iter().map(Arc::clone)).collect())
}
