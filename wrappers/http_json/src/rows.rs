//! Objects as rows.
use arrow_array::RecordBatch;
use medley_fdw::{Error, Report, Result, RowBuilder, Scan, SqlState, json};
use medley_types::{ColumnBuilder, PgType};

/// Makes batches of objects.
pub(crate) struct Rows {
    builder: RowBuilder,
    columns: Vec<Column>,
    /// How many rows more are wanted.
    left: u64,
}

/// A column, and where its value is in an object.
struct Column {
    name: String,
    member: Member,
}

enum Member {
    Name(String),
    Pointer(String),
}

impl Member {
    /// Its value, in an object of these members. What is not there is null.
    fn value<'a>(&self, object: &'a str, members: &[(&str, &'a str)]) -> &'a str {
        let found = match self {
            Self::Name(name) => json::member(members, name),
            Self::Pointer(pointer) => json::pointed(object, pointer),
        };
        found.unwrap_or("null")
    }
}

impl Rows {
    pub fn new(scan: &Scan<'_>) -> Self {
        let fields = scan.schema.fields().iter().zip(scan.columns);
        let columns = fields.map(|(field, options)| {
            let member = options.text("member").unwrap_or(field.name()).to_owned();
            let member = match member.starts_with('/') {
                true => Member::Pointer(member),
                false => Member::Name(member),
            };
            Column { name: field.name().clone(), member }
        });
        Self {
            columns: columns.collect(),
            builder: RowBuilder::new(scan.schema.clone()),
            left: scan.limit.unwrap_or(u64::MAX),
        }
    }

    /// As many rows have come as are wanted.
    pub fn is_done(&self) -> bool {
        self.left == 0
    }

    /// Adds an object; a batch, when one is full.
    pub fn append(&mut self, object: &str) -> Result<Option<RecordBatch>> {
        if self.is_done() {
            return Ok(None);
        }
        let members = json::members(object).ok_or_else(|| {
            let message = "a row of the service's answer is not an object";
            Error::remote(Report::error(SqlState::FDW_ERROR, message))
        })?;
        for (column, builder) in self.columns.iter().zip(self.builder.columns()) {
            append(builder, column.member.value(object, &members)).map_err(|source| {
                Error::Value { source, context: Some(format!("column \"{}\"", column.name)) }
            })?;
        }
        self.builder.end_row();
        self.left -= 1;
        self.builder.is_full().then(|| self.builder.finish()).transpose()
    }

    /// The rows that have not filled a batch.
    pub fn rest(&mut self) -> Result<Option<RecordBatch>> {
        (!self.builder.is_empty()).then(|| self.builder.finish()).transpose()
    }
}

/// A value as `json_populate_record` takes it: a string's text, of all else what is written.
fn append(column: &mut ColumnBuilder, value: &str) -> medley_types::Result<()> {
    let is_json = matches!(column.pg_type(), PgType::JSON | PgType::JSONB);
    match json::unquoted(value) {
        _ if value == "null" => {
            column.append_null();
            Ok(())
        }
        Some(text) if !is_json => column.append_str(&text),
        _ => column.append_str(value),
    }
}
