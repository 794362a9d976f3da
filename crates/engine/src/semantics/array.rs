//! Arrays: what SQL's grammar builds and takes apart without a function's name.
use std::sync::Arc;

use datafusion::arrow::array::Array as _;
use medley_types::PgType;

use super::call::{Call, Env, Frame, Kernel};
use super::datum::{Datum, Reader, Writer};
use super::key::push_key;
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
    if !super::key::is_native(element)
        && !matches!(super::key::comparison(element), super::key::Comparison::Keyed(_))
    {
        return Err(Error::unsupported(format_args!("comparing values of type {element}")));
    }
    let types = vec![element, array];
    Ok(Call::new("equals_any", Kernel::Row(equals_any), types, PgType::BOOL, env).not_strict())
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
