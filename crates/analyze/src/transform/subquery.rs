//! Subqueries in expressions.
use medley_diagnostic::SqlState;
use medley_sql::query_ast as ast;
use medley_types::PgType;

use super::Analyser;
use super::coerce::untyped;
use super::operator::{joined, negated};
use super::scope::{Clause, Scope};
use crate::error::{Error, Result};
use crate::tree::{BoolOp, Expr, ExprKind, Query, SubqueryKind, SubqueryLink};

impl Analyser<'_> {
    /// `at` is where the subquery stands, or what is compared with it.
    fn subquery(&self, scope: &Scope<'_>, query: &ast::Query, at: Option<usize>) -> Result<Query> {
        let place = match scope.clause.get() {
            Clause::Default => "DEFAULT expression",
            Clause::Check => "check constraint",
            Clause::Generation => "column generation expression",
            Clause::CopyWhere => "COPY FROM WHERE condition",
            _ => return self.query(Some(scope), query, true),
        };
        let message = format!("cannot use subquery in {place}");
        // It begins with its parenthesis.
        let begin = || super::operator::begin_of_query(query).and_then(|at| at.checked_sub(1));
        let at = at.or_else(begin);
        Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at))
    }

    pub(super) fn scalar_subquery(
        &self,
        scope: &Scope<'_>,
        query: &ast::Query,
        at: Option<usize>,
    ) -> Result<Expr> {
        let query = self.subquery(scope, query, None)?;
        let t = only_column(&query, at)?;
        Ok(link(SubqueryKind::Scalar, None, query, t, None))
    }

    pub(super) fn array_subquery(
        &self,
        scope: &Scope<'_>,
        query: &ast::Query,
        at: Option<usize>,
    ) -> Result<Expr> {
        let query = self.subquery(scope, query, at)?;
        let element = only_column(&query, at)?;
        let array = element.array().ok_or_else(|| {
            let message = format!("could not find array type for data type {}", untyped(element));
            Error::at(SqlState::UNDEFINED_OBJECT, message, at)
        })?;
        Ok(link(SubqueryKind::Array, None, query, array, None))
    }

    pub(super) fn exists(
        &self,
        scope: &Scope<'_>,
        query: &ast::Query,
        is_not: bool,
    ) -> Result<Expr> {
        let query = self.subquery(scope, query, None)?;
        let exists = link(SubqueryKind::Exists, None, query, PgType::BOOL, None);
        Ok(if is_not { negated(exists) } else { exists })
    }

    pub(super) fn in_subquery(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        query: &ast::Query,
        is_not: bool,
    ) -> Result<Expr> {
        let (value, at) = medley_sql::operator_position(value);
        let found = self.compared_subquery(scope, value, "=", query, (false, at))?;
        Ok(if is_not { negated(found) } else { found })
    }

    /// `value op ANY (SELECT …)`, `value op ALL (SELECT …)`
    pub(super) fn compared_subquery(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        name: &str,
        query: &ast::Query,
        (all, operator_at): (bool, Option<usize>),
    ) -> Result<Expr> {
        let query = self.subquery(scope, query, operator_at)?;
        let values = match super::operator::row(value) {
            Some(parts) => parts.into_iter().map(|part| self.expr(scope, part)).collect(),
            None => self.expr(scope, value).map(|value| vec![value]),
        };
        let values: Vec<Expr> = values?;
        let at = values.first().and_then(|value| value.position);
        let test = self.row_test(&query, values, name, operator_at.or(at))?;
        let kind = if all { SubqueryKind::All } else { SubqueryKind::Any };
        Ok(link(kind, Some(Box::new(test)), query, PgType::BOOL, at))
    }

    /// `(a, b) op (SELECT …)`
    pub(super) fn row_subquery(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        name: &str,
        query: &ast::Query,
        at: Option<usize>,
    ) -> Result<Expr> {
        let query = self.subquery(scope, query, at)?;
        let parts = super::operator::row(value).unwrap_or_default();
        let values = parts.into_iter().map(|part| self.expr(scope, part));
        let values = values.collect::<Result<Vec<_>>>()?;
        let begin = values.first().and_then(|value| value.position);
        let test = self.row_test(&query, values, name, at)?;
        Ok(link(SubqueryKind::Row, Some(Box::new(test)), query, PgType::BOOL, begin))
    }

    /// How values compare with the columns of a subquery: `make_row_comparison_op`.
    fn row_test(
        &self,
        query: &Query,
        values: Vec<Expr>,
        name: &str,
        at: Option<usize>,
    ) -> Result<Expr> {
        let columns: Vec<PgType> = query.outputs().map(|target| target.expr.t).collect();
        if columns.len() != values.len() {
            let few = if columns.len() < values.len() { "few" } else { "many" };
            let message = format!("subquery has too {few} columns");
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
        }
        let column = |(index, t)| Expr::new(ExprKind::SubqueryColumn(index), t, None);
        let mut pairs: Vec<_> =
            values.into_iter().zip(columns.into_iter().enumerate().map(column)).collect();
        if pairs.len() == 1 || matches!(name, "=" | "<>") {
            let joint = if name == "<>" { BoolOp::Or } else { BoolOp::And };
            let tests = pairs.drain(..).map(|(left, right)| self.compared(name, left, right, at));
            return Ok(joined(joint, tests.collect::<Result<_>>()?));
        }
        self.row_order(pairs, name, at)
    }

    fn compared(&self, name: &str, left: Expr, right: Expr, at: Option<usize>) -> Result<Expr> {
        let test = self.operate(name, left, right, at)?;
        match test.t.oid == PgType::BOOL.oid {
            true => Ok(test),
            false => {
                let message =
                    format!("row comparison operator must yield type boolean, not type {}", test.t);
                Err(Error::at(SqlState::DATATYPE_MISMATCH, message, at))
            }
        }
    }
}

fn link(
    kind: SubqueryKind,
    test: Option<Box<Expr>>,
    query: Query,
    t: PgType,
    at: Option<usize>,
) -> Expr {
    Expr::new(ExprKind::Subquery(SubqueryLink { kind, test, query: Box::new(query) }), t, at)
}

fn only_column(query: &Query, at: Option<usize>) -> Result<PgType> {
    let mut outputs = query.outputs();
    match (outputs.next(), outputs.next()) {
        (Some(only), None) => Ok(only.expr.t),
        _ => {
            let message = "subquery must return only one column";
            Err(Error::at(SqlState::SYNTAX_ERROR, message, at))
        }
    }
}
