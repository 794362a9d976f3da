//! Arrays from `{1,NULL,"a b"}` and from their binary form.
use super::binary::invalid;
use super::values::ListValues;
use crate::encode::{delimiter, is_vector};
use crate::error::{Error, Result};
use crate::{PgType, Style};

/// Appends the array that the text spells.
pub(super) fn text(values: &mut ListValues, t: PgType, text: &str, style: &Style) -> Result<()> {
    if is_vector(t) {
        for number in text.split_ascii_whitespace() {
            values.elements.append_text(number, style)?;
        }
    } else {
        Reader::new(text, delimiter(values.elements.pg_type()), t)?.read(values, style)?;
    }
    values.end(true);
    Ok(())
}

/// Reads an array literal of one dimension from 1.
struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
    delimiter: char,
    t: PgType,
}

impl<'a> Reader<'a> {
    fn new(whole: &'a str, delimiter: u8, t: PgType) -> Result<Self> {
        let rest = super::text::trim(whole);
        let reader = Self { whole, rest, delimiter: char::from(delimiter), t };
        match rest.as_bytes().first() {
            Some(b'{') => Ok(reader),
            Some(b'[') => reader.skip_bounds(),
            _ => {
                Err(reader.malformed("Array value must start with \"{\" or dimension information."))
            }
        }
    }

    /// `[1:3]=` says nothing new; other bounds cannot be held.
    fn skip_bounds(mut self) -> Result<Self> {
        let Some((bounds, rest)) = self.rest.split_once('=') else {
            return Err(self.malformed("Missing \"=\" after array dimensions."));
        };
        let one = bounds.trim().strip_prefix("[1:").and_then(|end| end.strip_suffix(']'));
        if one.is_none_or(|end| end.parse::<u32>().is_err()) {
            return Err(self.unrepresentable());
        }
        self.rest = rest.trim_start();
        match self.rest.starts_with('{') {
            true => Ok(self),
            false => Err(self.malformed("Array contents must start with \"{\".")),
        }
    }

    fn malformed(&self, reason: &'static str) -> Error {
        Error::MalformedArray { input: self.whole.to_owned(), reason }
    }

    fn unrepresentable(&self) -> Error {
        Error::Unrepresentable { type_name: self.t.plain_name(), value: self.whole.to_owned() }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(|c: char| matches!(c, ' ' | '\t'..='\r'));
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn read(mut self, values: &mut ListValues, style: &Style) -> Result<()> {
        self.bump();
        self.skip_blanks();
        if self.rest.starts_with('}') {
            self.bump();
            return self.end();
        }
        loop {
            match self.element()? {
                Some(text) => values.elements.append_text(&text, style)?,
                None => values.elements.append_null(),
            }
            self.skip_blanks();
            match self.bump() {
                Some('}') => return self.end(),
                Some(c) if c == self.delimiter => (),
                Some(_) => return Err(self.malformed("Unexpected array element.")),
                None => return Err(self.malformed("Unexpected end of input.")),
            }
        }
    }

    fn end(mut self) -> Result<()> {
        self.skip_blanks();
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err(self.malformed("Junk after closing right brace.")),
        }
    }

    /// The next element's text; `None` for a null.
    fn element(&mut self) -> Result<Option<String>> {
        self.skip_blanks();
        match self.rest.chars().next() {
            None => Err(self.malformed("Unexpected end of input.")),
            Some('{') => Err(self.unrepresentable()),
            Some('"') => self.quoted().map(Some),
            Some(_) => self.bare(),
        }
    }

    fn quoted(&mut self) -> Result<String> {
        let mut text = String::new();
        self.bump();
        loop {
            match self.bump() {
                Some('"') => return Ok(text),
                Some('\\') => text.extend(self.bump()),
                Some(c) => text.push(c),
                None => return Err(self.malformed("Unexpected end of input.")),
            }
        }
    }

    fn bare(&mut self) -> Result<Option<String>> {
        let mut text = String::new();
        // Blanks at the end do not count, unless they were escaped.
        let mut kept = 0;
        let mut escaped = false;
        while let Some(c) = self.rest.chars().next() {
            match c {
                '}' => break,
                c if c == self.delimiter => break,
                '{' | '"' => return Err(self.malformed("Incorrectly quoted array element.")),
                '\\' => {
                    self.bump();
                    text.extend(self.bump());
                    escaped = true;
                    kept = text.len();
                }
                c => {
                    self.bump();
                    text.push(c);
                    if !matches!(c, ' ' | '\t'..='\r') {
                        kept = text.len();
                    }
                }
            }
        }
        text.truncate(kept);
        match text.as_str() {
            "" => Err(self.malformed("Unexpected \"}\" character.")),
            _ if !escaped && text.eq_ignore_ascii_case("NULL") => Ok(None),
            _ => Ok(Some(text)),
        }
    }
}

/// Appends the array that the bytes encode.
pub(super) fn binary(values: &mut ListValues, t: PgType, bytes: &[u8]) -> Result<()> {
    let mut reader = Bytes { rest: bytes, t };
    let dimensions = reader.int()?;
    let _has_nulls = reader.int()?;
    let element = reader.int()?;
    if element as u32 != values.elements.pg_type().oid.0 {
        return Err(invalid(t));
    }
    match dimensions {
        0 => (),
        1 => reader.elements(values)?,
        2..=6 => return Err(reader.unrepresentable()),
        _ => return Err(invalid(t)),
    }
    values.end(true);
    match reader.rest.is_empty() {
        true => Ok(()),
        false => Err(invalid(t)),
    }
}

struct Bytes<'a> {
    rest: &'a [u8],
    t: PgType,
}

impl<'a> Bytes<'a> {
    fn int(&mut self) -> Result<i32> {
        let (head, rest) = self.rest.split_first_chunk::<4>().ok_or_else(|| invalid(self.t))?;
        self.rest = rest;
        Ok(i32::from_be_bytes(*head))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or_else(|| invalid(self.t))?;
        self.rest = rest;
        Ok(head)
    }

    fn unrepresentable(&self) -> Error {
        Error::Unrepresentable {
            type_name: self.t.plain_name(),
            value: "an array that is not one-dimensional from 1".to_owned(),
        }
    }

    fn elements(&mut self, values: &mut ListValues) -> Result<()> {
        let count = self.int()?;
        let lower_bound = self.int()?;
        if lower_bound != i32::from(!is_vector(self.t)) && count > 0 {
            return Err(self.unrepresentable());
        }
        for _ in 0..count {
            match self.int()? {
                -1 => values.elements.append_null(),
                length => {
                    let length = usize::try_from(length).map_err(|_| invalid(self.t))?;
                    let bytes = self.take(length)?;
                    values.elements.append_binary(bytes)?;
                }
            }
        }
        Ok(())
    }
}
