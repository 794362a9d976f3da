//! What PostgreSQL has in a query and sqlparser does not: known by a few words in a row, looked
//! for when sqlparser has failed, to call it by its name.
use medley_diagnostic::SqlState;

use crate::SyntaxError;
use crate::parser::Parser;
use crate::token::{Token, TokenKind};

/// Words and signs in a row, and what the construct is called.
const CONSTRUCTS: &[(&[&str], &str)] = &[
    (&["using", "<"], "ORDER BY USING"),
    (&["using", ">"], "ORDER BY USING"),
    (&["for", "no", "key", "update"], "SELECT FOR NO KEY UPDATE"),
    (&["for", "key", "share"], "SELECT FOR KEY SHARE"),
    (&[")", "search"], "SEARCH"),
    (&[")", "cycle"], "CYCLE"),
    (&["overriding", "system", "value"], "OVERRIDING SYSTEM VALUE"),
    (&["overriding", "user", "value"], "OVERRIDING USER VALUE"),
    (&["xmlelement", "("], "XMLELEMENT"),
    (&["xmlforest", "("], "XMLFOREST"),
    (&["xmltable", "("], "XMLTABLE"),
    (&["treat", "("], "TREAT"),
    (&["json_object", "("], "JSON_OBJECT"),
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

/// What sqlparser could not read: by its name, else by where it has failed.
pub(super) fn find(
    parser: &Parser<'_>,
    from: usize,
    to: usize,
    byte: Option<usize>,
) -> SyntaxError {
    let named = find_in(CONSTRUCTS, parser, from, to);
    let named = named.or_else(|| conflict_where(parser, from, to));
    let empty = is_empty_select(&parser.tokens[from..to]);
    let empty = empty.then(|| not_supported("SELECT without columns", &parser.tokens[from]));
    named.or(empty).unwrap_or_else(|| {
        let mut tokens = parser.tokens[from..to].iter();
        let failed = tokens.find(|token| byte.is_some_and(|byte| token.span.start >= byte));
        not_supported("this form of query", failed.unwrap_or(&parser.tokens[to - 1]))
    })
}

/// What sqlparser would misread.
pub(super) fn refused(parser: &Parser<'_>, from: usize, to: usize) -> Option<SyntaxError> {
    let national = |at: usize| {
        let token = &parser.tokens[at];
        let letter = token.is_word("nchar") && token.span.len() == 1;
        letter.then(|| not_supported("a string of the type nchar", token))
    };
    let precise = |at: usize| {
        let tokens = &parser.tokens[at..to];
        let constant = begins(tokens, &["interval", "("])
            && tokens.get(4).is_some_and(|token| matches!(token.kind, TokenKind::String(_)));
        constant.then(|| not_supported("a constant interval with a precision", &tokens[0]))
    };
    find_in(REFUSED, parser, from, to)
        .or_else(|| (from..to).find_map(national))
        .or_else(|| (from..to).find_map(precise))
}

/// `select`, `select where a`: sqlparser knows only `select from t`.
fn is_empty_select(tokens: &[Token]) -> bool {
    const CLAUSES: &[&str] = &["where", "group", "having", "order", "limit", "offset", "union"];
    let ends = |token: &Token| CLAUSES.iter().any(|word| token.is_word(word));
    let first = tokens.first().is_some_and(|token| token.is_word("select"));
    first && tokens.get(1).is_none_or(ends)
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
