//! SQL scripts in the manner of sqllogictest, for `tests/slt`.
//!
//! sqllogictest itself neither logs in as the role that a `connection` names nor shows notices,
//! details and hints, which are half of what a utility statement says. So its words are kept, and
//! what follows `----` is all that a client is told:
//!
//! ```text
//! # Comments stand between records; a blank line ends a record.
//! connection alice
//!
//! statement ok
//! CREATE SERVER IF NOT EXISTS s FOREIGN DATA WRAPPER hello
//! ----
//! NOTICE 42710: server "s" already exists, skipping
//!
//! statement error
//! DROP SERVER t
//! ----
//! 42704: server "t" does not exist
//!
//! query
//! SELECT srvname, srvtype FROM pg_foreign_server
//! ----
//! s|NULL
//! ```
//!
//! A script begins as the superuser. `connection NAME [ROLE]` goes to another connection, logged in
//! as ROLE, else as NAME, when it is first named. `query rowsort` sorts the rows. `remote` runs its
//! statements at the remote of the script as its superuser. `${name}` is replaced by a variable.
use std::collections::HashMap;
use std::fmt::Write;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use tokio::task::JoinHandle;
use tokio_postgres::error::{DbError, ErrorPosition};
use tokio_postgres::{
    AsyncMessage, CancelToken, Client, Config, NoTls, SimpleQueryMessage, SimpleQueryRow,
};

use crate::SUPERUSER;

/// What a script runs on.
#[derive(Clone, Debug)]
pub struct Target {
    /// The server; the script says as whom it logs in, nobody is asked for a password.
    pub server: Config,
    /// The remote's superuser, where the script has a remote.
    pub remote: Option<Config>,
    /// What `${name}` stands for.
    pub variables: Vec<(&'static str, String)>,
}

/// A record that did not do what it says.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// Counted from one.
    pub line: usize,
    /// What was run.
    pub sql: String,
    /// What should have been said.
    pub expected: String,
    /// What was said.
    pub actual: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, sql, expected, actual } = self;
        write!(f, "line {line}:\n{sql}\n---- expected\n{expected}\n---- actual\n{actual}\n")
    }
}

/// Does the script need a remote?
pub fn has_remote(text: &str) -> bool {
    text.lines().any(|line| line == REMOTE || line.contains("${remote_"))
}

const REMOTE: &str = "remote";

/// Runs a script; the result is what went wrong.
pub async fn run(text: &str, target: &Target) -> Result<Vec<Mismatch>> {
    let mut sessions = Sessions { target, open: HashMap::new() };
    let mut current = (SUPERUSER.to_owned(), SUPERUSER.to_owned());
    let mut mismatches = Vec::new();
    for record in parse(text)? {
        let line = record.line;
        match record.kind {
            Kind::Connection { name, role } => current = (name, role),
            Kind::Remote => {
                let config = target.remote.as_ref().context("the script has no remote")?;
                let sql = target.replace(&record.sql);
                let said = Session::open(config).await?.run(&sql, Rows::AsTheyCome).await;
                ensure!(said.error.is_none(), "line {line}: the remote says {}", said.text());
            }
            Kind::Statement(expectation) => {
                let session = sessions.get(&current.0, &current.1).await;
                let session = session.with_context(|| format!("line {line}"))?;
                let sql = target.replace(&record.sql);
                let expected = target.replace(&record.expected);
                let actual = expectation.judge(session.run(&sql, expectation.rows()).await);
                if actual != expected {
                    mismatches.push(Mismatch { line, sql, expected, actual });
                }
            }
        }
    }
    Ok(mismatches)
}

impl Target {
    fn replace(&self, text: &str) -> String {
        let replace = |text: String, (name, value): &(&str, String)| {
            text.replace(&format!("${{{name}}}"), value)
        };
        self.variables.iter().fold(text.to_owned(), replace)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Record {
    line: usize,
    kind: Kind,
    sql: String,
    expected: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Connection { name: String, role: String },
    Remote,
    Statement(Expectation),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expectation {
    /// It succeeds, and has no rows.
    Success,
    Error,
    Rows(Rows),
}

/// In which order rows are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    AsTheyCome,
    Sorted,
}

fn parse(text: &str) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, head)) = lines.next() {
        if head.trim().is_empty() || head.starts_with('#') {
            continue;
        }
        let body: Vec<_> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| !line.is_empty()).collect();
        let mut parts = body.split(|line| *line == "----").map(|lines| lines.join("\n"));
        let record = Record {
            line: index + 1,
            kind: kind(head).with_context(|| format!("line {}: {head:?} is unknown", index + 1))?,
            sql: parts.next().unwrap_or_default(),
            expected: parts.next().unwrap_or_default(),
        };
        let is_statement = !matches!(record.kind, Kind::Connection { .. });
        if record.sql.is_empty() == is_statement || parts.next().is_some() {
            bail!("line {}: the record is not whole", record.line);
        }
        records.push(record);
    }
    Ok(records)
}

