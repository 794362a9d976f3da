//! Two wrappers: one that writes down the SQL it is sent and answers with its account's name, and
//! one whose tables are in memory.
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use futures::{StreamExt, stream};
use medley_fdw::{
    Batches, Canceller, Capabilities, Connect, Dialect, Facts, Family, OptionSpec, Options, Query,
    Result, Scan, ScanConnection, ScanWrapper, SqlConnection, SqlWrapper, TableName, Wrapper,
};
use medley_types::{ColumnBuilder, Style, type_of_field};
use parking_lot::Mutex;

/// What was sent, as `account: SQL`.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        self.0.lock().push(line);
    }

    /// What was sent since the last call.
    pub fn take(&self) -> Vec<String> {
        let mut lines = std::mem::take(&mut *self.0.lock());
        lines.sort();
        lines
    }
}

/// Speaks PostgreSQL's SQL; every text column of its one row is the account's name, every other
/// is NULL. A table that is called `endless` has a next row that never comes.
pub struct Recorder(pub Log);

macro_rules! wrapper {
    ($t:ty, $name:literal) => {
        impl Wrapper for $t {
            fn name(&self) -> &'static str {
                $name
            }
            fn summary(&self) -> &'static str {
                "for tests"
            }
            fn handler(&self) -> &'static str {
                concat!($name, "_handler")
            }
            fn validator(&self) -> &'static str {
                concat!($name, "_validator")
            }
            fn options(&self) -> &'static [OptionSpec] {
                &[]
            }
        }
    };
}

wrapper!(Recorder, "recorder_fdw");
wrapper!(Memory, "memory_fdw");

static DIALECT: Dialect =
    Dialect { family: Family::Postgres, name_quote: '"', backslash_is_plain: true };

#[async_trait]
impl SqlWrapper for Recorder {
    async fn connect(&self, connect: Connect<'_>) -> Result<Box<dyn SqlConnection>> {
        let account = connect.mapping.text("user").unwrap_or("nobody").to_owned();
        let can = Capabilities::default();
        let facts = Facts {
            dialect: &DIALECT,
            version: 1,
            byte_order_collation: true,
            unicode_letters: true,
            can,
        };
        Ok(Box::new(Recording { account, facts, log: self.0.clone() }))
    }

    fn remote_table(&self, schema: &str, table: &str, _options: &Options) -> TableName {
        TableName { schema: Some(schema.to_owned()), table: table.to_owned() }
    }

    fn remote_column(&self, column: &str, options: &Options) -> String {
        options.text("column_name").unwrap_or(column).to_owned()
    }

    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }
}

struct Recording {
    account: String,
    facts: Facts,
    log: Log,
}

struct Cancelling {
    account: String,
    log: Log,
}

#[async_trait]
impl Canceller for Cancelling {
    async fn cancel(&self) -> Result<()> {
        self.log.add(format!("{}: cancelled", self.account));
        Ok(())
    }
}

#[async_trait]
impl SqlConnection for Recording {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn canceller(&self) -> Option<Box<dyn Canceller>> {
        Some(Box::new(Cancelling { account: self.account.clone(), log: self.log.clone() }))
    }

    fn query(&mut self, query: Query) -> Batches<'_> {
        self.log.add(format!("{}: {}", self.account, query.sql));
        let column = |field: &Arc<datafusion::arrow::datatypes::Field>| -> ArrayRef {
            let t = type_of_field(field);
            let mut builder = ColumnBuilder::new(t, 1);
            match t.info().unwrap().category {
                'S' => builder.append_text(&self.account, &Style::default()).unwrap(),
                _ => builder.append_null(),
            }
            builder.finish()
        };
        let columns: Vec<_> = query.schema.fields().iter().map(column).collect();
        let options = datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(1));
        let batch = RecordBatch::try_new_with_options(query.schema, columns, &options).unwrap();
        let first = stream::iter([Ok(batch)]);
        match query.sql.contains("endless") {
            true => first.chain(stream::pending()).boxed(),
            false => first.boxed(),
        }
    }

    async fn reset(&mut self) -> bool {
        true
    }
}

/// Tables whose rows stand in the table's option `rows`: values separated by `|`, rows by `;`,
/// NULL as `\N`; each column knows its place by its option `place`.
pub struct Memory;

#[async_trait]
impl ScanWrapper for Memory {
    async fn connect(&self, _connect: Connect<'_>) -> Result<Box<dyn ScanConnection>> {
        Ok(Box::new(Reading))
    }
}

struct Reading;

#[async_trait]
impl ScanConnection for Reading {
    fn scan<'a>(&'a mut self, scan: Scan<'a>) -> Batches<'a> {
        let rows = scan.table.text("rows").unwrap_or_default();
        let rows: Vec<Vec<&str>> = rows
            .split(';')
            .filter(|row| !row.is_empty())
            .map(|row| row.split('|').collect())
            .collect();
        let columns = scan.schema.fields().iter().zip(scan.columns).map(|(field, options)| {
            let place: usize = options.text("place").unwrap().parse().unwrap();
            let mut builder = ColumnBuilder::new(type_of_field(field), rows.len());
            for row in &rows {
                match row[place] {
                    "\\N" => builder.append_null(),
                    text => builder.append_text(text, &Style::default()).unwrap(),
                }
            }
            builder.finish()
        });
        let options =
            datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let columns = columns.collect();
        let batch = RecordBatch::try_new_with_options(scan.schema, columns, &options);
        stream::iter([Ok(batch.unwrap())]).boxed()
    }
}
