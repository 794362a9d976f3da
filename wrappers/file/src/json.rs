//! JSON: an object a line, whose members are read as `json_populate_record` reads them.
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use medley_copy::{Block, Encoding, Options, Splitter};
use medley_fdw::{Diagnostic, Error, FileColumn, FileTable, Report, Result, RowBuilder, SqlState};
use medley_types::{Style, field};

use crate::connection::names;
use crate::rows::Reading;

/// How the files of a table are read.
pub(crate) struct Lines {
    table: String,
    columns: Vec<FileColumn>,
    names: Vec<String>,
    options: Arc<Options>,
    style: Style,
}

impl Lines {
    pub fn new(table: &FileTable) -> Self {
        // No byte of JSON is zero: a line ends at its end.
        let options =
            Options { format: medley_copy::Format::Csv, quote: 0, escape: 0, ..Options::default() };
        Self {
            table: table.name.clone(),
            columns: table.columns.clone(),
            names: names(table),
            options: Arc::new(options),
            style: table.style.clone(),
        }
    }

    fn line(&self, line: &str, wanted: &[usize], rows: &mut RowBuilder) -> Judged {
        let members = members(line).ok_or_else(malformed)?;
        for (place, index) in wanted.iter().enumerate() {
            let name = &self.names[*index];
            // Of several members of one name the last counts.
            let found = members
                .iter()
                .rev()
                .find(|(key, _)| unquoted(&line[key.clone()]).as_ref() == Some(name));
            let value = found.map_or("null", |(_, value)| &line[value.clone()]);
            let builder = &mut rows.columns()[place];
            let is_json = matches!(self.columns[*index].pg_type.oid.0, 114 | 3802);
            let appended = match value {
                "null" => {
                    builder.append_null();
                    Ok(())
                }
                _ if value.starts_with('"') && !is_json => {
                    let text = unquoted(value).ok_or_else(malformed)?;
                    builder.append_text(&text, &self.style)
                }
                _ => builder.append_text(value, &self.style),
            };
            appended.map_err(|error| {
                let column = &self.columns[*index].name;
                Box::new(error.report().with_context(format!("column {column}")))
            })?;
        }
        rows.end_row();
        Ok(())
    }
}

type Judged<T = ()> = Result<T, Box<Report>>;

fn malformed() -> Box<Report> {
    let state = SqlState::INVALID_TEXT_REPRESENTATION;
    Box::new(Report::error(state, "line is not a JSON object"))
}

/// The members of an object: where their names and their values stand. What a value is made of is
/// looked at by who reads it.
fn members(line: &str) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    let bytes = line.as_bytes();
    let mut members = Vec::new();
    let mut at = expect(bytes, 0, b'{')?;
    if let Some(end) = expect(bytes, at, b'}') {
        return (blank(bytes, end) == bytes.len()).then_some(members);
    }
    loop {
        let start = blank(bytes, at);
        let end = string_end(bytes, start)?;
        let value = blank(bytes, expect(bytes, end, b':')?);
        let value_end = value_end(bytes, value)?;
        members.push((start..end, value..value_end));
        match expect(bytes, value_end, b',') {
            Some(next) => at = next,
            None => {
                let end = expect(bytes, value_end, b'}')?;
                return (blank(bytes, end) == bytes.len()).then_some(members);
            }
        }
    }
}

/// The next byte that is no white space.
fn blank(bytes: &[u8], from: usize) -> usize {
    let rest = bytes[from..].iter();
    from + rest.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// What comes after this byte, if it is the next.
fn expect(bytes: &[u8], from: usize, wanted: u8) -> Option<usize> {
    let at = blank(bytes, from);
    (bytes.get(at) == Some(&wanted)).then_some(at + 1)
}

fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = (bytes.get(start) == Some(&b'"')).then_some(start + 1)?;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start)? {
        b'"' => string_end(bytes, start),
        b'{' | b'[' => nested_end(bytes, start),
        _ => {
            let is_plain =
                |byte: &&u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E');
            let length = bytes[start..].iter().take_while(is_plain).count();
            (length > 0).then_some(start + length)
        }
    }
}

fn nested_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// A string's text.
fn unquoted(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    match inner.contains('\\') {
        false => Some(inner.to_owned()),
        true => serde_json::from_str(quoted).ok(),
    }
}

impl Reading for Lines {
    fn splitter(&self) -> Splitter {
        Splitter::new(Arc::clone(&self.options))
    }

    fn encoding(&self) -> Encoding {
        Encoding::Utf8
    }

    fn read(&self, block: &Block, in_path: &[bool]) -> Result<RecordBatch> {
        let is_wanted = |index: &usize| self.columns[*index].wanted && !in_path[*index];
        let wanted: Vec<usize> = (0..self.columns.len()).filter(is_wanted).collect();
        let fields = wanted.iter().map(|index| {
            let column = &self.columns[*index];
            field(column.name.clone(), column.pg_type, true)
        });
        let schema = arrow_schema::Schema::new(fields.collect::<Vec<_>>());
        let mut rows = RowBuilder::new(Arc::new(schema));
        for line in &block.lines {
            let place = |report: Report| {
                let context = format!("foreign table {}, line {}", self.table, line.number);
                Error::refused(report.with_context(context))
            };
            let text = std::str::from_utf8(&block.bytes[line.span.clone()]).map_err(|_| {
                let message = "invalid byte sequence for encoding \"UTF8\"";
                place(Report::error(SqlState::CHARACTER_NOT_IN_REPERTOIRE, message))
            })?;
            if !text.trim().is_empty() {
                self.line(text, &wanted, &mut rows).map_err(|report| place(*report))?;
            }
        }
        match &block.error {
            Some((error, number)) => {
                let context = format!("foreign table {}, line {number}", self.table);
                Err(Error::refused(error.report().with_context(context)))
            }
            None => rows.finish(),
        }
    }

    fn columns(&self) -> &[FileColumn] {
        &self.columns
    }

    fn style(&self) -> &Style {
        &self.style
    }

    fn notices(&self, _at_end: bool) -> Vec<Report> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_a_line_are_found() {
        let check = |line: &str, expected: Option<&[(&str, &str)]>| {
            let found = members(line).map(|members| {
                let text =
                    |it: &(Range<usize>, Range<usize>)| (&line[it.0.clone()], &line[it.1.clone()]);
                members.iter().map(text).collect::<Vec<_>>()
            });
            assert_eq!(found.as_deref(), expected, "{line}");
        };
        check("{}", Some(&[]));
        check(r#" {"a" : 1, "b":"x\"}" } "#, Some(&[("\"a\"", "1"), ("\"b\"", r#""x\"}""#)]));
        check(
            r#"{"a":{"b":["]"]},"c":null}"#,
            Some(&[("\"a\"", r#"{"b":["]"]}"#), ("\"c\"", "null")]),
        );
        check(r#"{"a":1"#, None);
        check(r#"{"a":1} x"#, None);
        check(r#"{"a" 1}"#, None);
        check(r#"{"a":[}"#, None);
        check("[1]", None);
        check("", None);
    }

    #[test]
    fn strings_are_unquoted() {
        assert_eq!(unquoted(r#""a\n\u00e4""#).as_deref(), Some("a\nä"));
        assert_eq!(unquoted(r#""\x""#), None);
        assert_eq!(unquoted("1"), None);
    }
}
