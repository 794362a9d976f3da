//! Arrays of one dimension.
use datafusion::arrow::array::{Array as _, ArrayRef};
use medley_types::PgType;

use super::Table;
use crate::error::{Error, Result};
use crate::semantics::call::Frame;
use crate::semantics::datum::{Datum, Reader, Writer};
use crate::semantics::key::push_key;

#[rustfmt::skip]
pub const KERNELS: Table = &[
    ("array_length", length),
    ("array_upper", |_, a| extent(a, |length| length)),
    ("array_lower", |_, a| extent(a, |_| 1)),
    ("array_cardinality", |_, a| Ok(Datum::Int4(a[0].list()?.len() as i32))),
    ("array_ndims", |_, a| Ok(if a[0].list()?.is_empty() { Datum::Null } else { Datum::Int4(1) })),
    ("array_append", |f, a| build(f, &[Part::Many(&a[0]), Part::One(&a[1])])),
    ("array_prepend", |f, a| build(f, &[Part::One(&a[0]), Part::Many(&a[1])])),
    ("array_cat", concatenate),
    ("array_position", position),
    ("array_remove", remove),
    ("arraycontains", |f, a| contains(f, &a[0], &a[1])),
    ("arraycontained", |f, a| contains(f, &a[1], &a[0])),
];

/// An empty ACL is of PostgreSQL's making, which gives it a dimension of length 0: psql asks.
fn length<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let is_acl = frame.arguments.first().is_some_and(|t| t.oid == PgType::ACLITEM_ARRAY.oid);
    match is_acl && args[1].int4()? == 1 && args[0].list()?.is_empty() {
        true => Ok(Datum::Int4(0)),
        false => extent(args, |length| length),
    }
}

/// Of the first dimension: there is no other, and an empty array has none.
fn extent<'a>(args: &[Datum<'a>], of: fn(i32) -> i32) -> Result<Datum<'a>> {
    let length = args[0].list()?.len() as i32;
    Ok(match args[1].int4()? {
        1 if length > 0 => Datum::Int4(of(length)),
        _ => Datum::Null,
    })
}

enum Part<'a, 'd> {
    One(&'a Datum<'d>),
    Many(&'a Datum<'d>),
}

fn element(t: PgType) -> Result<PgType> {
    t.element().ok_or_else(|| Error::Internal(format!("{t} is no array")))
}

fn build<'a>(frame: &Frame<'_>, parts: &[Part<'_, '_>]) -> Result<Datum<'a>> {
    let t = element(frame.result)?;
    let mut writer = Writer::new(t, 8);
    for part in parts {
        match part {
            Part::One(value) => writer.push(value)?,
            Part::Many(Datum::Null) => {}
            Part::Many(list) => {
                let list = list.list()?;
                let reader = Reader::new(t, list.clone());
                (0..list.len()).try_for_each(|row| writer.push(&reader.get_at(row)?))?;
            }
        }
    }
    Ok(Datum::List(writer.finish()?))
}

fn concatenate<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    if args.iter().all(Datum::is_null) {
        return Ok(Datum::Null);
    }
    build(frame, &[Part::Many(&args[0]), Part::Many(&args[1])])
}

/// The keys of an array's elements; none for a NULL.
fn keys(t: PgType, list: &ArrayRef) -> Result<Vec<Option<Vec<u8>>>> {
    let reader = Reader::new(t, list.clone());
    (0..list.len()).map(|row| key(t, &reader.get_at(row)?)).collect()
}

fn key(t: PgType, value: &Datum<'_>) -> Result<Option<Vec<u8>>> {
    if value.is_null() {
        return Ok(None);
    }
    if crate::semantics::key::comparison(t) == crate::semantics::key::Comparison::Unsupported {
        return Err(Error::unsupported(format_args!("comparing values of type {t}")));
    }
    let mut key = Vec::new();
    push_key(t, value, &mut key)?;
    Ok(Some(key))
}

/// A NULL is found too.
fn position<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let t = element(frame.arguments[0])?;
    let wanted = key(t, &args[1])?;
    let found = keys(t, &args[0].list()?)?.iter().position(|key| *key == wanted);
    Ok(found.map_or(Datum::Null, |index| Datum::Int4(index as i32 + 1)))
}

fn remove<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    if args[0].is_null() {
        return Ok(Datum::Null);
    }
    let t = element(frame.arguments[0])?;
    let wanted = key(t, &args[1])?;
    let list = args[0].list()?;
    let reader = Reader::new(t, list.clone());
    let mut writer = Writer::new(t, list.len());
    for (row, key) in keys(t, &list)?.into_iter().enumerate() {
        if key != wanted {
            writer.push(&reader.get_at(row)?)?;
        }
    }
    Ok(Datum::List(writer.finish()?))
}

/// NULLs are in nothing.
fn contains<'a>(frame: &Frame<'_>, outer: &Datum<'_>, inner: &Datum<'_>) -> Result<Datum<'a>> {
    let t = element(frame.arguments[0])?;
    let outer = keys(t, &outer.list()?)?;
    let inner = keys(t, &inner.list()?)?;
    Ok(Datum::Bool(inner.iter().all(|key| key.is_some() && outer.contains(key))))
}
