//! Rows in COPY's formats, column by column, without an allocation for each row.
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::{BufMut, Bytes, BytesMut};
use medley_diagnostic::{Report, SqlState};
use medley_types::{Column, ColumnWriter, Style};

use crate::{Encoding, Error, Format, Header, Options};

/// What the binary format begins with: its signature, its flags, and an extension of no bytes.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What was written, in the pieces that PostgreSQL sends: a row each.
#[derive(Debug, Default)]
pub struct Pieces {
    bytes: BytesMut,
    ends: Vec<usize>,
}

impl Pieces {
    /// Each piece, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Makes room for the next.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

/// Writes rows in a format of COPY.
pub struct Writer {
    form: Form,
    columns: Vec<Column>,
    style: Arc<Style>,
    encoding: Option<Encoding>,
    /// Goes out with the first piece.
    begins: Option<&'static [u8]>,
}

/// How values become text, if they do.
enum Form {
    Binary,
    Lines(Box<Lines>),
}

/// A line a row.
struct Lines {
    csv: bool,
    delimiter: u8,
    null: Vec<u8>,
    quote: u8,
    escape: u8,
    /// Columns of which all values but nulls are quoted.
    force_quote: Vec<bool>,
    has_header: bool,
    /// Bytes that cannot stand in a value as they are.
    special: [bool; 256],
}

impl Writer {
    /// For rows of these columns, those of `force_quote` quoted.
    pub fn new(
        options: &Options,
        columns: Vec<Column>,
        force_quote: Vec<bool>,
        style: Arc<Style>,
    ) -> Self {
        let form = match options.format {
            Format::Binary => Form::Binary,
            Format::Text | Format::Csv => Form::Lines(Box::new(Lines::new(options, force_quote))),
        };
        let begins = matches!(form, Form::Binary).then_some(SIGNATURE);
        let encoding = options.encoding.filter(|it| *it != Encoding::Utf8);
        Self { form, columns, style, encoding, begins }
    }

    /// What comes before the first row.
    pub fn begin(&mut self, out: &mut Pieces) -> Result<(), Report> {
        let Form::Lines(lines) = &self.form else { return Ok(()) };
        if !lines.has_header {
            return Ok(());
        }
        for (index, column) in self.columns.iter().enumerate() {
            lines.separate(index, &mut out.bytes);
            let start = out.bytes.len();
            out.bytes.put_slice(column.name.as_bytes());
            lines.mend(start, false, self.columns.len() == 1, &mut out.bytes);
        }
        out.bytes.put_u8(b'\n');
        out.end();
        self.encode(0, out)
    }

    /// Rows of columns.
    pub fn columns(&mut self, batch: &RecordBatch, out: &mut Pieces) -> Result<(), Report> {
        let first = out.ends.len();
        let arrays = batch.columns().iter().zip(&self.columns);
        let writer = |(array, column): (_, &Column)| match self.form {
            Form::Binary => ColumnWriter::binary(column.pg_type, array),
            Form::Lines(_) => ColumnWriter::text(column.pg_type, array, &self.style),
        };
        let writers = arrays.map(writer).collect::<Result<Vec<_>, _>>().map_err(report)?;
        for row in 0..batch.num_rows() {
            self.row(out, |index, bytes| {
                let writer = &writers[index];
                if writer.is_null(row) {
                    return Ok(false);
                }
                writer.write(row, bytes).map_err(report)?;
                Ok(true)
            })?;
        }
        self.encode(first, out)
    }

    /// Rows as PostgreSQL's protocol has them: whole DataRow messages of text, or of binary values
    /// where the format is that.
    pub fn messages(&mut self, messages: &Bytes, out: &mut Pieces) -> Result<(), Report> {
        let first = out.ends.len();
        let mut rest = &messages[..];
        while !rest.is_empty() {
            // The tag and the length, and how many values.
            take(&mut rest, 7)?;
            self.row(out, |_, bytes| {
                let length =
                    take(&mut rest, 4)?.first_chunk().map_or(-1, |it| i32::from_be_bytes(*it));
                let Ok(length) = usize::try_from(length) else { return Ok(false) };
                bytes.put_slice(take(&mut rest, length)?);
                Ok(true)
            })?;
        }
        self.encode(first, out)
    }

    /// What comes after the last row.
    pub fn end(&mut self, out: &mut Pieces) {
        if let Form::Binary = self.form {
            out.bytes.put_slice(self.begins.take().unwrap_or_default());
            out.bytes.put_i16(-1);
            out.end();
        }
    }