fn kind(head: &str) -> Option<Kind> {
    let words: Vec<_> = head.split_whitespace().collect();
    Some(match words[..] {
        ["connection", name] => Kind::Connection { name: name.into(), role: name.into() },
        ["connection", name, role] => Kind::Connection { name: name.into(), role: role.into() },
        [REMOTE] => Kind::Remote,
        ["statement", "ok"] => Kind::Statement(Expectation::Success),
        ["statement", "error"] => Kind::Statement(Expectation::Error),
        ["query"] => Kind::Statement(Expectation::Rows(Rows::AsTheyCome)),
        ["query", "rowsort"] => Kind::Statement(Expectation::Rows(Rows::Sorted)),
        _ => return None,
    })
}

impl Expectation {
    fn rows(self) -> Rows {
        match self {
            Self::Rows(rows) => rows,
            Self::Success | Self::Error => Rows::AsTheyCome,
        }
    }

    /// What was said, in the form in which it is expected.
    fn judge(self, said: Said) -> String {
        match self {
            Self::Error if said.error.is_none() => format!("(no error)\n{}", said.text()),
            Self::Error => said.text(),
            _ if said.error.is_some() => format!("(error)\n{}", said.text()),
            Self::Success if said.has_rows => format!("(rows)\n{}", said.text()),
            Self::Success | Self::Rows(_) => said.text(),
        }
    }
}

struct Sessions<'a> {
    target: &'a Target,
    open: HashMap<String, Session>,
}

impl Sessions<'_> {
    async fn get(&mut self, name: &str, role: &str) -> Result<&Session> {
        if !self.open.contains_key(name) {
            let mut config = self.target.server.clone();
            let session = Session::open(config.user(role)).await?;
            self.open.insert(name.to_owned(), session);
        }
        self.open.get(name).context("it was just opened")
    }
}

/// A client that remembers what it was told besides answers.
pub(crate) struct Session {
    client: Client,
    notices: Arc<Mutex<Vec<String>>>,
    connection: JoinHandle<()>,
}

/// All that a statement said.
pub(crate) struct Said {
    notices: Vec<String>,
    has_rows: bool,
    rows: Vec<String>,
    pub(crate) error: Option<String>,
}

impl Said {
    pub(crate) fn text(&self) -> String {
        let lines: Vec<_> = self.notices.iter().chain(&self.rows).chain(&self.error).collect();
        lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n")
    }
}

impl Session {
    pub(crate) async fn open(config: &Config) -> Result<Self> {
        let (client, mut connection) = config.connect(NoTls).await?;
        let notices = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&notices);
        let connection = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notice(notice) = message {
                    let text = format!("{} {}", notice.severity(), describe(&notice, ""));
                    heard.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                }
            }
        });
        Ok(Self { client, notices, connection })
    }

    /// Cuts the connection, without a word to the server.
    pub(crate) fn cut(&self) {
        self.connection.abort();
    }

    pub(crate) fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
    }

    pub(crate) async fn run(&self, sql: &str, order: Rows) -> Said {
        let answer = self.client.simple_query(sql).await;
        let notices =
            std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner));
        let mut said = Said { notices, has_rows: false, rows: Vec::new(), error: None };
        match answer {
            Ok(messages) => {
                let described = |m: &_| matches!(m, SimpleQueryMessage::RowDescription(_));
                said.has_rows = messages.iter().any(described);
                said.rows = messages.iter().filter_map(row).collect();
            }
            Err(error) => said.error = Some(failure(&error, sql)),
        }
        if order == Rows::Sorted {
            said.rows.sort();
        }
        said
    }
}

fn row(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    let values: Vec<_> = (0..row.len()).map(|index| value(row, index)).collect();
    Some(values.join("|"))
}

