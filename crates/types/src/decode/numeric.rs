//! `numeric` from its text and from its digits in base 10,000.
use super::text::trim;
use crate::PgType;
use crate::error::{Error, Result};

/// Digits after the point that a numeric can have.
const MAX_SCALE: i64 = 16_383;
/// Digits before the point that a numeric can have.
const MAX_WHOLE: i64 = 131_072;

/// Powers of ten, as far as they fit.
const TENS: [i128; 39] = {
    let mut tens = [1; 39];
    let mut power = 1;
    while power < tens.len() {
        tens[power] = tens[power - 1] * 10;
        power += 1;
    }
    tens
};

/// A number as digits; `point` of them stand before the decimal point (it may be outside).
struct Number {
    negative: bool,
    /// Without leading zeros.
    digits: Vec<u8>,
    point: i64,
    /// How many digits after the point are shown.
    scale: i64,
}

/// What a text spells.
enum Spelled {
    NaN,
    Infinity { negative: bool },
    Number(Number),
}

fn invalid(text: &str) -> Error {
    super::text::invalid(PgType::NUMERIC, text)
}

/// The value of `numeric(precision, scale)` as a scaled integer.
pub(super) fn decimal128(text: &str, precision: u8, scale: i8) -> Result<i128> {
    if let Some(value) = plain_digits(text.as_bytes(), scale) {
        return check_precision(value, precision, scale);
    }
    match read(text)? {
        Spelled::Number(mut number) => {
            number.round(i64::from(scale));
            number.check_precision(i64::from(precision), i64::from(scale))?;
            Ok(number.scaled(i64::from(scale)))
        }
        Spelled::Infinity { .. } => {
            Err(Error::NumericInfinity { precision: u16::from(precision), scale: i16::from(scale) })
        }
        Spelled::NaN => Err(unrepresentable(precision, scale, "NaN")),
    }
}

fn unrepresentable(precision: u8, scale: i8, value: &str) -> Error {
    let t = PgType::numeric(u16::from(precision), i16::from(scale));
    Error::Unrepresentable { type_name: t.to_string(), value: value.to_owned() }
}

fn overflow(precision: i64, scale: i64) -> Error {
    Error::NumericOverflow { precision: precision as u16, scale: scale as i16 }
}

fn check_precision(value: i128, precision: u8, scale: i8) -> Result<i128> {
    match TENS.get(usize::from(precision)) {
        Some(limit) if value.abs() < *limit => Ok(value),
        _ => Err(overflow(i64::from(precision), i64::from(scale))),
    }
}

/// The value of `numeric(precision, scale)` as a scaled integer, from its binary form.
#[inline]
pub(super) fn decimal128_of(bytes: &[u8], precision: u8, scale: i8) -> Result<i128> {
    match few_digits(bytes, scale) {
        Some(value) => check_precision(value.into(), precision, scale),
        None => Packed::read(bytes)
            .ok_or_else(|| super::binary::invalid(PgType::NUMERIC))?
            .decimal128(precision, scale),
    }
}

/// The binary form of up to 16 digits, as most columns have, none of which is lost; `None` for all
/// others.
#[inline]
fn few_digits(bytes: &[u8], scale: i8) -> Option<i64> {
    const NEGATIVE: u16 = 0x4000;
    let (header, groups) = bytes.split_first_chunk::<8>()?;
    let field = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (count, weight, sign) = (field(0), i32::from(field(2) as i16), field(4));
    let (groups, rest) = groups.as_chunks::<2>();
    let is_plain = sign & !NEGATIVE == 0 && i64::from(field(6)) <= MAX_SCALE;
    if !is_plain || count > 4 || groups.len() != usize::from(count) || !rest.is_empty() {
        return None;
    }
    let mut value = 0;
    for group in groups {
        let group = i64::from(u16::from_be_bytes(*group));
        value = value * 10_000 + group;
        if group >= 10_000 {
            return None;
        }
    }
    // Ten to this power is what a unit of the last group counts in the result.
    let value = match 4 * (weight + 1 - i32::from(count)) + i32::from(scale) {
        _ if value == 0 => 0,
        0 => value,
        1 => value.checked_mul(10)?,
        2 => value.checked_mul(100)?,
        3 => value.checked_mul(1000)?,
        4 => value.checked_mul(10_000)?,
        -1 => exactly::<10>(value)?,
        -2 => exactly::<100>(value)?,
        -3 => exactly::<1000>(value)?,
        _ => return None,
    };
    Some(if sign == NEGATIVE { -value } else { value })
}

