//! Types whose values Medley keeps as the text that PostgreSQL prints.
use crate::pg_type::PgType;

/// The version that leads the binary form of jsonb and jsonpath.
pub(crate) const VERSION: u8 = 1;

/// How the binary form of such a type is made from its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Printed {
    /// It is the text.
    Text,
    /// A version byte, then the text.
    Versioned,
    /// An address and the width of its mask.
    Network {
        /// Whether it is a `cidr`.
        cidr: bool,
    },
    /// In a way that is not known here.
    Opaque,
}

impl Printed {
    pub(crate) fn of(t: PgType) -> Self {
        const XML: u32 = 142;
        const PG_NODE_TREE: u32 = 194;
        const CIDR: u32 = 650;
        const INET: u32 = 869;
        const REFCURSOR: u32 = 1790;
        const JSONB: u32 = 3802;
        const JSONPATH: u32 = 4072;
        match t.oid.0 {
            XML | PG_NODE_TREE | REFCURSOR => Self::Text,
            JSONB | JSONPATH => Self::Versioned,
            INET => Self::Network { cidr: false },
            CIDR => Self::Network { cidr: true },
            _ => Self::Opaque,
        }
    }
}

/// The byte that a `"char"` prints as this text.
pub(crate) fn char_byte(text: &str) -> u8 {
    match text.as_bytes() {
        [] => 0,
        [b'\\', rest @ ..] if is_octal(rest) => {
            rest.iter().fold(0u8, |byte, digit| byte << 3 | (digit - b'0'))
        }
        [first, ..] => *first,
    }
}

fn is_octal(digits: &[u8]) -> bool {
    matches!(digits, [b'0'..=b'3', b'0'..=b'7', b'0'..=b'7'])
}

/// What a `"char"` of this byte prints.
pub(crate) fn char_text(byte: u8, text: &mut String) {
    match byte {
        0 => (),
        0x80.. => {
            text.push('\\');
            for shift in [6, 3, 0] {
                text.push(char::from(b'0' + (byte >> shift & 7)));
            }
        }
        _ => text.push(char::from(byte)),
    }
}
