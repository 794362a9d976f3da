//! What a person, or a script, is shown of a statement's answer.
use comfy_table::{CellAlignment, Table, presets};
use medley_diagnostic::{Report, Severity};

use crate::cli::Format;
use crate::print::{print, say};

/// Prints answers as they come.
pub struct Printer {
    format: Format,
    quiet: bool,
    answer: Option<Answer>,
}

/// A result that is under way.
struct Answer {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
    /// Rows that were printed already, in formats that need not see all of them.
    printed: usize,
}

/// Rows that are kept before they are printed, in formats that need not see all of them.
const CHUNK: usize = 1000;

impl Printer {
    /// In this format.
    pub fn new(format: Format) -> Self {
        Self { format, quiet: false, answer: None }
    }

    /// One that says nothing of success.
    pub fn quiet(&self) -> Self {
        Self { quiet: true, ..Self::new(self.format) }
    }

    /// A result begins.
    pub fn columns(&mut self, columns: Vec<String>) -> anyhow::Result<()> {
        self.answer = Some(Answer { columns, rows: Vec::new(), printed: 0 });
        Ok(())
    }

    /// A row of it.
    pub fn row(&mut self, row: Vec<Option<String>>) -> anyhow::Result<()> {
        if let Some(answer) = &mut self.answer {
            answer.rows.push(row);
            if answer.rows.len() >= CHUNK && self.format != Format::Table {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// A statement is done.
    pub fn complete(&mut self, tag: &str) -> anyhow::Result<()> {
        if self.quiet {
            self.answer = None;
            return Ok(());
        }
        match (self.answer.is_some(), self.format) {
            (true, Format::Table) => self.table(),
            (true, Format::Csv) => {
                self.flush()?;
                self.header_of_empty()
            }
            (true, Format::Json) => {
                self.flush()?;
                self.end_json()
            }
            (false, Format::Table) => print(&format!("{tag}\n")),
            // A script reads rows, not tags.
            (false, Format::Csv | Format::Json) => Ok(()),
        }
    }

    fn table(&mut self) -> anyhow::Result<()> {
        let Some(answer) = self.answer.take() else { return Ok(()) };
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(&answer.columns);
        for index in 0..answer.columns.len() {
            if answer.is_numeric(index)
                && let Some(column) = table.column_mut(index)
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for row in &answer.rows {
            table.add_row(row.iter().map(|value| value.as_deref().unwrap_or_default()));
        }
        let count = answer.rows.len();
        let rows = if count == 1 { "row" } else { "rows" };
        print(&format!("{table}\n({count} {rows})\n"))
    }

    /// Prints the rows that are there, of CSV or JSON.
    fn flush(&mut self) -> anyhow::Result<()> {
        let Some(answer) = &mut self.answer else { return Ok(()) };
        let rows = std::mem::take(&mut answer.rows);
        let mut text = String::new();
        for row in &rows {
            match self.format {
                Format::Csv => {
                    if answer.printed == 0 {
                        text += &csv_line(answer.columns.iter().map(|name| Some(name.as_str())));
                    }
                    text += &csv_line(row.iter().map(Option::as_deref));
                }
                _ => {
                    text.push_str(if answer.printed == 0 { "[\n" } else { ",\n" });
                    text += &json_object(&answer.columns, row);
                }
            }
            answer.printed += 1;
        }
        print(&text)
    }

    fn header_of_empty(&mut self) -> anyhow::Result<()> {
        match self.answer.take() {
            Some(answer) if answer.printed == 0 => {
                print(&csv_line(answer.columns.iter().map(|name| Some(name.as_str()))))
            }
            _ => Ok(()),
        }
    }

    fn end_json(&mut self) -> anyhow::Result<()> {
        match self.answer.take() {
            Some(answer) if answer.printed == 0 => print("[]\n"),
            _ => print("\n]\n"),
        }
    }

    /// A word of the server.
    pub fn notice(&self, report: &Report) {
        say(&describe(report, ""));
    }

    /// Why a statement failed; `text` is what was run.
    pub fn error(&mut self, report: &Report, text: &str) {
        self.answer = None;
        say(&describe(report, text));
    }
}

impl Answer {
    fn is_numeric(&self, index: usize) -> bool {
        let number = |value: &str| value.parse::<f64>().is_ok();
        let mut values = self.rows.iter().filter_map(|row| row[index].as_deref()).peekable();
        values.peek().is_some() && values.all(number)
    }
}

/// As psql prints it, with the SQLSTATE.
fn describe(report: &Report, text: &str) -> String {
    let mut lines = match report.severity {
        Severity::Error | Severity::Fatal | Severity::Panic => {
            format!("{}:  {}: {}", report.severity.as_str(), report.sqlstate, report.message)
        }
        severity => format!("{}:  {}", severity.as_str(), report.message),
    };
    if let Some(pointer) = report.position.and_then(|position| pointer(text, position)) {
        lines += &format!("\n{pointer}");
    }
    let parts = [("DETAIL", &report.detail), ("HINT", &report.hint), ("CONTEXT", &report.context)];
    for (name, part) in parts {
        if let Some(part) = part {
            lines += &format!("\n{name}:  {part}");
        }
    }
    lines
}

/// The line of the text at this position, with a caret under it.
fn pointer(text: &str, position: usize) -> Option<String> {
    let (mut line_number, mut start) = (1, 0);
    let (offset, _) = text.char_indices().nth(position.checked_sub(1)?)?;
    for (at, _) in text[..offset].match_indices('\n') {
        line_number += 1;
        start = at + 1;
    }
    let line = text[start..].lines().next().unwrap_or_default();
    let head = format!("LINE {line_number}: ");
    let column = head.len() + text[start..offset].chars().count();
    Some(format!("{head}{line}\n{:column$}^", ""))
}

fn csv_line<'a>(values: impl Iterator<Item = Option<&'a str>>) -> String {
    let fields: Vec<_> = values.map(csv_field).collect();
    format!("{}\n", fields.join(","))
}

/// NULL is nothing at all; an empty text is a pair of quotes.
fn csv_field(value: Option<&str>) -> String {
    match value {
        None => String::new(),
        Some(text) if text.is_empty() || text.contains(['"', ',', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Some(text) => text.to_owned(),
    }
}

/// Values are texts as PostgreSQL prints them, or null: no number loses a digit.
fn json_object(columns: &[String], row: &[Option<String>]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members = columns.iter().zip(row).map(|(name, value)| {
        let value = value.as_deref().map_or_else(|| "null".to_owned(), quoted);
        format!("{}: {value}", quoted(name))
    });
    format!("  {{{}}}", members.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_points_at_its_place() {
        let text = "SELECT 1,\n  é x y";
        assert_eq!(pointer(text, 15).as_deref(), Some("LINE 2:   é x y\n            ^"));
        assert_eq!(pointer(text, 99), None);
    }

    #[test]
    fn csv_tells_null_from_empty() {
        let line = csv_line([None, Some(""), Some("a,\"b\""), Some("c")].into_iter());
        assert_eq!(line, ",\"\",\"a,\"\"b\"\"\",c\n");
    }

    #[test]
    fn json_keeps_values_as_texts() {
        let row = [Some("1.10".to_owned()), None];
        let object = json_object(&["n".to_owned(), "é".to_owned()], &row);
        assert_eq!(object, "  {\"n\": \"1.10\", \"é\": null}");
    }
}
