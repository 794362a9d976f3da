//! What a string literal says.
use medley_diagnostic::SqlState;

use crate::SyntaxError;
use crate::scanner::continuation;
use crate::token::StringKind;

/// What is wrong with an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// Not `\uXXXX` or `\UXXXXXXXX`; `\XXXX` or `\+XXXXXX` of a `U&` literal.
    Malformed { unicode_literal: bool },
    /// No such code point; as many bytes of an `E` literal are shown.
    Value(usize),
    /// Half of a pair; the same.
    Surrogate(usize),
    /// The bytes are no UTF-8.
    Bytes(u8),
}

impl Escape {
    pub fn error(self, token: &str, position: usize) -> SyntaxError {
        match self {
            Self::Malformed { unicode_literal } => SyntaxError::Refused {
                message: "invalid Unicode escape".to_owned(),
                position: Some(position),
                sqlstate: match unicode_literal {
                    true => SqlState::SYNTAX_ERROR,
                    false => SqlState::INVALID_ESCAPE_SEQUENCE,
                },
                hint: Some(if unicode_literal {
                    "Unicode escapes must be \\XXXX or \\+XXXXXX."
                } else {
                    "Unicode escapes must be \\uXXXX or \\UXXXXXXXX."
                }),
            },
            Self::Value(shown) => {
                invalid("invalid Unicode escape value", token.get(..shown), position)
            }
            Self::Surrogate(shown) => {
                invalid("invalid Unicode surrogate pair", token.get(..shown), position)
            }
            Self::Bytes(byte) => SyntaxError::Refused {
                message: format!("invalid byte sequence for encoding \"UTF8\": 0x{byte:02x}"),
                position: None,
                sqlstate: SqlState::CHARACTER_NOT_IN_REPERTOIRE,
                hint: None,
            },
        }
    }
}

fn invalid(message: &'static str, token: Option<&str>, position: usize) -> SyntaxError {
    let sqlstate = SqlState::SYNTAX_ERROR;
    match token {
        Some("") | None => SyntaxError::Refused {
            message: message.to_owned(),
            position: Some(position),
            sqlstate,
            hint: None,
        },
        Some(token) => SyntaxError::Near {
            message,
            token: token.to_owned(),
            position,
            sqlstate,
            detail: None,
            hint: None,
        },
    }
}

/// Where in the literal, and what.
type Result<T> = std::result::Result<T, (usize, Escape)>;

/// The value of a whole literal, in as many pieces as it has. Allocates once, so that no half of
/// a secret is left behind.
pub(crate) fn string_value(literal: &str, kind: StringKind) -> Result<String> {
    match kind {
        StringKind::Plain => Ok(pieces(literal, 0).join_quotes(literal.len())),
        StringKind::Dollar => Ok(dollar_value(literal).to_owned()),
        StringKind::Escape => escapes(literal),
        StringKind::Unicode(escape) => {
            let inside = pieces(literal, 2).join_quotes(literal.len());
            // Behind `U&'`; a doubled quote before it would shift it by one.
            unicode(&inside, escape).map_err(|(offset, error)| (offset + 3, error))
        }
    }
}

fn dollar_value(literal: &str) -> &str {
    let tag = literal[1..].find('$').map_or(0, |at| at + 2);
    literal.get(tag..literal.len() - tag).unwrap_or("")
}

/// The insides of a literal's pieces.
struct Pieces<'a>(Vec<&'a str>);

impl Pieces<'_> {
    fn join_quotes(&self, capacity: usize) -> String {
        let mut value = String::with_capacity(capacity);
        for piece in &self.0 {
            let mut parts = piece.split("''");
            value.push_str(parts.next().unwrap_or(""));
            for part in parts {
                value.push('\'');
                value.push_str(part);
            }
        }
        value
    }
}

fn pieces(literal: &str, prefix: usize) -> Pieces<'_> {
    let bytes = literal.as_bytes();
    let mut found = vec![];
    let mut open = prefix + 1;
    let mut at = open;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => {
                found.push(&literal[open..at]);
                match continuation(literal, at + 1) {
                    Some(quote) => (open, at) = (quote + 1, quote + 1),
                    None => return Pieces(found),
                }
            }
            _ => at += 1,
        }
    }
    Pieces(found)
}

fn escapes(literal: &str) -> Result<String> {
    let mut reader = Reader { literal, at: 2, value: Vec::with_capacity(literal.len()) };
    while reader.step()? {}
    String::from_utf8(reader.value).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(at).copied().unwrap_or(0);
        drop(medley_secret::Secret::new(String::from_utf8_lossy(error.as_bytes()).into_owned()));
        (0, Escape::Bytes(byte))
    })
}

/// Reads `E'...'`.
struct Reader<'a> {
    literal: &'a str,
    at: usize,
    value: Vec<u8>,
}