    /// A row; `value` appends a column's value, and says whether there is one.
    fn row(
        &mut self,
        out: &mut Pieces,
        mut value: impl FnMut(usize, &mut BytesMut) -> Result<bool, Report>,
    ) -> Result<(), Report> {
        let bytes = &mut out.bytes;
        let count = self.columns.len();
        match &self.form {
            Form::Binary => {
                bytes.put_slice(self.begins.take().unwrap_or_default());
                bytes.put_i16(i16::try_from(count).unwrap_or(i16::MAX));
                for index in 0..count {
                    let start = bytes.len();
                    bytes.put_i32(-1);
                    if value(index, bytes)? {
                        let length = i32::try_from(bytes.len() - start - 4);
                        let length = length.map_err(|_| too_long())?;
                        bytes[start..start + 4].copy_from_slice(&length.to_be_bytes());
                    }
                }
            }
            Form::Lines(lines) => {
                for index in 0..count {
                    lines.separate(index, bytes);
                    let start = bytes.len();
                    match value(index, bytes)? {
                        true => lines.mend(start, lines.force_quote[index], count == 1, bytes),
                        false => bytes.put_slice(&lines.null),
                    }
                }
                bytes.put_u8(b'\n');
            }
        }
        out.end();
        Ok(())
    }

    /// Brings the pieces from this one on to the encoding that was asked for.
    fn encode(&self, first: usize, out: &mut Pieces) -> Result<(), Report> {
        let Some(encoding) = self.encoding else { return Ok(()) };
        if let Form::Binary = self.form {
            return Ok(());
        }
        let start = first.checked_sub(1).map_or(0, |before| out.ends[before]);
        let text = out.bytes.split_off(start);
        let ends = out.ends.split_off(first);
        let mut from = start;
        for end in ends {
            let piece = &text[from - start..end - start];
            encode(piece, encoding, &mut out.bytes)?;
            out.end();
            from = end;
        }
        Ok(())
    }
}

impl Lines {
    fn new(options: &Options, force_quote: Vec<bool>) -> Self {
        let csv = options.is_csv();
        let mut special = [false; 256];
        let plain: &[u8] = if csv { b"\n\r" } else { b"\\\x08\x0c\n\r\t\x0b" };
        let own = [options.delimiter, options.quote];
        let own = if csv { &own[..] } else { &own[..1] };
        plain.iter().chain(own).for_each(|byte| special[usize::from(*byte)] = true);
        Self {
            csv,
            delimiter: options.delimiter,
            null: options.null.clone().into_bytes(),
            quote: options.quote,
            escape: options.escape,
            force_quote,
            has_header: options.header != Header::No,
            special,
        }
    }

    fn separate(&self, index: usize, bytes: &mut BytesMut) {
        if index > 0 {
            bytes.put_u8(self.delimiter);
        }
    }

    /// A value stands at the end as its type prints it: makes it one of this format.
    fn mend(&self, start: usize, quoted: bool, alone: bool, bytes: &mut BytesMut) {
        let value = &bytes[start..];
        let has_special = value.iter().any(|byte| self.special[usize::from(*byte)]);
        let must_quote =
            || quoted || value == self.null.as_slice() || alone && value == b"\\.".as_slice();
        match self.csv {
            false if has_special => {
                let value = bytes.split_off(start);
                self.escape_text(&value, bytes);
            }
            true if has_special || must_quote() => {
                let value = bytes.split_off(start);
                self.quote(&value, bytes);
            }
            _ => {}
        }
    }

    fn escape_text(&self, value: &[u8], bytes: &mut BytesMut) {
        for byte in value {
            let letter = match byte {
                b'\x08' => b'b',
                b'\x0c' => b'f',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                b'\x0b' => b'v',
                byte => *byte,
            };
            if self.special[usize::from(*byte)] {
                bytes.put_u8(b'\\');
            }
            bytes.put_u8(letter);
        }
    }

