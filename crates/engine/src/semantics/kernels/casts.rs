//! The functions behind casts; those that cut to a length or a precision are in `convert`.
use medley_types::PgType;

use super::Table;
use super::integers::{fit, integer};
use crate::error::{Error, Result};
use crate::semantics::call::Frame;
use crate::semantics::datum::Datum;
use crate::semantics::numeric::Numeric;

pub const KERNELS: Table = &[
    ("i2toi4", to_integer),
    ("i4toi2", to_integer),
    ("int28", to_integer),
    ("int82", to_integer),
    ("int48", to_integer),
    ("int84", to_integer),
    ("i2tof", to_float4),
    ("i4tof", to_float4),
    ("i8tof", to_float4),
    ("i2tod", to_float8),
    ("i4tod", to_float8),
    ("i8tod", to_float8),
    ("ftod", |_, a| Ok(Datum::Float8(f64::from(a[0].float4()?)))),
    ("dtof", narrow),
    ("ftoi2", float_to_integer),
    ("ftoi4", float_to_integer),
    ("ftoi8", float_to_integer),
    ("dtoi2", float_to_integer),
    ("dtoi4", float_to_integer),
    ("dtoi8", float_to_integer),
    ("int2_numeric", from_integer),
    ("int4_numeric", from_integer),
    ("int8_numeric", from_integer),
    ("float4_numeric", |_, a| from_float(f64::from(a[0].float4()?), 6)),
    ("float8_numeric", |_, a| from_float(a[0].float8()?, 15)),
    ("numeric_int2", numeric_to_integer),
    ("numeric_int4", numeric_to_integer),
    ("numeric_int8", numeric_to_integer),
    ("numeric_float4", numeric_to_float4),
    ("numeric_float8", numeric_to_float8),
    ("int4_bool", |_, a| Ok(Datum::Bool(a[0].int4()? != 0))),
    ("bool_int4", |_, a| Ok(Datum::Int4(i32::from(a[0].bool()?)))),
    ("i8tooid", |_, a| {
        u32::try_from(a[0].int8()?)
            .map(Datum::Oid)
            .map_err(|_| Error::numeric_overflow("OID out of range"))
    }),
    ("oidtoi8", |_, a| Ok(Datum::Int8(i64::from(a[0].oid()?)))),
    ("booltext", |_, a| Ok(Datum::of_text(if a[0].bool()? { "true" } else { "false" }))),
    ("rtrim1", |_, a| Ok(Datum::of_text(a[0].text()?.trim_end_matches(' ')))),
    ("name_text", same),
    ("name_bpchar", same),
    ("text_char", first_byte),
    ("char_text", same),
    ("text_name", to_name),
    ("bpchar_name", |_, a| Ok(cut_to_name(a[0].text()?.trim_end_matches(' ')))),
    ("chartoi4", |_, a| {
        Ok(Datum::Int4(a[0].text()?.bytes().next().map_or(0, |b| i32::from(b as i8))))
    }),
];

fn same<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(args[0].clone())
}

fn to_integer<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    fit(frame, i128::from(integer(&args[0])?))
}

fn to_float4<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::Float4(integer(&args[0])? as f32))
}

fn to_float8<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::Float8(integer(&args[0])? as f64))
}

fn narrow<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let wide = args[0].float8()?;
    let narrow = wide as f32;
    if narrow.is_infinite() && !wide.is_infinite() {
        return Err(Error::numeric_overflow("value out of range: overflow"));
    }
    if narrow == 0.0 && wide != 0.0 {
        return Err(Error::numeric_overflow("value out of range: underflow"));
    }
    Ok(Datum::Float4(narrow))
}

/// Half to even, as the machine rounds.
fn float_to_integer<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let value = match &args[0] {
        Datum::Float4(value) => f64::from(*value),
        value => value.float8()?,
    };
    let rounded = value.round_ties_even();
    // 2^63 is a double, 2^63 - 1 is none.
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded) {
        return Err(Error::out_of_range(&frame.result.to_string()));
    }
    fit(frame, rounded as i128)
}

fn from_integer<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::Numeric(Numeric::from(integer(&args[0])?)))
}

/// So many significant digits, as C's `%.*g` prints them.
fn from_float<'a>(value: f64, digits: usize) -> Result<Datum<'a>> {
    if value.is_nan() {
        return Ok(Datum::Numeric(Numeric::NaN));
    }
    if value.is_infinite() {
        let infinity = if value > 0.0 { Numeric::Infinity } else { Numeric::NegativeInfinity };
        return Ok(Datum::Numeric(infinity));
    }
    let text = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = match mantissa.contains('.') {
        true => mantissa.trim_end_matches('0').trim_end_matches('.'),
        false => mantissa,
    };
    let number = format!("{mantissa}e{exponent}").parse();
    number.map(Datum::Numeric).map_err(|_| Error::Internal(format!("{value} is no number")))
}

fn numeric_to_integer<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let type_name = frame.result.to_string();
    match args[0].numeric()? {
        Numeric::NaN => Err(Error::unsupported_conversion("NaN", &type_name)),
        Numeric::Infinity | Numeric::NegativeInfinity => {
            Err(Error::unsupported_conversion("infinity", &type_name))
        }
        number => {
            let whole = number.to_integer().ok_or_else(|| Error::out_of_range(&type_name))?;
            fit(frame, whole)
        }
    }
}

fn numeric_to_float8<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let number = args[0].numeric()?;
    let value = number.to_f64();
    let lost = value.is_infinite() || (value == 0.0 && number.compare(&0.into()).is_ne());
    if matches!(number, Numeric::Finite { .. }) && lost {
        return Err(out_of_float_range(&number, PgType::FLOAT8));
    }
    Ok(Datum::Float8(value))
}

fn numeric_to_float4<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let number = args[0].numeric()?;
    let Numeric::Finite { .. } = number else {
        return Ok(Datum::Float4(number.to_f64() as f32));
    };
    let value: f32 = number.to_string().parse().unwrap_or(f32::NAN);
    if value.is_infinite() || (value == 0.0 && number.compare(&0.into()).is_ne()) {
        return Err(out_of_float_range(&number, PgType::FLOAT4));
    }
    Ok(Datum::Float4(value))
}

fn out_of_float_range(number: &Numeric, t: PgType) -> Error {
    Error::numeric_overflow(format!("\"{number}\" is out of range for type {t}"))
}

/// A `"char"` is one byte; a longer character does not fit it.
fn first_byte<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    match args[0].text()?.chars().next() {
        None => Ok(Datum::of_text("")),
        Some(first) if first.is_ascii() => Ok(Datum::of_text(first)),
        Some(_) => Err(Error::unsupported("a \"char\" beyond ASCII")),
    }
}

/// At most 63 bytes.
fn to_name<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(cut_to_name(args[0].text()?))
}

fn cut_to_name(text: &str) -> Datum<'static> {
    let mut end = text.len().min(63);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Datum::of_text(text[..end].to_owned())
}
