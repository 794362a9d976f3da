//! The answers that a table is made of, one after another.
use std::collections::VecDeque;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use futures::{StreamExt, TryStreamExt, stream};
use medley_fdw::{Batches, Error, Op, Options, Qual, Report, Result, Scan, SqlState, json};
use medley_http::{Url, encoded};

use crate::connection::Connection;
use crate::rows::Rows;

/// A scan in the middle.
pub(crate) struct Pages<'a> {
    connection: &'a Connection,
    scan: Scan<'a>,
    rows: Rows,
    /// What to ask for when all that came is handed on.
    next: Option<Url>,
    came: VecDeque<RecordBatch>,
}

impl<'a> Pages<'a> {
    pub fn new(connection: &'a Connection, scan: Scan<'a>) -> Result<Self> {
        let path = format!("{}{}", scan.table.require("path")?, parameters(&scan)?);
        let first = connection.service().join(&path);
        // Of the same service, and nothing but printable.
        let next = Some(first.follow(first.path()).map_err(|_| not_a_path(&path))?);
        let rows = Rows::new(&scan);
        Ok(Self { connection, scan, rows, next, came: VecDeque::new() })
    }

    /// Each page is asked for when the one before it is used up.
    pub fn batches(self) -> Batches<'a> {
        let batches = stream::try_unfold(self, |mut pages| async move {
            while pages.came.is_empty() && !pages.rows.is_done() {
                let Some(url) = pages.next.take() else { break };
                pages.read(&url).await?;
            }
            Ok(pages.came.pop_front().map(|batch| (batch, pages)))
        });
        batches.into_stream().boxed()
    }

    async fn read(&mut self, url: &Url) -> Result<()> {
        let text = self.connection.ask(url).await?;
        if !json::is_valid(&text) {
            return Err(unexpected("the service's answer is not JSON"));
        }
        let pointer = self.scan.table.text("rows").unwrap_or_default();
        let objects = json::pointed(&text, pointer).and_then(json::elements);
        let objects = objects.ok_or_else(|| {
            unexpected(&format!("there is no array at \"{pointer}\" of the service's answer"))
        })?;
        for object in objects {
            self.came.extend(self.rows.append(object)?);
        }
        self.came.extend(self.rows.rest()?);
        self.next = self.page_after(url, &text)?;
        Ok(())
    }

    fn page_after(&self, url: &Url, text: &str) -> Result<Option<Url>> {
        let Some(pointer) = self.scan.table.text("next") else { return Ok(None) };
        let reference = match json::pointed(text, pointer) {
            None | Some("null" | "\"\"") => return Ok(None),
            Some(value) => json::unquoted(value),
        };
        let next = reference.and_then(|reference| url.follow(&reference).ok());
        match next {
            Some(next) if next != *url => Ok(Some(next)),
            Some(_) => Err(unexpected("the service names a page as the one after itself")),
            None => Err(unexpected("the next page is not one of the same service")),
        }
    }
}

/// The value that the service is asked for, if it filters by the column.
pub(crate) fn filtered(table: &Options, qual: &Qual) -> Option<String> {
    let filters = table.text("filters").unwrap_or_default();
    match &qual.op {
        Op::Eq(value) if filters.split(',').any(|it| it.trim() == qual.column) => sent(value),
        _ => None,
    }
}

/// What the service is to filter by, as the rest of a path.
fn parameters(scan: &Scan<'_>) -> Result<String> {
    let has_query = scan.table.require("path")?.contains('?');
    let mut parameters = String::new();
    for qual in scan.quals {
        let Some(value) = filtered(scan.table, qual) else { continue };
        let between = if has_query || !parameters.is_empty() { '&' } else { '?' };
        parameters.push(between);
        parameters += &format!("{}={}", encoded(&qual.column), encoded(&value));
    }
    Ok(parameters)
}

/// A text or an integer, as it is sent; others are not.
fn sent(value: &ArrayRef) -> Option<String> {
    if value.is_empty() || value.is_null(0) {
        return None;
    }
    match value.data_type() {
        DataType::Utf8 => Some(value.as_string::<i32>().value(0).to_owned()),
        DataType::Int16 => Some(value.as_primitive::<Int16Type>().value(0).to_string()),
        DataType::Int32 => Some(value.as_primitive::<Int32Type>().value(0).to_string()),
        DataType::Int64 => Some(value.as_primitive::<Int64Type>().value(0).to_string()),
        _ => None,
    }
}

fn unexpected(message: &str) -> Error {
    Error::remote(Report::error(SqlState::FDW_ERROR, message))
}

fn not_a_path(path: &str) -> Error {
    let message = format!("invalid value for option \"path\": {path}");
    Error::refused(Report::error(SqlState::INVALID_PARAMETER_VALUE, message))
}
