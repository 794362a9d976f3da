//! Queries, changes of rows and expressions: sqlparser's part, behind our scanner and before our
//! refusals.
mod convert;
mod depth;
mod dialect;
mod order;
mod refuse;
mod unsupported;

use sqlparser::ast::{self, SetExpr};
use sqlparser::parser::{Parser as SqlParser, ParserError};

use crate::SyntaxError;
use crate::ast::{Query, QueryStatement};
use crate::parser::{Parser, Result};
use dialect::Postgres;

/// Our own measure of depth comes before sqlparser's, which only must not be in the way.
const RECURSION_LIMIT: usize = 20 * depth::MOST_NESTING;

/// A query or a change of rows that is all of these tokens.
pub(crate) fn statement(parser: &Parser<'_>, from: usize, to: usize) -> Result<QueryStatement> {
    let statement = read(parser, from, to, |sql| sql.parse_statement())?;
    refuse::check(parser, from, to, &statement)?;
    let span = span(parser, from, to);
    match statement {
        ast::Statement::Query(query) => Ok(apart(query, span)),
        ast::Statement::Insert(_)
        | ast::Statement::Update(_)
        | ast::Statement::Delete(_)
        | ast::Statement::Merge(_) => Ok(change(None, statement, span)),
        _ => Err(parser.unexpected_at(&parser.tokens[from])),
    }
}

/// A query that is all of these tokens; nothing else will do.
pub(crate) fn query(parser: &Parser<'_>, from: usize, to: usize) -> Result<Query> {
    if !begins_query(parser, from) {
        return Err(parser.unexpected_at(&parser.tokens[from]));
    }
    match statement(parser, from, to)? {
        QueryStatement::Select(query) => Ok(query),
        _ => Err(parser.unexpected_at(&parser.tokens[from])),
    }
}

/// An expression that is all of these tokens.
pub(crate) fn expression(parser: &Parser<'_>, from: usize, to: usize) -> Result<ast::Expr> {
    let expression = read(parser, from, to, |sql| sql.parse_expr())?;
    refuse::check(parser, from, to, &expression)?;
    Ok(expression)
}

fn begins_query(parser: &Parser<'_>, from: usize) -> bool {
    let mut tokens = parser.tokens[from..].iter();
    let first = tokens.find(|token| token.kind != crate::token::TokenKind::Char('('));
    first.is_some_and(|token| {
        ["select", "values", "table", "with"].iter().any(|word| token.is_word(word))
    })
}

fn span(parser: &Parser<'_>, from: usize, to: usize) -> std::ops::Range<usize> {
    parser.tokens[from].span.start..parser.tokens[to - 1].span.end
}

/// Runs sqlparser over these tokens, all of which it must use.
fn read<T>(
    parser: &Parser<'_>,
    from: usize,
    to: usize,
    read: impl FnOnce(&mut SqlParser<'_>) -> std::result::Result<T, ParserError>,
) -> Result<T> {
    if from >= to {
        return Err(parser.unexpected_at(&parser.tokens[from]));
    }
    depth::check(&parser.tokens[from..to])?;
    let failed = |error| unsupported::find(parser, from, to).unwrap_or(error);
    order::check(parser, from, to).map_err(failed)?;
    if let Some(error) = unsupported::refused(parser, from, to) {
        return Err(error);
    }
    let tokens = convert::tokens(parser, from, to)?;
    let mut sql = SqlParser::new(&Postgres)
        .with_recursion_limit(RECURSION_LIMIT)
        .with_tokens_with_locations(tokens);
    let result = read(&mut sql);
    let result = result.map_err(|error| failed(located(parser, from, to, &error)))?;
    let next = sql.peek_token();
    match next.token {
        sqlparser::tokenizer::Token::EOF => Ok(result),
        _ => {
            let byte = crate::span::bytes(next.span).map(|bytes| bytes.start);
            Err(failed(at_byte(parser, from, to, byte)))
        }
    }
}

/// sqlparser says where in words only, and at the end of its tokens nothing.
fn located(parser: &Parser<'_>, from: usize, to: usize, error: &ParserError) -> SyntaxError {
    let ParserError::ParserError(message) = error else { return SyntaxError::TooDeep };
    let line = message.rsplit_once(" at Line: ").and_then(|(_, place)| place.split_once(", "));
    let byte = line.and_then(|(line, _)| line.parse::<usize>().ok()?.checked_sub(1));
    at_byte(parser, from, to, byte)
}

fn at_byte(parser: &Parser<'_>, from: usize, to: usize, byte: Option<usize>) -> SyntaxError {
    let tokens = &parser.tokens[from..to];
    let found = byte.and_then(|byte| tokens.iter().find(|token| token.span.start >= byte));
    parser.unexpected_at(found.unwrap_or(&parser.tokens[to]))
}

/// WITH and INSERT are one query to sqlparser; to us the INSERT is what it is.
fn apart(mut query: Box<ast::Query>, span: std::ops::Range<usize>) -> QueryStatement {
    match *query.body {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => change(query.with.take().map(Box::new), statement, span),
        _ => QueryStatement::Select(Query { ast: query, span }),
    }
}

fn change(
    with: Option<Box<ast::With>>,
    statement: ast::Statement,
    span: std::ops::Range<usize>,
) -> QueryStatement {
    match statement {
        ast::Statement::Insert(ast) => QueryStatement::Insert { with, ast: Box::new(ast), span },
        ast::Statement::Update(ast) => QueryStatement::Update { with, ast: Box::new(ast), span },
        ast::Statement::Delete(ast) => QueryStatement::Delete { with, ast: Box::new(ast), span },
        ast::Statement::Merge(ast) => QueryStatement::Merge { with, ast: Box::new(ast), span },
        _ => unreachable!("sqlparser has nothing but changes of rows there"),
    }
}
