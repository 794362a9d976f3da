//! `float4` and `float8`: what overflows is an error, as at PostgreSQL.
use super::Table;
use crate::error::{Error, Result};
use crate::semantics::call::Frame;
use crate::semantics::datum::Datum;
use medley_diagnostic::SqlState;

pub const KERNELS: Table = &[
    ("float4pl", add),
    ("float8pl", add),
    ("float48pl", add),
    ("float84pl", add),
    ("float4mi", subtract),
    ("float8mi", subtract),
    ("float48mi", subtract),
    ("float84mi", subtract),
    ("float4mul", multiply),
    ("float8mul", multiply),
    ("float48mul", multiply),
    ("float84mul", multiply),
    ("float4div", divide),
    ("float8div", divide),
    ("float48div", divide),
    ("float84div", divide),
    ("float4um", negate),
    ("float8um", negate),
    ("float4up", same),
    ("float8up", same),
    ("float4abs", absolute),
    ("float8abs", absolute),
    ("dround", |_, a| each(a, |x| x.round_ties_even())),
    ("dtrunc", |_, a| each(a, f64::trunc)),
    ("dfloor", |_, a| each(a, f64::floor)),
    ("dceil", |_, a| each(a, f64::ceil)),
    ("dsign", |_, a| {
        each(a, |x| {
            if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                0.0
            }
        })
    }),
    ("dsqrt", square_root),
    ("dpow", power),
    ("degrees", |_, a| {
        let x = a[0].float8()?;
        let degrees = x / (std::f64::consts::PI / 180.0);
        if degrees.is_infinite() && x.is_finite() {
            Err(overflow())
        } else {
            Ok(Datum::Float8(degrees))
        }
    }),
    ("radians", |_, a| each(a, |x| x * (std::f64::consts::PI / 180.0))),
    ("dpi", |_, _| Ok(Datum::Float8(std::f64::consts::PI))),
    ("drandom", |_, _| Ok(Datum::Float8(rand::random()))),
];

/// Both as doubles, or both as they are: the result is a `float4` only of two of them.
enum Pair {
    Single(f32, f32),
    Double(f64, f64),
}

fn double(datum: &Datum<'_>) -> Result<f64> {
    match datum {
        Datum::Float4(value) => Ok(f64::from(*value)),
        value => value.float8(),
    }
}

fn pair(args: &[Datum<'_>]) -> Result<Pair> {
    Ok(match (&args[0], &args[1]) {
        (Datum::Float4(a), Datum::Float4(b)) => Pair::Single(*a, *b),
        (a, b) => Pair::Double(double(a)?, double(b)?),
    })
}

fn overflow() -> Error {
    Error::numeric_overflow("value out of range: overflow")
}

fn underflow() -> Error {
    Error::numeric_overflow("value out of range: underflow")
}

macro_rules! operation {
    ($name:ident, $op:tt, $underflows:expr) => {
        fn $name<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
            Ok(match pair(args)? {
                Pair::Single(a, b) => {
                    let result = a $op b;
                    check(f64::from(a), f64::from(b), f64::from(result), $underflows)?;
                    Datum::Float4(result)
                }
                Pair::Double(a, b) => {
                    let result = a $op b;
                    check(a, b, result, $underflows)?;
                    Datum::Float8(result)
                }
            })
        }
    };
}

operation!(add, +, |_, _| false);
operation!(subtract, -, |_, _| false);
operation!(multiply, *, |a, b| a != 0.0 && b != 0.0);
operation!(quotient, /, |a, b: f64| a != 0.0 && !b.is_infinite());

fn check(a: f64, b: f64, result: f64, underflows: fn(f64, f64) -> bool) -> Result<()> {
    if result.is_infinite() && !a.is_infinite() && !b.is_infinite() {
        return Err(overflow());
    }
    if result == 0.0 && underflows(a, b) {
        return Err(underflow());
    }
    Ok(())
}

fn divide<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    if double(&args[1])? == 0.0 && !double(&args[0])?.is_nan() {
        return Err(Error::division_by_zero());
    }
    quotient(frame, args)
}

fn negate<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(match &args[0] {
        Datum::Float4(value) => Datum::Float4(-value),
        value => Datum::Float8(-value.float8()?),
    })
}

fn absolute<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(match &args[0] {
        Datum::Float4(value) => Datum::Float4(value.abs()),
        value => Datum::Float8(value.float8()?.abs()),
    })
}

fn same<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(args[0].clone())
}

fn each<'a>(args: &[Datum<'a>], function: impl Fn(f64) -> f64) -> Result<Datum<'a>> {
    Ok(Datum::Float8(function(args[0].float8()?)))
}

fn square_root<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let x = args[0].float8()?;
    if x < 0.0 {
        let state = SqlState::from_remote("2201F");
        return Err(Error::at(state, "cannot take square root of a negative number", None));
    }
    Ok(Datum::Float8(x.sqrt()))
}

fn power<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (x, y) = (args[0].float8()?, args[1].float8()?);
    let state = SqlState::from_remote("2201F");
    if x == 0.0 && y < 0.0 {
        let message = "zero raised to a negative power is undefined";
        return Err(Error::at(state, message, None));
    }
    if x < 0.0 && y.is_finite() && y.fract() != 0.0 {
        let message = "a negative number raised to a non-integer power yields a complex result";
        return Err(Error::at(state, message, None));
    }
    let result = x.powf(y);
    if result.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(overflow());
    }
    if result == 0.0 && x != 0.0 && x.is_finite() && y.is_finite() {
        return Err(underflow());
    }
    Ok(Datum::Float8(result))
}
