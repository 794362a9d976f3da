//! PostgreSQL's `numeric`: exact decimal arithmetic with its display scales.
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use num_bigint::{BigInt, Sign};

use crate::error::{Error, Result};

/// The least significant digits of a quotient: `NUMERIC_MIN_SIG_DIGITS`.
const MIN_SIGNIFICANT_DIGITS: i64 = 16;
/// `NUMERIC_MAX_DISPLAY_SCALE`.
const MAX_DISPLAY_SCALE: i64 = 1000;
/// Decimal digits in one of PostgreSQL's own digits, which quotients' scales are counted in.
const BASE_DIGITS: i64 = 4;
/// What `numeric` can hold before the point.
const MAX_INTEGER_DIGITS: usize = 131_072;
/// What `numeric` can hold after the point.
const MAX_SCALE: u32 = 16_383;

/// A number, or one of the three that are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numeric {
    /// `unscaled / 10^scale`; the scale is what is displayed.
    Finite {
        /// All digits.
        unscaled: BigInt,
        /// How many of them stand after the point.
        scale: u32,
    },
    /// `-Infinity`.
    NegativeInfinity,
    /// `Infinity`.
    Infinity,
    /// `NaN`: equal to itself, and above everything.
    NaN,
}

use Numeric::{Finite, Infinity, NaN, NegativeInfinity};

fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

fn rescale_up(unscaled: &BigInt, from: u32, to: u32) -> BigInt {
    unscaled * power_of_ten(to - from)
}

/// Division that rounds half away from zero.
fn divide_rounding(dividend: &BigInt, divisor: &BigInt) -> BigInt {
    let doubled = dividend.magnitude() * 2u32 + divisor.magnitude();
    let quotient = BigInt::from(doubled / (divisor.magnitude() * 2u32));
    let negative = (dividend.sign() == Sign::Minus) != (divisor.sign() == Sign::Minus);
    if negative { -quotient } else { quotient }
}

impl Numeric {
    /// `unscaled / 10^scale`.
    pub fn new(unscaled: impl Into<BigInt>, scale: u32) -> Self {
        Finite { unscaled: unscaled.into(), scale }
    }

    /// Zero, NaN and both infinities have a sign of their own.
    fn signum(&self) -> i32 {
        match self {
            NaN => 0,
            Infinity => 1,
            NegativeInfinity => -1,
            Finite { unscaled, .. } => match unscaled.sign() {
                Sign::Minus => -1,
                Sign::NoSign => 0,
                Sign::Plus => 1,
            },
        }
    }

    /// The displayed digits after the point.
    pub fn scale(&self) -> u32 {
        match self {
            Finite { scale, .. } => *scale,
            _ => 0,
        }
    }

    fn checked(self) -> Result<Self> {
        let Finite { unscaled, scale } = &self else { return Ok(self) };
        // A bit is less than a third of a digit.
        let surely_fits = unscaled.bits() / 4 < MAX_INTEGER_DIGITS as u64;
        if surely_fits
            || unscaled.magnitude().to_string().len() <= MAX_INTEGER_DIGITS + *scale as usize
        {
            return Ok(self);
        }
        Err(Error::numeric_overflow("value overflows numeric format"))
    }

    /// `+`.
    pub fn add(&self, other: &Self) -> Result<Self> {
        match (self, other) {
            (Finite { unscaled: a, scale: s }, Finite { unscaled: b, scale: t }) => {
                let scale = *s.max(t);
                Self::new(rescale_up(a, *s, scale) + rescale_up(b, *t, scale), scale).checked()
            }
            (NaN, _) | (_, NaN) | (Infinity, NegativeInfinity) | (NegativeInfinity, Infinity) => {
                Ok(NaN)
            }
            (Infinity, _) | (_, Infinity) => Ok(Infinity),
            (NegativeInfinity, _) | (_, NegativeInfinity) => Ok(NegativeInfinity),
        }
    }

    /// Prefix `-`.
    pub fn negate(&self) -> Self {
        match self {
            Finite { unscaled, scale } => Self::new(-unscaled, *scale),
            Infinity => NegativeInfinity,
            NegativeInfinity => Infinity,
            NaN => NaN,
        }
    }

    /// `-`.
    pub fn subtract(&self, other: &Self) -> Result<Self> {
        self.add(&other.negate())
    }

