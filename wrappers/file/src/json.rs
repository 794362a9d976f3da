//! JSON: an object a line, whose members are read as `json_populate_record` reads them.
use std::sync::Arc;

use arrow_array::RecordBatch;
use medley_copy::{Block, Encoding, Options, Splitter};
use medley_fdw::{
    Diagnostic, Error, FileColumn, FileTable, Report, Result, RowBuilder, SqlState, json,
};
use medley_types::{Style, field};

use crate::connection::names;
use crate::rows::Reading;

/// How the files of a table are read.
pub(crate) struct Lines {
    table: String,
    columns: Vec<FileColumn>,
    names: Vec<String>,
    options: Arc<Options>,
    style: Style,
}

impl Lines {
    pub fn new(table: &FileTable) -> Self {
        // No byte of JSON is zero: a line ends at its end.
        let options =
            Options { format: medley_copy::Format::Csv, quote: 0, escape: 0, ..Options::default() };
        Self {
            table: table.name.clone(),
            columns: table.columns.clone(),
            names: names(table),
            options: Arc::new(options),
            style: table.style.clone(),
        }
    }

    fn line(&self, line: &str, wanted: &[usize], rows: &mut RowBuilder) -> Judged {
        let members = json::members(line).ok_or_else(malformed)?;
        for (place, index) in wanted.iter().enumerate() {
            let name = &self.names[*index];
            let value = json::member(&members, name).unwrap_or("null");
            let builder = &mut rows.columns()[place];
            let is_json = matches!(self.columns[*index].pg_type.oid.0, 114 | 3802);
            let appended = match value {
                "null" => {
                    builder.append_null();
                    Ok(())
                }
                _ if value.starts_with('"') && !is_json => {
                    let text = json::unquoted(value).ok_or_else(malformed)?;
                    builder.append_text(&text, &self.style)
                }
                _ => builder.append_text(value, &self.style),
            };
            appended.map_err(|error| {
                let column = &self.columns[*index].name;
                Box::new(error.report().with_context(format!("column {column}")))
            })?;
        }
        rows.end_row();
        Ok(())
    }
}

type Judged<T = ()> = Result<T, Box<Report>>;

fn malformed() -> Box<Report> {
    let state = SqlState::INVALID_TEXT_REPRESENTATION;
    Box::new(Report::error(state, "line is not a JSON object"))
}

impl Reading for Lines {
    fn splitter(&self) -> Splitter {
        Splitter::new(Arc::clone(&self.options))
    }

    fn encoding(&self) -> Encoding {
        Encoding::Utf8
    }

    fn read(&self, block: &Block, in_path: &[bool]) -> Result<RecordBatch> {
        let is_wanted = |index: &usize| self.columns[*index].wanted && !in_path[*index];
        let wanted: Vec<usize> = (0..self.columns.len()).filter(is_wanted).collect();
        let fields = wanted.iter().map(|index| {
            let column = &self.columns[*index];
            field(column.name.clone(), column.pg_type, true)
        });
        let schema = arrow_schema::Schema::new(fields.collect::<Vec<_>>());
        let mut rows = RowBuilder::new(Arc::new(schema));
        for line in &block.lines {
            let place = |report: Report| {
                let context = format!("foreign table {}, line {}", self.table, line.number);
                Error::refused(report.with_context(context))
            };
            let text = std::str::from_utf8(&block.bytes[line.span.clone()]).map_err(|_| {
                let message = "invalid byte sequence for encoding \"UTF8\"";
                place(Report::error(SqlState::CHARACTER_NOT_IN_REPERTOIRE, message))
            })?;
            if !text.trim().is_empty() {
                self.line(text, &wanted, &mut rows).map_err(|report| place(*report))?;
            }
        }
        match &block.error {
            Some((error, number)) => {
                let context = format!("foreign table {}, line {number}", self.table);
                Err(Error::refused(error.report().with_context(context)))
            }
            None => rows.finish(),
        }
    }

    fn columns(&self) -> &[FileColumn] {
        &self.columns
    }

    fn style(&self) -> &Style {
        &self.style
    }

    fn notices(&self, _at_end: bool) -> Vec<Report> {
        Vec::new()
    }
}
