//! A line's fields.
use memchr::{memchr, memchr_iter};

use crate::encoding::{invalid_bytes, valid_length};
use crate::{Error, Options, Result};

/// The fields of one line at a time; those that stand in it as they are, are not copied.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    fields: Vec<Field>,
    /// The texts that differ from what stands in the line.
    unescaped: Vec<u8>,
    text: String,
}

#[derive(Clone, Copy, Debug)]
struct Field {
    start: usize,
    end: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// As it stands in the line.
    Plain,
    /// In `text`.
    Unescaped,
    Null,
    Default,
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    /// What stands for the column's default, and how it is written.
    Default(&'a str),
    Text(&'a str),
}

impl Fields {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// One of them, of the line that was read last.
    pub fn get<'a>(&'a self, index: usize, line: &'a str) -> Option<Value<'a>> {
        let field = self.fields.get(index)?;
        Some(match field.kind {
            Kind::Plain => Value::Text(&line[field.start..field.end]),
            Kind::Unescaped => Value::Text(&self.text[field.start..field.end]),
            Kind::Null => Value::Null,
            Kind::Default => Value::Default(&line[field.start..field.end]),
        })
    }

    /// Reads a line. Of fields beyond the `columns` none is a default.
    pub fn read(&mut self, options: &Options, line: &str, columns: usize) -> Result<()> {
        self.fields.clear();
        self.unescaped.clear();
        let bytes = line.as_bytes();
        let special = if options.is_csv() { options.quote } else { b'\\' };
        if memchr(special, bytes).is_none() {
            self.plain(options, bytes, columns);
            return Ok(());
        }
        match options.is_csv() {
            true => self.csv(options, bytes, columns),
            false => self.text(options, bytes, columns),
        }
    }

    /// No field is quoted or escaped.
    fn plain(&mut self, options: &Options, line: &[u8], columns: usize) {
        let mut start = 0;
        for end in memchr_iter(options.delimiter, line) {
            self.push(options, line, (start, end), columns, Kind::Plain);
            start = end + 1;
        }
        self.push(options, line, (start, line.len()), columns, Kind::Plain);
    }

    /// Adds a field, which may be what stands for null or for a default.
    fn push(
        &mut self,
        options: &Options,
        line: &[u8],
        (start, end): (usize, usize),
        columns: usize,
        kind: Kind,
    ) {
        let raw = &line[start..end];
        let is_default = || options.default.as_deref().is_some_and(|it| it.as_bytes() == raw);
        let kind = if raw == options.null.as_bytes() {
            Kind::Null
        } else if is_default() && self.fields.len() < columns {
            Kind::Default
        } else {
            kind
        };
        self.fields.push(Field { start, end, kind });
    }

    fn text(&mut self, options: &Options, line: &[u8], columns: usize) -> Result<()> {
        let mut at = 0;
        loop {
            let (start, from) = (at, self.unescaped.len());
            let mut escaped = false;
            while at < line.len() && line[at] != options.delimiter {
                if line[at] == b'\\' && at + 1 < line.len() {
                    escaped = true;
                    at += self.escape(&line[at + 1..]) + 1;
                } else {
                    self.unescaped.push(line[at]);
                    at += 1;
                }
            }
            self.push(options, line, (start, at), columns, Kind::Plain);
            self.replace(from, escaped);
            if at >= line.len() {
                return self.check();
            }
            at += 1;
        }
    }

    /// What follows a backslash; how many bytes it takes.
    fn escape(&mut self, rest: &[u8]) -> usize {
        let digits = |from: usize, most: usize, radix: u32| {
            let digits = rest[from..].iter().map_while(|&byte| (byte as char).to_digit(radix));
            digits
                .take(most)
                .fold((0, 0), |(count, value), digit| (count + 1, value * radix + digit))
        };
        let (byte, length) = match rest[0] {
            b'0'..=b'7' => {
                let (count, value) = digits(0, 3, 8);
                ((value & 0xff) as u8, count)
            }
            b'x' => match digits(1, 2, 16) {
                (0, _) => (b'x', 1),
                (count, value) => (value as u8, count + 1),
            },
            b'b' => (8, 1),
            b'f' => (12, 1),
            b'n' => (b'\n', 1),
            b'r' => (b'\r', 1),
            b't' => (b'\t', 1),
            b'v' => (11, 1),
            other => (other, 1),
        };
        self.unescaped.push(byte);
        length
    }

    /// The last field is what was collected from there on.
    fn replace(&mut self, from: usize, is_changed: bool) {
        let end = self.unescaped.len();
        match self.fields.last_mut() {
            Some(field) if is_changed && field.kind == Kind::Plain => {
                *field = Field { start: from, end, kind: Kind::Unescaped };
            }
            _ => self.unescaped.truncate(from),
        }
    }

    /// Bytes that were written as numbers need not be text.
    fn check(&mut self) -> Result<()> {
        let valid = valid_length(&self.unescaped);
        if valid < self.unescaped.len() {
            let bytes = invalid_bytes(&self.unescaped[valid..]);
            return Err(Error::InvalidBytes { encoding: "UTF8", bytes });
        }
        self.text.clear();
        self.text.push_str(&String::from_utf8_lossy(&self.unescaped));
        Ok(())
    }

    fn csv(&mut self, options: &Options, line: &[u8], columns: usize) -> Result<()> {
        let mut at = 0;
        loop {
            let (start, from) = (at, self.unescaped.len());
            let mut quoted = false;
            while at < line.len() && line[at] != options.delimiter {
                if line[at] == options.quote {
                    quoted = true;
                    at = self.quoted(options, line, at + 1)?;
                } else {
                    self.unescaped.push(line[at]);
                    at += 1;
                }
            }
            self.push(options, line, (start, at), columns, Kind::Plain);
            // Within quotes nothing stands for null: also not what has only quotes in it.
            if quoted && let Some(field) = self.fields.last_mut().filter(|it| it.kind == Kind::Null)
            {
                field.kind = Kind::Plain;
            }
            self.replace(from, quoted);
            if at >= line.len() {
                return self.check();
            }
            at += 1;
        }
    }

    /// After an opening quote: where it goes on after the closing one.
    fn quoted(&mut self, options: &Options, line: &[u8], mut at: usize) -> Result<usize> {
        loop {
            let byte = *line.get(at).ok_or(Error::UnterminatedQuote)?;
            at += 1;
            if byte == options.escape
                && let Some(&next) = line.get(at)
                && (next == options.escape || next == options.quote)
            {
                self.unescaped.push(next);
                at += 1;
            } else if byte == options.quote {
                return Ok(at);
            } else {
                self.unescaped.push(byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Format;

    fn check(options: &Options, line: &str, expected: &str) {
        let mut fields = Fields::default();
        let told = match fields.read(options, line, 3) {
            Err(error) => format!("! {error}"),
            Ok(()) => {
                let field = |index| match fields.get(index, line) {
                    Some(Value::Text(text)) => format!("{text:?}"),
                    Some(Value::Null) => "null".to_owned(),
                    Some(Value::Default(_)) => "default".to_owned(),
                    None => "none".to_owned(),
                };
                (0..fields.len()).map(field).collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(told, expected, "{line}");
    }

    #[test]
    fn text_is_unescaped() {
        let text = Options { default: Some("\\D".to_owned()), ..Options::default() };
        check(&text, "a\tb", r#""a" "b""#);
        check(&text, "", r#""""#);
        check(&text, "\\N\t\\D\t\\\\N\t\\D", r#"null default "\\N" "D""#);
        check(&text, "a\\tb\tc\\\td", r#""a\tb" "c\td""#);
        check(&text, "\\101\\x42\\xg\\x4z", r#""ABxg\u{4}z""#);
        check(&text, "\\303\\244\tä\\n", r#""ä" "ä\n""#);
        check(&text, "\\xff", "! invalid byte sequence for encoding \"UTF8\": 0xff");
        check(&text, "a\\0", "! invalid byte sequence for encoding \"UTF8\": 0x00");
        check(&text, "a\\", r#""a\\""#);
    }

    #[test]
    fn csv_is_unquoted() {
        let csv = Options {
            format: Format::Csv,
            delimiter: b',',
            null: String::new(),
            ..Options::default()
        };
        check(&csv, "a,,\"\"", r#""a" null """#);
        check(&csv, "\"a\"\"b\",x\"y,\"z", r#""a\"b" "xy,z""#);
        check(&csv, "\"a", "! unterminated CSV quoted field");
        check(&csv, "a\\n,b", r#""a\\n" "b""#);
        let escaped = Options { escape: b'\\', ..csv };
        check(&escaped, r#""a\"b\\c\d""#, r#""a\"b\\c\\d""#);
    }
}
