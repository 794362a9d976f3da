//! Statements and what becomes of them.
//!
//! `postgresql.txt` holds what PostgreSQL says: each statement was sent to a PostgreSQL 15.18 in a
//! Parse message, which runs its grammar and nothing else of a utility statement; the few outcomes
//! that 18 has otherwise are by the reference. `ok` means that the grammar takes it.
//! `medley.txt` holds where Medley means to differ: what it refuses while it parses and
//! PostgreSQL later, and what it does not support.
use medley_diagnostic::Diagnostic;

fn outcome(text: &str) -> String {
    match medley_sql::parse(text) {
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            let position = error.position().map_or("-".to_owned(), |p| p.to_string());
            format!("{} {position} {error}", error.sqlstate())
        }
    }
}

fn check(corpus: &str) {
    let cases: Vec<_> = corpus.split("\n== ").skip(1).collect();
    assert!(!cases.is_empty());
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let (expected, text) = case.split_once('\n')?;
            let found = outcome(text);
            (found != expected)
                .then(|| format!("{text}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn as_postgresql() {
    check(include_str!("postgresql.txt"));
}

#[test]
fn otherwise_than_postgresql() {
    check(include_str!("medley.txt"));
}
