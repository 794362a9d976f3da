//! WITH RECURSIVE.
use std::ops::ControlFlow;

use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast::{self as ast, SetExpr, Spanned as _};
use medley_sql::span::position;
use medley_types::{Column, PgType};

use super::Analyser;
use super::coerce::untyped;
use super::scope::Scope;
use crate::error::{Error, Result};
use crate::tree::{Cte, Query};

/// Whether a CTE's query reads from the CTE.
pub(super) fn names_itself(cte: &ast::Cte) -> bool {
    reference(&cte.query, &cte.alias.name.value).is_some()
}

/// The first place where a query reads from something of this name.
fn reference(query: &impl ast::Visit, name: &str) -> Option<ast::ObjectName> {
    let found = ast::visit_relations(query, |relation| match relation.0.as_slice() {
        [ast::ObjectNamePart::Identifier(it)] if it.value == name => {
            ControlFlow::Break(relation.clone())
        }
        _ => ControlFlow::Continue(()),
    });
    found.break_value()
}

impl Analyser<'_> {
    /// The left side says what the columns are; with them the whole is read.
    pub(super) fn recursive_cte(&self, scope: &mut Scope<'_>, cte: &ast::Cte) -> Result<Cte> {
        if super::changing_cte::changing(&cte.query).is_some() {
            let name = &cte.alias.name;
            let message = format!(
                "recursive query \"{}\" must not contain data-modifying statements",
                name.value
            );
            let at = position(name.span);
            return Err(Error::at(SqlState::from_remote("42P19"), message, at));
        }
        let left = left_side(cte)?;
        let mut first = self.query(Some(&*scope), &super::set_operation::bare_query(left), true)?;
        first.targets.retain(|target| !target.junk);
        let places: Vec<_> = first.outputs().map(|target| target.expr.position).collect();
        let known = Cte { recursive: true, ..self.named_cte(cte, first)? };
        let columns = known.columns.clone();
        scope.ctes.push(known);
        let query = self.query(Some(&*scope), &cte.query, true);
        scope.ctes.pop();
        let query = query?;
        same_types(cte, &query, &columns, &places)?;
        let found = self.named_cte(cte, query)?;
        Ok(Cte { recursive: true, columns, ..found })
    }
}

/// What a recursive query begins with, which does not name it.
fn left_side(cte: &ast::Cte) -> Result<SetExpr> {
    let name = &cte.alias.name;
    let SetExpr::SetOperation { op: ast::SetOperator::Union, left, right, .. } =
        cte.query.body.as_ref()
    else {
        let message = format!(
            "recursive query \"{}\" does not have the form non-recursive-term UNION [ALL] \
             recursive-term",
            name.value
        );
        return Err(recursion(message, position(name.span)));
    };
    if let Some((clause, at)) = refused_clause(&cte.query) {
        let message = format!("{clause} in a recursive query is not implemented");
        return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
    }
    if let Some(at) = reference(left, &name.value) {
        let message = format!(
            "recursive reference to query \"{}\" must not appear within its non-recursive term",
            name.value
        );
        return Err(recursion(message, position(at.span())));
    }
    once_in(right, &name.value)?;
    Ok(left.as_ref().clone())
}

/// A clause that a recursive query may not have, and where it stands.
fn refused_clause(query: &ast::Query) -> Option<(&'static str, Option<usize>)> {
    if let Some(order_by) = &query.order_by {
        return Some(("ORDER BY", position(order_by.span())));
    }
    let (limit, offset) = match &query.limit_clause {
        Some(ast::LimitClause::LimitOffset { limit, offset, .. }) => {
            (limit.as_ref(), offset.as_ref().map(|offset| &offset.value))
        }
        Some(ast::LimitClause::OffsetCommaLimit { offset, limit }) => (Some(limit), Some(offset)),
        None => (None, None),
    };
    let limit = limit.or_else(|| query.fetch.as_ref()?.quantity.as_ref());
    let at = |expr: &ast::Expr| position(expr.span());
    let offset = offset.map(|offset| ("OFFSET", at(offset)));
    offset.or_else(|| limit.map(|limit| ("LIMIT", at(limit))))
}

/// A query that names itself twice in the same term has no meaning.
fn once_in(right: &SetExpr, name: &str) -> Result<()> {
    let mut places = Vec::new();
    let _: ControlFlow<()> = ast::visit_relations(right, |relation| {
        if let [ast::ObjectNamePart::Identifier(it)] = relation.0.as_slice()
            && it.value == name
        {
            places.push(relation.clone());
        }
        ControlFlow::Continue(())
    });
    match places.get(1) {
        None => Ok(()),
        Some(second) => {
            let message =
                format!("recursive reference to query \"{name}\" must not appear more than once");
            Err(recursion(message, position(second.span())))
        }
    }
}

fn recursion(message: String, at: Option<usize>) -> Error {
    Error::at(SqlState::from_remote("42P19"), message, at)
}

/// What the first side has brought must not become something else in the whole.
fn same_types(
    cte: &ast::Cte,
    query: &Query,
    columns: &[Column],
    places: &[Option<usize>],
) -> Result<()> {
    for (index, (target, column)) in query.outputs().zip(columns).enumerate() {
        let (first, overall): (PgType, PgType) = (column.pg_type, target.expr.t);
        if first.oid == overall.oid && first.typmod == overall.typmod {
            continue;
        }
        let message = format!(
            "recursive query \"{}\" column {} has type {} in non-recursive term but type {} \
             overall",
            cte.alias.name.value,
            index + 1,
            if first.oid == overall.oid { first } else { untyped(first) },
            if first.oid == overall.oid { overall } else { untyped(overall) },
        );
        let report = Report::error(SqlState::DATATYPE_MISMATCH, message)
            .with_hint("Cast the output of the non-recursive term to the correct type.");
        return Err(Error::from(report).or_at(places.get(index).copied().flatten()));
    }
    Ok(())
}
