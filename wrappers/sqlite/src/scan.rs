//! A query's rows, from SQLite's cursor into batches.
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use medley_fdw::{Error, Query, Result, RowBuilder};
use rusqlite::{Connection, Row, Statement};
use tokio::sync::mpsc::Sender;

use crate::error::of_statement;
use crate::{parameter, value};

/// Runs a query and sends its batches, until there are no more or nobody reads them.
pub(crate) fn read(
    connection: &Connection,
    query: &Query,
    batches: &Sender<RecordBatch>,
) -> Result<()> {
    let failed = |error| of_statement(&error, &query.sql);
    let mut statement = connection.prepare(&query.sql).map_err(failed)?;
    check_columns(&statement, &query.schema)?;
    parameter::bind_all(&mut statement, query)?;
    let mut rows = statement.raw_query();
    let mut builder = RowBuilder::new(query.schema.clone());
    while let Some(row) = rows.next().map_err(failed)? {
        append(row, &mut builder, &query.schema, &query.sql)?;
        if builder.is_full() && batches.blocking_send(builder.finish()?).is_err() {
            return Ok(());
        }
    }
    if !builder.is_empty() {
        // Whether anybody still reads the last one makes no difference.
        let _ = batches.blocking_send(builder.finish()?);
    }
    Ok(())
}

/// Without declared columns, rows are only counted.
pub(crate) fn check_columns(statement: &Statement<'_>, schema: &Schema) -> Result<()> {
    let declared = schema.fields().len();
    match declared == 0 || declared == statement.column_count() {
        true => Ok(()),
        false => Err(Error::Mismatch),
    }
}

/// Appends a row of a statement.
pub(crate) fn append(
    row: &Row<'_>,
    builder: &mut RowBuilder,
    schema: &Schema,
    sql: &str,
) -> Result<()> {
    for (index, column) in builder.columns().iter_mut().enumerate() {
        let value = row.get_ref(index).map_err(|error| of_statement(&error, sql))?;
        value::append(column, value)
            .map_err(|misfit| misfit.in_column(schema.field(index).name()))?;
    }
    builder.end_row();
    Ok(())
}
