//! What PostgreSQL's types, operators and functions mean.
pub mod builtin;
mod call;
pub mod convert;
mod datum;
mod kernels;
pub mod key;
mod numeric;
pub mod resolve;
pub mod set_returning;
pub mod type_name;

pub use call::{BatchFn, Call, Env, Frame, Kernel, RowFn};
pub use datum::{Datum, Interval, Reader, Writer, input, list_array, null, output};
pub use kernels::{Table, kernel};
pub use numeric::Numeric;

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::datatypes::DataType;
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
