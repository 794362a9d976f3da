//! Arrays: made, taken apart, and compared with.
use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast::{self as ast, AccessExpr, BinaryOperator};
use medley_sql::{Construct, operator_position};
use medley_types::PgType;

use super::Analyser;
use super::coerce::untyped;
use super::operator::{no_operator, operator_name, without_parentheses};
use super::scope::Scope;
use crate::error::{Error, Result};
use crate::resolve::resolve_operator;
use crate::tree::{ArrayComparison, Expr, ExprKind};

impl Analyser<'_> {
    /// `= ANY (…)`, `<> ALL (…)`: over an array, or over a subquery.
    pub(super) fn quantified(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        all: bool,
    ) -> Result<Expr> {
        let name =
            operator_name(op).ok_or_else(|| Error::unsupported(format_args!("operator {op}")))?;
        let (left, at) = operator_position(left);
        if let ast::Expr::Subquery(query) = right {
            return self.compared_subquery(scope, left, &name, query, (all, at));
        }
        let value = self.expr(scope, left)?;
        let array = self.expr(scope, right)?;
        self.any_all(&name, value, array, all, at)
    }

    /// `make_scalar_array_op`
    pub(super) fn any_all(
        &self,
        name: &str,
        value: Expr,
        array: Expr,
        all: bool,
        at: Option<usize>,
    ) -> Result<Expr> {
        let begin = value.position;
        let at = at.or(begin);
        let refused = |message: &str| Error::at(SqlState::WRONG_OBJECT_TYPE, message, at);
        let element = match array.is_untyped() {
            true => PgType::UNKNOWN,
            false => array
                .t
                .element()
                .ok_or_else(|| refused("op ANY/ALL (array) requires array on right side"))?,
        };
        let (operator, found) = resolve_operator(name, Some(value.t), element)
            .map_err(|failure| no_operator(failure, name, Some(value.t), element, at))?;
        if found.result.oid != PgType::BOOL.oid {
            return Err(refused("op ANY/ALL (array) requires operator to yield boolean"));
        }
        let wanted = found.arguments[1];
        let wanted = wanted.array().ok_or_else(|| no_array_type(wanted))?;
        let comparison = ArrayComparison {
            operator: operator.oid,
            all,
            value: Box::new(self.coerce_to(value, found.arguments[0], "operand")?),
            array: Box::new(self.coerce_to(array, untyped(wanted), "operand")?),
        };
        Ok(Expr::new(ExprKind::ArrayComparison(comparison), PgType::BOOL, begin))
    }

    /// `ARRAY[a, b]`
    pub(super) fn array(&self, scope: &Scope<'_>, array: &ast::Array) -> Result<Expr> {
        let items = array.elem.iter().map(|item| self.expr(scope, item));
        let items = items.collect::<Result<Vec<_>>>()?;
        if items.is_empty() {
            let message = "cannot determine type of empty array";
            let report = Report::error(SqlState::INDETERMINATE_DATATYPE, message);
            return Err(report
                .with_hint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
                .into());
        }
        let element = self.common_type(&items, "ARRAY")?;
        let inner = element.element().filter(|_| is_array(element));
        match inner {
            None => self.array_of(items, element),
            Some(_) => self.array_of_arrays(items, element),
        }
    }

    /// `ARRAY[a, b]::type[]`: each element is cast, and if it is an array, each of its own.
    pub(super) fn array_as(
        &self,
        scope: &Scope<'_>,
        array: &ast::Array,
        to: PgType,
        element: PgType,
    ) -> Result<Expr> {
        let mut nested = false;
        let items = array.elem.iter().map(|item| match without_parentheses(item) {
            ast::Expr::Array(inner) => {
                nested = true;
                self.array_as(scope, inner, to, element)
            }
            _ => {
                let value = self.expr(scope, item)?;
                nested |= value.t.oid == to.oid;
                let wanted = if value.t.oid == to.oid { to } else { element };
                self.cast_to(value, wanted)
            }
        });
        let items = items.collect::<Result<Vec<_>>>()?;
        Ok(Expr::new(ExprKind::Array(items, nested), to, None))
    }

    /// An array of arrays, which are all of this type.
    fn array_of_arrays(&self, items: Vec<Expr>, t: PgType) -> Result<Expr> {
        let items = items.into_iter().map(|item| {
            let (from, at) = (item.t, item.position);
            self.coerce_argument(item, t)?.ok_or_else(|| {
                let message = format!("ARRAY could not convert type {from} to {t}");
                Error::at(SqlState::CANNOT_COERCE, message, at)
            })
        });
        Ok(Expr::new(ExprKind::Array(items.collect::<Result<_>>()?, true), untyped(t), None))
    }

    /// An array of these, which can all be of the element's type.
    pub(super) fn array_of(&self, items: Vec<Expr>, element: PgType) -> Result<Expr> {
        let t = untyped(element).array().ok_or_else(|| no_array_type(element))?;
        let items = items.into_iter().map(|item| {
            let (from, at) = (item.t, item.position);
            self.coerce_argument(item, element)?.ok_or_else(|| {
                let message = format!("ARRAY could not convert type {from} to {element}");
                Error::at(SqlState::CANNOT_COERCE, message, at)
            })
        });
        Ok(Expr::new(ExprKind::Array(items.collect::<Result<_>>()?, false), t, None))
    }

    /// `a[1]`
    pub(super) fn subscript(
        &self,
        scope: &Scope<'_>,
        root: &ast::Expr,
        chain: &[AccessExpr],
    ) -> Result<Expr> {
        if let Some(AccessExpr::Dot(ast::Expr::Identifier(name))) = chain.last()
            && let Some((Construct::Star, _)) = medley_sql::construct(name)
        {
            let refused = Error::unsupported("row expansion via \"*\"");
            return Err(refused.or_at(medley_sql::span::position(name.span).map(|at| at - 2)));
        }
        let (value, rest) = self.subscripted(scope, root, chain)?;
        let [AccessExpr::Subscript(ast::Subscript::Index { index })] = rest else {
            return Err(Error::unsupported("this kind of subscript or field"));
        };
        let at = value.position;
        if value.t.oid == PgType::JSONB.oid {
            return Err(Error::unsupported("a subscript of jsonb").or_at(at));
        }
        let element = value.t.element().ok_or_else(|| {
            let message = format!(
                "cannot subscript type {} because it does not support subscripting",
                untyped(value.t)
            );
            Error::at(SqlState::DATATYPE_MISMATCH, message, at)
        })?;
        let index = self.coerce_to(self.expr(scope, index)?, PgType::INT4, "array subscript")?;
        Ok(Expr::new(ExprKind::Subscript(Box::new(value), vec![index]), element, at))
    }

    /// What is subscripted: `a`, or `t.a` where the dot belongs to the chain.
    fn subscripted<'q>(
        &self,
        scope: &Scope<'_>,
        root: &ast::Expr,
        chain: &'q [AccessExpr],
    ) -> Result<(Expr, &'q [AccessExpr])> {
        let mut parts = match root {
            ast::Expr::Identifier(name) => vec![name.clone()],
            ast::Expr::CompoundIdentifier(parts) => parts.clone(),
            root => return Ok((self.expr(scope, root)?, chain)),
        };
        let mut rest = chain;
        while let [AccessExpr::Dot(ast::Expr::Identifier(name)), after @ ..] = rest {
            parts.push(name.clone());
            rest = after;
        }
        match parts.as_slice() {
            [_] => Ok((self.expr(scope, root)?, rest)),
            parts => Ok((self.qualified_column(scope, parts)?, rest)),
        }
    }
}

/// An array, and not a vector.
pub(super) fn is_array(t: PgType) -> bool {
    t.info().is_some_and(|info| info.category == 'A' && info.name.starts_with('_'))
}

fn no_array_type(element: PgType) -> Error {
    let message = format!("could not find array type for data type {}", untyped(element));
    Error::at(SqlState::UNDEFINED_OBJECT, message, None)
}
