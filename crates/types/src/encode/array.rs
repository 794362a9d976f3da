//! Arrays: `{1,NULL,"a b"}` and its binary form.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray};
use bytes::{BufMut, BytesMut};

use super::{Put, binary, text};
use crate::error::{Error, Result};
use crate::{PgType, Style};

/// Writes a length that is only known when what it counts is written.
fn framed(out: &mut BytesMut, write: impl FnOnce(&mut BytesMut) -> Result<()>) -> Result<()> {
    let start = out.len();
    out.put_i32(0);
    write(out)?;
    let length = (out.len() - start - 4) as i32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// One column of arrays and the writer of their elements.
struct Lists {
    lists: ListArray,
    element: Put,
}

impl Lists {
    /// The elements of a row, as indexes into all elements.
    fn elements(&self, row: usize) -> std::ops::Range<usize> {
        let offsets = self.lists.value_offsets();
        offsets[row] as usize..offsets[row + 1] as usize
    }

    fn is_null(&self, element: usize) -> bool {
        self.lists.values().is_null(element)
    }
}

/// `int2vector` and `oidvector` are arrays that count from 0 and print as numbers and blanks.
pub(crate) fn is_vector(t: PgType) -> bool {
    matches!(t, t if t.oid == PgType::INT2VECTOR.oid || t.oid == PgType::OIDVECTOR.oid)
}

pub(super) fn element_type(t: PgType) -> Result<PgType> {
    t.element().ok_or_else(|| Error::UnknownType(t.plain_name()))
}

pub(super) fn text(t: PgType, array: &ArrayRef, style: &Style) -> Result<Put> {
    let element = element_type(t)?;
    let lists: ListArray = array.as_list::<i32>().clone();
    let put = text::put(element, lists.values(), style)?;
    let lists = Lists { lists, element: put };
    if is_vector(t) {
        return Ok(Box::new(move |row, out| vector_text(&lists, row, out)));
    }
    let delimiter = delimiter(element);
    Ok(Box::new(move |row, out| array_text(&lists, delimiter, row, out)))
}

/// What stands between elements: `;` for boxes, whose own text has commas.
pub(crate) fn delimiter(element: PgType) -> u8 {
    const BOX: u32 = 603;
    if element.oid.0 == BOX { b';' } else { b',' }
}

fn vector_text(lists: &Lists, row: usize, out: &mut BytesMut) -> Result<()> {
    for (index, element) in lists.elements(row).enumerate() {
        if index > 0 {
            out.put_u8(b' ');
        }
        (lists.element)(element, out)?;
    }
    Ok(())
}

fn array_text(lists: &Lists, delimiter: u8, row: usize, out: &mut BytesMut) -> Result<()> {
    out.put_u8(b'{');
    for (index, element) in lists.elements(row).enumerate() {
        if index > 0 {
            out.put_u8(delimiter);
        }
        if lists.is_null(element) {
            out.extend_from_slice(b"NULL");
            continue;
        }
        let start = out.len();
        (lists.element)(element, out)?;
        if needs_quotes(&out[start..], delimiter) {
            quote(start, out);
        }
    }
    out.put_u8(b'}');
    Ok(())
}

fn needs_quotes(text: &[u8], delimiter: u8) -> bool {
    let special = |byte: &u8| {
        *byte == delimiter || matches!(byte, b'"' | b'\\' | b'{' | b'}' | b' ' | b'\t'..=b'\r')
    };
    text.is_empty() || text.eq_ignore_ascii_case(b"NULL") || text.iter().any(special)
}

/// Quotes what has been written since `start`.
fn quote(start: usize, out: &mut BytesMut) {
    let text = out.split_off(start);
    out.put_u8(b'"');
    for &byte in text.iter() {
        if matches!(byte, b'"' | b'\\') {
            out.put_u8(b'\\');
        }
        out.put_u8(byte);
    }
    out.put_u8(b'"');
}

pub(super) fn binary(t: PgType, array: &ArrayRef) -> Result<Put> {
    let element = element_type(t)?;
    let lists: ListArray = array.as_list::<i32>().clone();
    let put = binary::put(element, lists.values())?;
    let lists = Arc::new(Lists { lists, element: put });
    let oid = element.oid.0;
    let vector = is_vector(t);
    Ok(Box::new(move |row, out| array_binary(&lists, oid, vector, row, out)))
}

fn array_binary(
    lists: &Lists,
    element_oid: u32,
    vector: bool,
    row: usize,
    out: &mut BytesMut,
) -> Result<()> {
    let elements = lists.elements(row);
    let has_nulls = elements.clone().any(|element| lists.is_null(element));
    let dimensions = i32::from(vector || !elements.is_empty());
    out.put_i32(dimensions);
    out.put_i32(i32::from(has_nulls));
    out.put_u32(element_oid);
    if dimensions == 1 {
        out.put_i32(elements.len() as i32);
        out.put_i32(i32::from(!vector));
    }
    for element in elements {
        if lists.is_null(element) {
            out.put_i32(-1);
        } else {
            framed(out, |out| (lists.element)(element, out))?;
        }
    }
    Ok(())
}