    /// `*`.
    pub fn multiply(&self, other: &Self) -> Result<Self> {
        match (self, other) {
            (Finite { unscaled: a, scale: s }, Finite { unscaled: b, scale: t }) => {
                let product = Self::new(a * b, s + t);
                if s + t > MAX_SCALE { product.round(MAX_SCALE as i32) } else { product.checked() }
            }
            (NaN, _) | (_, NaN) => Ok(NaN),
            _ => Ok(match self.signum() * other.signum() {
                0 => NaN,
                1 => Infinity,
                _ => NegativeInfinity,
            }),
        }
    }

    /// `/`, with as many digits as PostgreSQL computes.
    pub fn divide(&self, other: &Self) -> Result<Self> {
        match (self, other) {
            (NaN, _) | (_, NaN) => Ok(NaN),
            (_, Finite { unscaled, .. }) if unscaled.sign() == Sign::NoSign => {
                Err(Error::division_by_zero())
            }
            (Finite { unscaled: a, scale: s }, Finite { unscaled: b, scale: t }) => {
                let scale = self.quotient_scale(other);
                // a/10^s / (b/10^t) = a·10^(scale+t) / (b·10^s), at this scale.
                let dividend = a * power_of_ten(scale + t);
                let divisor = b * power_of_ten(*s);
                Self::new(divide_rounding(&dividend, &divisor), scale).checked()
            }
            (Finite { .. }, _) => Ok(Self::new(0, 0)),
            (_, Finite { .. }) => {
                Ok(if self.signum() == other.signum() { Infinity } else { NegativeInfinity })
            }
            _ => Ok(NaN),
        }
    }

    /// `select_div_scale`.
    fn quotient_scale(&self, other: &Self) -> u32 {
        let (weight, first) = self.leading_base_digit();
        let (other_weight, other_first) = other.leading_base_digit();
        let mut quotient_weight = weight - other_weight;
        if first <= other_first {
            quotient_weight -= 1;
        }
        let scale = (MIN_SIGNIFICANT_DIGITS - quotient_weight * BASE_DIGITS)
            .max(i64::from(self.scale()))
            .max(i64::from(other.scale()))
            .clamp(0, MAX_DISPLAY_SCALE);
        scale as u32
    }

    /// The weight and value of the first digit in base 10,000 that is not zero.
    fn leading_base_digit(&self) -> (i64, i64) {
        let Finite { unscaled, scale } = self else { return (0, 0) };
        if unscaled.sign() == Sign::NoSign {
            return (0, 0);
        }
        let digits = unscaled.magnitude().to_string();
        // The place of the first decimal digit: 0 for units.
        let place = digits.len() as i64 - 1 - i64::from(*scale);
        let weight = place.div_euclid(BASE_DIGITS);
        let wanted = (place.rem_euclid(BASE_DIGITS) + 1) as usize;
        let mut first: String = digits.chars().take(wanted).collect();
        while first.len() < wanted {
            first.push('0');
        }
        (weight, first.parse().unwrap_or(0))
    }

    /// `%`: the sign is the dividend's.
    pub fn remainder(&self, other: &Self) -> Result<Self> {
        match (self, other) {
            (NaN, _) | (_, NaN) => Ok(NaN),
            (_, Finite { unscaled, .. }) if unscaled.sign() == Sign::NoSign => {
                Err(Error::division_by_zero())
            }
            (Finite { unscaled: a, scale: s }, Finite { unscaled: b, scale: t }) => {
                let scale = *s.max(t);
                Ok(Self::new(rescale_up(a, *s, scale) % rescale_up(b, *t, scale), scale))
            }
            (Finite { .. }, _) => Ok(self.clone()),
            _ => Ok(NaN),
        }
    }

    /// `div(a, b)`: the quotient without what is after the point.
    pub fn integer_quotient(&self, other: &Self) -> Result<Self> {
        match (self, other) {
            (Finite { unscaled: a, scale: s }, Finite { unscaled: b, scale: t })
                if b.sign() != Sign::NoSign =>
            {
                let scale = *s.max(t);
                Ok(Self::new(rescale_up(a, *s, scale) / rescale_up(b, *t, scale), 0))
            }
            _ => self.divide(other),
        }
    }

    /// Half away from zero; a negative scale rounds before the point.
    pub fn round(&self, scale: i32) -> Result<Self> {
        self.shorten(scale, divide_rounding)
    }

    /// Towards zero.
    pub fn truncate(&self, scale: i32) -> Result<Self> {
        self.shorten(scale, |dividend, divisor| dividend / divisor)
    }

