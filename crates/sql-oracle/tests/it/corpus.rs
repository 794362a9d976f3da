//! Every statement that stands in the repository: in scripts, in the parser's own cases, in the
//! sessions of its documents, and in what pg_dump wrote.
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDERS: &[&str] = &["README.md", "tests", "crates", "docs", "bench"];

/// What is longer is no statement but a script that did not fall apart.
const LONGEST: usize = 4_000;

/// The parser's own cases, in a fixed order. What is told of their mutations does not change with
/// somebody else's script.
pub fn cases_of_the_parser() -> Vec<String> {
    let cases = [
        include_str!("../../../sql/tests/parse/postgresql.txt"),
        include_str!("../../../sql/tests/parse/medley.txt"),
    ];
    cases.into_iter().flat_map(cases_in).collect()
}

/// In a fixed order, each once.
pub fn statements() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = vec![];
    for folder in FOLDERS {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    let mut found = BTreeSet::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        found.extend(read(&file, &text).into_iter().filter(|it| is_statement(it)));
    }
    found.into_iter().collect()
}

fn is_statement(text: &str) -> bool {
    text.len() <= LONGEST && !text.contains('\0') && text.chars().any(char::is_alphabetic)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        files.push(path.to_owned());
        return;
    }
    let entries = fs::read_dir(path).expect("a folder of the repository");
    for entry in entries.flatten() {
        collect(&entry.path(), files);
    }
}

fn read(file: &Path, text: &str) -> Vec<String> {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let in_parser = file.components().any(|part| part.as_os_str() == "parse");
    match extension {
        "sql" => apart(&without_commands(text)),
        "slt" => text.split("\n\n").filter_map(record).collect(),
        "md" => text.split("```").skip(1).step_by(2).flat_map(session).collect(),
        "txt" if in_parser => cases_in(text),
        _ => vec![],
    }
}

/// A script without psql's own commands.
fn without_commands(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('\\'));
    lines.collect::<Vec<_>>().join("\n")
}

/// The statements of a script: what stands between semicolons outside of parentheses.
fn apart(script: &str) -> Vec<String> {
    let Ok(tokens) = medley_sql_oracle::scan(script) else { return vec![] };
    let mut statements = vec![];
    let (mut depth, mut from) = (0_usize, None);
    let mut end = 0;
    for token in tokens.iter().filter(|token| !token.name.ends_with("_COMMENT")) {
        match &script[token.span.clone()] {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            ";" if depth == 0 => {
                statements.extend(from.take().map(|from| script[from..end].to_owned()));
                continue;
            }
            _ => {}
        }
        from.get_or_insert(token.span.start);
        end = token.span.end;
    }
    statements.extend(from.map(|from| script[from..end].to_owned()));
    statements
}

/// One record of `tests/slt`: what stands between its first line and its answer.
fn record(record: &str) -> Option<String> {
    let mut lines = record.trim().lines().skip_while(|line| line.starts_with('#'));
    let first = lines.next()?;
    if !first.starts_with("statement") && !first.starts_with("query") {
        return None;
    }
    let text: Vec<_> = lines.take_while(|line| *line != "----").collect();
    Some(text.join("\n"))
}

/// One block of code in a document.
fn session(block: &str) -> Vec<String> {
    let (language, text) = block.split_once('\n').unwrap_or_default();
    match language {
        "sql" => apart(text),
        _ => vec![],
    }
}

/// The cases of the parser's own tests, without their outcomes.
fn cases_in(text: &str) -> Vec<String> {
    let cases = text.split("\n== ").skip(1).filter_map(|case| case.split_once('\n'));
    cases.map(|(_, text)| text.trim_end().to_owned()).collect()
}
