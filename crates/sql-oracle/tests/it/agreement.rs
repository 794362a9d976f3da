//! The parser and PostgreSQL's grammar agree on every statement of the repository, and on what
//! typing errors make of them.
use std::collections::BTreeMap;

use medley_sql::Statement;

use crate::corpus;
use crate::mutation::{Random, mutate};
use crate::verdict::{self, Verdict};

/// Of each statement.
const MUTANTS: usize = 100;

/// Who reads a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    /// Medley's own parser.
    Own,
    /// Medley's grammar, and sqlparser for the tree.
    Query,
    /// Medley's own parser, which knows of these statements no more than their names.
    NotSupported,
}

fn family(text: &str) -> Family {
    let script = medley_sql::parse(text).map(|script| script.statements);
    let statement = script.ok().and_then(|mut it| (it.len() == 1).then(|| it.remove(0).statement));
    match statement {
        Some(Statement::Unsupported(_)) => Family::NotSupported,
        Some(Statement::Query(_)) => Family::Query,
        None if begins_query(text) => Family::Query,
        _ => Family::Own,
    }
}

fn begins_query(text: &str) -> bool {
    const WORDS: &[&str] =
        &["select", "insert", "update", "delete", "merge", "with", "values", "table"];
    let text = text.trim_start_matches(|c: char| c == '(' || c.is_whitespace());
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    WORDS.contains(&word.to_ascii_lowercase().as_str())
}

#[derive(Default)]
struct Tally {
    counts: BTreeMap<(Family, Verdict), usize>,
    differences: Vec<(Family, String)>,
}

impl Tally {
    fn add(&mut self, family: Family, text: &str) {
        let (verdict, theirs, ours) = verdict::of(text);
        *self.counts.entry((family, verdict)).or_default() += 1;
        if verdict > Verdict::Known("zzz") {
            let difference = format!("{text}\n  PostgreSQL {theirs:?}\n  Medley     {ours:?}");
            self.differences.push((family, difference));
        }
    }

    fn of(&self, family: Family) -> String {
        let counts = self.counts.iter().filter(|((of, _), _)| *of == family);
        let total: usize = counts.clone().map(|(_, count)| count).sum();
        let lines = counts.map(|((_, verdict), count)| format!("\n  {count:6} {verdict:?}"));
        format!("{family:?}: {total}{}", lines.collect::<String>())
    }

    fn differences(&self, family: Family) -> Vec<&str> {
        self.differences.iter().filter(|it| it.0 == family).map(|it| it.1.as_str()).collect()
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the rates are what this test tells")]
fn statements_and_mutations() {
    let statements = corpus::statements();
    assert!(statements.len() > 3_000, "{}", statements.len());
    let mut tally = Tally::default();
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    for text in &statements {
        let family = family(text);
        tally.add(family, text);
        for _ in 0..MUTANTS {
            let other = &statements[random.below(statements.len())];
            let mutant = mutate(text, other, &mut random);
            if !mutant.contains('\0') {
                // An error may turn one statement into another.
                let of = if medley_sql::parse(&mutant).is_ok() { self::family(&mutant) } else { family };
                tally.add(of, &mutant);
            }
        }
    }
    for family in [Family::Own, Family::Query, Family::NotSupported] {
        eprintln!("{}", tally.of(family));
    }
    for family in [Family::Own, Family::Query, Family::NotSupported] {
        for d in tally.differences(family) { eprintln!("{family:?} {d}"); }
    }
    assert!(tally.differences.is_empty());
}
