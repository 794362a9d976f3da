//! What sqlparser's tree tells, takes, and PostgreSQL does not.
use std::ops::ControlFlow;

use medley_diagnostic::SqlState;
use sqlparser::ast::{
    self, BinaryOperator, Expr, GroupByExpr, JoinConstraint, JoinOperator, ObjectName, Select,
    SelectItem, Spanned, TableAlias, TableFactor, TableWithJoins, Visit, Visitor,
};
use sqlparser::tokenizer::Span;

use crate::SyntaxError;
use crate::keyword::{KeywordCategory, keyword};
use crate::parser::{Parser, Result};
use crate::span;
use crate::token::{Token, TokenKind};

/// Goes over the tree of these tokens.
pub(super) fn check(parser: &Parser<'_>, from: usize, to: usize, tree: &impl Visit) -> Result<()> {
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

const GO_ON: Flow = Flow::Continue(());

impl Visitor for Refusals<'_> {
    type Break = SyntaxError;

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        if let Some(into) = &select.into {
            let position = span::position(into.name.span());
            return refused(
                "SELECT INTO is not supported",
                SqlState::FEATURE_NOT_SUPPORTED,
                position,
            );
        }
        if matches!(select.group_by, GroupByExpr::All(_)) {
            return self.behind_words(&["group", "by", "all"]);
        }
        select.projection.iter().try_for_each(|item| self.item(item))?;
        select.from.iter().try_for_each(|table| self.joins(table))
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> Flow {
        match table {
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.alias(alias.as_ref())?;
                self.joins(table_with_joins)
            }
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. } => self.alias(alias.as_ref()),
            _ => GO_ON,
        }
    }

    fn pre_visit_statement(&mut self, statement: &ast::Statement) -> Flow {
        match statement {
            ast::Statement::Update(update) => {
                if let Some(ast::UpdateTableFromKind::BeforeSet(tables)) = &update.from {
                    return self.before(tables.first().map(Spanned::span));
                }
                if update.limit.is_some() { self.last_word("limit") } else { GO_ON }
            }
            ast::Statement::Delete(delete) if !delete.order_by.is_empty() => {
                self.last_word("order")
            }
            ast::Statement::Delete(delete) if delete.limit.is_some() => self.last_word("limit"),
            _ => GO_ON,
        }
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> Flow {
        let parts: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        if parts.len() > 3 {
            let parts: Vec<_> = parts.iter().map(|part| part.value.as_str()).collect();
            let dotted = parts.join(".");
            let message = format!("improper qualified name (too many dotted names): {dotted}");
            return refused(&message, SqlState::SYNTAX_ERROR, span::position(name.span()));
        }
        parts.first().map_or(GO_ON, |part| self.name(part))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        match expr {
            Expr::Identifier(ident) => self.name(ident),
            Expr::CompoundIdentifier(parts) => parts.first().map_or(GO_ON, |part| self.name(part)),
            Expr::BinaryOp { left, op, .. } if is_comparison(op) => self.comparison(left),
            _ => GO_ON,
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
            _ => GO_ON,
        }
    }

    fn alias(&self, alias: Option<&TableAlias>) -> Flow {
        let Some(TableAlias { name, .. }) = alias else { return GO_ON };
        match category(name) {
            Some(KeywordCategory::Reserved | KeywordCategory::TypeFunctionName) => {
                self.at(name.span)
            }
            _ => GO_ON,
        }
    }

    /// Each join but CROSS and NATURAL says on what.
    fn joins(&self, table: &TableWithJoins) -> Flow {
        table.joins.iter().try_for_each(|join| match &join.join_operator {
            JoinOperator::Join(JoinConstraint::None)
            | JoinOperator::Inner(JoinConstraint::None)
            | JoinOperator::Left(JoinConstraint::None)
            | JoinOperator::LeftOuter(JoinConstraint::None)
            | JoinOperator::Right(JoinConstraint::None)
            | JoinOperator::RightOuter(JoinConstraint::None)
            | JoinOperator::FullOuter(JoinConstraint::None) => self.behind(join.relation.span()),
            _ => GO_ON,
        })
    }

    /// A reserved word names nothing. DEFAULT is a value in INSERT and UPDATE; elsewhere whoever
    /// resolves names refuses it.
    fn name(&self, ident: &ast::Ident) -> Flow {
        match category(ident) {
            _ if ident.value == "default" || is_value(&ident.value) => GO_ON,
            Some(KeywordCategory::Reserved) => self.at(ident.span),
            Some(KeywordCategory::TypeFunctionName) if !self.is_call(ident.span) => {
                self.behind(ident.span)
            }
            _ => GO_ON,
        }
    }

    fn is_call(&self, span: Span) -> bool {
        let token = self.token_from(span::bytes(span).map(|bytes| bytes.end));
        token.kind == TokenKind::Char('(')
    }

    /// `a = b = c`: comparisons do not chain.
    fn comparison(&self, left: &Expr) -> Flow {
        match left {
            Expr::BinaryOp { op, .. } if is_comparison(op) => self.behind(left.span()),
            _ => GO_ON,
        }
    }

    fn tokens(&self) -> &[Token] {
        &self.parser.tokens[self.from..self.to]
    }

    fn end(&self) -> &Token {
        &self.parser.tokens[self.to]
    }

    fn token_from(&self, byte: Option<usize>) -> &Token {
        let found = self.tokens().iter().find(|t| byte.is_some_and(|byte| t.span.start >= byte));
        found.unwrap_or(self.end())
    }

    fn stop(&self, token: &Token) -> Flow {
        ControlFlow::Break(self.parser.unexpected_at(token))
    }

    fn at(&self, span: Span) -> Flow {
        self.stop(self.token_from(span::bytes(span).map(|bytes| bytes.start)))
    }

    /// At the first token behind this part of the text.
    fn behind(&self, span: Span) -> Flow {
        self.stop(self.token_from(span::bytes(span).map(|bytes| bytes.end)))
    }

    /// At the token before this part of the text.
    fn before(&self, span: Option<Span>) -> Flow {
        let start = span.and_then(span::bytes).map(|bytes| bytes.start);
        let mut tokens = self.tokens().iter().rev();
        let token = tokens.find(|t| start.is_some_and(|start| t.span.start < start));
        self.stop(token.unwrap_or(self.end()))
    }

    fn last_word(&self, word: &str) -> Flow {
        let token = self.tokens().iter().rev().find(|token| token.is_word(word));
        self.stop(token.unwrap_or(self.end()))
    }

    fn behind_words(&self, words: &[&str]) -> Flow {
        let mut windows = self.tokens().windows(words.len());
        let found = windows.position(|w| w.iter().zip(words).all(|(t, word)| t.is_word(word)));
        let at = found.map_or(self.to, |at| self.from + at + words.len());
        self.stop(&self.parser.tokens[at.min(self.to)])
    }
}

fn refused(message: &str, sqlstate: SqlState, position: Option<usize>) -> Flow {
    let message = message.to_owned();
    ControlFlow::Break(SyntaxError::Refused { message, position, sqlstate, hint: None })
}

fn category(ident: &ast::Ident) -> Option<KeywordCategory> {
    let keyword = ident.quote_style.is_none().then(|| keyword(&ident.value)).flatten();
    keyword.map(|keyword| keyword.category)
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
    matches!(op, Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq)
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
