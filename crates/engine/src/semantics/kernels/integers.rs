//! `int2`, `int4`, `int8`: nothing wraps.
use medley_types::PgType;

use super::Table;
use crate::error::{Error, Result};
use crate::semantics::call::Frame;
use crate::semantics::datum::Datum;

pub const KERNELS: Table = &[
    ("int2pl", add),
    ("int4pl", add),
    ("int8pl", add),
    ("int24pl", add),
    ("int42pl", add),
    ("int28pl", add),
    ("int82pl", add),
    ("int48pl", add),
    ("int84pl", add),
    ("int2mi", subtract),
    ("int4mi", subtract),
    ("int8mi", subtract),
    ("int24mi", subtract),
    ("int42mi", subtract),
    ("int28mi", subtract),
    ("int82mi", subtract),
    ("int48mi", subtract),
    ("int84mi", subtract),
    ("int2mul", multiply),
    ("int4mul", multiply),
    ("int8mul", multiply),
    ("int24mul", multiply),
    ("int42mul", multiply),
    ("int28mul", multiply),
    ("int82mul", multiply),
    ("int48mul", multiply),
    ("int84mul", multiply),
    ("int2div", divide),
    ("int4div", divide),
    ("int8div", divide),
    ("int24div", divide),
    ("int42div", divide),
    ("int28div", divide),
    ("int82div", divide),
    ("int48div", divide),
    ("int84div", divide),
    ("int2mod", remainder),
    ("int4mod", remainder),
    ("int8mod", remainder),
    ("int2um", negate),
    ("int4um", negate),
    ("int8um", negate),
    ("int2up", same),
    ("int4up", same),
    ("int8up", same),
    ("int2abs", absolute),
    ("int4abs", absolute),
    ("int8abs", absolute),
    ("int2and", and),
    ("int4and", and),
    ("int8and", and),
    ("int2or", or),
    ("int4or", or),
    ("int8or", or),
    ("int2xor", xor),
    ("int4xor", xor),
    ("int8xor", xor),
    ("int2not", not),
    ("int4not", not),
    ("int8not", not),
    ("int2shl", shift_left),
    ("int4shl", shift_left),
    ("int8shl", shift_left),
    ("int2shr", shift_right),
    ("int4shr", shift_right),
    ("int8shr", shift_right),
    ("int4gcd", gcd),
    ("int8gcd", gcd),
    ("int4lcm", lcm),
    ("int8lcm", lcm),
    ("to_hex32", to_hex),
    ("to_hex64", to_hex),
];

pub(super) fn integer(datum: &Datum<'_>) -> Result<i64> {
    match datum {
        Datum::Int2(value) => Ok(i64::from(*value)),
        Datum::Int4(value) => Ok(i64::from(*value)),
        _ => datum.int8(),
    }
}

/// The value as the result's type, if it is one of it.
pub(super) fn fit(frame: &Frame<'_>, value: i128) -> Result<Datum<'static>> {
    let fitted = match frame.result.oid {
        oid if oid == PgType::INT2.oid => i16::try_from(value).ok().map(Datum::Int2),
        oid if oid == PgType::INT4.oid => i32::try_from(value).ok().map(Datum::Int4),
        oid if oid == PgType::OID.oid => i32::try_from(value).ok().map(|it| Datum::Oid(it as u32)),
        _ => i64::try_from(value).ok().map(Datum::Int8),
    };
    fitted.ok_or_else(|| Error::out_of_range(&frame.result.to_string()))
}

fn pair(args: &[Datum<'_>]) -> Result<(i128, i128)> {
    Ok((i128::from(integer(&args[0])?), i128::from(integer(&args[1])?)))
}

fn divisor(args: &[Datum<'_>]) -> Result<(i128, i128)> {
    match pair(args)? {
        (_, 0) => Err(Error::division_by_zero()),
        both => Ok(both),
    }
}

fn add<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = pair(args)?;
    fit(frame, a + b)
}

fn subtract<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = pair(args)?;
    fit(frame, a - b)
}

fn multiply<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = pair(args)?;
    fit(frame, a * b)
}

fn divide<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = divisor(args)?;
    fit(frame, a / b)
}

fn remainder<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = divisor(args)?;
    fit(frame, a % b)
}

fn negate<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    fit(frame, -i128::from(integer(&args[0])?))
}

fn same<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(args[0].clone())
}

fn absolute<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    fit(frame, i128::from(integer(&args[0])?).abs())
}

fn and<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = pair(args)?;
    fit(frame, a & b)
}

fn or<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = pair(args)?;
    fit(frame, a | b)
}

fn xor<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = pair(args)?;
    fit(frame, a ^ b)
}

fn not<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    fit(frame, !i128::from(integer(&args[0])?))
}

/// Shifts go by the machine's word: bits fall off, and the count is taken modulo the width.
fn shift_left<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let by = args[1].int4()? as u32;
    Ok(match &args[0] {
        Datum::Int2(value) => Datum::Int2(i32::from(*value).wrapping_shl(by) as i16),
        Datum::Int4(value) => Datum::Int4(value.wrapping_shl(by)),
        value => Datum::Int8(value.int8()?.wrapping_shl(by)),
    })
}

fn shift_right<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let by = args[1].int4()? as u32;
    Ok(match &args[0] {
        Datum::Int2(value) => Datum::Int2(i32::from(*value).wrapping_shr(by) as i16),
        Datum::Int4(value) => Datum::Int4(value.wrapping_shr(by)),
        value => Datum::Int8(value.int8()?.wrapping_shr(by)),
    })
}

fn greatest_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

fn gcd<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = pair(args)?;
    fit(frame, greatest_divisor(a, b))
}

fn lcm<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    match pair(args)? {
        (0, _) | (_, 0) => fit(frame, 0),
        (a, b) => fit(frame, (a / greatest_divisor(a, b) * b).abs()),
    }
}

fn to_hex<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::of_text(match &args[0] {
        Datum::Int4(value) => format!("{value:x}"),
        value => format!("{:x}", value.int8()?),
    }))
}
