//! What sqlparser takes and PostgreSQL does not.
use std::ops::ControlFlow;

use medley_diagnostic::SqlState;
use sqlparser::ast::{
    self, Expr, JoinConstraint, JoinOperator, LimitClause, Select, SelectItem, Spanned,
    TableFactor, TableWithJoins, Visit, Visitor,
};
use sqlparser::tokenizer::Span;

use crate::SyntaxError;
use crate::keyword::{KeywordCategory, keyword};
use crate::parser::{Parser, Result};
use crate::span;
use crate::token::{Token, TokenKind};

/// What the tokens alone tell.
pub(super) fn tokens(parser: &Parser<'_>, from: usize, to: usize) -> Result<()> {
    // Of each open bracket and parenthesis, whether it is an array's.
    let mut arrays = vec![];
    for at in from..to {
        let token = &parser.tokens[at];
        let before = (at > from).then(|| &parser.tokens[at - 1]);
        match token.kind {
            TokenKind::Char('(') => arrays.push(false),
            TokenKind::Char('[') => {
                let array = opens_array(before, arrays.last() == Some(&true));
                if !array && !before.is_some_and(ends_operand) {
                    return Err(parser.unexpected_at(token));
                }
                arrays.push(array);
            }
            TokenKind::Char(')' | ']') if arrays.pop().is_none() => {
                return Err(parser.unexpected_at(token));
            }
            _ if !may_follow(before, token) => return Err(parser.unexpected_at(token)),
            _ => {}
        }
        if let Some(wrong) = wrong_command(parser, at, to) {
            return Err(parser.unexpected_at(wrong));
        }
    }
    Ok(())
}

/// ARRAY opens one, and inside of it brackets do.
fn opens_array(before: Option<&Token>, inside: bool) -> bool {
    let nested = |token: &Token| matches!(token.kind, TokenKind::Char('[' | ','));
    before.is_some_and(|token| token.is_word("array") || (inside && nested(token)))
}

/// Something that can be subscripted, or a type that becomes an array.
fn ends_operand(token: &Token) -> bool {
    match token.kind {
        TokenKind::Ident { .. } | TokenKind::Parameter | TokenKind::Char(')' | ']') => true,
        TokenKind::Keyword(keyword) => {
            keyword.category != KeywordCategory::Reserved || keyword.word == "array"
        }
        _ => false,
    }
}

/// A literal does not follow a literal, nor AS; `->` and `::` and such are nobody's end.
fn may_follow(before: Option<&Token>, token: &Token) -> bool {
    let Some(before) = before else { return true };
    let literal = matches!(token.kind, TokenKind::String(_));
    let constant = matches!(
        before.kind,
        TokenKind::String(_)
            | TokenKind::Bits
            | TokenKind::Integer
            | TokenKind::Float
            | TokenKind::Parameter
    );
    let stray = matches!(token.kind, TokenKind::Char('$' | '{' | '}' | '\\'));
    !(literal && (constant || before.is_word("as"))) && !stray
}

/// `DELETE t`, `INSERT t`, `MERGE t`: the second word is not what must be there.
fn wrong_command<'a>(parser: &Parser<'a>, at: usize, to: usize) -> Option<&'a Token> {
    const SECOND: &[(&str, &str)] = &[("delete", "from"), ("insert", "into"), ("merge", "into")];
    let token = &parser.tokens[at];
    let first = at == 0
        || matches!(parser.tokens[at - 1].kind, TokenKind::Char('(' | ';'))
            && parser.tokens[at].is_word("insert");
    let (_, second) = SECOND.iter().find(|(word, _)| first && token.is_word(word))?;
    let next = &parser.tokens[at + 1];
    (at < to && !next.is_word(second)).then_some(next)
}

/// What only the tree tells.
pub(super) fn statement(
    parser: &Parser<'_>,
    from: usize,
    to: usize,
    statement: &ast::Statement,
) -> Result<()> {
    walk(parser, from, to, statement)
}

/// The same for an expression.
pub(super) fn expression(
    parser: &Parser<'_>,
    from: usize,
    to: usize,
    expression: &Expr,
) -> Result<()> {
    walk(parser, from, to, expression)
}

