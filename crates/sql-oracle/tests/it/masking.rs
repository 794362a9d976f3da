//! No literal outlives [`medley_sql::mask_literals`], as PostgreSQL's own scanner sees literals.
use crate::corpus;
use crate::mutation::{Random, mutate};

/// Of each statement.
const MUTANTS: usize = 20;

/// PostgreSQL's names for constants in quotes.
const LITERALS: &[&str] = &["SCONST", "USCONST", "BCONST", "XCONST"];

fn check(text: &str) {
    let masked = medley_sql::mask_literals(text);
    let Ok(tokens) = medley_sql_oracle::scan(&masked) else {
        // A number of a parameter may be too large for both.
        assert!(medley_sql_oracle::scan(text).is_err(), "{text:?} is masked as {masked:?}");
        return;
    };
    for token in tokens {
        let written = &masked[token.span];
        if LITERALS.contains(&token.name.as_str()) {
            // Two that touch read as one.
            let (_, inside) = written.split_once('\'').unwrap_or_default();
            let nothing = inside.chars().all(|c| "'*".contains(c) || c.is_whitespace());
            assert!(nothing, "{text:?} is masked as {masked:?}");
        }
        assert!(!token.name.ends_with("_COMMENT"), "{text:?} is masked as {masked:?}");
    }
    literals_are_gone(text, &masked);
}

/// What PostgreSQL takes for a literal is not in the masked text either, if it is long enough to
/// be told from everything else.
fn literals_are_gone(text: &str, masked: &str) {
    let Ok(tokens) = medley_sql_oracle::scan(text) else { return };
    let literals = tokens.iter().filter(|token| LITERALS.contains(&token.name.as_str()));
    for literal in literals {
        let written = &text[literal.span.clone()];
        let elsewhere = text.matches(written).count() > 1;
        let inside = written.trim_matches(|c| c == '\'' || c == '$');
        if inside.len() >= 8 && !elsewhere && text.matches(inside).count() == 1 {
            assert!(!masked.contains(inside), "{text:?} is masked as {masked:?}");
        }
    }
}

#[test]
fn statements_and_mutations() {
    let statements = corpus::statements();
    let mut random = Random::new(0x2545_f491_4f6c_dd1d);
    for text in &statements {
        check(text);
        for _ in 0..MUTANTS {
            let other = &statements[random.below(statements.len())];
            check(&mutate(text, other, &mut random).replace('\0', " "));
        }
    }
}

/// Characters that begin, end or are a part of something for the scanner.
const PIECES: &[&str] = &[
    "'",
    "''",
    "\"",
    "\\",
    "\\'",
    "$$",
    "$a$",
    "$",
    "E'",
    "e'",
    "U&'",
    "u&\"",
    "N'",
    "B'",
    "x'",
    "--",
    "/*",
    "*/",
    "\n",
    "\r",
    " ",
    "hunter2",
    "é",
    "日",
    "uescape",
    "'!'",
    ";",
    "password ",
    "1",
    "0x",
    "\u{b}",
    "\u{a0}",
];

#[test]
fn arbitrary_texts() {
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    for _ in 0..30_000 {
        let text: String = (0..random.below(16)).map(|_| random.one_of(PIECES)).collect();
        check(&text);
    }
}
