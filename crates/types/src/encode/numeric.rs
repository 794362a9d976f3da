//! Decimals: their text, and PostgreSQL's digits in base 10,000.
use bytes::{BufMut, BytesMut};

use crate::error::{Error, Result};

/// The signs of numeric's binary form.
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const MINUS_INFINITY: u16 = 0xF000;

/// `-12.50` for -1250 of scale 2.
pub(super) fn text(value: i128, scale: i8, out: &mut BytesMut) {
    if value < 0 {
        out.put_u8(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value.unsigned_abs()).as_bytes();
    let Ok(scale) = usize::try_from(scale) else {
        out.extend_from_slice(digits);
        let zeros = if value == 0 { 0 } else { usize::from(scale.unsigned_abs()) };
        return out.put_bytes(b'0', zeros);
    };
    let whole = digits.len().saturating_sub(scale);
    if whole == 0 {
        out.put_u8(b'0');
    }
    out.extend_from_slice(&digits[..whole]);
    if scale > 0 {
        out.put_u8(b'.');
        out.put_bytes(b'0', scale.saturating_sub(digits.len()));
        out.extend_from_slice(&digits[whole..]);
    }
}

/// The binary form of a decimal.
pub(super) fn binary(value: i128, scale: i8, out: &mut BytesMut) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value.unsigned_abs()).as_bytes();
    match usize::try_from(scale) {
        Ok(scale) if scale <= digits.len() => {
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            put_digits(value < 0, whole, fraction, out);
        }
        Ok(scale) => {
            let mut fraction = [b'0'; 2 * 40 + 128];
            fraction[scale - digits.len()..scale].copy_from_slice(digits);
            put_digits(value < 0, b"", &fraction[..scale], out);
        }
        Err(_) => {
            let mut whole = [b'0'; 40 + 128];
            whole[..digits.len()].copy_from_slice(digits);
            let length = digits.len() + usize::from(scale.unsigned_abs());
            put_digits(value < 0, &whole[..length], b"", out);
        }
    }
}

/// The binary form of a number that is held as its text.
pub(super) fn binary_of_text(text: &str, out: &mut BytesMut) -> Result<()> {
    let special = match text {
        "NaN" => NAN,
        "Infinity" => INFINITY,
        "-Infinity" => MINUS_INFINITY,
        _ => {
            let (negative, digits) = match text.strip_prefix('-') {
                Some(digits) => (true, digits),
                None => (false, text),
            };
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
            if digits.is_empty() || !all_digits(whole) || !all_digits(fraction) {
                let type_name = "numeric".to_owned();
                return Err(Error::InvalidText { type_name, input: text.to_owned() });
            }
            put_digits(negative, whole.as_bytes(), fraction.as_bytes(), out);
            return Ok(());
        }
    };
    // PostgreSQL sends an infinity's header bits as its scale; readers ignore it.
    let scale = if special == NAN { 0 } else { 0x20 };
    put_header(0, 0, special, scale, out);
    Ok(())
}

fn put_header(count: u16, weight: i16, sign: u16, scale: u16, out: &mut BytesMut) {
    out.put_u16(count);
    out.put_i16(weight);
    out.put_u16(sign);
    out.put_u16(scale);
}

/// Groups of four decimal digits, counted from the point, without zero groups at either end.
fn put_digits(negative: bool, whole: &[u8], fraction: &[u8], out: &mut BytesMut) {
    let whole = &whole[whole.iter().take_while(|b| **b == b'0').count()..];
    let whole_groups = whole.len().div_ceil(4);
    let start = out.len();
    put_header(0, 0, POSITIVE, fraction.len() as u16, out);
    let mut leading = 0;
    let (first, rest) = whole.split_at(whole.len() - whole_groups.saturating_sub(1) * 4);
    let groups = [first].into_iter().filter(|g| !g.is_empty()).chain(rest.chunks(4));
    for group in groups {
        out.put_u16(group_value(group));
    }
    for group in fraction.chunks(4) {
        let value = group_value(group) * 10u16.pow(4 - group.len() as u32);
        if value == 0 && out.len() == start + 8 {
            leading += 1;
        } else {
            out.put_u16(value);
        }
    }
    while out.len() > start + 8 && out.ends_with(&[0, 0]) {
        out.truncate(out.len() - 2);
    }
    let count = (out.len() - start - 8) / 2;
    let weight = if count == 0 { 0 } else { whole_groups as i16 - 1 - leading };
    let sign = if negative && count > 0 { NEGATIVE } else { POSITIVE };
    out[start..start + 2].copy_from_slice(&(count as u16).to_be_bytes());
    out[start + 2..start + 4].copy_from_slice(&weight.to_be_bytes());
    out[start + 4..start + 6].copy_from_slice(&sign.to_be_bytes());
}

fn group_value(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0'))
}
