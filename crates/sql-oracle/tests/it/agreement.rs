//! The parser and PostgreSQL's grammar agree on every statement of the repository, and on what
//! typing errors make of them.
use std::collections::BTreeMap;

use medley_sql::Statement;

use crate::corpus;
use crate::mutation::{Random, mutate};
use crate::verdict::{self, Verdict};

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

const FAMILIES: [Family; 3] = [Family::Own, Family::Query, Family::NotSupported];

#[derive(Default)]
struct Tally {
    counts: BTreeMap<(Family, Verdict), usize>,
    differences: Vec<String>,
}

impl Tally {
    fn add(&mut self, family: Family, text: &str) {
        let (verdict, theirs, ours) = verdict::of(text);
        *self.counts.entry((family, verdict)).or_default() += 1;
        if matches!(verdict, Verdict::Elsewhere | Verdict::Accepted | Verdict::Refused) {
            self.differences
                .push(format!("{text}\n  PostgreSQL {theirs:?}\n  Medley     {ours:?}"));
        }
    }

    fn count(&self, family: Family, verdict: Verdict) -> usize {
        self.counts.get(&(family, verdict)).copied().unwrap_or_default()
    }

    fn report(&self, title: &str) -> String {
        let family = |family: Family| {
            let counts = self.counts.iter().filter(|((of, _), _)| *of == family);
            let total: usize = counts.clone().map(|(_, count)| count).sum();
            let lines = counts.map(|((_, verdict), count)| format!("\n  {count:7} {verdict:?}"));
            format!("\n{family:?}: {total}{}", lines.collect::<String>())
        };
        format!("{title}{}", FAMILIES.map(family).concat())
    }

    #[track_caller]
    fn check(&self, title: &str) {
        let report = self.report(title);
        println!("{report}");
        assert!(self.differences.is_empty(), "{}\n{report}", self.differences.join("\n"));
    }
}

#[test]
fn statements() {
    let mut tally = Tally::default();
    for text in corpus::statements() {
        tally.add(family(&text), &text);
    }
    tally.check("statements of the repository");
    let same = tally.count(Family::Query, Verdict::Same);
    let missing = tally.count(Family::Query, Verdict::NotSupported);
    assert!(same > 9 * missing, "of {} queries {missing} are not supported", same + missing);
}

/// So many mutations of each; the others lend their words.
fn mutated(statements: &[String], count: usize) -> Tally {
    let mut tally = Tally::default();
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    for text in statements {
        let base = family(text);
        for _ in 0..count {
            let other = &statements[random.below(statements.len())];
            let mutant = mutate(text, other, &mut random).replace('\0', " ");
            // An error may turn one statement into another.
            let is_one = medley_sql::parse(&mutant).is_ok();
            tally.add(if is_one { family(&mutant) } else { base }, &mutant);
        }
    }
    tally
}

/// A new case changes what is made of all of them, and may bring an error that nobody has thought
/// of: it must stay a rare one.
#[track_caller]
fn check_rare(tally: &Tally, title: &str) {
    let report = tally.report(title);
    println!("{report}\n{}", tally.differences.join("\n"));
    let total: usize = tally.counts.values().sum();
    let many = tally.differences.len() * 5_000 > total;
    assert!(!many, "{}\n{report}", tally.differences.join("\n"));
}

#[test]
fn mutations_of_the_parsers_cases() {
    let cases = corpus::cases_of_the_parser();
    assert!(cases.len() > 700, "{}", cases.len());
    check_rare(&mutated(&cases, 50), "mutations of the parser's cases");
}

#[test]
fn mutations_of_all_statements() {
    let statements = corpus::statements();
    assert!(statements.len() > 3_000, "{}", statements.len());
    check_rare(&mutated(&statements, 10), "mutations of all statements");
}
