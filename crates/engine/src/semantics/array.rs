//! Arrays: what SQL's grammar builds and takes apart without a function's name.
use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef};
use datafusion::logical_expr::Operator;
use medley_types::PgType;

use super::call::{Call, Env, Frame, Kernel, run_rows};
use super::datum::{Datum, Reader, Writer};
use super::key::{Comparison, push_key};
use crate::error::{Error, Result};

/// `ARRAY[…]` of so many elements.
pub fn array_constructor(element: PgType, array: PgType, count: usize, env: &Arc<Env>) -> Call {
    let types = vec![element; count];
    Call::new("array_constructor", Kernel::Row(construct), types, array, env).not_strict()
}

fn construct<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let mut writer = Writer::new(frame.arguments[0], args.len());
    args.iter().try_for_each(|element| writer.push(element))?;
    Ok(Datum::List(writer.finish()?))
}

/// `a[i]`, NULL outside of the array.
pub fn array_element(array: PgType, element: PgType, env: &Arc<Env>) -> Call {
    let types = vec![array, PgType::INT4];
    Call::new("array_subscript", Kernel::Row(subscript), types, element, env)
}

fn subscript<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let list = args[0].list()?;
    // `int2vector` and `oidvector` count from 0.
    let first = match frame.arguments[0].oid {
        oid if oid == PgType::INT2VECTOR.oid || oid == PgType::OIDVECTOR.oid => 0,
        _ => 1,
    };
    let index = args[1].int4()?.checked_sub(first).and_then(|index| usize::try_from(index).ok());
    match index.filter(|index| *index < list.len()) {
        Some(index) => {
            let value = Reader::new(frame.result, list.slice(index, 1));
            Ok(value.get(0)?.into_owned())
        }
        None => Ok(Datum::Null),
    }
}

/// `value = ANY (array)`
pub fn array_contains(element: PgType, array: PgType, env: &Arc<Env>) -> Result<Call> {
    if !is_comparable(element) {
        return Err(Error::unsupported(format_args!("comparing values of type {element}")));
    }
    let types = vec![element, array];
    let kernel = Kernel::Batch(Arc::new(equals_any_of_batch));
    Ok(Call::new("equals_any", kernel, types, PgType::BOOL, env).not_strict())
}

/// `value op ANY (array)` and `value op ALL (array)`, but for membership, which is
/// [`array_contains`].
pub fn array_compares(
    op: Operator,
    all: bool,
    element: PgType,
    array: PgType,
    env: &Arc<Env>,
) -> Result<Call> {
    if !is_comparable(element) {
        return Err(Error::unsupported(format_args!("comparing values of type {element}")));
    }
    let compare = move |frame: &Frame<'_>, columns: &[ArrayRef], rows| {
        let [values, arrays] = columns else {
            return Err(Error::Internal("a comparison has two arguments".to_owned()));
        };
        let (element, array) = (frame.arguments[0], frame.arguments[1]);
        let values = Reader::new(element, Arc::clone(values));
        let arrays = Extent::of_each(element, array, arrays)?;
        let mut writer = Writer::new(frame.result, rows);
        for row in 0..rows {
            let extent = if arrays.len() == 1 { &arrays[0] } else { &arrays[row] };
            let answer = match extent {
                Some(extent) => extent.compared(op, all, element, &values.get(row)?)?,
                None => Datum::Null,
            };
            writer.push(&answer)?;
        }
        writer.finish()
    };
    let kernel = Kernel::Batch(Arc::new(compare));
    let call = Call::new("compares_each", kernel, vec![element, array], PgType::BOOL, env);
    Ok(call.not_strict().with_suffix(format_args!("{op} {}", if all { "ALL" } else { "ANY" })))
}

fn is_comparable(t: PgType) -> bool {
    matches!(super::key::comparison(t), Comparison::Native | Comparison::Keyed(_))
}

/// What of an array comparisons with each of its elements depend on.
struct Extent {
    /// The keys of the least and of the greatest element; none if there is no element but NULL.
    ends: Option<(Vec<u8>, Vec<u8>)>,
    has_null: bool,
}

impl Extent {
    fn of_each(element: PgType, array: PgType, arrays: &ArrayRef) -> Result<Vec<Option<Self>>> {
        let reader = Reader::new(array, Arc::clone(arrays));
        let extents = (0..arrays.len()).map(|row| match reader.get_at(row)? {
            Datum::Null => Ok(None),
            array => Self::of(element, &array.list()?).map(Some),
        });
        extents.collect()
    }