    fn shorten(&self, wanted: i32, divide: fn(&BigInt, &BigInt) -> BigInt) -> Result<Self> {
        let Finite { unscaled, scale } = self else { return Ok(self.clone()) };
        let wanted = wanted.clamp(-(MAX_INTEGER_DIGITS as i32), MAX_SCALE as i32);
        let dropped = i64::from(*scale) - i64::from(wanted);
        if dropped <= 0 {
            return Ok(Self::new(rescale_up(unscaled, *scale, wanted as u32), wanted as u32));
        }
        let kept = divide(unscaled, &power_of_ten(dropped as u32));
        match u32::try_from(wanted) {
            Ok(wanted) => Self::new(kept, wanted),
            Err(_) => Self::new(kept * power_of_ten(wanted.unsigned_abs()), 0),
        }
        .checked()
    }

    /// The greatest whole number that is not above it.
    pub fn floor(&self) -> Result<Self> {
        let whole = self.truncate(0)?;
        if self.compare(&whole) == Ordering::Less {
            whole.subtract(&Self::new(1, 0))
        } else {
            Ok(whole)
        }
    }

    /// The smallest whole number that is not below it.
    pub fn ceil(&self) -> Result<Self> {
        Ok(self.negate().floor()?.negate())
    }

    /// Without its sign.
    pub fn abs(&self) -> Self {
        if self.signum() < 0 { self.negate() } else { self.clone() }
    }

    /// -1, 0, 1 or NaN.
    pub fn sign(&self) -> Self {
        match self {
            NaN => NaN,
            _ => Self::new(self.signum(), 0),
        }
    }

    /// PostgreSQL's order: NaN is equal to itself and above everything.
    pub fn compare(&self, other: &Self) -> Ordering {
        let rank = |n: &Self| match n {
            NegativeInfinity => 0,
            Finite { .. } => 1,
            Infinity => 2,
            NaN => 3,
        };
        match (self, other) {
            (Finite { unscaled: a, scale: s }, Finite { unscaled: b, scale: t }) => {
                let scale = *s.max(t);
                rescale_up(a, *s, scale).cmp(&rescale_up(b, *t, scale))
            }
            _ => rank(self).cmp(&rank(other)),
        }
    }

    /// As `numeric(precision, scale)` holds it.
    pub fn fit(&self, precision: u16, scale: i16) -> Result<Self> {
        let rounded = match self {
            Finite { .. } => self.round(i32::from(scale))?,
            NaN => return Ok(NaN),
            _ => {
                return Err(Error::field_overflow(format!(
                    "A field with precision {precision}, scale {scale} cannot hold an infinite value."
                )));
            }
        };
        let digits = u32::try_from(i32::from(precision) - i32::from(scale)).unwrap_or(0);
        if rounded.abs().compare(&Self::new(power_of_ten(digits), 0)) == Ordering::Less {
            return Ok(rounded);
        }
        let limit = match digits {
            0 => "1".to_owned(),
            _ => format!("10^{digits}"),
        };
        Err(Error::field_overflow(format!(
            "A field with precision {precision}, scale {scale} must round to an absolute value \
             less than {limit}."
        )))
    }

    /// The nearest whole number, if it is one that an `i128` holds.
    pub fn to_integer(&self) -> Option<i128> {
        match self.round(0) {
            Ok(Finite { unscaled, .. }) => i128::try_from(unscaled).ok(),
            _ => None,
        }
    }

    /// The digits at this scale as `Decimal128` keeps them.
    pub fn to_decimal128(&self, wanted: u32) -> Option<i128> {
        match self.round(wanted as i32) {
            Ok(Finite { unscaled, .. }) => i128::try_from(unscaled).ok(),
            _ => None,
        }
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        match self {
            NaN => f64::NAN,
            Infinity => f64::INFINITY,
            NegativeInfinity => f64::NEG_INFINITY,
            Finite { .. } => self.to_string().parse().unwrap_or(f64::NAN),
        }
    }

    /// Bytes that sort as the numbers do, equal for numbers that are equal.
    pub fn sort_key(&self) -> Vec<u8> {
        let mut key = Vec::new();
        push_sort_key(&self.to_string(), &mut key);
        key
    }
}

