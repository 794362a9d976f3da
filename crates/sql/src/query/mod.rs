//! Trees of queries, changes of rows and expressions: sqlparser's part. The grammar has gone over
//! their tokens already, so what sqlparser cannot read is SQL that is not supported.
pub(crate) mod construct;
mod convert;
mod depth;
mod dialect;
mod mend;
pub(crate) mod place;
mod refuse;
mod rewrite;
mod unsupported;

use std::sync::Arc;

use sqlparser::ast::{self, SetExpr, VisitMut};
use sqlparser::parser::{Parser as SqlParser, ParserError};

use crate::SyntaxError;
use crate::ast::{Query, QueryStatement};
use crate::parser::{Parser, Result};
use dialect::Postgres;

/// Our own measure of depth comes before sqlparser's, which only must not be in the way.
const RECURSION_LIMIT: usize = 20 * crate::grammar::MOST_NESTING;

/// A query or a change of rows that is all of these tokens.
pub(crate) fn statement(parser: &Parser<'_>, from: usize, to: usize) -> Result<QueryStatement> {
    if !parser.trees {
        let (ast, text) = (placeholder(parser)?, Arc::default());
        return Ok(QueryStatement::Select(Query { ast, span: 0..0, position: 1, text }));
    }
    let statement = read(parser, from, to, |sql| sql.parse_statement())?;
    refuse::check(&statement)?;
    let span = span(parser, from, to);
    match statement {
        ast::Statement::Query(query) => Ok(apart(query, span, parser, from)),
        ast::Statement::Insert(_)
        | ast::Statement::Update(_)
        | ast::Statement::Delete(_)
        | ast::Statement::Merge(_) => Ok(change(None, statement, span)),
        _ => Err(parser.unexpected_at(&parser.tokens[from])),
    }
}

/// A query that is all of these tokens; nothing else will do.
pub(crate) fn query(parser: &Parser<'_>, from: usize, to: usize) -> Result<Query> {
    match statement(parser, from, to)? {
        QueryStatement::Select(query) => Ok(query),
        _ => Err(parser.unexpected_at(&parser.tokens[from])),
    }
}

/// An expression that is all of these tokens.
pub(crate) fn expression(parser: &Parser<'_>, from: usize, to: usize) -> Result<ast::Expr> {
    if !parser.trees {
        return Ok(ast::Expr::Value(ast::Value::Null.into()));
    }
    let expression = read(parser, from, to, |sql| sql.parse_expr())?;
    refuse::check(&expression)?;
    Ok(expression)
}

/// What stands where a tree would, when nobody is to see it.
fn placeholder(parser: &Parser<'_>) -> Result<Box<ast::Query>> {
    let dialect = Postgres::default();
    let query = SqlParser::new(&dialect).try_with_sql("VALUES (1)");
    query.and_then(|mut sql| sql.parse_query()).map_err(|_| parser.unexpected_at(parser.peek()))
}

fn span(parser: &Parser<'_>, from: usize, to: usize) -> std::ops::Range<usize> {
    parser.tokens[from].span.start..parser.tokens[to - 1].span.end
}

/// Runs sqlparser over these tokens, all of which it must use.
fn read<T: VisitMut>(
    parser: &Parser<'_>,
    from: usize,
    to: usize,
    read: impl FnOnce(&mut SqlParser<'_>) -> std::result::Result<T, ParserError>,
) -> Result<T> {
    if from >= to {
        return Err(parser.unexpected_at(&parser.tokens[from]));
    }
    depth::check(&parser.tokens[from..to])?;
    if let Some(error) = unsupported::refused(parser, from, to) {
        return Err(Box::new(error));
    }
    let failed = |byte| Box::new(unsupported::find(parser, from, to, byte));
    let tokens = convert::tokens(parser, from, to)?;
    let dialect = Postgres::default();
    let mut sql = SqlParser::new(&dialect)
        .with_recursion_limit(RECURSION_LIMIT)
        .with_tokens_with_locations(tokens);
    let result = read(&mut sql);
    let mut result = result.map_err(|error| match error {
        ParserError::ParserError(message) => failed(place(&message)),
        _ => Box::new(SyntaxError::TooDeep),
    })?;
    let next = sql.peek_token();
    match next.token {
        sqlparser::tokenizer::Token::EOF => {
            mend::mend(&mut result);
            place::mark(&mut result, dialect.places.take());
            Ok(result)
        }
        _ => Err(failed(crate::span::bytes(next.span).map(|bytes| bytes.start))),
    }
}

/// At which byte sqlparser has failed: it says so in words only, and at the end of its tokens
/// nothing.
fn place(message: &str) -> Option<usize> {
    let (_, place) = message.rsplit_once(" at Line: ")?;
    let (line, _) = place.split_once(", ")?;
    line.parse::<usize>().ok()?.checked_sub(1)
}

/// WITH and INSERT are one query to sqlparser; to us the INSERT is what it is.
fn apart(
    mut query: Box<ast::Query>,
    span: std::ops::Range<usize>,
    parser: &Parser<'_>,
    from: usize,
) -> QueryStatement {
    match *query.body {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => change(query.with.take().map(Box::new), statement, span),
        _ => {
            let text = Arc::from(&parser.text[span.clone()]);
            let position = parser.tokens[from].position;
            QueryStatement::Select(Query { ast: query, span, position, text })
        }
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