fn exactly<const DIVISOR: i64>(value: i64) -> Option<i64> {
    (value % DIVISOR == 0).then_some(value / DIVISOR)
}

/// The common spelling, `-12.50`, without an intermediate form; `None` for all others.
fn plain_digits(text: &[u8], scale: i8) -> Option<i128> {
    const MAX_DIGITS: usize = 37;
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (mut value, mut fraction, mut seen_point) = (0i128, 0u32, false);
    if text.len() > MAX_DIGITS || text == b"." || text.is_empty() {
        return None;
    }
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i128::from(byte - b'0');
                fraction += u32::from(seen_point);
            }
            b'.' if !seen_point => seen_point = true,
            _ => return None,
        }
    }
    let value = rescale(value, fraction, u32::try_from(scale).ok()?)?;
    Some(if negative { -value } else { value })
}

/// From one scale to another, rounded half away from zero; `value` is not negative.
fn rescale(value: i128, from: u32, to: u32) -> Option<i128> {
    if from <= to {
        return value.checked_mul(10i128.checked_pow(to - from)?);
    }
    let divisor = 10i128.checked_pow(from - to)?;
    Some((value + divisor / 2) / divisor)
}

/// The text that PostgreSQL prints for what is given, after the typmod is applied.
pub(super) fn normalised(text: &str, t: PgType) -> Result<String> {
    let spelled = match (read(text)?, t.precision_and_scale()) {
        (Spelled::Number(mut number), Some((precision, scale))) => {
            number.round(i64::from(scale));
            number.check_precision(i64::from(precision), i64::from(scale))?;
            Spelled::Number(number)
        }
        (Spelled::Infinity { .. }, Some((precision, scale))) => {
            return Err(Error::NumericInfinity { precision, scale });
        }
        (spelled, _) => spelled,
    };
    Ok(match spelled {
        Spelled::NaN => "NaN".to_owned(),
        Spelled::Infinity { negative: false } => "Infinity".to_owned(),
        Spelled::Infinity { negative: true } => "-Infinity".to_owned(),
        Spelled::Number(number) => number.text(),
    })
}

fn read(text: &str) -> Result<Spelled> {
    let word = trim(text);
    let (negative, unsigned) = match word.as_bytes() {
        [b'-', ..] => (true, &word[1..]),
        [b'+', ..] => (false, &word[1..]),
        _ => (false, word),
    };
    match unsigned.to_ascii_lowercase().as_str() {
        "nan" if unsigned.len() == word.len() => return Ok(Spelled::NaN),
        "inf" | "infinity" => return Ok(Spelled::Infinity { negative }),
        _ => (),
    }
    let number = match unsigned.get(..2) {
        Some("0x" | "0X" | "0o" | "0O" | "0b" | "0B") => Number::read_whole(unsigned),
        _ => Number::read(unsigned),
    };
    let mut number = number.ok_or_else(|| invalid(text))?;
    number.negative = negative;
    number.check_format()?;
    Ok(Spelled::Number(number))
}

/// Digits with single underscores between them.
fn digits_of(text: &str) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(text.len());
    let mut after_digit = false;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => digits.push(byte - b'0'),
            b'_' if after_digit => (),
            _ => return None,
        }
        after_digit = byte != b'_';
    }
    (after_digit || digits.is_empty()).then_some(digits)
}