/// Appends the [`Numeric::sort_key`] of the number that is printed so.
pub fn push_sort_key(printed: &str, key: &mut Vec<u8>) {
    match printed {
        "-Infinity" => return key.push(0),
        "Infinity" => return key.push(4),
        "NaN" => return key.push(5),
        _ => {}
    }
    let unsigned = printed.strip_prefix('-').unwrap_or(printed);
    let scale = unsigned.find('.').map_or(0, |point| unsigned.len() - point - 1);
    let significant = unsigned.trim_start_matches(['0', '.']);
    let digits = || significant.bytes().filter(|byte| *byte != b'.');
    let count = digits().count();
    if count == 0 {
        return key.push(2);
    }
    let exponent = (count as i32 - scale as i32) ^ i32::MIN;
    let digits = digits().take(count - zeros_at_end(significant));
    let body = exponent.to_be_bytes().into_iter().chain(digits);
    if unsigned.len() == printed.len() {
        key.push(3);
        key.extend(body);
    } else {
        // Complemented, and ended by what is above every complemented digit.
        key.push(1);
        key.extend(body.map(|byte| !byte));
        key.push(0xff);
    }
}

fn zeros_at_end(digits: &str) -> usize {
    digits.bytes().rev().filter(|byte| *byte != b'.').take_while(|byte| *byte == b'0').count()
}

impl From<i64> for Numeric {
    fn from(value: i64) -> Self {
        Self::new(value, 0)
    }
}

/// As the output function prints it.
impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unscaled, scale) = match self {
            NaN => return f.write_str("NaN"),
            Infinity => return f.write_str("Infinity"),
            NegativeInfinity => return f.write_str("-Infinity"),
            Finite { unscaled, scale } => (unscaled, *scale as usize),
        };
        let negative = unscaled.sign() == Sign::Minus;
        match u128::try_from(unscaled.magnitude()) {
            Ok(digits) => print(negative, digits, scale, f),
            Err(_) => print(negative, unscaled.magnitude(), scale, f),
        }
    }
}

/// As many of these digits as the scale says after the point.
fn print(
    negative: bool,
    digits: impl fmt::Display,
    scale: usize,
    out: &mut impl fmt::Write,
) -> fmt::Result {
    let mut digits = digits.to_string();
    if digits.len() <= scale {
        digits.insert_str(0, &"0".repeat(scale + 1 - digits.len()));
    }
    if negative {
        out.write_char('-')?;
    }
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    out.write_str(whole)?;
    if scale > 0 { write!(out, ".{fraction}") } else { Ok(()) }
}

/// A number of few digits, which are one integer: `unscaled / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub struct FewDigits {
    unscaled: i128,
    scale: u32,
}

impl FewDigits {
    /// Zero, as an integer shows it.
    pub const ZERO: Self = Self { unscaled: 0, scale: 0 };
    /// What so many digits make fits.
    const MAX: usize = 38;

    /// None for what has an exponent, too many digits, or is no number.
    pub fn read(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text).as_bytes();
        let point = unsigned.iter().position(|byte| *byte == b'.');
        let count = unsigned.len() - usize::from(point.is_some());
        if !(1..=Self::MAX).contains(&count) {
            return None;
        }
        let (whole, fraction) = unsigned.split_at(point.unwrap_or(unsigned.len()));
        let digits = whole.iter().chain(fraction.iter().skip(1));
        let mut unscaled = 0i128;
        // As long as they fit, digits are added to a word.
        let mut word = 0u64;
        for (index, digit) in digits.enumerate() {
            let digit = digit.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            if index == 19 {
                unscaled = word.into();
            }
            match index {
                ..19 => word = word * 10 + u64::from(digit),
                _ => unscaled = unscaled * 10 + i128::from(digit),
            }
        }
        if count <= 19 {
            unscaled = word.into();
        }
        let negative = unsigned.len() < text.len();
        let scale = fraction.len().saturating_sub(1) as u32;
        Some(Self { unscaled: if negative { -unscaled } else { unscaled }, scale })
    }

    /// `+`, if it has few digits too.
    pub fn add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let rescaled = |it: Self| it.unscaled.checked_mul(10i128.checked_pow(scale - it.scale)?);
        Some(Self { unscaled: rescaled(self)?.checked_add(rescaled(other)?)?, scale })
    }

    /// Prefix `-`: few digits leave room.
    pub fn negate(self) -> Option<Self> {
        Some(Self { unscaled: self.unscaled.checked_neg()?, ..self })
    }

    /// `*`, if it has few digits too.
    pub fn multiply(self, other: Self) -> Option<Self> {
        let unscaled = self.unscaled.checked_mul(other.unscaled)?;
        Some(Self { unscaled, scale: self.scale + other.scale })
    }

    /// As [`Numeric`] is printed.
    pub fn print(self, out: &mut impl fmt::Write) -> fmt::Result {
        let scale = self.scale as usize;
        match u64::try_from(self.unscaled.unsigned_abs()) {
            Ok(digits) => print(self.unscaled < 0, digits, scale, out),
            Err(_) => print(self.unscaled < 0, self.unscaled.unsigned_abs(), scale, out),
        }
    }
}

