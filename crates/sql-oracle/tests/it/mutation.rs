//! What typing errors make of a statement: seeded, so that each run makes the same.

/// A generator of its own, so that a failure can be run again.
pub struct Random(u64);

const KEYWORDS: &[&str] = &[
    "add",
    "all",
    "alter",
    "and",
    "any",
    "as",
    "between",
    "by",
    "case",
    "cascade",
    "check",
    "column",
    "create",
    "cross",
    "current_user",
    "default",
    "distinct",
    "drop",
    "else",
    "end",
    "exists",
    "false",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "if",
    "in",
    "inner",
    "insert",
    "into",
    "is",
    "join",
    "key",
    "left",
    "like",
    "limit",
    "not",
    "null",
    "of",
    "offset",
    "on",
    "only",
    "option",
    "options",
    "or",
    "order",
    "over",
    "owner",
    "password",
    "public",
    "returning",
    "role",
    "row",
    "select",
    "server",
    "set",
    "table",
    "then",
    "to",
    "type",
    "union",
    "update",
    "user",
    "using",
    "values",
    "when",
    "where",
    "with",
    "without",
];

const SIGNS: &[&str] = &[
    "'", "\"", "(", ")", "[", "]", ",", ".", "::", ":=", "=>", "=", "<>", "*", "-", "||", "@", ":",
    "$$", "/*", "--", "E'\\", "U&'\\00", "1", "1.5", "0x", "'x'", "$1", "a", "\"A b\"", "é", "..",
];

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn one_of<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// The statement with one to three errors; `other` lends its words.
pub fn mutate(text: &str, other: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(3) {
        text = once(&text, other, random);
    }
    text
}

fn once(text: &str, other: &str, random: &mut Random) -> String {
    let words = words(text);
    if words.is_empty() {
        return other.to_owned();
    }
    let at = random.below(words.len());
    let (before, word, after) = parts(text, &words, at);
    match random.below(11) {
        0 => format!("{before}{after}"),
        1 => format!("{before}{word} {word}{after}"),
        2 => {
            let (_, neighbour, rest) = parts(text, &words, (at + 1).min(words.len() - 1));
            format!("{before}{neighbour} {word}{rest}")
        }
        3 => {
            let others = self::words(other);
            let lent = others.get(random.below(others.len())).cloned().unwrap_or(0..0);
            format!("{before}{}{after}", &other[lent])
        }
        4 => before.trim_end().to_owned(),
        5 => text[..boundary(text, random)].to_owned(),
        6 => format!("{before}{}{after}", word.to_uppercase()),
        7 | 8 => format!("{before}{} {word}{after}", random.one_of(KEYWORDS)),
        9 => format!("{before}{} {word}{after}", random.one_of(SIGNS)),
        _ => {
            let at = boundary(text, random);
            format!("{}{}{}", &text[..at], random.one_of(SIGNS), &text[at..])
        }
    }
}

fn parts<'a>(
    text: &'a str,
    words: &[std::ops::Range<usize>],
    at: usize,
) -> (&'a str, &'a str, &'a str) {
    let word = words[at].clone();
    (&text[..word.start], &text[word.clone()], &text[word.end..])
}

/// PostgreSQL's tokens, or what spaces divide where it finds none.
fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    if let Ok(tokens) = medley_sql_oracle::scan(text) {
        return tokens.into_iter().map(|token| token.span).collect();
    }
    let start = text.as_ptr() as usize;
    let range = |word: &str| {
        let from = word.as_ptr() as usize - start;
        from..from + word.len()
    };
    text.split_whitespace().map(range).collect()
}

fn boundary(text: &str, random: &mut Random) -> usize {
    text.floor_char_boundary(random.below(text.len() + 1))
}
