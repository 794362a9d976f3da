use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Script;

/// Who may do what: each actor runs each statement, each time from the same state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// The sections of the reference that it shows.
    sections: String,
    /// What it is about.
    subject: String,
    /// Statements that make the state: the script before the cells.
    setup: String,
    /// The rows.
    actor: Vec<Actor>,
    /// The columns.
    statement: Vec<Act>,
}

/// A role that does something.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Actor {
    role: String,
    /// What the role is to the object.
    is: String,
}

/// What it does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    /// The head of its column.
    does: String,
    /// The statement, without a semicolon; `{role}` is the actor.
    sql: String,
}

/// What stands in a cell.
enum Outcome<'a> {
    /// It succeeds, and prints no more than its tag.
    Done,
    /// An error or a warning: its SQLSTATE and its message.
    Said(&'a str, &'a str),
    /// A query's rows.
    Rows(Vec<&'a str>),
}

impl Matrix {
    /// Reads a matrix as the script that fills it.
    pub(super) fn script(file: &str, text: &str) -> Result<Script> {
        let matrix: Self = toml::from_str(text).with_context(|| file.to_owned())?;
        let Self { sections, subject, setup, .. } = &matrix;
        let mut text = format!("-- {sections}: {subject}\n{}\n", setup.trim());
        for actor in &matrix.actor {
            writeln!(text, "\n-- {}: {}", actor.role, actor.is)?;
            for act in &matrix.statement {
                let sql = act.sql.replace("{role}", &actor.role);
                writeln!(text, "begin; set local role {}; {sql}; rollback;", actor.role)?;
            }
        }
        let mut script = Script::parse(file, &text)?;
        let cells = matrix.actor.len() * matrix.statement.len();
        let first = script.statements.len() - cells;
        script.statements[first..].iter_mut().for_each(|cell| cell.count = 1);
        script.matrix = Some(matrix);
        Ok(script)
    }

    /// The table, as a document, out of the answers to the script's statements. `is_listed` says
    /// whether Medley answers a statement otherwise.
    pub(super) fn document(&self, answers: &[String], is_listed: impl Fn(usize) -> bool) -> String {
        let mut messages = Messages::default();
        let width = self.statement.len();
        let first = answers.len() - self.actor.len() * width;
        let mut rows = String::new();
        for (number, actor) in self.actor.iter().enumerate() {
            rows.push_str(&format!("| `{}`: {} |", actor.role, actor.is));
            for index in (first + number * width..).take(width) {
                let mark = if is_listed(index) { " ≠" } else { "" };
                rows.push_str(&format!(" {}{mark} |", messages.cell(&answers[index])));
            }
            rows.push('\n');
        }
        let Self { sections, subject, setup, .. } = self;
        let heads = self.statement.iter().map(|act| format!(" {} |", act.does));
        let rules = self.statement.iter().map(|_| "---|");
        let acts = self.statement.iter().map(|act| format!("- {}: `{}`\n", act.does, act.sql));
        format!(
            "# {subject}\n\nSections {sections} of the reference.\n\n\
             | actor |{}\n|---|{}\n{rows}\n{}## Statements\n\n{}\n## Setup\n\n```sql\n{}\n```\n",
            heads.collect::<String>(),
            rules.collect::<String>(),
            messages.legend(),
            acts.collect::<String>(),
            setup.trim(),
        )
    }
}

/// The messages of a table, each with its letter.
#[derive(Default)]
struct Messages {
    letters: BTreeMap<String, String>,
    order: Vec<String>,
}

impl Messages {
    fn cell(&mut self, answer: &str) -> String {
        match outcome(answer) {
            Outcome::Done => "ok".to_owned(),
            Outcome::Said(state, message) => format!("{state} {}", self.letter(message)),
            Outcome::Rows(rows) if rows.is_empty() => "no row".to_owned(),
            Outcome::Rows(rows) => rows.join("<br>").replace('|', "\\|"),
        }
    }