impl Number {
    /// `12.5e-3`.
    fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = digits_of(whole)?;
        let point = digits.len() as i64;
        digits.extend(digits_of(fraction)?);
        if digits.is_empty() {
            return None;
        }
        let shown = digits.len() as i64 - point;
        let mut number = Self {
            negative: false,
            digits,
            point: point + exponent,
            scale: (shown - exponent).max(0),
        };
        number.strip();
        Some(number)
    }

    /// `0x1F` and its like.
    fn read_whole(text: &str) -> Option<Self> {
        let value = super::number::whole(text).filter(|value| *value < i128::MAX)?;
        Self::read(&value.to_string())
    }

    fn strip(&mut self) {
        let zeros = self.digits.iter().take_while(|d| **d == 0).count();
        self.digits.drain(..zeros);
        self.point = if self.digits.is_empty() { 0 } else { self.point - zeros as i64 };
    }

    fn is_zero(&self) -> bool {
        self.digits.iter().all(|d| *d == 0)
    }

    fn check_format(&self) -> Result<()> {
        let too_big = !self.is_zero() && self.point > MAX_WHOLE;
        if too_big || self.scale > MAX_SCALE {
            return Err(Error::NumericFormat);
        }
        Ok(())
    }

    /// Rounds half away from zero to so many digits after the point (or zeros before it).
    fn round(&mut self, scale: i64) {
        self.scale = scale.max(0);
        let kept = self.point + scale;
        if kept < 0 {
            self.digits.clear();
            return self.strip();
        }
        let kept = kept as usize;
        if kept >= self.digits.len() {
            return;
        }
        let up = self.digits[kept] >= 5;
        self.digits.truncate(kept);
        if up {
            self.increment();
        }
        self.strip();
    }

    fn increment(&mut self) {
        for digit in self.digits.iter_mut().rev() {
            if *digit < 9 {
                *digit += 1;
                return;
            }
            *digit = 0;
        }
        self.digits.insert(0, 1);
        self.point += 1;
    }

    fn check_precision(&self, precision: i64, scale: i64) -> Result<()> {
        match self.is_zero() || self.point <= precision - scale {
            true => Ok(()),
            false => Err(overflow(precision, scale)),
        }
    }

    /// The digit that stands for 10 to the power of `exponent`.
    fn digit(&self, exponent: i64) -> u8 {
        let index = usize::try_from(self.point - 1 - exponent).ok();
        index.and_then(|index| self.digits.get(index)).copied().unwrap_or(0)
    }

    /// Times ten to the power of `scale`; the precision has been checked.
    fn scaled(&self, scale: i64) -> i128 {
        let exponents = (-scale..self.point.max(-scale)).rev();
        let value = exponents.fold(0, |value, e| value * 10 + i128::from(self.digit(e)));
        if self.negative { -value } else { value }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if self.negative && !self.is_zero() {
            text.push('-');
        }
        let push = |text: &mut String, e: i64| text.push(char::from(b'0' + self.digit(e)));
        (0..self.point.max(1)).rev().for_each(|e| push(&mut text, e));
        if self.scale > 0 {
            text.push('.');
            (-self.scale..0).rev().for_each(|e| push(&mut text, e));
        }
        text
    }
}

fn read_exponent(text: &str) -> Option<i64> {
    let (negative, unsigned) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let digits = digits_of(unsigned).filter(|digits| !digits.is_empty())?;
    let fold = |value: i64, digit: &u8| value.saturating_mul(10).saturating_add((*digit).into());
    // No numeric is that large, and sums with it stay far from overflow.
    let value = digits.iter().fold(0, fold).min(i64::MAX / 4);
    Some(if negative { -value } else { value })
}

/// The binary form: base-10,000 digits, the first of them times 10,000 to the power of `weight`.
pub(super) struct Packed<'a> {
    weight: i32,
    sign: Sign,
    scale: u16,
    groups: &'a [[u8; 2]],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Positive,
    Negative,
    NaN,
    Infinity,
    MinusInfinity,
}

