//! Values in: from the text or the binary form into the type's Arrow array.
mod array;
mod binary;
mod bytea;
mod column;
mod datetime;
mod dynamic;
mod interval;
mod json;
mod number;
mod numeric;
mod text;
mod texts;
mod values;

use arrow_array::ArrayRef;

use crate::error::Result;
use crate::{PgType, Style};

use values::Values;

/// After so many values as many again are to be expected.
const MANY: usize = 4096;

/// Collects the values of one column of a type into its Arrow array.
///
/// Typmods are applied as on a column: a `varchar(3)` refuses four characters, a `numeric(4,1)`
/// rounds. After an error the values collected so far are in no defined state.
pub struct ColumnBuilder {
    t: PgType,
    values: Values,
    length: usize,
    /// Bytes of values of varying length.
    varying_bytes: usize,
    /// For values that are built piece by piece, kept to save allocations.
    scratch: String,
}

impl ColumnBuilder {
    /// A builder with room for so many values.
    pub fn new(t: PgType, capacity: usize) -> Self {
        let values = Values::new(t, capacity);
        Self { t, values, length: 0, varying_bytes: 0, scratch: String::new() }
    }

    /// The type of the values.
    pub fn pg_type(&self) -> PgType {
        self.t
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many bytes the values take.
    pub fn byte_size(&self) -> usize {
        self.varying_bytes + self.length * self.values.width() + self.values.element_bytes()
    }

    /// Appends a null.
    pub fn append_null(&mut self) {
        self.values.append_null();
        self.length += 1;
    }

    /// Appends a value from the text that the type's input function reads.
    pub fn append_text(&mut self, text: &str, style: &Style) -> Result<()> {
        text::append(self, text, style)?;
        self.length += 1;
        Ok(())
    }

    /// Appends a value from the bytes that the type's receive function reads.
    #[inline]
    pub fn append_binary(&mut self, bytes: &[u8]) -> Result<()> {
        binary::append(self, bytes)?;
        self.length += 1;
        Ok(())
    }

    /// Appends the values of several rows, as [`Self::append_binary`] and [`Self::append_null`] do.
    pub fn append_binaries<'a>(
        &mut self,
        values: impl Iterator<Item = Option<&'a [u8]>> + Clone,
    ) -> Result<()> {
        column::append(self, values)
    }

    /// Appends a truth value, as the type's casts convert it.
    pub fn append_bool(&mut self, value: bool) -> Result<()> {
        dynamic::append_bool(self, value)?;
        self.length += 1;
        Ok(())
    }

    /// Appends an integer, if the type has that value.
    pub fn append_i64(&mut self, value: i64) -> Result<()> {
        dynamic::append_i64(self, value)?;
        self.length += 1;
        Ok(())
    }

    /// Appends a float, if the type has that value; an integer type takes whole numbers only.
    pub fn append_f64(&mut self, value: f64) -> Result<()> {
        dynamic::append_f64(self, value)?;
        self.length += 1;
        Ok(())
    }

    /// Appends a value from its text under PostgreSQL's default settings.
    pub fn append_str(&mut self, value: &str) -> Result<()> {
        self.append_text(value, &Style::default())
    }

    /// Appends bytes: to a `bytea`, to a text if they are UTF-8, to a `uuid` if they are 16.
    pub fn append_bytes(&mut self, value: &[u8]) -> Result<()> {
        dynamic::append_bytes(self, value)?;
        self.length += 1;
        Ok(())
    }

    /// The array of all values; the builder is empty afterwards, with room for as many again.
    pub fn finish(&mut self) -> ArrayRef {
        let room = (std::mem::take(&mut self.length), std::mem::take(&mut self.varying_bytes));
        let array = self.values.finish();
        if room.0 >= MANY {
            self.values = Values::with_room(self.t, room.0, room.1);
        }
        array
    }
}