fn value(row: &SimpleQueryRow, index: usize) -> String {
    match row.get(index) {
        None => "NULL".to_owned(),
        Some("") => "(empty)".to_owned(),
        Some(text) => text.replace('\n', "\\n"),
    }
}

fn failure(error: &tokio_postgres::Error, sql: &str) -> String {
    match error.as_db_error() {
        Some(error) => describe(error, sql),
        None => format!("(connection lost) {error}"),
    }
}

fn describe(error: &DbError, sql: &str) -> String {
    let mut text = format!("{}: {}", error.code().code(), error.message());
    let fields = [("DETAIL", error.detail()), ("HINT", error.hint()), ("CONTEXT", error.where_())];
    for (name, field) in fields {
        if let Some(field) = field {
            // Writing to a String does not fail.
            let _ = write!(text, "\n{name}: {field}");
        }
    }
    if let Some(ErrorPosition::Original(position)) = error.position() {
        let _ = write!(text, "\nAT: {}", word_at(sql, *position as usize));
    }
    text
}

/// The word of the statement that an error points at.
fn word_at(sql: &str, position: usize) -> &str {
    let start = sql.char_indices().nth(position.saturating_sub(1)).map_or(sql.len(), |(at, _)| at);
    let rest = &sql[start..];
    let is_word = |c: char| c.is_alphanumeric() || "_$\"".contains(c);
    match rest.find(|c| !is_word(c)) {
        Some(0) => &rest[..rest.chars().next().map_or(0, char::len_utf8)],
        Some(end) => &rest[..end],
        None if rest.is_empty() => "(end)",
        None => rest,
    }
}

/// The script with what was said in place of what was expected, for an author to read through:
/// only what came otherwise is another, and no expected error becomes a success or the reverse.
pub fn updated(text: &str, mismatches: &[Mismatch]) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    for mismatch in mismatches.iter().rev().filter(|it| !it.actual.starts_with('(')) {
        let start = mismatch.line;
        let length = lines[start..].iter().take_while(|line| !line.is_empty()).count();
        let end = start + length;
        let sql = lines[start..end].iter().take_while(|line| **line != "----").count();
        let mut said = Vec::new();
        if !mismatch.actual.is_empty() {
            said.push("----");
            said.extend(mismatch.actual.lines());
        }
        lines.splice(start + sql..end, said);
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "# A comment.\n\nconnection two alice\n\nstatement error\nDROP\n  SERVER s\n\
                          ----\n42704: server \"s\" does not exist\n\nquery rowsort\nSELECT 1\n";

    #[test]
    fn records_are_read() {
        let records = parse(SCRIPT).unwrap();
        let kinds: Vec<_> = records.iter().map(|record| (record.line, &record.kind)).collect();
        let connection = Kind::Connection { name: "two".into(), role: "alice".into() };
        let rows = Kind::Statement(Expectation::Rows(Rows::Sorted));
        let error = Kind::Statement(Expectation::Error);
        assert_eq!(kinds, [(3, &connection), (5, &error), (11, &rows)]);
        assert_eq!(records[1].sql, "DROP\n  SERVER s");
        assert_eq!(records[1].expected, "42704: server \"s\" does not exist");
        assert_eq!(records[2].expected, "");
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for text in ["statement\nSELECT 1\n", "query\n\nSELECT 1\n", "query\na\n----\nb\n----\n"] {
            parse(text).unwrap_err();
        }
    }

    #[test]
    fn an_update_changes_what_was_said_alone() {
        let mismatch = |line, actual: &str| Mismatch {
            line,
            sql: String::new(),
            expected: String::new(),
            actual: actual.to_owned(),
        };
        let mismatches = [mismatch(5, "(no error)\n"), mismatch(11, "1|NULL")];
        assert_eq!(updated(SCRIPT, &mismatches), format!("{SCRIPT}----\n1|NULL\n"));
        let other = updated(SCRIPT, &[mismatch(5, "0A000: no")]);
        assert_eq!(other, SCRIPT.replace("42704: server \"s\" does not exist", "0A000: no"));
    }

    #[test]
    fn an_error_is_shown_by_its_word() {
        assert_eq!(word_at("SELECT é FROM nowhere;", 15), "nowhere");
        assert_eq!(word_at("OPTIONS ()", 10), ")");
        assert_eq!(word_at("SELECT", 7), "(end)");
    }
}