    fn of(element: PgType, list: &ArrayRef) -> Result<Self> {
        let reader = Reader::new(element, Arc::clone(list));
        let mut extent = Self { ends: None, has_null: false };
        for row in 0..list.len() {
            let value = reader.get_at(row)?;
            if value.is_null() {
                extent.has_null = true;
                continue;
            }
            let mut key = Vec::new();
            push_key(element, &value, &mut key)?;
            extent.ends = Some(match extent.ends {
                None => (key.clone(), key),
                Some((least, greatest)) if key < least => (key, greatest),
                Some((least, greatest)) if key > greatest => (least, key),
                Some(ends) => ends,
            });
        }
        Ok(extent)
    }

    fn compared<'a>(
        &self,
        op: Operator,
        all: bool,
        t: PgType,
        value: &Datum<'_>,
    ) -> Result<Datum<'a>> {
        let Some((least, greatest)) = &self.ends else {
            return Ok(if self.has_null { Datum::Null } else { Datum::Bool(all) });
        };
        if value.is_null() {
            return Ok(Datum::Null);
        }
        let mut key = Vec::new();
        push_key(t, value, &mut key)?;
        let holds = match (op, all) {
            (Operator::Lt, false) => key < *greatest,
            (Operator::Lt, true) => key < *least,
            (Operator::LtEq, false) => key <= *greatest,
            (Operator::LtEq, true) => key <= *least,
            (Operator::Gt, false) => key > *least,
            (Operator::Gt, true) => key > *greatest,
            (Operator::GtEq, false) => key >= *least,
            (Operator::GtEq, true) => key >= *greatest,
            (Operator::Eq, true) => key == *least && key == *greatest,
            (Operator::NotEq, false) => key != *least || key != *greatest,
            _ => return Err(Error::Internal(format!("{op} asks for membership"))),
        };
        Ok(if holds != all || !self.has_null { Datum::Bool(holds) } else { Datum::Null })
    }
}

/// An array that is the same for all rows, such as a subquery's, is gone through once.
fn equals_any_of_batch(frame: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let [values, arrays] = columns else {
        return Err(Error::Internal("= ANY has two arguments".to_owned()));
    };
    if arrays.len() != 1 || rows == 1 {
        return run_rows(equals_any, frame, columns, rows, false);
    }
    let array = Reader::new(frame.arguments[1], Arc::clone(arrays));
    let members = match array.get(0)? {
        Datum::Null => None,
        array => Some(Members::of(frame.arguments[0], &array.list()?)?),
    };
    let values = Reader::new(frame.arguments[0], Arc::clone(values));
    let mut writer = Writer::new(frame.result, rows);
    let mut key = Vec::new();
    for row in 0..rows {
        let answer = match &members {
            None => Datum::Null,
            Some(members) => members.has(frame.arguments[0], &values.get(row)?, &mut key)?,
        };
        writer.push(&answer)?;
    }
    writer.finish()
}

/// An array's elements, by their keys.
struct Members {
    keys: HashSet<Vec<u8>>,
    has_null: bool,
}

impl Members {
    fn of(element: PgType, list: &ArrayRef) -> Result<Self> {
        let reader = Reader::new(element, Arc::clone(list));
        let mut members = Self { keys: HashSet::with_capacity(list.len()), has_null: false };
        for row in 0..list.len() {
            let value = reader.get_at(row)?;
            if value.is_null() {
                members.has_null = true;
                continue;
            }
            let mut key = Vec::new();
            push_key(element, &value, &mut key)?;
            members.keys.insert(key);
        }
        Ok(members)
    }

    /// `key` is room that is used again.
    fn has<'a>(&self, t: PgType, value: &Datum<'_>, key: &mut Vec<u8>) -> Result<Datum<'a>> {
        if self.keys.is_empty() && !self.has_null {
            return Ok(Datum::Bool(false));
        }
        if value.is_null() {
            return Ok(Datum::Null);
        }
        key.clear();
        push_key(t, value, key)?;
        Ok(match self.keys.contains(key.as_slice()) {
            true => Datum::Bool(true),
            false if self.has_null => Datum::Null,
            false => Datum::Bool(false),
        })
    }
}

fn equals_any<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    if args[1].is_null() {
        return Ok(Datum::Null);
    }
    let list = args[1].list()?;
    if list.is_empty() {
        return Ok(Datum::Bool(false));
    }
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let element = frame.arguments[0];
    let mut wanted = Vec::new();
    push_key(element, &args[0], &mut wanted)?;
    let reader = Reader::new(element, Arc::clone(&list));
    let mut null = false;
    for row in 0..list.len() {
        let value = reader.get_at(row)?;
        null |= value.is_null();
        let mut key = Vec::new();
        push_key(element, &value, &mut key)?;
        if !value.is_null() && key == wanted {
            return Ok(Datum::Bool(true));
        }
    }
    Ok(if null { Datum::Null } else { Datum::Bool(false) })
}
