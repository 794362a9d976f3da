//! A block of lines as a batch: the second step of reading, which runs in parallel.
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use medley_diagnostic::Report;
use medley_types::{ColumnBuilder, PgType, Style, field};

use crate::encoding::{invalid_bytes, valid_length};
use crate::fields::{Fields, Value};
use crate::options::{Header, LogVerbosity, OnError};
use crate::{Block, Error, Line, Options, Result};

/// Of a longer value, or line, only so much is shown where an error happened.
const MOST_SHOWN_BYTES: usize = 100;

/// A column of the data.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its type.
    pub pg_type: PgType,
    /// Whether its values are asked for; the others are not looked at.
    pub wanted: bool,
    /// FORCE_NOT_NULL.
    pub force_not_null: bool,
    /// FORCE_NULL.
    pub force_null: bool,
    /// Its default, as text: `None` for a column that has none, `Some(None)` for null.
    pub default: Option<Option<String>>,
}

impl Target {
    /// A column that is asked for, and has no default.
    pub fn new(name: impl Into<String>, pg_type: PgType) -> Self {
        Self {
            name: name.into(),
            pg_type,
            wanted: true,
            force_not_null: false,
            force_null: false,
            default: None,
        }
    }
}

/// The rows that were left out, by all parsers of one reading.
#[derive(Debug, Default)]
pub struct Skipped {
    rows: AtomicU64,
    notices: Mutex<Vec<Report>>,
}

impl Skipped {
    /// How many.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// The notices of single rows since this was last asked.
    pub fn take_notices(&self) -> Vec<Report> {
        self.notices.lock().map(|mut notices| std::mem::take(&mut *notices)).unwrap_or_default()
    }

    /// What is told at the end, if anything was left out and it is to be told.
    pub fn summary(&self, options: &Options) -> Option<Report> {
        if options.log_verbosity == LogVerbosity::Silent {
            return None;
        }
        let rows = match self.rows() {
            0 => return None,
            1 => "1 row was".to_owned(),
            rows => format!("{rows} rows were"),
        };
        Some(Report::notice(format!("{rows} skipped due to data type incompatibility")))
    }

    fn count(&self, options: &Options) -> Result<()> {
        let rows = self.rows.fetch_add(1, Ordering::Relaxed) + 1;
        match options.reject_limit {
            Some(limit) if i64::try_from(rows).is_ok_and(|rows| rows > limit) => {
                Err(Error::RejectLimit(limit))
            }
            _ => Ok(()),
        }
    }

    fn tell(&self, notice: Report) {
        if let Ok(mut notices) = self.notices.lock() {
            notices.push(notice);
        }
    }
}

/// Turns lines into batches.
pub struct Parser {
    table: String,
    options: Arc<Options>,
    columns: Vec<Target>,
    style: Style,
    schema: SchemaRef,
    builders: Vec<ColumnBuilder>,
    /// No column is asked for: then all of them are looked at, and none is handed out.
    looks_at_all: bool,
    /// Where rows may be left out, each value is tried here first.
    trials: Vec<ColumnBuilder>,
    fields: Fields,
    skipped: Arc<Skipped>,
}

/// A value that cannot be converted: of which column, how it is written, and why.
struct Misfit {
    column: usize,
    text: Option<String>,
    error: Error,
}

impl Parser {
    /// For a table of this name, which errors name.
    pub fn new(
        table: &str,
        options: Arc<Options>,
        columns: Vec<Target>,
        style: Style,
        skipped: Arc<Skipped>,
    ) -> Self {
        let looks_at_all = !columns.iter().any(|column| column.wanted);
        let fields = columns
            .iter()
            .filter(|column| column.wanted)
            .map(|it| field(it.name.clone(), it.pg_type, true));
        let schema = Arc::new(arrow_schema::Schema::new(fields.collect::<Vec<_>>()));
        let builders = || builders(&columns, looks_at_all);
        let trials = match options.on_error {
            OnError::Ignore => builders(),
            OnError::Stop => Vec::new(),
        };
        Self {
            table: table.to_owned(),
            builders: builders(),
            trials,
            looks_at_all,
            options,
            columns,
            style,
            schema,
            fields: Fields::default(),
            skipped,
        }
    }