    fn quote(&self, value: &[u8], bytes: &mut BytesMut) {
        bytes.put_u8(self.quote);
        for byte in value {
            if *byte == self.quote || *byte == self.escape {
                bytes.put_u8(self.escape);
            }
            bytes.put_u8(*byte);
        }
        bytes.put_u8(self.quote);
    }
}

/// Text in another encoding.
fn encode(text: &[u8], encoding: Encoding, out: &mut BytesMut) -> Result<(), Report> {
    let text = std::str::from_utf8(text).map_err(|_| cut_short())?;
    for character in text.chars() {
        match u8::try_from(u32::from(character)) {
            Ok(byte) => out.put_u8(byte),
            Err(_) => return Err(no_equivalent(character, encoding)),
        }
    }
    Ok(())
}

fn no_equivalent(character: char, encoding: Encoding) -> Report {
    let mut bytes = [0; 4];
    let bytes = character.encode_utf8(&mut bytes).bytes();
    let shown: Vec<_> = bytes.map(|byte| format!("0x{byte:02x}")).collect();
    let (shown, name) = (shown.join(" "), encoding.name());
    let message = format!(
        "character with byte sequence {shown} in encoding \"UTF8\" has no equivalent in encoding \
         \"{name}\""
    );
    Report::error(SqlState::UNTRANSLATABLE_CHARACTER, message)
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8], Report> {
    let (taken, left) = rest.split_at_checked(length).ok_or_else(cut_short)?;
    *rest = left;
    Ok(taken)
}

fn report(error: medley_types::Error) -> Report {
    medley_diagnostic::Diagnostic::report(&Error::from(error))
}

fn cut_short() -> Report {
    Report::error(SqlState::INTERNAL_ERROR, "a row of the remote's is cut short")
}

fn too_long() -> Report {
    Report::error(SqlState::PROGRAM_LIMIT_EXCEEDED, "a value is too long to be copied")
}

#[cfg(test)]
mod tests {
    use medley_types::PgType;

    use super::*;
    use crate::{Direction, Given};

    fn given(options: &[(&str, &str)]) -> Options {
        let given: Vec<_> = options
            .iter()
            .map(|(name, value)| Given {
                name: (*name).to_owned(),
                values: vec![(*value).to_owned()],
                position: None,
            })
            .collect();
        Options::parse(Direction::To, &given).expect("the options are right")
    }

    fn data_row(values: &[Option<&str>]) -> Bytes {
        let mut row = BytesMut::new();
        row.put_u8(b'D');
        row.put_u32(0);
        row.put_u16(values.len() as u16);
        for value in values {
            match value {
                None => row.put_i32(-1),
                Some(value) => {
                    row.put_i32(value.len() as i32);
                    row.put_slice(value.as_bytes());
                }
            }
        }
        row.freeze()
    }

    fn check(options: &[(&str, &str)], values: &[Option<&str>], expected: &[u8]) {
        let columns = values.iter().enumerate();
        let columns: Vec<_> = columns
            .map(|(index, _)| Column { name: format!("c{index}"), pg_type: PgType::TEXT })
            .collect();
        let force = vec![false; columns.len()];
        let mut writer = Writer::new(&given(options), columns, force, Arc::default());
        let mut out = Pieces::default();
        writer.begin(&mut out).expect("a header");
        writer.messages(&data_row(values), &mut out).expect("a row");
        writer.end(&mut out);
        assert_eq!(out.iter().collect::<Vec<_>>().concat(), expected, "{options:?}");
    }

    #[test]
    fn text_is_escaped() {
        check(&[], &[Some("a\tb\\c\nd"), None, Some("")], b"a\\tb\\\\c\\nd\t\\N\t\n");
        check(&[("delimiter", "|")], &[Some("a|b\t"), Some("\u{1}")], b"a\\|b\\t|\x01\n");
        check(&[("null", "x")], &[None, Some("x")], b"x\tx\n");
        check(&[("header", "true")], &[Some("1")], b"c0\n1\n");
    }

    #[test]
    fn csv_is_quoted_where_it_must_be() {
        let csv = ("format", "csv");
        check(&[csv], &[Some("a,b"), Some("c\"d"), None, Some("")], b"\"a,b\",\"c\"\"d\",,\"\"\n");
        check(&[csv, ("escape", "\\")], &[Some("a\"\\")], b"\"a\\\"\\\\\"\n".as_slice());
        check(&[csv], &[Some("\\.")], b"\"\\.\"\n");
        check(&[csv], &[Some("\\."), Some("x")], b"\\.,x\n");
    }

    #[test]
    fn binary_has_its_signature_and_its_end() {
        let expected = [SIGNATURE, b"\0\x02\0\0\0\x01a\xff\xff\xff\xff\xff\xff"].concat();
        check(&[("format", "binary")], &[Some("a"), None], &expected);
    }

    #[test]
    fn other_encodings_hold_what_they_have() {
        check(&[("encoding", "latin1")], &[Some("ä"), Some("b")], b"\xe4\tb\n");
        let report = encode("€".as_bytes(), Encoding::Latin1, &mut BytesMut::new());
        assert_eq!(report.expect_err("it is not there").sqlstate.code(), "22P05");
    }
}
