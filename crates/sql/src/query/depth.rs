//! How deep the tree of these tokens can be, before there is a tree: what recursion has to go
//! through, in sqlparser, in whoever reads the tree, and when it is dropped.
use crate::SyntaxError;
use crate::grammar::MOST_NESTING;
use crate::parser::Result;
use crate::token::{Token, TokenKind};

/// Operators in one chain, and what they enclose. What is not dropped or printed but cloned takes
/// some 5 kB of stack a level in a debug build: who clones needs more stack than 2 MiB.
const MOST_DEPTH: usize = 1_500;

/// Words that put one more node on top of what stands before them.
const OPERATORS: &[&str] = &[
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
    /// Of the operand of AND or OR that is being read.
    operand: usize,
    /// Of the deepest operand of this expression.
    operands: usize,
    /// ANDs and ORs of this expression, on top of their operands.
    connectives: usize,
    /// Of the deepest expression before this one.
    deepest: usize,
    /// UNION, EXCEPT, INTERSECT: one query on top of the other.
    sets: usize,
}

impl Level {
    fn operator(&mut self) {
        self.operand += 1;
    }

    fn connective(&mut self) {
        self.operands = self.operands.max(self.operand);
        self.operand = 0;
        self.connectives += 1;
    }

    fn next_expression(&mut self) {
        *self = Self { deepest: self.total(), sets: self.sets, ..Self::default() };
    }

    fn total(&self) -> usize {
        self.deepest.max(self.connectives + self.operands.max(self.operand))
    }
}

/// Refuses what is too deep.
pub(super) fn check(tokens: &[Token]) -> Result<()> {
    let mut levels = vec![Level::default()];
    for token in tokens {
        step(&mut levels, token);
        let top = levels.last().copied().unwrap_or_default();
        if levels.len() > MOST_NESTING || top.total() + top.sets > MOST_DEPTH {
            return Err(Box::new(SyntaxError::TooDeep));
        }
    }
    Ok(())
}

fn step(levels: &mut Vec<Level>, token: &Token) {
    match &token.kind {
        TokenKind::Char('(' | '[') => levels.push(Level::default()),
        TokenKind::Char(')' | ']') => close(levels),
        TokenKind::Char(',') => change(levels, Level::next_expression),
        TokenKind::Operator | TokenKind::Symbol("::") => change(levels, Level::operator),
        TokenKind::Char(_) if token.is_operator() => change(levels, Level::operator),
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
        "and" | "or" => change(levels, Level::connective),
        _ if CLAUSES.contains(&word) => change(levels, Level::next_expression),
        _ if OPERATORS.contains(&word) => change(levels, Level::operator),
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
    change(levels, |level| level.operand = level.operand.max(inner.total() + inner.sets + 1));
}