impl<'a> Packed<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, groups) = bytes.split_first_chunk::<8>()?;
        let field = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let (groups, rest) = groups.as_chunks::<2>();
        let sign = match field(4) {
            0x0000 => Sign::Positive,
            0x4000 => Sign::Negative,
            0xC000 => Sign::NaN,
            0xD000 => Sign::Infinity,
            0xF000 => Sign::MinusInfinity,
            _ => return None,
        };
        let complete = rest.is_empty() && groups.len() == usize::from(field(0));
        let legal = groups.iter().all(|group| u16::from_be_bytes(*group) < 10_000);
        let weight = i32::from(field(2) as i16);
        let scale = field(6);
        (complete && legal && i64::from(scale) <= MAX_SCALE).then_some(Self {
            weight,
            sign,
            scale,
            groups,
        })
    }

    fn group(&self, index: i32) -> u16 {
        let group = usize::try_from(index).ok().and_then(|index| self.groups.get(index));
        group.map_or(0, |group| u16::from_be_bytes(*group))
    }

    /// The scaled integer of `numeric(precision, scale)`.
    fn decimal128(&self, precision: u8, scale: i8) -> Result<i128> {
        let special = match self.sign {
            Sign::NaN => "NaN",
            Sign::Infinity => "Infinity",
            Sign::MinusInfinity => "-Infinity",
            Sign::Positive | Sign::Negative => "",
        };
        if !special.is_empty() {
            return Err(unrepresentable(precision, scale, special));
        }
        match self.scaled(i32::from(scale)) {
            Some(value) => {
                let value = check_precision(value, precision, scale)?;
                Ok(if self.sign == Sign::Negative { -value } else { value })
            }
            // More digits than the column declares: rounded as any input is.
            None => {
                let mut text = String::new();
                self.text(&mut text);
                decimal128(&text, precision, scale)
            }
        }
    }

    /// Ten to this power is what a unit of the last group counts in the result.
    fn power(&self, scale: i32) -> i32 {
        4 * (self.weight + 1 - self.groups.len() as i32) + scale
    }

    /// Without the sign; `None` if digits would be lost, or there are too many.
    fn scaled(&self, scale: i32) -> Option<i128> {
        let Some((last, leading)) = self.groups.split_last() else { return Some(0) };
        let fold = |value: i128, group: &[u8; 2]| {
            value.checked_mul(10_000)?.checked_add(u16::from_be_bytes(*group).into())
        };
        let value = leading.iter().try_fold(0i128, fold)?;
        let last = i128::from(u16::from_be_bytes(*last));
        let power = self.power(scale);
        let ten = |power: i32| TENS.get(usize::try_from(power).ok()?).copied();
        if power >= 0 {
            return value.checked_mul(10_000)?.checked_add(last)?.checked_mul(ten(power)?);
        }
        let lost = ten(-power).filter(|_| power > -4)?;
        let whole = last % lost == 0;
        whole.then(|| value.checked_mul(ten(4 + power)?)?.checked_add(last / lost))?
    }

    /// Appends what PostgreSQL prints.
    pub(super) fn text(&self, text: &mut String) {
        match self.sign {
            Sign::NaN => return text.push_str("NaN"),
            Sign::Infinity => return text.push_str("Infinity"),
            Sign::MinusInfinity => return text.push_str("-Infinity"),
            Sign::Negative => text.push('-'),
            Sign::Positive => (),
        }
        if self.weight < 0 {
            text.push('0');
        } else {
            text.push_str(itoa::Buffer::new().format(self.group(0)));
            (1..=self.weight).for_each(|index| push_group(text, self.group(index)));
        }
        if self.scale > 0 {
            text.push('.');
            let end = text.len() + usize::from(self.scale);
            let mut index = self.weight + 1;
            while text.len() < end {
                push_group(text, self.group(index));
                index += 1;
            }
            text.truncate(end);
        }
    }
}

fn push_group(text: &mut String, group: u16) {
    for divisor in [1000, 100, 10, 1] {
        text.push(char::from(b'0' + (group / divisor % 10) as u8));
    }
}