impl From<FewDigits> for Numeric {
    fn from(FewDigits { unscaled, scale }: FewDigits) -> Self {
        Self::new(unscaled, scale)
    }
}

/// The text is no number.
#[derive(Debug, PartialEq, Eq)]
pub struct NotANumber;

/// What the output function prints, and what a literal is: with or without an exponent.
impl FromStr for Numeric {
    type Err = NotANumber;

    fn from_str(text: &str) -> std::result::Result<Self, NotANumber> {
        if let Some(FewDigits { unscaled, scale }) = FewDigits::read(text) {
            return Ok(Self::new(unscaled, scale));
        }
        match text {
            "NaN" => return Ok(NaN),
            "Infinity" => return Ok(Infinity),
            "-Infinity" => return Ok(NegativeInfinity),
            _ => {}
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().map_err(|_| NotANumber)?),
            None => (text, 0i32),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction_ok = fraction.bytes().all(|b| b.is_ascii_digit());
        if !fraction_ok || exponent.unsigned_abs() > MAX_INTEGER_DIGITS as u32 {
            return Err(NotANumber);
        }
        let all: BigInt = format!("{whole}{fraction}").parse().map_err(|_| NotANumber)?;
        let scale = fraction.len() as i64 - i64::from(exponent);
        Ok(match u32::try_from(scale) {
            Ok(scale) => Self::new(all, scale),
            Err(_) => Self::new(all * power_of_ten(scale.unsigned_abs() as u32), 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Numeric {
        text.parse().expect("a number")
    }

    #[test]
    fn arithmetic_shows_the_digits_that_postgresql_shows() {
        let check = |result: Result<Numeric>, text: &str| {
            assert_eq!(result.expect("no error").to_string(), text);
        };
        check(number("1.5").add(&number("2")), "3.5");
        check(number("1.50").multiply(&number("2.0")), "3.000");
        check(number("1").divide(&number("3")), "0.33333333333333333333");
        check(number("10").divide(&number("4")), "2.5000000000000000");
        check(number("100000").divide(&number("7")), "14285.714285714286");
        check(number("0.0001").divide(&number("3")), "0.000033333333333333333333");
        check(number("-7").remainder(&number("3")), "-1");
        check(number("2.5").round(0), "3");
        check(number("-2.5").round(0), "-3");
        check(number("1234.5").round(-2), "1200");
        check(number("-1.5").floor(), "-2");
        check(number("-1.5").ceil(), "-1");
    }

    #[test]
    fn what_is_read_is_printed() {
        let check = |text: &str, few: bool| {
            assert_eq!(number(text).to_string(), text);
            assert_eq!(FewDigits::read(text).is_some(), few, "{text}");
            if let Some(number) = FewDigits::read(text) {
                let mut printed = String::new();
                number.print(&mut printed).expect("room");
                assert_eq!(printed, text);
            }
        };
        for sign in ["", "-"] {
            for count in [1, 18, 19, 20, 37, 38, 39, 400] {
                let digits = "9".repeat(count);
                check(&format!("{sign}{digits}"), count <= 38);
                check(&format!("{sign}0.{}{digits}", "0".repeat(count)), 2 * count < 38);
                check(&format!("{sign}{digits}.5"), count < 38);
            }
        }
        check("0.00", true);
        assert_eq!(number("-0.0").to_string(), "0.0");
        assert_eq!(number("1e3").to_string(), "1000");
        for text in ["", "-", ".", "1.2.3", "1-", "a", "1e"] {
            assert!(text.parse::<Numeric>().is_err(), "{text}");
        }
    }

    #[test]
    fn keys_sort_as_numbers() {
        let sorted = [
            "-Infinity",
            "-120",
            "-12",
            "-1.5",
            "-1",
            "-0.001",
            "0",
            "0.001",
            "1",
            "1.5",
            "12",
            "120",
            "Infinity",
            "NaN",
        ];
        for pair in sorted.windows(2) {
            assert!(number(pair[0]).sort_key() < number(pair[1]).sort_key(), "{pair:?}");
        }
        assert_eq!(number("1.0").sort_key(), number("1.000").sort_key());
        assert_eq!(number("100").sort_key(), number("1e2").sort_key());
    }
}
