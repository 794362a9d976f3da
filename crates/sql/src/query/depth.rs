//! How deep the tree of these tokens can be, before there is a tree: what recursion has to go
//! through, in sqlparser, in whoever reads the tree, and when it is dropped.
use crate::SyntaxError;
use crate::parser::Result;
use crate::token::{Token, TokenKind};

/// Parentheses, brackets and CASEs within each other.
pub(super) const MOST_NESTING: usize = 250;

/// Operators in one chain, and what they enclose.
const MOST_DEPTH: usize = 2_500;

/// Words that put one more node on top of what stands before them.
const OPERATORS: &[&str] = &[
    "and",
    "at",
    "between",
    "collate",
    "except",
    "ilike",
    "in",
    "intersect",
    "is",
    "isnull",
    "like",
    "not",
    "notnull",
    "or",
    "similar",
    "union",
];

/// Words behind which a new expression begins.
const CLAUSES: &[&str] = &[
    "by",
    "else",
    "from",
    "group",
    "having",
    "limit",
    "offset",
    "on",
    "order",
    "returning",
    "select",
    "set",
    "then",
    "values",
    "when",
    "where",
];

/// A list that is open.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Of the expression that is being read.
    depth: usize,
    /// Of the deepest so far.
    deepest: usize,
    /// UNION, EXCEPT, INTERSECT: one query on top of the other.
    sets: usize,
}

impl Level {
    fn operator(&mut self, count: usize) {
        self.depth += count;
    }

    fn next_expression(&mut self) {
        self.deepest = self.total();
        self.depth = 0;
    }

    fn total(&self) -> usize {
        self.deepest.max(self.depth)
    }
}

/// Refuses what is too deep.
pub(super) fn check(tokens: &[Token]) -> Result<()> {
    let mut levels = vec![Level::default()];
    for token in tokens {
        step(&mut levels, token);
        let top = levels.last().copied().unwrap_or_default();
        if levels.len() > MOST_NESTING || top.total() + top.sets > MOST_DEPTH {
            return Err(SyntaxError::TooDeep);
        }
    }
    Ok(())
}

fn step(levels: &mut Vec<Level>, token: &Token) {
    match &token.kind {
        TokenKind::Char('(' | '[') => levels.push(Level::default()),
        TokenKind::Char(')' | ']') => close(levels),
        TokenKind::Char(',') => change(levels, Level::next_expression),
        TokenKind::Operator | TokenKind::Symbol("::") => change(levels, |l| l.operator(1)),
        TokenKind::Char(_) if token.is_operator() => change(levels, |l| l.operator(1)),
        TokenKind::Keyword(keyword) => word(levels, keyword.word),
        _ => {}
    }
}

fn word(levels: &mut Vec<Level>, word: &str) {
    match word {
        "case" => levels.push(Level::default()),
        "end" => close(levels),
        "union" | "except" | "intersect" => change(levels, |level| {
            level.next_expression();
            level.sets += 1;
        }),
        _ if CLAUSES.contains(&word) => change(levels, Level::next_expression),
        _ if OPERATORS.contains(&word) => change(levels, |level| level.operator(1)),
        _ => {}
    }
}

fn change(levels: &mut [Level], change: impl FnOnce(&mut Level)) {
    if let Some(level) = levels.last_mut() {
        change(level);
    }
}

/// What was enclosed is an operand now.
fn close(levels: &mut Vec<Level>) {
    if levels.len() < 2 {
        return;
    }
    let inner = levels.pop().unwrap_or_default();
    change(levels, |level| level.depth = level.depth.max(inner.total() + inner.sets + 1));
}
