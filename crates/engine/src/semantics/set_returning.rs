//! Functions that return sets.
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::logical_expr::Expr;
use medley_types::PgType;

use super::call::{Call, Env, Frame, Kernel};
use super::datum::{Datum, Reader, Writer, list_array};
use super::resolve::Resolved;
use crate::error::{Error, Result};
use crate::system;

/// Computes the rows of one call; each has a value for each column.
pub type SetFn = for<'a> fn(&Frame<'_>, &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>>;

/// A function that returns a set.
#[derive(Clone, Copy)]
pub struct SetFunction {
    /// `pg_proc.prosrc`.
    pub source: &'static str,
    /// The names and types of its columns, if it has several; a single one is called as the
    /// function is, and has its result's type.
    pub columns: &'static [(&'static str, PgType)],
    /// What computes it; NULL arguments give no rows before it is asked.
    pub rows: SetFn,
}

/// Functions that return sets.
pub type SetTable = &'static [SetFunction];

const FUNCTIONS: SetTable = &[
    SetFunction { source: "generate_series_int4", columns: &[], rows: series },
    SetFunction { source: "generate_series_step_int4", columns: &[], rows: series },
    SetFunction { source: "generate_series_int8", columns: &[], rows: series },
    SetFunction { source: "generate_series_step_int8", columns: &[], rows: series },
    SetFunction { source: "array_unnest", columns: &[], rows: elements },
    SetFunction {
        source: "pg_options_to_table",
        columns: &[("option_name", PgType::TEXT), ("option_value", PgType::TEXT)],
        rows: options,
    },
];

/// The most rows of a call that is held at once.
const MAX_ROWS: usize = 10_000_000;

/// The function of this `prosrc`, if there is one.
pub fn set_function(source: &str) -> Option<&'static SetFunction> {
    let all = FUNCTIONS.iter().chain(system::SET_FUNCTIONS.iter().flat_map(|table| table.iter()));
    let mut all = all;
    all.find(|function| function.source == source)
}

/// One of its columns as an array of all its values.
pub fn set_call(
    found: &Resolved,
    arguments: &[(Expr, PgType)],
    column: usize,
    t: PgType,
    env: &Arc<Env>,
) -> Result<Expr> {
    let source = found.function.source;
    let function = set_function(source)
        .ok_or_else(|| Error::unsupported(format_args!("function {}", found.function.name)))?;
    let array =
        t.array().ok_or_else(|| Error::unsupported(format_args!("a set of values of type {t}")))?;
    let rows = function.rows;
    let kernel = Kernel::Batch(Arc::new(move |frame: &Frame<'_>, columns: &[ArrayRef], count| {
        lists(rows, column, t, frame, columns, count)
    }));
    let (exprs, types): (Vec<_>, Vec<_>) = arguments.iter().cloned().unzip();
    // Told apart by the column: all are of one function.
    let call = Call::new(source, kernel, types, array, env).with_suffix(column);
    Ok(call.volatility(found.function.volatility).on(exprs))
}

/// One of the columns of the one row that a function returns.
pub fn field_call(
    found: &Resolved,
    arguments: &[(Expr, PgType)],
    column: usize,
    t: PgType,
    env: &Arc<Env>,
) -> Result<Expr> {
    let source = found.function.source;
    let function = set_function(source)
        .ok_or_else(|| Error::unsupported(format_args!("function {}", found.function.name)))?;
    let rows = function.rows;
    let kernel = Kernel::Batch(Arc::new(move |frame: &Frame<'_>, columns: &[ArrayRef], count| {
        fields(rows, column, t, frame, columns, count)
    }));
    let (exprs, types): (Vec<_>, Vec<_>) = arguments.iter().cloned().unzip();
    let call = Call::new(source, kernel, types, t, env).with_suffix(column);
    Ok(call.volatility(found.function.volatility).on(exprs))
}

fn readers(frame: &Frame<'_>, columns: &[ArrayRef]) -> Vec<Reader> {
    let columns = columns.iter().zip(frame.arguments);
    columns.map(|(array, t)| Reader::new(*t, Arc::clone(array))).collect()
}

