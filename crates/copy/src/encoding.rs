//! The encodings of a file: PostgreSQL's names, and the few that are read here.
use std::borrow::Cow;

/// In which encoding bytes are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The server's own.
    Utf8,
    /// A byte is a character of Unicode's first 256.
    Latin1,
    /// One that PostgreSQL knows, and that is not read here.
    Other(&'static str),
}

/// PostgreSQL's encodings, and the aliases of each, as `pg_char_to_encoding` takes them: letters
/// and digits only, in lower case.
const ENCODINGS: &[(&str, &[&str])] = &[
    ("BIG5", &["big5", "win950", "windows950"]),
    ("EUC_CN", &["euccn"]),
    ("EUC_JIS_2004", &["eucjis2004"]),
    ("EUC_JP", &["eucjp"]),
    ("EUC_KR", &["euckr"]),
    ("EUC_TW", &["euctw"]),
    ("GB18030", &["gb18030"]),
    ("GBK", &["gbk", "win936", "windows936"]),
    ("ISO_8859_5", &["iso88595"]),
    ("ISO_8859_6", &["iso88596"]),
    ("ISO_8859_7", &["iso88597"]),
    ("ISO_8859_8", &["iso88598"]),
    ("JOHAB", &["johab"]),
    ("KOI8R", &["koi8", "koi8r"]),
    ("KOI8U", &["koi8u"]),
    ("LATIN1", &["latin1", "iso88591"]),
    ("LATIN10", &["latin10", "iso885916"]),
    ("LATIN2", &["latin2", "iso88592"]),
    ("LATIN3", &["latin3", "iso88593"]),
    ("LATIN4", &["latin4", "iso88594"]),
    ("LATIN5", &["latin5", "iso88599"]),
    ("LATIN6", &["latin6", "iso885910"]),
    ("LATIN7", &["latin7", "iso885913"]),
    ("LATIN8", &["latin8", "iso885914"]),
    ("LATIN9", &["latin9", "iso885915"]),
    ("MULE_INTERNAL", &["muleinternal"]),
    ("SHIFT_JIS_2004", &["shiftjis2004"]),
    ("SJIS", &["sjis", "mskanji", "shiftjis", "win932", "windows932"]),
    ("SQL_ASCII", &["sqlascii"]),
    ("UHC", &["uhc", "win949", "windows949"]),
    ("UTF8", &["utf8", "unicode"]),
    ("WIN1250", &["win1250", "windows1250"]),
    ("WIN1251", &["win1251", "win", "windows1251"]),
    ("WIN1252", &["win1252", "windows1252"]),
    ("WIN1253", &["win1253", "windows1253"]),
    ("WIN1254", &["win1254", "windows1254"]),
    ("WIN1255", &["win1255", "windows1255"]),
    ("WIN1256", &["win1256", "windows1256"]),
    ("WIN1257", &["win1257", "windows1257"]),
    ("WIN1258", &["win1258", "abc", "tcvn", "tcvn5712", "vscii", "windows1258"]),
    ("WIN866", &["win866", "alt", "windows866"]),
    ("WIN874", &["win874", "windows874"]),
];

impl Encoding {
    /// The encoding of this name, however it is spelt.
    pub fn by_name(name: &str) -> Option<Self> {
        let plain = name.chars().filter(char::is_ascii_alphanumeric);
        let plain = plain.collect::<String>().to_ascii_lowercase();
        let (canonical, _) = ENCODINGS.iter().find(|(_, names)| names.contains(&plain.as_str()))?;
        Some(match *canonical {
            // Nothing is converted from SQL_ASCII: its bytes must be the server's encoding.
            "UTF8" | "SQL_ASCII" => Self::Utf8,
            "LATIN1" => Self::Latin1,
            other => Self::Other(other),
        })
    }

    /// The same text in the server's encoding; what is not read here was refused before.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Latin1 if !bytes.is_ascii() => {
                let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
                Cow::Owned(text.into_bytes())
            }
            Self::Utf8 | Self::Latin1 | Self::Other(_) => Cow::Borrowed(bytes),
        }
    }

    /// PostgreSQL's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF8",
            Self::Latin1 => "LATIN1",
            Self::Other(name) => name,
        }
    }
}

/// The bytes of the character that is not one, as PostgreSQL prints them.
pub(crate) fn invalid_bytes(bytes: &[u8]) -> String {
    let length = match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    };
    let shown = bytes.iter().take(length).map(|byte| format!("0x{byte:02x}"));
    shown.collect::<Vec<_>>().join(" ")
}

/// How many bytes are text of the server's encoding, in which no byte is zero.
pub(crate) fn valid_length(bytes: &[u8]) -> usize {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    };
    memchr::memchr(0, &bytes[..valid]).unwrap_or(valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_spelt() {
        let check = |name, expected: Option<&str>| {
            assert_eq!(Encoding::by_name(name).map(Encoding::name), expected, "{name}");
        };
        check("UTF-8", Some("UTF8"));
        check("unicode", Some("UTF8"));
        check("iso-8859-1", Some("LATIN1"));
        check("Win1252", Some("WIN1252"));
        check("utf9", None);
        check("", None);
    }

    #[test]
    fn text_ends_at_the_first_byte_that_is_none() {
        assert_eq!(valid_length("äb".as_bytes()), 3);
        assert_eq!(valid_length(b"a\xffb"), 1);
        assert_eq!(valid_length(b"ab\0c"), 2);
        assert_eq!(invalid_bytes(b"\xe4bc"), "0xe4 0x62 0x63");
        assert_eq!(invalid_bytes(b"\xff"), "0xff");
    }
}
