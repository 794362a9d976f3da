//! What a connection is asked: rows, and which tables there are.
use arrow_array::RecordBatch;
use async_trait::async_trait;
use futures::{StreamExt, stream};
use medley_fdw::{
    Batches, ColumnDef, Error, ImportSchema, Report, Result, RowBuilder, Scan, ScanConnection,
    SqlState, TableDef,
};
use medley_types::{ColumnBuilder, Form, PgType};

/// The only table that IMPORT FOREIGN SCHEMA finds.
const TABLE: &str = "greetings";
const COLUMNS: [(&str, PgType); 2] = [("n", PgType::INT4), ("greeting", PgType::TEXT)];

/// A session of one account.
pub(crate) struct Connection {
    greeting: String,
}

impl Connection {
    pub fn new(greeting: &str, user: &str) -> Self {
        Self { greeting: format!("{greeting}, {user}!") }
    }
}

#[async_trait]
impl ScanConnection for Connection {
    fn scan<'a>(&'a mut self, scan: Scan<'a>) -> Batches<'a> {
        match Rows::new(&self.greeting, &scan) {
            Ok(rows) => stream::iter(rows).boxed(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    async fn import(&mut self, wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        let tables = [table()].into_iter();
        Ok(tables.filter(|table| wanted.restriction.admits(&table.name)).collect())
    }
}

fn table() -> TableDef {
    let columns = COLUMNS.iter().map(|(name, t)| column(name, *t)).collect();
    TableDef { name: TABLE.to_owned(), columns, options: Vec::new() }
}

fn column(name: &str, t: PgType) -> ColumnDef {
    ColumnDef {
        name: name.to_owned(),
        type_name: t.to_string(),
        pg_type: Some(t),
        collation: None,
        not_null: false,
        default: None,
        generated: None,
        options: Vec::new(),
    }
}

/// The batches of one scan.
struct Rows<'a> {
    greeting: &'a str,
    builder: RowBuilder,
    /// The row to come, from 1.
    next: i64,
    last: i64,
}

impl<'a> Rows<'a> {
    fn new(greeting: &'a str, scan: &Scan<'_>) -> Result<Self> {
        let rows = i64::from(scan.table.positive_integer("rows")?.unwrap_or(1));
        let limit = scan.limit.and_then(|limit| i64::try_from(limit).ok());
        let last = limit.map_or(rows, |limit| rows.min(limit));
        Ok(Self { greeting, builder: RowBuilder::new(scan.schema.clone()), next: 1, last })
    }

    fn append_row(&mut self) -> Result<()> {
        for column in self.builder.columns() {
            append(column, self.next, self.greeting)?;
        }
        self.builder.end_row();
        self.next += 1;
        Ok(())
    }

    fn batch(&mut self) -> Result<RecordBatch> {
        while self.next <= self.last && !self.builder.is_full() {
            self.append_row()?;
        }
        self.builder.finish()
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = (self.next <= self.last).then(|| self.batch())?;
        if batch.is_err() {
            self.last = 0;
        }
        Some(batch)
    }
}

/// An integer counts, a text greets.
fn append(column: &mut ColumnBuilder, row: i64, greeting: &str) -> Result<()> {
    let t = column.pg_type();
    match Form::of(t) {
        Form::Int2 | Form::Int4 | Form::Int8 => Ok(column.append_i64(row)?),
        Form::Text | Form::Bpchar if is_string(t) => Ok(column.append_str(greeting)?),
        _ => Err(neither(t)),
    }
}

/// JSON is held as text is, and a greeting is none.
fn is_string(t: PgType) -> bool {
    t.info().is_some_and(|info| info.category == 'S')
}

fn neither(t: PgType) -> Error {
    let message = format!("hello_fdw has no values of type {t}");
    let report = Report::error(SqlState::FDW_INVALID_DATA_TYPE, message);
    Error::refused(report.with_hint("Columns are texts, which greet, or integers, which count."))
}
