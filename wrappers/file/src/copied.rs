//! Text and csv: COPY's formats.
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use medley_copy::{Block, Encoding, Format, Options, Parser, Skipped, Splitter, Target};
use medley_fdw::{Diagnostic, Error, FileColumn, FileTable, Report, Result};
use medley_types::Style;

use crate::options::copy_options;
use crate::rows::Reading;

/// How the files of a table are read.
pub(crate) struct Copied {
    table: String,
    options: Arc<Options>,
    columns: Vec<FileColumn>,
    style: Style,
    skipped: Arc<Skipped>,
    /// Those that nobody uses now.
    parsers: Mutex<Vec<(Vec<bool>, Parser)>>,
}

impl Copied {
    pub fn new(table: &FileTable) -> Result<Self> {
        let options = copy_options(table.options.iter())?;
        if options.format == Format::Binary {
            return Err(unsupported("reading files of format \"binary\""));
        }
        if let Some(Encoding::Other(name)) = options.encoding {
            return Err(unsupported(&format!("reading files in encoding \"{name}\"")));
        }
        if options.default.is_some() && table.columns.iter().any(|column| column.has_default) {
            return Err(unsupported("option \"default\" on a table whose columns have defaults"));
        }
        Ok(Self {
            table: table.name.clone(),
            options: Arc::new(options),
            columns: table.columns.clone(),
            style: table.style.clone(),
            skipped: Arc::default(),
            parsers: Mutex::default(),
        })
    }

    fn parser(&self, in_path: &[bool]) -> Result<Parser> {
        let mut waiting = self.parsers.lock().map_err(|_| unsupported("reading on"))?;
        if let Some(place) = waiting.iter().position(|(it, _)| it == in_path) {
            return Ok(waiting.swap_remove(place).1);
        }
        let columns = self.columns.iter().zip(in_path).filter(|(_, in_path)| !**in_path);
        let targets = columns.map(|(column, _)| target(column)).collect::<Result<_>>()?;
        let (options, skipped) = (Arc::clone(&self.options), Arc::clone(&self.skipped));
        Ok(Parser::new(&self.table, options, targets, self.style.clone(), skipped))
    }
}

fn target(column: &FileColumn) -> Result<Target> {
    let is = |name| Ok::<_, Error>(column.options.boolean(name)?.unwrap_or(false));
    Ok(Target {
        wanted: column.wanted,
        force_not_null: is("force_not_null")?,
        force_null: is("force_null")?,
        ..Target::new(column.name.clone(), column.pg_type)
    })
}

fn unsupported(what: &str) -> Error {
    Error::refused(Report::unsupported(what))
}

impl Reading for Copied {
    fn splitter(&self) -> Splitter {
        Splitter::new(Arc::clone(&self.options))
    }

    fn encoding(&self) -> Encoding {
        self.options.encoding.unwrap_or(Encoding::Utf8)
    }

    fn read(&self, block: &Block, in_path: &[bool]) -> Result<RecordBatch> {
        let mut parser = self.parser(in_path)?;
        let batch = parser.read(block).map_err(|error| Error::refused(error.report()))?;
        if let Ok(mut waiting) = self.parsers.lock() {
            waiting.push((in_path.to_vec(), parser));
        }
        Ok(batch)
    }

    fn columns(&self) -> &[FileColumn] {
        &self.columns
    }

    fn style(&self) -> &Style {
        &self.style
    }

    fn notices(&self, at_end: bool) -> Vec<Report> {
        let mut notices = self.skipped.take_notices();
        notices.extend(self.skipped.summary(&self.options).filter(|_| at_end));
        notices
    }
}