    /// The wanted columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Who counts the rows that are left out.
    pub fn skipped(&self) -> &Arc<Skipped> {
        &self.skipped
    }

    /// Reads a block. The first thing that is wrong in it is the error.
    pub fn read(&mut self, block: &Block) -> Result<RecordBatch> {
        let valid = valid_length(&block.bytes);
        let text = std::str::from_utf8(&block.bytes[..valid]).unwrap_or_default();
        let mut rows = 0;
        for (line, is_header) in lines(block) {
            let Some(content) = text.get(line.span.clone()) else {
                return Err(self.invalid(block, valid, line.number));
            };
            match is_header {
                true => self.header(content, line.number)?,
                false => rows += usize::from(self.row(content, line.number)?),
            }
        }
        match &block.error {
            Some((_, number)) if valid < block.bytes.len() => {
                Err(self.invalid(block, valid, *number))
            }
            Some((error, number)) => Err(error.clone().at(self.place(*number))),
            None => self.finish(rows),
        }
    }

    fn finish(&mut self, rows: usize) -> Result<RecordBatch> {
        self.trials.iter_mut().for_each(|trial| drop(trial.finish()));
        let mut arrays: Vec<ArrayRef> =
            self.builders.iter_mut().map(ColumnBuilder::finish).collect();
        if self.looks_at_all {
            arrays.clear();
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| Error::Internal(error.to_string()))
    }

    fn header(&mut self, line: &str, number: u64) -> Result<()> {
        if self.options.header != Header::Match {
            return Ok(());
        }
        self.match_header(line).map_err(|error| error.at(self.place_of_line(number, line)))
    }

