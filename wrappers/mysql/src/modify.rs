//! Changes of rows at the remote: statements that are prepared once and run many times, and
//! INSERT of many rows at once.
use std::fmt::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::BytesMut;
use futures::StreamExt;
use medley_fdw::{Batches, Error, Modified, Modify, Result, TableName};
use medley_types::{ColumnWriter, PgType, Style, TimeZone, type_of_field};

use crate::error::of_statement;
use crate::parameter::{self, Parameter};
use crate::protocol::{Prepared, Refused, command};
use crate::scan::write_execute;
use crate::session::Session;
use crate::sql::{identifier, literal, qualified};

/// A statement of many rows is sent when it has this many bytes: well below what servers take.
const STATEMENT_BYTES: usize = 1 << 20;
/// What ON CONFLICT DO NOTHING is written as.
const IGNORE: &str = "INSERT IGNORE ";
/// The server's numbers for a row that is there already.
const DUPLICATES: [u16; 3] = [1022, 1062, 1586];

/// Runs a statement once for each list of parameters.
pub(crate) async fn modify(session: &mut Session, modify: &Modify) -> Result<Modified> {
    if modify.returning.is_some() {
        return Err(Error::Unsupported("RETURNING at a MySQL server"));
    }
    let (prepared, _) = session.prepare(&modify.sql, modify.types.len()).await?;
    let mut modified = Modified::default();
    let mut outcome = Ok(());
    for run in &modify.runs {
        match execute(session, prepared, modify, run).await {
            Ok(count) => modified.counts.push(count),
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    session.forget(prepared);
    outcome.map(|()| modified)
}

async fn execute(
    session: &mut Session,
    prepared: Prepared,
    modify: &Modify,
    run: &[Option<String>],
) -> Result<u64> {
    let values = modify.types.iter().zip(run);
    let values = values.map(|(t, text)| parameter::value(*t, text.as_deref()));
    let values = values.collect::<Result<Vec<_>>>()?;
    let write = |out: &mut BytesMut| write_execute(prepared, 0, &values, out);
    session.send(command::STMT_EXECUTE, write).await?;
    let done = session.changed(&modify.sql).await?;
    if done.warnings > 0 && modify.sql.starts_with(IGNORE) {
        check_ignored(session, &modify.sql).await?;
    }
    Ok(done.rows)
}

/// More is ignored by that than a row that is there already: a value that does not fit is cut, a
/// NULL becomes another value. What else was ignored is the error that it would have been.
async fn check_ignored(session: &mut Session, sql: &str) -> Result<()> {
    for row in session.rows("SHOW WARNINGS").await? {
        let [_, Some(code), Some(message)] = row.as_slice() else { continue };
        let code = code.parse().unwrap_or_default();
        if !DUPLICATES.contains(&code) {
            let refused = Refused { code, state: "HY000".to_owned(), message: message.clone() };
            return Err(of_statement(&refused, sql, &session.remote.server));
        }
    }
    Ok(())
}

/// Adds rows, many with each statement.
pub(crate) async fn copy_in(
    session: &mut Session,
    table: &TableName,
    columns: &[String],
    mut rows: Batches<'static>,
) -> Result<u64> {
    let names: Vec<_> = columns.iter().map(|name| identifier(name)).collect();
    let begin = format!("INSERT INTO {}({}) VALUES ", qualified(table), names.join(", "));
    let mut insert = Insert { sql: begin.clone(), begin, added: 0 };
    while let Some(batch) = rows.next().await {
        insert.batch(session, &batch?).await?;
    }
    insert.send(session).await?;
    Ok(insert.added)
}

/// A statement that rows are added to.
struct Insert {
    begin: String,
    sql: String,
    added: u64,
}

impl Insert {
    async fn batch(&mut self, session: &mut Session, batch: &RecordBatch) -> Result<()> {
        let style = Arc::new(style());
        let schema = batch.schema();
        let fields = schema.fields().iter().zip(batch.columns());
        let writer = |(field, array)| {
            let t = type_of_field(field);
            ColumnWriter::text(t, array, &style).map(|writer| (t, writer))
        };
        let columns = fields.map(|(field, array)| (field.as_ref(), array)).map(writer);
        let columns: Vec<_> = columns.collect::<medley_types::Result<_>>()?;
        for row in 0..batch.num_rows() {
            self.row(&columns, row)?;
            if self.sql.len() >= STATEMENT_BYTES {
                self.send(session).await?;
            }
        }
        Ok(())
    }

    fn row(&mut self, columns: &[(PgType, ColumnWriter)], row: usize) -> Result<()> {
        self.sql.push_str(if self.sql.len() == self.begin.len() { "(" } else { ", (" });
        let mut text = BytesMut::new();
        for (index, (t, writer)) in columns.iter().enumerate() {
            if index > 0 {
                self.sql.push_str(", ");
            }
            let value = match writer.is_null(row) {
                true => Parameter::Null,
                false => {
                    text.clear();
                    writer.write(row, &mut text)?;
                    parameter::value(*t, Some(&String::from_utf8_lossy(&text)))?
                }
            };
            put(&value, &mut self.sql);
        }
        self.sql.push(')');
        Ok(())
    }

    /// Sends what there is. An error shows the statement without its values.
    async fn send(&mut self, session: &mut Session) -> Result<()> {
        if self.sql.len() == self.begin.len() {
            return Ok(());
        }
        let shown = format!("{}…", self.begin);
        self.added += session.execute_as(&self.sql, &shown).await?;
        self.sql.truncate(self.begin.len());
        Ok(())
    }
}

/// In UTC, with all digits.
fn style() -> Style {
    Style { time_zone: TimeZone::default(), extra_float_digits: 3, ..Style::default() }
}

/// A value as a constant.
fn put(value: &Parameter, sql: &mut String) {
    let written = match value {
        Parameter::Null => write!(sql, "NULL"),
        Parameter::Integer(value) => write!(sql, "{value}"),
        // Without an exponent it would be a decimal.
        Parameter::Float(value) => write!(sql, "{value:e}"),
        Parameter::Double(value) => write!(sql, "{value:e}"),
        Parameter::Text(text) => write!(sql, "{}", literal(text)),
        Parameter::Decimal(text) => write!(sql, "{text}"),
        Parameter::Bytes(bytes) => {
            sql.push_str("x'");
            bytes.iter().for_each(|byte| {
                let _ = write!(sql, "{byte:02x}");
            });
            write!(sql, "'")
        }
    };
    written.expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_what_they_were() {
        let check = |value: Parameter, expected: &str| {
            let mut sql = String::new();
            put(&value, &mut sql);
            assert_eq!(sql, expected);
        };
        check(Parameter::Text("it's \\".into()), "'it''s \\'");
        check(Parameter::Bytes(vec![0, 255]), "x'00ff'");
        check(Parameter::Double(0.1), "1e-1");
        check(Parameter::Double(f64::MAX), "1.7976931348623157e308");
        check(Parameter::Decimal("-1.50".into()), "-1.50");
        check(Parameter::Null, "NULL");
    }
}
