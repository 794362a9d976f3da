//! Changes of rows, and by what they are found again.
use medley_fdw::{Error, Modified, Modify, Report, Result, RowBuilder, RowIdentity, SqlState};
use medley_types::{Form, PgType};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Statement};

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;

use crate::error::of_statement;
use crate::{parameter, scan, value};

/// What a row's number is called, where no column is called so.
const ROWIDS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// So many digits does SQLite promise to keep of a number that is not an integer.
const DIGITS: usize = 15;

/// Runs a statement once for each list of parameters.
pub(crate) fn modify(connection: &Connection, modify: &Modify) -> Result<Modified> {
    let failed = |error| of_statement(&error, &modify.sql);
    let mut statement = connection.prepare(&modify.sql).map_err(failed)?;
    let mut modified = Modified::default();
    for run in &modify.runs {
        bind(&mut statement, modify, run)?;
        match &modify.returning {
            None => modified.counts.push(statement.raw_execute().map_err(failed)? as u64),
            Some(_) => {
                returned(&mut statement, modify, &mut modified)?;
                modified.counts.push(connection.changes());
            }
        }
    }
    Ok(modified)
}

fn bind(statement: &mut Statement<'_>, modify: &Modify, run: &[Option<String>]) -> Result<()> {
    for (index, (t, text)) in modify.types.iter().zip(run).enumerate() {
        let value = text.as_deref().map_or(Ok(Value::Null), |text| written(*t, text))?;
        let bound = statement.raw_bind_parameter(index + 1, value);
        bound.map_err(|error| of_statement(&error, &modify.sql))?;
    }
    Ok(())
}

fn returned(statement: &mut Statement<'_>, modify: &Modify, modified: &mut Modified) -> Result<()> {
    let Some(schema) = &modify.returning else { return Ok(()) };
    scan::check_columns(statement, schema)?;
    let mut builder = RowBuilder::new(schema.clone());
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(|error| of_statement(&error, &modify.sql))? {
        scan::append(row, &mut builder, schema, &modify.sql)?;
        if builder.is_full() {
            modified.returned.push(builder.finish()?);
        }
    }
    if !builder.is_empty() {
        modified.returned.push(builder.finish()?);
    }
    Ok(())
}

/// A value as it is kept: of a class, and in a spelling, in which it is read as the same value.
fn written(t: PgType, text: &str) -> Result<Value> {
    let form = Form::of(t);
    match form {
        Form::Bool | Form::Int2 | Form::Int4 | Form::Int8 | Form::Bytea => {
            parameter::value(t, text)
        }
        Form::Oid => parameter::value(PgType::INT8, text),
        Form::Float4 | Form::Float8 => float(t, text),
        Form::Decimal128 { .. } | Form::NumericText => numeric(t, text),
        Form::Date | Form::Time | Form::Timestamp | Form::Timestamptz
            if !value::is_iso(form, text.as_bytes()) =>
        {
            Err(unkept(t))
        }
        _ => Ok(Value::Text(text.to_owned())),
    }
}

/// What is not a number would be NULL.
fn float(t: PgType, text: &str) -> Result<Value> {
    let read = parameter::read(PgType::FLOAT8, text)?;
    match read.as_primitive::<Float64Type>().value(0) {
        value if value.is_nan() => Err(unkept(t)),
        value => Ok(Value::Real(value)),
    }
}

/// A column of the file may make a floating-point number of it, and must not lose a digit.
fn numeric(t: PgType, text: &str) -> Result<Value> {
    if let Ok(integer) = text.parse() {
        return Ok(Value::Integer(integer));
    }
    let digits = text.trim_start_matches('-').bytes().filter(|byte| *byte != b'.');
    let digits: Vec<u8> = digits.skip_while(|byte| *byte == b'0').collect();
    match digits.len() <= DIGITS && digits.iter().all(u8::is_ascii_digit) {
        true => Ok(Value::Text(text.to_owned())),
        false => Err(unkept(t)),
    }
}

fn unkept(t: PgType) -> Error {
    let message = format!("a SQLite file does not keep every value of type {t}, and not this one");
    Error::refused(Report::error(SqlState::from_remote("22003"), message))
}

