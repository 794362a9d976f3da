//! Whatever is done to a statement, it is parsed or refused.
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A generator of its own, so that a failure can be run again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

const PIECES: &[&str] = &[
    "'",
    "\"",
    "$$",
    "$a$",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ".",
    "::",
    "..",
    ":=",
    "=>",
    "--",
    "/*",
    "*/",
    "\\",
    "é",
    "日",
    "U&'\\00",
    "U&\"",
    "E'\\x",
    "e'\\u12",
    "uescape",
    "0x",
    "1e",
    "1_",
    "$1",
    "$99999",
    " options ",
    " select ",
    " from ",
    " not ",
    " null ",
    " case ",
    " end ",
    " with ",
    " order ",
    " group ",
    " only ",
    " for ",
    " in ",
    " as ",
    " table ",
    "\n",
    "\0",
    "🦀",
];

fn cases() -> Vec<&'static str> {
    let both = [include_str!("postgresql.txt"), include_str!("medley.txt")];
    let split = |text: &'static str| text.split("\n== ").skip(1);
    both.into_iter().flat_map(split).filter_map(|case| case.split_once('\n')).map(|c| c.1).collect()
}

fn boundary(text: &str, random: &mut Random) -> usize {
    let mut at = random.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn mutate(text: &str, other: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(3) {
        let at = boundary(&text, random);
        match random.below(4) {
            0 => text.insert_str(at, PIECES[random.below(PIECES.len())]),
            1 => text.truncate(at),
            2 => {
                let end = boundary(&text, random).max(at);
                text.replace_range(at..end, "");
            }
            _ => text.insert_str(at, &other[boundary(other, random)..]),
        }
    }
    text
}

#[test]
fn nothing_panics() {
    let cases = cases();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..30_000 {
        let base = cases[random.below(cases.len())];
        let text = mutate(base, cases[random.below(cases.len())], &mut random);
        let result = catch_unwind(AssertUnwindSafe(|| {
            if let Ok(script) = medley_sql::parse(&text) {
                for parsed in &script.statements {
                    assert!(text.get(parsed.span.clone()).is_some());
                    assert!(!parsed.statement.tag().is_empty());
                }
            }
            medley_sql::mask_literals(&text)
        }));
        assert!(result.is_ok(), "panics: {text:?}");
    }
}