    fn match_header(&mut self, line: &str) -> Result<()> {
        self.fields.read(&self.options, line, 0)?;
        let (got, expected) = (self.fields.len(), self.columns.len());
        if got != expected {
            return Err(Error::HeaderFields { got, expected });
        }
        for (index, column) in self.columns.iter().enumerate() {
            let (field, expected) = (index + 1, column.name.clone());
            match self.fields.get(index, line) {
                Some(Value::Text(got) | Value::Default(got)) if got == column.name => {}
                Some(Value::Text(got) | Value::Default(got)) => {
                    return Err(Error::HeaderName { field, got: got.to_owned(), expected });
                }
                Some(Value::Null) | None => {
                    return Err(Error::HeaderNull {
                        field,
                        null: self.options.null.clone(),
                        expected,
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether the row is one, and not left out.
    fn row(&mut self, line: &str, number: u64) -> Result<bool> {
        self.split(line).map_err(|error| error.at(self.place_of_line(number, line)))?;
        if !self.trials.is_empty()
            && let Err(misfit) = self.convert(line, number, true)?
        {
            self.leave_out(misfit, number)?;
            return Ok(false);
        }
        match self.convert(line, number, false)? {
            Ok(()) => Ok(true),
            Err(misfit) => Err(misfit.error.at(self.place_of_value(
                number,
                misfit.column,
                misfit.text.as_deref(),
            ))),
        }
    }

    fn split(&mut self, line: &str) -> Result<()> {
        // A table without columns has rows of nothing.
        if self.columns.is_empty() {
            return if line.is_empty() { Ok(()) } else { Err(Error::ExtraData) };
        }
        self.fields.read(&self.options, line, self.columns.len())?;
        if self.fields.len() > self.columns.len() {
            return Err(Error::ExtraData);
        }
        Ok(())
    }

    /// Appends the values of a row, here or on trial. The outer error ends the statement.
    fn convert(&mut self, line: &str, number: u64, on_trial: bool) -> Result<Result<(), Misfit>> {
        let builders = if on_trial { &mut self.trials } else { &mut self.builders };
        let mut builders = builders.iter_mut();
        for (index, column) in self.columns.iter().enumerate() {
            let Some(value) = self.fields.get(index, line) else {
                let error = Error::MissingData(column.name.clone());
                return Err(error.at(self.place_of_line(number, line)));
            };
            if let (Value::Default(_), None) = (value, &column.default) {
                return Err(
                    Error::NoDefault(column.name.clone()).at(self.place_of_line(number, line))
                );
            }
            if !column.wanted && !self.looks_at_all {
                continue;
            }
            let Some(builder) = builders.next() else { continue };
            let text = match value {
                Value::Default(_) => column.default.as_ref().and_then(|it| it.as_deref()),
                _ => forced(&self.options, column, value),
            };
            let appended = match text {
                Some(text) => builder.append_text(text, &self.style),
                None => {
                    builder.append_null();
                    Ok(())
                }
            };
            if let Err(error) = appended {
                let text = text.map(str::to_owned);
                return Ok(Err(Misfit { column: index, text, error: error.into() }));
            }
        }
        Ok(Ok(()))
    }

    fn leave_out(&mut self, misfit: Misfit, number: u64) -> Result<()> {
        self.trials = builders(&self.columns, self.looks_at_all);
        // What PostgreSQL has and we lack is no fault of the data.
        if let Error::Value(
            medley_types::Error::Unsupported(_) | medley_types::Error::Unrepresentable { .. },
        ) = &misfit.error
        {
            let place = self.place_of_value(number, misfit.column, misfit.text.as_deref());
            return Err(misfit.error.at(place));
        }
        if self.options.log_verbosity == LogVerbosity::Verbose {
            let name = &self.columns[misfit.column].name;
            let what = match &misfit.text {
                Some(text) => format!("\"{}\"", shown(text)),
                None => "null input".to_owned(),
            };
            let notice = Report::notice(format!(
                "skipping row due to data type incompatibility at line {number} for column \
                 \"{name}\": {what}"
            ));
            self.skipped.tell(notice.with_context(format!("COPY {}", self.table)));
        }
        self.skipped.count(&self.options).map_err(|error| {
            error.at(self.place_of_value(number, misfit.column, misfit.text.as_deref()))
        })
    }

    fn invalid(&self, block: &Block, at: usize, number: u64) -> Error {
        let bytes = invalid_bytes(&block.bytes[at..]);
        Error::InvalidBytes { encoding: "UTF8", bytes }.at(self.place(number))
    }

    fn place(&self, number: u64) -> String {
        format!("COPY {}, line {number}", self.table)
    }

    fn place_of_line(&self, number: u64, line: &str) -> String {
        format!("COPY {}, line {number}: \"{}\"", self.table, shown(line))
    }

    fn place_of_value(&self, number: u64, column: usize, text: Option<&str>) -> String {
        let column = &self.columns[column].name;
        match text {
            Some(text) => {
                format!("COPY {}, line {number}, column {column}: \"{}\"", self.table, shown(text))
            }
            None => format!("COPY {}, line {number}, column {column}: null input", self.table),
        }
    }
}

/// One for each column that is looked at.
fn builders(columns: &[Target], all: bool) -> Vec<ColumnBuilder> {
    let looked_at = columns.iter().filter(|column| all || column.wanted);
    looked_at.map(|column| ColumnBuilder::new(column.pg_type, 0)).collect()
}

/// All lines of a block in order, and which of them is the header.
fn lines(block: &Block) -> impl Iterator<Item = (&Line, bool)> {
    let header = block.header.iter().map(|line| (line, true));
    header.chain(block.lines.iter().map(|line| (line, false)))
}

/// A value under FORCE_NOT_NULL and FORCE_NULL.
fn forced<'a>(options: &'a Options, column: &Target, value: Value<'a>) -> Option<&'a str> {
    match value {
        Value::Null => column.force_not_null.then_some(options.null.as_str()),
        Value::Text(text) | Value::Default(text) => {
            (!(column.force_null && text == options.null)).then_some(text)
        }
    }
}

/// As much of a text as is shown in a context line.
fn shown(text: &str) -> std::borrow::Cow<'_, str> {
    if text.len() <= MOST_SHOWN_BYTES {
        return text.into();
    }
    let end = (0..=MOST_SHOWN_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &text[..end]).into()
}
