//! Values out: the text and the binary form of what an Arrow array holds.
//!
//! The form of a column is decided once for a batch; then each value is written by one call
//! through a pointer, without allocation for the common types.
mod array;
mod binary;
mod bytea;
mod datetime;
mod float;
mod interval;
mod line;
mod network;
mod normalise;
mod numeric;
mod text;

use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use bytes::BytesMut;

use crate::error::Result;
use crate::{PgType, Style};

pub(crate) use array::{delimiter, is_vector};
pub(crate) use float::shortest_f64;

/// Appends the value of a row that is not null.
type Put = Box<dyn Fn(usize, &mut BytesMut) -> Result<()> + Send + Sync>;

/// Writes the values of one column of a batch.
pub struct ColumnWriter {
    nulls: Option<NullBuffer>,
    put: Put,
}

impl ColumnWriter {
    /// Writes what the type's output function prints under these settings.
    ///
    /// The array may have any Arrow type that holds values of this kind, not only the type's own.
    pub fn text(t: PgType, array: &ArrayRef, style: &Style) -> Result<Self> {
        let array = normalise::normalise(t, array)?;
        Ok(Self { nulls: array.logical_nulls(), put: text::put(t, &array, style)? })
    }

    /// Writes what the type's send function makes.
    pub fn binary(t: PgType, array: &ArrayRef) -> Result<Self> {
        let array = normalise::normalise(t, array)?;
        Ok(Self { nulls: array.logical_nulls(), put: binary::put(t, &array)? })
    }

    /// Whether the value of this row is null; then there is nothing to write.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends the bytes of this row's value, without a length.
    #[inline]
    pub fn write(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        (self.put)(row, out)
    }
}

/// A closure for each value of a primitive array.
fn each<T: arrow_array::ArrowPrimitiveType>(
    array: &ArrayRef,
    write: impl Fn(T::Native, &mut BytesMut) -> Result<()> + Send + Sync + 'static,
) -> Put {
    let array = arrow_array::cast::AsArray::as_primitive::<T>(array).clone();
    Box::new(move |row, out| write(array.value(row), out))
}

/// A closure for each value of a `Utf8` array.
fn each_str(
    array: &ArrayRef,
    write: impl Fn(&str, &mut BytesMut) -> Result<()> + Send + Sync + 'static,
) -> Put {
    let array = arrow_array::cast::AsArray::as_string::<i32>(array).clone();
    Box::new(move |row, out| write(array.value(row), out))
}

/// A closure for each value of a `Binary` array.
fn each_bytes(
    array: &ArrayRef,
    write: impl Fn(&[u8], &mut BytesMut) + Send + Sync + 'static,
) -> Put {
    let array = arrow_array::cast::AsArray::as_binary::<i32>(array).clone();
    Box::new(move |row, out| {
        write(array.value(row), out);
        Ok(())
    })
}