    fn letter(&mut self, message: &str) -> &str {
        let next = letters(self.order.len());
        let order = &mut self.order;
        self.letters.entry(message.to_owned()).or_insert_with(|| {
            order.push(message.to_owned());
            next
        })
    }

    fn legend(&self) -> String {
        let lines = self.order.iter().enumerate();
        let lines = lines.map(|(index, message)| format!("- {}: {message}\n", letters(index)));
        let lines: String = lines.collect();
        if lines.is_empty() { lines } else { format!("## Messages\n\n{lines}\n") }
    }
}

/// `a` to `z`, `aa`, `ab` and so on.
fn letters(mut index: usize) -> String {
    let mut made = String::new();
    loop {
        made.insert(0, char::from(b'a' + u8::try_from(index % 26).expect("below 26")));
        if index < 26 {
            return made;
        }
        index = index / 26 - 1;
    }
}

/// What a statement came to, between the tags of BEGIN and SET and that of ROLLBACK.
fn outcome(answer: &str) -> Outcome<'_> {
    let lines: Vec<_> = answer.lines().collect();
    let said = lines.iter().find_map(|line| {
        let rest = line.strip_prefix("ERROR:  ").or_else(|| line.strip_prefix("WARNING:  "))?;
        rest.split_once(": ")
    });
    if let Some((state, message)) = said {
        return Outcome::Said(state, message);
    }
    let inside = lines.get(2..lines.len().saturating_sub(1)).unwrap_or_default();
    match inside {
        [_, rows @ .., count] if count.starts_with('(') => Outcome::Rows(rows.to_vec()),
        _ => Outcome::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        sections = "1.8"
        subject = "who may"
        setup = "create role a;"
        [[actor]]
        role = "a"
        is = "somebody"
        [[statement]]
        does = "DROP"
        sql = "drop server {role}"
        [[statement]]
        does = "SELECT"
        sql = "select 1"
    "#;

    #[test]
    fn each_cell_is_a_statement_of_the_script() {
        let script = Matrix::script("a.toml", TEXT).unwrap();
        let statements: Vec<_> =
            script.statements.iter().map(super::super::Statement::sql).collect();
        assert_eq!(
            statements,
            [
                "create role a;",
                "begin; set local role a; drop server a; rollback;",
                "begin; set local role a; select 1; rollback;"
            ]
        );
    }

    #[track_caller]
    fn check(answer: &str, cell: &str) {
        let answer = format!("BEGIN\nSET\n{answer}\nROLLBACK");
        assert_eq!(Messages::default().cell(&answer), cell);
    }

    #[test]
    fn a_cell_is_what_the_statement_came_to() {
        check("DROP SERVER", "ok");
        check("NOTICE:  00000: drop cascades to x\nDROP SERVER", "ok");
        check("ERROR:  42501: no\nDETAIL:  x", "42501 a");
        check("WARNING:  01007: no\nGRANT", "01007 a");
        check("b|c\n1|2\n3|4\n(2 rows)", "1\\|2<br>3\\|4");
        check("b\n(0 rows)", "no row");
    }

    #[test]
    fn letters_go_on_after_the_last() {
        assert_eq!([0, 25, 26, 27, 52].map(letters), ["a", "z", "aa", "ab", "ba"]);
    }

    #[test]
    fn a_document_has_a_row_for_each_actor() {
        let script = Matrix::script("a.toml", TEXT).unwrap();
        let answers = [
            "CREATE ROLE",
            "BEGIN\nSET\nERROR:  42501: no\nROLLBACK",
            "BEGIN\nSET\nx\n1\n(1 row)\nROLLBACK",
        ]
        .map(str::to_owned);
        let document = script.matrix.unwrap().document(&answers, |index| index == 2);
        assert!(document.contains("| `a`: somebody | 42501 a | 1 ≠ |\n"), "{document}");
        assert!(document.contains("- a: no\n"), "{document}");
    }
}
