use std::ops::Range;

use medley_diagnostic::Diagnostic;

use crate::SyntaxError;
use crate::ast::{Expression, FirstParameter, Parsed, Query, Script, TypeName};
use crate::parser::{self, Parser};
use crate::scanner::{Scanned, scan};
use crate::token::{StringKind, Token, TokenKind};

type Result<T> = std::result::Result<T, SyntaxError>;

/// Reads a whole text, of any number of statements, before anything of it runs.
pub fn parse(text: &str) -> Result<Script> {
    let (statements, scanned) = read(text, |parser| {
        let mut statements = vec![];
        while parser.peek().kind != TokenKind::End {
            if !parser.eat_char(';') {
                statements.push(parsed(parser)?);
            }
        }
        Ok(statements)
    })?;
    Ok(Script { statements, notices: scanned.notices })
}

/// Reads one query, as CREATE VIEW has kept it.
pub fn parse_query(text: &str) -> Result<Query> {
    whole(text, |parser| parser.query())
}

/// Reads one expression, as DEFAULT has kept it.
pub fn parse_expression(text: &str) -> Result<Expression> {
    whole(text, |parser| parser.any_expression())
}

/// Reads a type's name: `numeric(10,2)[]`.
pub fn parse_type_name(text: &str) -> Result<TypeName> {
    whole(text, |parser| parser.type_name())
}

fn whole<T>(text: &str, grammar: impl Fn(&mut Parser<'_>) -> parser::Result<T>) -> Result<T> {
    let (result, _) = read(text, |parser| {
        let result = grammar(parser)?;
        if parser.peek().kind == TokenKind::End { Ok(result) } else { parser.unexpected() }
    })?;
    Ok(result)
}

/// Scans, then reads. PostgreSQL scans as it goes: where the scanner fails, an error of the
/// grammar before that place comes first. What is SQL and not supported comes last.
fn read<T>(
    text: &str,
    grammar: impl Fn(&mut Parser<'_>) -> parser::Result<T>,
) -> Result<(T, Scanned)> {
    let mut scanned = scan(text);
    let failure = scanned.failure.take();
    if let Some((byte, _)) = &failure {
        scanned.tokens.push(end_at(text, *byte));
    }
    let mut parser = Parser::new(text, &scanned.tokens);
    let result = grammar(&mut parser);
    let at_end = parser.at + 1 == scanned.tokens.len();
    let result = result.or_else(|error| {
        let mut checking = Parser { trees: false, ..Parser::new(text, &scanned.tokens) };
        match is_unsupported(&error) {
            true => grammar(&mut checking).and(Err(error)),
            false => Err(error),
        }
    });
    let error = match (result.map_err(|error| *error), failure) {
        (Err(error), _) if said_at_once(&error) => error,
        (Err(error), Some((_, failure)))
            if scanned_ahead(&failure) && needs_next(&error, &scanned.tokens) =>
        {
            failure
        }
        // What the grammar refuses in its own words it refuses when it sees the next token.
        (Err(error), Some((_, failure))) if at_end && in_own_words(&error) => failure,
        (Ok(_) | Err(SyntaxError::AtEnd { .. }), Some((_, failure))) => failure,
        (Err(error), Some((_, failure))) if is_unsupported(&error) => failure,
        (Ok(result), None) => return Ok((result, scanned)),
        (Err(error), _) => error,
    };
    Err(if quotes_a_secret(&error, &scanned.tokens) { error.concealed() } else { error })
}

/// Whether the error is at a word whose meaning hangs on the next token, which is where the
/// scanner has failed.
fn needs_next(error: &SyntaxError, tokens: &[Token]) -> bool {
    const WORDS: &[&str] = &["not", "nulls", "with", "without", "format"];
    let Some(last) = tokens.len().checked_sub(2).map(|at| &tokens[at]) else { return false };
    let unicode = matches!(last.kind, TokenKind::String(StringKind::Unicode(_)));
    error.position() == Some(last.position)
        && (unicode || WORDS.iter().any(|word| last.is_word(word)))
}

/// Whether PostgreSQL fails there when it only looks ahead: it reads no `U&` literal then.
fn scanned_ahead(failure: &SyntaxError) -> bool {
    let unicode_literal = failure.sqlstate() == medley_diagnostic::SqlState::SYNTAX_ERROR
        && matches!(failure, SyntaxError::Refused { .. });
    !unicode_literal
}

fn in_own_words(error: &SyntaxError) -> bool {
    let refused = matches!(error, SyntaxError::Refused { .. } | SyntaxError::Near { .. });
    refused && !is_unsupported(error)
}

/// Whether the grammar refuses it without a look at the next token.
fn said_at_once(error: &SyntaxError) -> bool {
    const MESSAGES: [&str; 2] = ["precision for type float ", "CREATE EXTENSION ... FROM "];
    let message = error.to_string();
    MESSAGES.iter().any(|at_once| message.starts_with(at_once))
}

fn is_unsupported(error: &SyntaxError) -> bool {
    error.sqlstate() == medley_diagnostic::SqlState::FEATURE_NOT_SUPPORTED
}

/// Whether what an error quotes may be a secret or a part of one: a literal of a statement that
/// takes secrets, or what stands right behind one, where a quote inside a password has ended it.
fn quotes_a_secret(error: &SyntaxError, tokens: &[Token]) -> bool {
    let Some(position) = error.position() else { return false };
    let at = tokens.partition_point(|token| token.position <= position).saturating_sub(1);
    let (before, from) = tokens.split_at(at);
    let Some(token) = from.first() else { return false };
    let begins = before.iter().rposition(|token| token.kind == TokenKind::Char(';'));
    let first = &tokens[begins.map_or(0, |semicolon| semicolon + 1)];
    let behind = before.last().is_some_and(|it| it.is_literal() && it.span.end == token.span.start);
    let takes_secrets = ["create", "alter", "import"].iter().any(|word| first.is_word(word));
    // The scanner puts the end where it has failed: inside of a literal, or of a comment.
    takes_secrets && (behind || token.is_literal() || token.kind == TokenKind::End)
}

fn end_at(text: &str, byte: usize) -> Token {
    let position = text[..byte].chars().count() + 1;
    Token { kind: TokenKind::End, span: byte..byte, position }
}

fn parsed(parser: &mut Parser<'_>) -> parser::Result<Parsed> {
    let from = parser.at;
    let statement = parser.statement()?;
    if !parser.at_end() {
        return parser.unexpected();
    }
    let tokens = &parser.tokens[from..parser.at];
    let parameters = highest_parameter(parser, tokens)?;
    let first = tokens.iter().find(|token| token.kind == TokenKind::Parameter);
    let first_parameter = first.map(|token| FirstParameter {
        written: parser.written(token).to_owned(),
        position: token.position,
    });
    Ok(Parsed { statement, span: span(tokens), parameters, first_parameter })
}

fn span(tokens: &[Token]) -> Range<usize> {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => first.span.start..last.span.end,
        _ => 0..0,
    }
}

/// The protocol counts parameters in 16 bits.
fn highest_parameter(parser: &Parser<'_>, tokens: &[Token]) -> parser::Result<u16> {
    let mut highest = 0;
    for token in tokens.iter().filter(|token| token.kind == TokenKind::Parameter) {
        let written = parser.written(token);
        let Ok(number) = written[1..].parse::<u16>() else {
            let state = medley_diagnostic::SqlState::UNDEFINED_PARAMETER;
            let message = format!("there is no parameter {written}");
            return parser.refuse(message, state, token.position);
        };
        highest = highest.max(number);
    }
    Ok(highest)
}
