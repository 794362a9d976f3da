//! Integers, oids and floats from their text.
use super::text::{invalid, trim};
use crate::PgType;
use crate::error::{Error, Result};

/// An integer type, from any of the spellings that PostgreSQL 16 and later read.
pub(super) fn integer<T>(text: &str, t: PgType) -> Result<T>
where
    T: TryFrom<i128> + std::str::FromStr,
{
    // Plain digits, mostly.
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    let value = whole(text).ok_or_else(|| invalid(t, text))?;
    T::try_from(value).map_err(|_| out_of_range(t, text))
}

/// An oid: below zero it wraps around.
pub(super) fn oid(text: &str, t: PgType) -> Result<u32> {
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    let value = whole(text).ok_or_else(|| invalid(t, text))?;
    let wrapped = if value < 0 { value + (1 << 32) } else { value };
    let in_range = value >= i128::from(i32::MIN);
    u32::try_from(wrapped).ok().filter(|_| in_range).ok_or_else(|| out_of_range(t, text))
}

pub(super) fn out_of_range(t: PgType, input: &str) -> Error {
    Error::OutOfRange { type_name: t.plain_name(), input: input.to_owned() }
}

/// A whole number in base 10, or 16, 8 and 2 after `0x`, `0o` and `0b`; single underscores
/// between digits; what is beyond `i128` comes as its bound.
pub(super) fn whole(text: &str) -> Option<i128> {
    let text = trim(text);
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = radix(digits);
    let mut value: i128 = 0;
    let mut after_digit = radix != 10;
    for c in digits.chars() {
        if c == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = c.to_digit(radix)?;
        value = value.saturating_mul(radix.into()).saturating_add(digit.into());
        after_digit = true;
    }
    (after_digit && !digits.is_empty()).then_some(if negative { -value } else { value })
}

fn radix(digits: &str) -> (u32, &str) {
    match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        _ => (10, digits),
    }
}

/// `float8`.
pub(super) fn float8(text: &str) -> Result<f64> {
    let number = trim(text);
    let value = number.parse::<f64>().map_err(|_| invalid(PgType::FLOAT8, text))?;
    check_range(value.is_infinite(), value == 0.0, number, PgType::FLOAT8)?;
    Ok(value)
}

/// `float4`.
pub(super) fn float4(text: &str) -> Result<f32> {
    let number = trim(text);
    let value = number.parse::<f32>().map_err(|_| invalid(PgType::FLOAT4, text))?;
    check_range(value.is_infinite(), value == 0.0, number, PgType::FLOAT4)?;
    Ok(value)
}

/// Infinity must have been meant, and so must zero.
fn check_range(infinite: bool, zero: bool, number: &str, t: PgType) -> Result<()> {
    let spelled_out = || number.bytes().any(|b| matches!(b, b'i' | b'I'));
    let mantissa = || number.split(['e', 'E']).next().unwrap_or_default();
    let lost = (infinite && !spelled_out())
        || (zero && mantissa().bytes().any(|b| matches!(b, b'1'..=b'9')));
    match lost {
        true => Err(Error::FloatRange { type_name: t.plain_name(), input: number.to_owned() }),
        false => Ok(()),
    }
}