fn walk(parser: &Parser<'_>, from: usize, to: usize, tree: &impl Visit) -> Result<()> {
    match tree.visit(&mut Refusals { parser, from, to }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Refusals<'a> {
    parser: &'a Parser<'a>,
    from: usize,
    to: usize,
}

type Flow = ControlFlow<SyntaxError>;

impl Visitor for Refusals<'_> {
    type Break = SyntaxError;

    fn pre_visit_query(&mut self, query: &ast::Query) -> Flow {
        if let Some(LimitClause::OffsetCommaLimit { offset, .. }) = &query.limit_clause {
            return ControlFlow::Break(SyntaxError::Refused {
                message: "LIMIT #,# syntax is not supported".to_owned(),
                position: span::position(offset.span()),
                sqlstate: SqlState::SYNTAX_ERROR,
                hint: Some("Use separate LIMIT and OFFSET clauses."),
            });
        }
        Flow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        if let Some(into) = &select.into {
            return ControlFlow::Break(SyntaxError::Refused {
                message: "SELECT INTO is not supported".to_owned(),
                position: span::position(into.name.span()),
                sqlstate: SqlState::FEATURE_NOT_SUPPORTED,
                hint: None,
            });
        }
        for item in &select.projection {
            self.item(item)?;
        }
        for table in &select.from {
            self.joins(table)?;
        }
        Flow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> Flow {
        match table {
            TableFactor::NestedJoin { table_with_joins, .. } => self.joins(table_with_joins),
            _ => Flow::Continue(()),
        }
    }

    fn pre_visit_statement(&mut self, statement: &ast::Statement) -> Flow {
        if let ast::Statement::Update(update) = statement
            && let Some(ast::UpdateTableFromKind::BeforeSet(tables)) = &update.from
        {
            return self.before(tables.first().map(Spanned::span));
        }
        Flow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        match expr {
            Expr::Identifier(ident) => self.column(ident),
            Expr::CompoundIdentifier(parts) => {
                parts.first().map_or(Flow::Continue(()), |i| self.column(i))
            }
            _ => Flow::Continue(()),
        }
    }
}

impl Refusals<'_> {
    /// `'x'` is no label.
    fn item(&self, item: &SelectItem) -> Flow {
        match item {
            SelectItem::ExprWithAlias { alias, .. } if alias.quote_style == Some('\'') => {
                self.at(alias.span)
            }
            _ => Flow::Continue(()),
        }
    }

    /// Each join but CROSS and NATURAL says on what.
    fn joins(&self, table: &TableWithJoins) -> Flow {
        for join in &table.joins {
            let constraint = match &join.join_operator {
                JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::Left(constraint)
                | JoinOperator::LeftOuter(constraint)
                | JoinOperator::Right(constraint)
                | JoinOperator::RightOuter(constraint)
                | JoinOperator::FullOuter(constraint) => constraint,
                _ => continue,
            };
            if matches!(constraint, JoinConstraint::None) {
                return self.behind(join.relation.span());
            }
        }
        Flow::Continue(())
    }

    /// A reserved word is no column. DEFAULT is a value in INSERT and UPDATE, and nothing in
    /// an expression; whoever resolves names refuses it there.
    fn column(&self, ident: &ast::Ident) -> Flow {
        let reserved = ident.quote_style.is_none()
            && ident.value != "default"
            && keyword(&ident.value).is_some_and(|k| k.category == KeywordCategory::Reserved)
            && !is_value(&ident.value);
        if reserved { self.at(ident.span) } else { Flow::Continue(()) }
    }

    fn at(&self, span: Span) -> Flow {
        self.token_at(span::bytes(span).map(|bytes| bytes.start))
    }

    /// At the first token behind this part of the text.
    fn behind(&self, span: Span) -> Flow {
        self.token_at(span::bytes(span).map(|bytes| bytes.end))
    }

    /// At the token before this part of the text.
    fn before(&self, span: Option<Span>) -> Flow {
        let start = span.and_then(span::bytes).map(|bytes| bytes.start);
        let tokens = &self.parser.tokens[self.from..self.to];
        let token = tokens.iter().rev().find(|t| start.is_some_and(|start| t.span.start < start));
        ControlFlow::Break(self.parser.unexpected_at(token.unwrap_or(&self.parser.tokens[self.to])))
    }

    fn token_at(&self, byte: Option<usize>) -> Flow {
        let tokens = &self.parser.tokens[self.from..self.to];
        let token = tokens.iter().find(|t| byte.is_some_and(|byte| t.span.start >= byte));
        ControlFlow::Break(self.parser.unexpected_at(token.unwrap_or(&self.parser.tokens[self.to])))
    }
}

/// Reserved words that are values: sqlparser has some of them as names.
fn is_value(word: &str) -> bool {
    word.starts_with("current_")
        || matches!(
            word,
            "user"
                | "session_user"
                | "system_user"
                | "localtime"
                | "localtimestamp"
                | "true"
                | "false"
                | "null"
        )
}
