//! The spellings of `bytea`.
use crate::error::{Error, Result};

/// Reads `\x0aff` or the older escapes.
pub(super) fn parse(text: &str) -> Result<Vec<u8>> {
    match text.strip_prefix("\\x") {
        Some(digits) => hex(digits),
        None => escaped(text.as_bytes()),
    }
}

/// The value of a hexadecimal digit.
pub(super) fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

fn hex(digits: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let mut rest = digits.chars().filter(|c| !matches!(c, ' ' | '\n' | '\t' | '\r'));
    let value = |c: char| {
        c.to_digit(16)
            .map(|value| value as u8)
            .ok_or_else(|| Error::InvalidHex(format!("invalid hexadecimal digit: \"{c}\"")))
    };
    while let Some(high) = rest.next() {
        let high = value(high)?;
        let odd = || Error::InvalidHex("invalid hexadecimal data: odd number of digits".to_owned());
        let low = value(rest.next().ok_or_else(odd)?)?;
        bytes.push(high << 4 | low);
    }
    Ok(bytes)
}

fn escaped(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(rest.len());
    loop {
        rest = match rest {
            [] => return Ok(bytes),
            [b'\\', b'\\', tail @ ..] => {
                bytes.push(b'\\');
                tail
            }
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                tail
            }
            [b'\\', ..] => {
                let message = "invalid input syntax for type bytea".to_owned();
                return Err(Error::InvalidBytea(message));
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        }
    }
}