impl Reader<'_> {
    /// One character or escape; false at the end.
    fn step(&mut self) -> Result<bool> {
        let Some(c) = self.literal[self.at..].chars().next() else { return Ok(false) };
        match c {
            '\\' => self.escape()?,
            '\'' => return Ok(self.quote()),
            _ => {
                self.at += c.len_utf8();
                self.push(c);
            }
        }
        Ok(true)
    }

    /// Two quotes are one; one ends the piece.
    fn quote(&mut self) -> bool {
        if self.literal[self.at + 1..].starts_with('\'') {
            self.push('\'');
            self.at += 2;
            return true;
        }
        match continuation(self.literal, self.at + 1) {
            Some(quote) => self.at = quote + 1,
            None => return false,
        }
        true
    }

    fn escape(&mut self) -> Result<()> {
        let start = self.at;
        let Some(c) = self.literal[start + 1..].chars().next() else {
            self.at += 1;
            return Ok(());
        };
        self.at += 1 + c.len_utf8();
        match c {
            'b' => self.value.push(8),
            'f' => self.value.push(12),
            'n' => self.value.push(b'\n'),
            'r' => self.value.push(b'\r'),
            't' => self.value.push(b'\t'),
            'v' => self.value.push(11),
            '0'..='7' => {
                self.at -= 1;
                let byte = self.digits(8, 3).unwrap_or(0);
                self.byte(byte, start)?;
            }
            'x' => match self.digits(16, 2) {
                Some(byte) => self.byte(byte, start)?,
                None => self.value.push(b'x'),
            },
            'u' => self.unicode(4, start)?,
            'U' => self.unicode(8, start)?,
            other => self.push(other),
        }
        Ok(())
    }

    /// Up to so many digits; `None` if there is none.
    fn digits(&mut self, radix: u32, most: usize) -> Option<u32> {
        let rest = &self.literal[self.at..];
        let count = rest.chars().take(most).take_while(|c| c.is_digit(radix)).count();
        self.at += count;
        u32::from_str_radix(&rest[..count], radix).ok()
    }

    fn byte(&mut self, byte: u32, start: usize) -> Result<()> {
        match byte & 0xff {
            0 => Err((start, Escape::Bytes(0))),
            byte => {
                self.value.push(byte as u8);
                Ok(())
            }
        }
    }

    fn unicode(&mut self, digits: usize, start: usize) -> Result<()> {
        let code = self.code(digits).ok_or((start, MALFORMED))?;
        let c = match code {
            0xD800..0xDC00 => {
                let begin = self.at;
                let second = self.second()?;
                pair(code, second).ok_or((begin, Escape::Surrogate(self.at - begin)))?
            }
            _ => scalar(code, self.at - start).map_err(|escape| (start, escape))?,
        };
        self.push(c);
        Ok(())
    }

    fn code(&mut self, digits: usize) -> Option<u32> {
        let end = self.at + digits;
        let hex = self.literal.get(self.at..end).filter(|hex| is_hex(hex))?;
        self.at = end;
        u32::from_str_radix(hex, 16).ok()
    }

    fn second(&mut self) -> Result<u32> {
        let start = self.at;
        let digits = match self.literal.as_bytes()[self.at..] {
            [b'\\', b'u', ..] => 4,
            [b'\\', b'U', ..] => 8,
            _ => {
                let next = self.literal[start..].chars().next().map_or(0, char::len_utf8);
                return Err((start, Escape::Surrogate(next)));
            }
        };
        self.at += 2;
        self.code(digits).ok_or((start, MALFORMED))
    }

    fn push(&mut self, c: char) {
        self.value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

const MALFORMED: Escape = Escape::Malformed { unicode_literal: false };

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn scalar(code: u32, shown: usize) -> std::result::Result<char, Escape> {
    match code {
        0xDC00..0xE000 => Err(Escape::Surrogate(shown)),
        0 => Err(Escape::Value(shown)),
        _ => char::from_u32(code).ok_or(Escape::Value(shown)),
    }
}

fn pair(first: u32, second: u32) -> Option<char> {
    (0xDC00..0xE000)
        .contains(&second)
        .then(|| char::from_u32(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff)))
        .flatten()
}

/// What `U&'...'` and `U&"..."` say: `\XXXX`, `\+XXXXXX`, `\\`.
pub(crate) fn unicode(inside: &str, escape: char) -> Result<String> {
    let mut value = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find(escape) {
        value.push_str(&rest[..at]);
        rest = &rest[at + escape.len_utf8()..];
        if let Some(behind) = rest.strip_prefix(escape) {
            value.push(escape);
            rest = behind;
            continue;
        }
        let placed = |behind: &str, error| (inside.len() - behind.len(), error);
        let begin = &inside[inside.len() - rest.len() - escape.len_utf8()..];
        let (first, behind) = code_point(rest).map_err(|error| placed(begin, error))?;
        rest = behind;
        value.push(match first {
            0xD800..0xDC00 => {
                let begin = rest;
                let no_pair = || placed(begin, Escape::Surrogate(0));
                let second = rest.strip_prefix(escape).ok_or_else(no_pair)?;
                let (second, behind) = code_point(second).map_err(|error| placed(begin, error))?;
                rest = behind;
                pair(first, second).ok_or_else(no_pair)?
            }
            _ => scalar(first, 0).map_err(|error| placed(begin, error))?,
        });
    }
    value.push_str(rest);
    Ok(value)
}

fn code_point(text: &str) -> std::result::Result<(u32, &str), Escape> {
    let (digits, text) = match text.strip_prefix('+') {
        Some(text) => (6, text),
        None => (4, text),
    };
    let hex = text.get(..digits).filter(|hex| is_hex(hex));
    let code = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
    code.map(|code| (code, &text[digits..])).ok_or(Escape::Malformed { unicode_literal: true })
}
