//! Values of `$1`, `$2` …, as SQLite's values.
use medley_fdw::{Error, Query, Report, Result};
use medley_types::{ColumnBuilder, Form, PgType};
use rusqlite::Statement;
use rusqlite::types::Value;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};

use crate::error::of_statement;

/// Binds all that the query mentions.
pub(crate) fn bind_all(statement: &mut Statement<'_>, query: &Query) -> Result<()> {
    let failed = |error: rusqlite::Error| of_statement(&error, &query.sql);
    for (number, (t, text)) in query.parameters.iter().enumerate() {
        let value = match text {
            Some(text) => value(*t, text)?,
            None => Value::Null,
        };
        let name = format!("${}", number + 1);
        if let Some(index) = statement.parameter_index(&name).map_err(failed)? {
            statement.raw_bind_parameter(index, value).map_err(failed)?;
        }
    }
    Ok(())
}

/// A value of the class that the type's values have in a file.
pub(crate) fn value(t: PgType, text: &str) -> Result<Value> {
    match Form::of(t) {
        Form::Bool => Ok(Value::Integer(read(PgType::BOOL, text)?.as_boolean().value(0).into())),
        Form::Int2 | Form::Int4 | Form::Int8 => {
            let read = read(PgType::INT8, text)?;
            Ok(Value::Integer(read.as_primitive::<Int64Type>().value(0)))
        }
        Form::Float8 => {
            let read = read(PgType::FLOAT8, text)?;
            Ok(Value::Real(read.as_primitive::<Float64Type>().value(0)))
        }
        Form::Bytea => {
            Ok(Value::Blob(read(PgType::BYTEA, text)?.as_binary::<i32>().value(0).to_vec()))
        }
        Form::Text if t.oid != PgType::JSON.oid => Ok(Value::Text(text.to_owned())),
        // A file may have them in more than one class or spelling.
        _ => Err(Error::refused(Report::unsupported(format_args!(
            "a parameter of type {t} in a query of a SQLite file"
        )))),
    }
}

/// The text as the type's input function reads it.
pub(crate) fn read(t: PgType, text: &str) -> Result<arrow_array::ArrayRef> {
    let mut column = ColumnBuilder::new(t, 1);
    column.append_str(text)?;
    Ok(column.finish())
}
