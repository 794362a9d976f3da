//! Relations whose rows are the same everywhere: kept as text, as COPY writes it.
use medley_types::Style;

use super::{RowSink, SystemColumn};
use crate::error::Result;
use crate::semantics::{Datum, Reader, input, null};

/// Adds the rows of a table in `data`.
pub fn rows(columns: &[SystemColumn], text: &str, out: &mut RowSink) -> Result<()> {
    text.lines().try_for_each(|line| row(columns, line, out))
}

fn row(columns: &[SystemColumn], line: &str, out: &mut RowSink) -> Result<()> {
    let readers = columns
        .iter()
        .zip(line.split('\t'))
        .map(|(column, field)| {
            let value = match field {
                "\\N" => null(column.pg_type),
                text => input(column.pg_type, text, &Style::default())?,
            };
            Ok(Reader::new(column.pg_type, value))
        })
        .collect::<Result<Vec<_>>>()?;
    let datums = readers.iter().map(|reader| reader.get(0)).collect::<Result<Vec<Datum<'_>>>>()?;
    out.push(&datums)
}
