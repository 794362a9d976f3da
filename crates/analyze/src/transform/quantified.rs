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
use crate::tree::{ArrayComparison, Bounds, Expr, ExprKind};

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

    /// `a[1]`, `a[1:2]`, `(row).field`
    pub(super) fn subscript(
        &self,
        scope: &Scope<'_>,
        root: &ast::Expr,
        chain: &[AccessExpr],
    ) -> Result<Expr> {
        let (mut value, mut rest) = self.subscripted(scope, root, chain)?;
        while let Some(access) = rest.first() {
            let length =
                rest.iter().take_while(|it| matches!(it, AccessExpr::Subscript(_))).count();
            value = match access {
                AccessExpr::Subscript(_) => self.subscripts(scope, value, &rest[..length])?,
                AccessExpr::Dot(ast::Expr::Identifier(name)) => {
                    if let Some((Construct::Star, _)) = medley_sql::construct(name) {
                        let at = medley_sql::span::position(name.span);
                        return Err(Error::unsupported("row expansion via \"*\" here").or_at(at));
                    }
                    self.field(scope, value, name)?
                }
                AccessExpr::Dot(_) => {
                    return Err(Error::unsupported("this kind of field").or_at(value.position));
                }
            };
            rest = &rest[length.max(1)..];
        }
        Ok(value)
    }

    /// The row of `(row).*`, if an expression is that.
    pub(super) fn starred(&self, scope: &Scope<'_>, expr: &ast::Expr) -> Result<Option<Expr>> {
        let ast::Expr::CompoundFieldAccess { root, access_chain } = expr else { return Ok(None) };
        let Some((AccessExpr::Dot(ast::Expr::Identifier(name)), chain)) = access_chain.split_last()
        else {
            return Ok(None);
        };
        if !matches!(medley_sql::construct(name), Some((Construct::Star, _))) {
            return Ok(None);
        }
        self.subscript(scope, root, chain).map(Some)
    }

    /// Subscripts in a row.
    fn subscripts(&self, scope: &Scope<'_>, value: Expr, chain: &[AccessExpr]) -> Result<Expr> {
        let at = value.position;
        let subscripts = || {
            chain.iter().filter_map(|access| match access {
                AccessExpr::Subscript(subscript) => Some(subscript),
                AccessExpr::Dot(_) => None,
            })
        };
        let slice = subscripts().any(|it| matches!(it, ast::Subscript::Slice { .. }));
        if value.t.oid == PgType::JSONB.oid {
            if slice {
                let message = "jsonb subscript does not support slices";
                return Err(Error::at(SqlState::DATATYPE_MISMATCH, message, at));
            }
            let indexes = subscripts().map(|it| self.jsonb_index(scope, it));
            let indexes = indexes.collect::<Result<Vec<_>>>()?;
            let kind = ExprKind::Subscript(Box::new(value), indexes);
            return Ok(Expr::new(kind, PgType::JSONB, at));
        }
        let element = value.t.element().ok_or_else(|| {
            let message = format!(
                "cannot subscript type {} because it does not support subscripting",
                untyped(value.t)
            );
            Error::at(SqlState::DATATYPE_MISMATCH, message, at)
        })?;
        if slice {
            let bounds = subscripts().map(|it| self.bounds(scope, it));
            let bounds = bounds.collect::<Result<Vec<_>>>()?;
            let t = value.t;
            return Ok(Expr::new(ExprKind::Slice(Box::new(value), bounds), t, at));
        }
        let indexes = subscripts().map(|it| match it {
            ast::Subscript::Index { index } => self.index(scope, index),
            ast::Subscript::Slice { .. } => Err(Error::Internal("a slice is no index".to_owned())),
        });
        let indexes = indexes.collect::<Result<Vec<_>>>()?;
        Ok(Expr::new(ExprKind::Subscript(Box::new(value), indexes), element, at))
    }

    fn index(&self, scope: &Scope<'_>, index: &ast::Expr) -> Result<Expr> {
        let index = self.expr(scope, index)?;
        let at = index.position;
        let assigned = self.coerce(
            index,
            PgType::INT4,
            crate::resolve::Context::Assignment,
            crate::tree::CastForm::Implicit,
        )?;
        assigned.ok_or_else(|| {
            let message = "array subscript must have type integer";
            Error::at(SqlState::DATATYPE_MISMATCH, message, at)
        })
    }

    /// Beside a slice, an index is the end of one that begins at 1.
    fn bounds(&self, scope: &Scope<'_>, subscript: &ast::Subscript) -> Result<Bounds> {
        Ok(match subscript {
            ast::Subscript::Index { index } => Bounds {
                from: Some(super::literal::constant("1", PgType::INT4, None)),
                to: Some(self.index(scope, index)?),
            },
            ast::Subscript::Slice { lower_bound, upper_bound, .. } => Bounds {
                from: lower_bound.as_ref().map(|it| self.index(scope, it)).transpose()?,
                to: upper_bound.as_ref().map(|it| self.index(scope, it)).transpose()?,
            },
        })
    }

    /// An index of a jsonb array, or the key of an object.
    fn jsonb_index(&self, scope: &Scope<'_>, subscript: &ast::Subscript) -> Result<Expr> {
        let ast::Subscript::Index { index } = subscript else {
            return Err(Error::Internal("a slice is no index".to_owned()));
        };
        let index = self.expr(scope, index)?;
        let (from, at) = (index.t, index.position);
        let integer = matches!(from.oid, oid if oid == PgType::INT2.oid || oid == PgType::INT4.oid);
        let to = if integer { PgType::INT4 } else { PgType::TEXT };
        self.coerce_argument(index, to)?.ok_or_else(|| {
            let message = format!("subscript type {} is not supported", untyped(from));
            let report = Report::error(SqlState::DATATYPE_MISMATCH, message)
                .with_hint("jsonb subscript must be coercible to either integer or text.");
            Error::from(report).or_at(at)
        })
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
        if parts.last().is_some_and(|last| medley_sql::construct(last).is_some()) {
            parts.pop();
            rest = &chain[chain.len() - rest.len() - 1..];
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