/// The rows of the call in this row.
fn produced<'a>(
    rows: SetFn,
    frame: &Frame<'_>,
    readers: &'a [Reader],
    row: usize,
) -> Result<Vec<Vec<Datum<'a>>>> {
    let datums = readers.iter().map(|reader| reader.get(row)).collect::<Result<Vec<_>>>()?;
    match datums.iter().any(Datum::is_null) {
        true => Ok(Vec::new()),
        false => rows(frame, &datums),
    }
}

fn fields(
    rows: SetFn,
    column: usize,
    t: PgType,
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    count: usize,
) -> Result<ArrayRef> {
    let readers = readers(frame, columns);
    let mut writer = Writer::new(t, count);
    for row in 0..count {
        let produced = produced(rows, frame, &readers, row)?;
        let null = Datum::Null;
        writer.push(produced.first().map_or(&null, |row| &row[column]))?;
    }
    writer.finish()
}

fn lists(
    rows: SetFn,
    column: usize,
    t: PgType,
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    count: usize,
) -> Result<ArrayRef> {
    let readers = readers(frame, columns);
    let mut lists = Vec::with_capacity(count);
    for row in 0..count {
        let produced = produced(rows, frame, &readers, row)?;
        let mut writer = Writer::new(t, produced.len());
        produced.iter().try_for_each(|row| writer.push(&row[column]))?;
        lists.push(Some(writer.finish()?));
    }
    list_array(frame.result, &lists)
}

/// A list of the numbers of a list's elements, from 1: WITH ORDINALITY.
pub fn numbers(list: Expr, t: PgType, env: &Arc<Env>) -> Result<Expr> {
    let (array, numbers) = (array_of(t)?, array_of(PgType::INT8)?);
    let kernel = Kernel::Row(|_: &Frame<'_>, args| {
        let mut writer = Writer::new(PgType::INT8, 0);
        for number in 1..=args[0].list()?.len() {
            writer.push(&Datum::Int8(number as i64))?;
        }
        Ok(Datum::List(writer.finish()?))
    });
    Ok(Call::new("ordinality", kernel, vec![array], numbers, env).on(vec![list]))
}

/// A list, NULL if it is empty: so that what it belongs to keeps a row.
pub fn none_if_empty(list: Expr, t: PgType, env: &Arc<Env>) -> Result<Expr> {
    let array = array_of(t)?;
    let kernel = Kernel::Row(|_: &Frame<'_>, args| {
        Ok(if args[0].list()?.is_empty() { Datum::Null } else { args[0].clone() })
    });
    Ok(Call::new("none_if_empty", kernel, vec![array], array, env).on(vec![list]))
}

fn array_of(t: PgType) -> Result<PgType> {
    t.array().ok_or_else(|| Error::unsupported(format_args!("a set of values of type {t}")))
}

fn whole(datum: &Datum<'_>) -> Result<i128> {
    Ok(match datum {
        Datum::Int4(value) => i128::from(*value),
        value => i128::from(value.int8()?),
    })
}

fn series<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let (start, stop) = (whole(&args[0])?, whole(&args[1])?);
    let step = args.get(2).map_or(Ok(1), whole)?;
    if step == 0 {
        return Err(Error::invalid_parameter("step size cannot equal zero"));
    }
    let small = matches!(args[0], Datum::Int4(_));
    let mut rows = Vec::new();
    let mut next = start;
    while (step > 0 && next <= stop) || (step < 0 && next >= stop) {
        if rows.len() >= MAX_ROWS {
            return Err(Error::unsupported("a series of so many rows"));
        }
        rows.push(vec![if small { Datum::Int4(next as i32) } else { Datum::Int8(next as i64) }]);
        next += step;
    }
    Ok(rows)
}

fn elements<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let element = frame.arguments[0]
        .element()
        .ok_or_else(|| Error::Internal("unnest of what is no array".to_owned()))?;
    let list = args[0].list()?;
    let reader = Reader::new(element, Arc::clone(&list));
    (0..list.len()).map(|row| Ok(vec![reader.get_at(row)?.into_owned()])).collect()
}

/// `{name=value}` as two columns.
fn options<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let rows = elements(frame, args)?;
    rows.into_iter()
        .map(|row| {
            let text = row[0].text()?;
            Ok(match text.split_once('=') {
                Some((name, value)) => vec![Datum::of_text(name), Datum::of_text(value)],
                None => vec![Datum::of_text(text), Datum::Null],
            })
        })
        .collect()
}