/// By the number that a row of an ordinary table has.
pub(crate) fn row_identity(connection: &Connection, table: &str) -> Result<RowIdentity> {
    const KIND: &str = "SELECT type = 'table' AND wr = 0 FROM pragma_table_list \
        WHERE schema = 'main' AND name = ?1 COLLATE NOCASE";
    const COLUMNS: &str = "SELECT lower(name) FROM pragma_table_xinfo(?1)";
    let kind = connection.query_row(KIND, [table], |row| row.get(0)).optional();
    let has_rowid: Option<bool> = kind.map_err(|error| of_statement(&error, KIND))?;
    if has_rowid != Some(true) {
        return Ok(RowIdentity::None);
    }
    let failed = |error| of_statement(&error, COLUMNS);
    let mut statement = connection.prepare(COLUMNS).map_err(failed)?;
    let columns = statement.query_map([table], |row| row.get::<_, String>(0)).map_err(failed)?;
    let columns: Vec<_> = columns.collect::<rusqlite::Result<_>>().map_err(failed)?;
    let free = ROWIDS.into_iter().find(|name| columns.iter().all(|column| column != name));
    Ok(free.map_or(RowIdentity::None, |name| RowIdentity::System { name, pg_type: PgType::INT8 }))
}

/// Undoes a transaction, unless SQLite has done so already.
pub(crate) fn rollback(connection: &Connection) -> Result<()> {
    const SQL: &str = "ROLLBACK";
    match connection.is_autocommit() {
        true => Ok(()),
        false => connection.execute_batch(SQL).map_err(|error| of_statement(&error, SQL)),
    }
}

/// A name in quotes.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_or_refused() {
        let check = |t, text: &str, expected: Option<Value>| {
            assert_eq!(written(t, text).ok(), expected, "{t} {text}");
        };
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        check(PgType::BOOL, "t", Some(Value::Integer(1)));
        check(PgType::INT4, "-7", Some(Value::Integer(-7)));
        check(PgType::INT8, "9223372036854775807", Some(Value::Integer(i64::MAX)));
        check(PgType::FLOAT8, "1.5", Some(Value::Real(1.5)));
        check(PgType::FLOAT8, "-Infinity", Some(Value::Real(f64::NEG_INFINITY)));
        check(PgType::FLOAT8, "NaN", None);
        check(PgType::BYTEA, "\\x00ff", Some(Value::Blob(vec![0, 255])));
        check(PgType::TEXT, "12", text("12"));
        check(PgType::NUMERIC, "12", Some(Value::Integer(12)));
        check(PgType::NUMERIC, "-0.50", text("-0.50"));
        check(PgType::NUMERIC, "123456789012.345", text("123456789012.345"));
        check(PgType::NUMERIC, "1234567890123.4567", None);
        check(PgType::NUMERIC, "9223372036854775808", None);
        check(PgType::NUMERIC, "NaN", None);
        check(PgType::DATE, "2024-02-29", text("2024-02-29"));
        check(PgType::DATE, "infinity", None);
        check(PgType::DATE, "0044-03-15 BC", None);
        check(PgType::TIMESTAMPTZ, "2024-02-29 12:00:00+00", text("2024-02-29 12:00:00+00"));
    }

    #[test]
    fn rows_are_told_apart_by_their_number() {
        let connection = Connection::open_in_memory().unwrap();
        let made = "CREATE TABLE plain (a); CREATE TABLE shadowed (RowId, _rowid_); \
            CREATE TABLE hidden (rowid, _rowid_, oid); CREATE VIEW v AS SELECT 1; \
            CREATE TABLE keyed (k PRIMARY KEY) WITHOUT ROWID";
        connection.execute_batch(made).unwrap();
        let check = |table, expected: Option<&'static str>| {
            let expected = expected.map_or(RowIdentity::None, |name| RowIdentity::System {
                name,
                pg_type: PgType::INT8,
            });
            assert_eq!(row_identity(&connection, table).unwrap(), expected, "{table}");
        };
        check("plain", Some("rowid"));
        check("PLAIN", Some("rowid"));
        check("shadowed", Some("oid"));
        check("hidden", None);
        check("v", None);
        check("keyed", None);
        check("nowhere", None);
    }
}
