//! The text of floats: the shortest that reads back, or so many digits.
use bytes::{BufMut, BytesMut};

/// A decimal with one digit before the point: `1234` and 5 are 1.234e5.
#[derive(Clone, Copy)]
struct Decimal {
    digits: [u8; 24],
    length: usize,
    exponent: i32,
}

/// What is to be known of a float's type to print it.
#[derive(Clone, Copy)]
struct Shape {
    /// Decimal digits that every value of the type keeps.
    digits: i32,
    /// Exponents from here on are written as such when the shortest text is wanted.
    scientific_from: i32,
}

const FLOAT4: Shape = Shape { digits: 6, scientific_from: 6 };
const FLOAT8: Shape = Shape { digits: 15, scientific_from: 15 };

/// As `float4out` prints it.
pub(super) fn float4(value: f32, extra_digits: i32, out: &mut BytesMut) {
    if !value.is_finite() || value == 0.0 {
        return special(f64::from(value), out);
    }
    if extra_digits > 0 {
        layout(value < 0.0, &shortest4(value.abs()), FLOAT4.scientific_from, out);
    } else {
        rounded(f64::from(value), FLOAT4, extra_digits, out);
    }
}

/// As `float8out` prints it.
pub(super) fn float8(value: f64, extra_digits: i32, out: &mut BytesMut) {
    if !value.is_finite() || value == 0.0 {
        return special(value, out);
    }
    if extra_digits > 0 {
        layout(value < 0.0, &shortest8(value.abs()), FLOAT8.scientific_from, out);
    } else {
        rounded(value, FLOAT8, extra_digits, out);
    }
}

/// The shortest text that reads back as this value.
pub(crate) fn shortest_f64(value: f64) -> String {
    let mut out = BytesMut::new();
    float8(value, 1, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn special(value: f64, out: &mut BytesMut) {
    out.extend_from_slice(match value {
        _ if value.is_nan() => b"NaN",
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ if value.is_sign_negative() => b"-0",
        _ => b"0",
    });
}

/// C's `%.*g`.
fn rounded(value: f64, shape: Shape, extra_digits: i32, out: &mut BytesMut) {
    let precision = (shape.digits + extra_digits).max(1);
    let decimal = Decimal::read(&format!("{:.*e}", precision as usize - 1, value.abs()));
    layout(value < 0.0, &decimal, precision, out);
}

fn shortest8(value: f64) -> Decimal {
    let decimal = Decimal::read(ryu::Buffer::new().format_finite(value));
    let bits = value.to_bits();
    let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
    if !decimal.is_between_neighbours_of(mantissa, fraction == 0 && exponent > 1) {
        return decimal;
    }
    // Readers may round such a number either way: PostgreSQL spends one more digit.
    longer(
        decimal.length,
        17,
        |precision| format!("{value:.precision$e}"),
        |text, longer| {
            text.parse() == Ok(value)
                && !longer.is_between_neighbours_of(mantissa, fraction == 0 && exponent > 1)
        },
    )
}

fn shortest4(value: f32) -> Decimal {
    let decimal = Decimal::read(ryu::Buffer::new().format_finite(value));
    let bits = value.to_bits();
    let (exponent, fraction) = (bits >> 23, bits & ((1 << 23) - 1));
    let mantissa = u64::from(if exponent == 0 { fraction } else { fraction | 1 << 23 });
    if !decimal.is_between_neighbours_of(mantissa, fraction == 0 && exponent > 1) {
        return decimal;
    }
    longer(
        decimal.length,
        9,
        |precision| format!("{value:.precision$e}"),
        |text, longer| {
            text.parse() == Ok(value)
                && !longer.is_between_neighbours_of(mantissa, fraction == 0 && exponent > 1)
        },
    )
}

/// The first decimal of more digits that will do; the last one always does.
fn longer(
    from: usize,
    to: usize,
    print: impl Fn(usize) -> String,
    will_do: impl Fn(&str, &Decimal) -> bool,
) -> Decimal {
    let candidates = (from..=to).map(|digits| print(digits - 1));
    let mut read = candidates.map(|text| (Decimal::read(&text), text));
    let found = read.find(|(decimal, text)| will_do(text, decimal));
    found.map_or_else(|| Decimal::read(&print(to - 1)), |(decimal, _)| decimal)
}

impl Decimal {
    /// Reads `1.25e-7`, `0.00125`, `12500.0`.
    fn read(text: &str) -> Self {
        let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or_default();
        let mut decimal = Self { digits: [0; 24], length: 0, exponent: exponent - 1 };
        let mut after_point = false;
        for byte in number.bytes() {
            match byte {
                b'.' => after_point = true,
                b'0' if decimal.length == 0 => decimal.exponent -= i32::from(after_point),
                _ => {
                    decimal.digits[decimal.length] = byte;
                    decimal.length += 1;
                    decimal.exponent += i32::from(!after_point);
                }
            }
        }
        while decimal.length > 1 && decimal.digits[decimal.length - 1] == b'0' {
            decimal.length -= 1;
        }
        decimal
    }

    fn as_slice(&self) -> &[u8] {
        &self.digits[..self.length]
    }

    /// Whether this is exactly half way from the float of this mantissa to one of its neighbours.
    /// Below a power of two they are twice as dense.
    fn is_between_neighbours_of(&self, mantissa: u64, power_of_two: bool) -> bool {
        let power = self.exponent - (self.length as i32 - 1);
        // Half way is an odd number of 55 bits times a power of two: only these can be one.
        if mantissa % 2 == 1 || !(-1..=23).contains(&power) {
            return false;
        }
        let digits = self.as_slice().iter().fold(0, |n: u128, b| n * 10 + u128::from(b - b'0'));
        let odd = if power < 0 {
            // Only a multiple of five can lose its tenth.
            if digits % 5 != 0 {
                return false;
            }
            digits / 5
        } else {
            digits * 5u128.pow(power as u32)
        };
        let odd = odd >> odd.trailing_zeros();
        let mantissa = u128::from(mantissa);
        odd == 2 * mantissa + 1
            || odd == 2 * mantissa - 1
            || (power_of_two && odd == 4 * mantissa - 1)
    }
}

/// Writes with an exponent if it is below -4, or not below `scientific_from`.
fn layout(negative: bool, decimal: &Decimal, scientific_from: i32, out: &mut BytesMut) {
    if negative {
        out.put_u8(b'-');
    }
    let digits = decimal.as_slice();
    match decimal.exponent {
        exponent if exponent < -4 || exponent >= scientific_from => {
            scientific(digits, exponent, out);
        }
        exponent @ ..0 => {
            out.extend_from_slice(b"0.");
            out.put_bytes(b'0', (-1 - exponent) as usize);
            out.extend_from_slice(digits);
        }
        exponent => fixed(digits, exponent as usize + 1, out),
    }
}

fn scientific(digits: &[u8], exponent: i32, out: &mut BytesMut) {
    out.put_u8(digits[0]);
    if digits.len() > 1 {
        out.put_u8(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    if exponent.abs() < 10 {
        out.put_u8(b'0');
    }
    out.extend_from_slice(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes());
}

fn fixed(digits: &[u8], whole: usize, out: &mut BytesMut) {
    if digits.len() <= whole {
        out.extend_from_slice(digits);
        out.put_bytes(b'0', whole - digits.len());
    } else {
        out.extend_from_slice(&digits[..whole]);
        out.put_u8(b'.');
        out.extend_from_slice(&digits[whole..]);
    }
}
