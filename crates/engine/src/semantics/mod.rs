//! What PostgreSQL's types, operators and functions mean.
pub mod aggregate;
mod array;
mod batch;
mod call;
pub mod convert;
mod datum;
pub mod decimal;
mod kernels;
pub mod key;
mod numeric;
pub mod set_returning;

pub use array::{array_compares, array_constructor, array_contains, array_element};
pub use batch::{ColumnFn, column_kernels};
pub use call::{BatchFn, Call, Env, Frame, Kernel, RowFn, run_rows};
pub use datum::{Datum, Interval, Reader, Writer, input, list_array, null, output};
pub use kernels::{Table, compared_day, kernel};
pub use numeric::Numeric;

pub(crate) use medley_analyze::{builtin, resolve};

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;
use medley_types::PgType;

use crate::error::Result;

/// An array of texts, or NULL.
pub fn text_list(t: PgType, texts: Option<&[String]>) -> Result<Datum<'static>> {
    let Some(texts) = texts else { return Ok(Datum::Null) };
    let DataType::List(field) = medley_types::arrow_type(t) else {
        return Err(crate::Error::Internal(format!("{t} is no array")));
    };
    let elements: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    debug_assert_eq!(field.data_type(), elements.data_type());
    Ok(Datum::List(elements))
}

/// The call of a function that was resolved, or `0A000` where nothing computes it.
pub fn call_function(
    found: &resolve::Resolved,
    arguments: Vec<(Expr, PgType)>,
    env: &Arc<Env>,
) -> Result<Expr> {
    let function = found.function;
    if let Some(number) = decimal::arithmetic(function.source, &arguments, env) {
        return Ok(number.widened(env));
    }
    let row = kernel(function.source).ok_or_else(|| {
        let types: Vec<_> = found.arguments.iter().map(PgType::to_string).collect();
        crate::Error::unsupported(format_args!("function {}({})", function.name, types.join(", ")))
    })?;
    let (exprs, types): (Vec<_>, Vec<_>) = arguments.into_iter().unzip();
    let call = Call::new(function.source, Kernel::Row(row), types, found.result, env);
    let call = if function.strict { call } else { call.not_strict() };
    Ok(call.volatility(function.volatility).on(exprs))
}
