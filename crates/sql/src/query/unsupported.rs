//! What PostgreSQL has in a query and sqlparser does not: known by a few words in a row, looked
//! for when sqlparser has failed, so that a valid query is not called wrong.
use medley_diagnostic::SqlState;

use crate::SyntaxError;
use crate::parser::Parser;
use crate::token::{Token, TokenKind};

/// Words and signs in a row, and what the construct is called.
const CONSTRUCTS: &[(&[&str], &str)] = &[
    (&["between", "symmetric"], "BETWEEN SYMMETRIC"),
    (&["between", "asymmetric"], "BETWEEN ASYMMETRIC"),
    (&["exclude", "current", "row"], "EXCLUDE in a window frame"),
    (&["exclude", "group"], "EXCLUDE in a window frame"),
    (&["exclude", "ties"], "EXCLUDE in a window frame"),
    (&["exclude", "no", "others"], "EXCLUDE in a window frame"),
    (&[")", ".", "*"], "row expansion via \"*\""),
    (&["(", "variadic"], "VARIADIC"),
    (&[",", "variadic"], "VARIADIC"),
    (&["using", "<"], "ORDER BY USING"),
    (&["using", ">"], "ORDER BY USING"),
    (&["for", "no", "key", "update"], "SELECT FOR NO KEY UPDATE"),
    (&["for", "key", "share"], "SELECT FOR KEY SHARE"),
    (&[")", "search"], "SEARCH"),
    (&[")", "cycle"], "CYCLE"),
    (&["rows", "from", "("], "ROWS FROM"),
    (&["overriding", "system", "value"], "OVERRIDING SYSTEM VALUE"),
    (&["overriding", "user", "value"], "OVERRIDING USER VALUE"),
    (&["xmlelement", "("], "XMLELEMENT"),
    (&["xmlforest", "("], "XMLFOREST"),
    (&["xmltable", "("], "XMLTABLE"),
    (&["treat", "("], "TREAT"),
    (&["both", "from"], "TRIM without characters"),
    (&["leading", "from"], "TRIM without characters"),
    (&["trailing", "from"], "TRIM without characters"),
    (&["json_object", "("], "JSON_OBJECT"),
    (&["collation", "for"], "COLLATION FOR"),
    (&["where", "current", "of"], "WHERE CURRENT OF"),
    (&["then", "do", "nothing"], "DO NOTHING in MERGE"),
    (&["not", "matched", "by"], "NOT MATCHED BY in MERGE"),
];

/// The same, wherever it stands: sqlparser takes ONLY for a table's name.
const REFUSED: &[(&[&str], &str)] = &[
    (&["from", "only"], "ONLY"),
    (&["join", "only"], "ONLY"),
    (&[",", "only"], "ONLY"),
    (&["update", "only"], "ONLY"),
    (&["table", "only"], "ONLY"),
];

/// What makes up for sqlparser's error, if it is none of PostgreSQL's.
pub(super) fn find(parser: &Parser<'_>, from: usize, to: usize) -> Option<SyntaxError> {
    find_in(CONSTRUCTS, parser, from, to).or_else(|| conflict_where(parser, from, to))
}

/// What sqlparser would misread.
pub(super) fn refused(parser: &Parser<'_>, from: usize, to: usize) -> Option<SyntaxError> {
    find_in(REFUSED, parser, from, to)
}

fn find_in(
    table: &[(&[&str], &str)],
    parser: &Parser<'_>,
    from: usize,
    to: usize,
) -> Option<SyntaxError> {
    (from..to).find_map(|at| {
        let tokens = &parser.tokens[at..to];
        let (_, name) = table.iter().find(|(words, _)| begins(tokens, words))?;
        Some(not_supported(name, &parser.tokens[at]))
    })
}

/// `ON CONFLICT (...) WHERE ... DO`: the index predicate.
fn conflict_where(parser: &Parser<'_>, from: usize, to: usize) -> Option<SyntaxError> {
    let tokens = &parser.tokens[from..to];
    let conflict = tokens.windows(2).position(|w| begins(w, &["on", "conflict"]))?;
    let rest = &tokens[conflict..];
    let place = rest.windows(2).find(|w| begins(w, &[")", "where"]))?;
    Some(not_supported("a WHERE clause in an ON CONFLICT target", &place[1]))
}

fn begins(tokens: &[Token], words: &[&str]) -> bool {
    tokens.len() >= words.len() && tokens.iter().zip(words).all(|(token, word)| is(token, word))
}

fn is(token: &Token, word: &str) -> bool {
    match token.kind {
        TokenKind::Char(c) => word.chars().eq([c]),
        _ => token.is_word(word),
    }
}

fn not_supported(name: &str, token: &Token) -> SyntaxError {
    SyntaxError::Refused {
        message: format!("{name} is not supported"),
        position: Some(token.position),
        sqlstate: SqlState::FEATURE_NOT_SUPPORTED,
        hint: None,
    }
}
