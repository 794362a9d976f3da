//! Constants that were folded to the keys that they are compared by.
use num_bigint::BigInt;

/// The number of a key, as text; none for what is no number's.
pub(super) fn numeric_of_key(key: &[u8]) -> Option<String> {
    // Present, then the escaped key, then its end.
    let (1, rest) = key.split_first().map(|(first, rest)| (*first, rest))? else { return None };
    let bytes = unescaped(rest)?;
    let (sign, body) = bytes.split_first()?;
    match (*sign, body) {
        (0, []) => Some("-Infinity".to_owned()),
        (2, []) => Some("0".to_owned()),
        (4, []) => Some("Infinity".to_owned()),
        (5, []) => Some("NaN".to_owned()),
        (3, body) => finite(body),
        (1, [body @ .., 0xff]) => {
            let body: Vec<u8> = body.iter().map(|byte| !byte).collect();
            finite(&body).map(|digits| format!("-{digits}"))
        }
        _ => None,
    }
}

/// The bytes before the two zeros that end them.
fn unescaped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    loop {
        match (*rest.next()?, plain.len()) {
            (0, _) => match *rest.next()? {
                0xff => plain.push(0),
                0 => return rest.next().is_none().then_some(plain),
                _ => return None,
            },
            (byte, _) => plain.push(byte),
        }
    }
}

/// An exponent and digits: `0.digits` times ten to its power.
fn finite(body: &[u8]) -> Option<String> {
    let (exponent, digits) = body.split_first_chunk::<4>()?;
    let exponent = i32::from_be_bytes(*exponent) ^ i32::MIN;
    let digits = std::str::from_utf8(digits).ok()?;
    digits.parse::<BigInt>().ok()?;
    Some(format!("{digits}e{}", i64::from(exponent) - digits.len() as i64))
}

#[cfg(test)]
mod tests {
    use medley_types::PgType;

    use super::*;
    use crate::semantics::Datum;
    use crate::semantics::key::push_key;

    #[test]
    fn a_key_tells_its_number() {
        let check = |number: &str, expected: &str| {
            let mut key = Vec::new();
            let datum = Datum::Numeric(number.parse().unwrap());
            push_key(PgType::NUMERIC, &datum, &mut key).unwrap();
            assert_eq!(numeric_of_key(&key).as_deref(), Some(expected), "{number}");
        };
        check("300", "3e2");
        check("0.05", "5e-2");
        check("-12.50", "-125e-1");
        check("0.00", "0");
        check("NaN", "NaN");
        check("-Infinity", "-Infinity");
        assert_eq!(numeric_of_key(&[2]), None);
        assert_eq!(numeric_of_key(&[1, 9, 0, 0]), None);
    }
}
