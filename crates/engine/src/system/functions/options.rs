//! `pg_options_to_table`.
use datafusion::arrow::array::AsArray;
use medley_types::PgType;

use crate::error::Result;
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame};

pub const SET_FUNCTIONS: SetTable = &[SetFunction {
    source: "pg_options_to_table",
    columns: &[("option_name", PgType::TEXT), ("option_value", PgType::TEXT)],
    rows: rows_of,
}];

/// An element without `=` has no value.
fn rows_of<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    if args[0].is_null() {
        return Ok(Vec::new());
    }
    let list = args[0].list()?;
    let elements = list.as_string_opt::<i32>().into_iter().flatten().flatten();
    Ok(elements
        .map(|element| match element.split_once('=') {
            Some((name, value)) => vec![Datum::of_text(name), Datum::of_text(value)],
            None => vec![Datum::of_text(element), Datum::Null],
        })
        .collect())
}
