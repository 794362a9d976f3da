//! Expressions.
use ast::Spanned as _;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, Operator, lit};
use medley_analyze::type_name;
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast};
use medley_sql::span::position;
use medley_types::PgType;

use super::operator::binary_expr;
use super::scope::Scope;
use super::{Binder, Typed};
use crate::error::{Error, Result};
use crate::semantics::resolve::Context;

impl Binder<'_> {
    /// An expression of this scope.
    pub(super) fn expr(&self, scope: &Scope<'_>, expr: &ast::Expr) -> Result<Typed> {
        use ast::Expr as E;
        match expr {
            E::Identifier(name) => self.identifier(scope, name),
            E::CompoundIdentifier(parts) => self.qualified_column(scope, parts),
            E::Nested(inner) => self.expr(scope, inner),
            E::Value(value) => self.value(value),
            E::TypedString(typed) => self.typed_string(typed),
            E::Interval(interval) => self.interval(interval),
            E::BinaryOp { left, op, right } => self.binary(scope, left, op, right),
            E::UnaryOp { op, expr } => self.unary(scope, op, expr),
            E::IsNull(inner) => self.null_test(scope, inner, Expr::IsNull),
            E::IsNotNull(inner) => self.null_test(scope, inner, Expr::IsNotNull),
            E::IsTrue(inner) => self.truth_test(scope, inner, "IS TRUE", Expr::IsTrue),
            E::IsNotTrue(inner) => self.truth_test(scope, inner, "IS NOT TRUE", Expr::IsNotTrue),
            E::IsFalse(inner) => self.truth_test(scope, inner, "IS FALSE", Expr::IsFalse),
            E::IsNotFalse(inner) => self.truth_test(scope, inner, "IS NOT FALSE", Expr::IsNotFalse),
            E::IsUnknown(inner) => self.truth_test(scope, inner, "IS UNKNOWN", Expr::IsUnknown),
            E::IsNotUnknown(inner) => {
                self.truth_test(scope, inner, "IS NOT UNKNOWN", Expr::IsNotUnknown)
            }
            E::IsDistinctFrom(left, right) => {
                self.distinct(self.expr(scope, left)?, self.expr(scope, right)?, false)
            }
            E::IsNotDistinctFrom(left, right) => {
                self.distinct(self.expr(scope, left)?, self.expr(scope, right)?, true)
            }
            E::InList { expr, list, negated } => self.in_list(scope, expr, list, *negated),
            E::Between { expr, negated, low, high } => {
                self.between(scope, expr, *negated, low, high)
            }
            E::Like { negated, any, expr, pattern, escape_char } => {
                let name = if *negated { "!~~" } else { "~~" };
                self.like(scope, name, *any, expr, pattern, escape_char.as_ref())
            }
            E::ILike { negated, any, expr, pattern, escape_char } => {
                let name = if *negated { "!~~*" } else { "~~*" };
                self.like(scope, name, *any, expr, pattern, escape_char.as_ref())
            }
            E::Cast { expr, data_type, .. } => self.cast(scope, expr, data_type),
            E::Case { operand, conditions, else_result, .. } => {
                self.case(scope, operand.as_deref(), conditions, else_result.as_deref())
            }
            E::Collate { expr, collation } => self.collate(scope, expr, collation),
            E::Function(function) => self.function(scope, function),
            E::Exists { subquery, negated } => self.exists(scope, subquery, *negated),
            E::Subquery(query) => self.scalar_subquery(scope, query),
            E::InSubquery { expr, subquery, negated } => {
                self.in_subquery(scope, expr, subquery, *negated)
            }
            E::AnyOp { left, compare_op, right, .. } => {
                self.quantified(scope, left, compare_op, right, false)
            }
            E::AllOp { left, compare_op, right } => {
                self.quantified(scope, left, compare_op, right, true)
            }
            E::Array(array) => self.array(scope, array),
            E::CompoundFieldAccess { root, access_chain } => {
                self.subscript(scope, root, access_chain)
            }
            E::Extract { field, expr, .. } => self.extract(scope, field, expr),
            E::AtTimeZone { timestamp, time_zone } => {
                self.named_call(scope, "timezone", &[time_zone, timestamp])
            }
            E::Position { expr, r#in } => self.named_call(scope, "position", &[r#in, expr]),
            E::Substring { expr, substring_from, substring_for, .. } => {
                self.substring(scope, expr, substring_from.as_deref(), substring_for.as_deref())
            }
            E::Trim { trim_where, trim_what, expr, trim_characters } => {
                let what = trim_what.as_deref().or_else(|| trim_characters.as_ref()?.first());
                self.trim(scope, trim_where.as_ref(), what, expr)
            }
            E::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let mut arguments: Vec<&ast::Expr> = vec![expr, overlay_what, overlay_from];
                arguments.extend(overlay_for.as_deref());
                self.named_call(scope, "overlay", &arguments)
            }
            E::Ceil { expr, .. } => self.named_call(scope, "ceil", &[expr]),
            E::Floor { expr, .. } => self.named_call(scope, "floor", &[expr]),
            other => Err(unsupported(other)),
        }
    }

    /// A column, or one of SQL's functions without parentheses.
    fn identifier(&self, scope: &Scope<'_>, name: &ast::Ident) -> Result<Typed> {
        if name.quote_style.is_none()
            && let Some(found) = self.sql_value_function(&name.value, position(name.span))?
        {
            return Ok(found);
        }
        self.column(scope, name)
    }

    fn null_test(
        &self,
        scope: &Scope<'_>,
        inner: &ast::Expr,
        test: fn(Box<Expr>) -> Expr,
    ) -> Result<Typed> {
        let value = self.expr(scope, inner)?;
        let position = value.position;
        let value = self.settle(value)?;
        Ok(Typed::new(test(Box::new(value.expr)), PgType::BOOL, position))
    }

    fn truth_test(
        &self,
        scope: &Scope<'_>,
        inner: &ast::Expr,
        words: &str,
        test: fn(Box<Expr>) -> Expr,
    ) -> Result<Typed> {
        let value = self.expr(scope, inner)?;
        let position = value.position;
        let condition = self.boolean(value, words)?;
        Ok(Typed::new(test(Box::new(condition)), PgType::BOOL, position))
    }

    /// Two comparisons, as PostgreSQL has it.
    fn between(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        negated: bool,
        low: &ast::Expr,
        high: &ast::Expr,
    ) -> Result<Typed> {
        let (first, second, joint) = match negated {
            false => (">=", "<=", Operator::And),
            true => ("<", ">", Operator::Or),
        };
        let above = self.operate(first, self.expr(scope, value)?, self.expr(scope, low)?)?;
        let below = self.operate(second, self.expr(scope, value)?, self.expr(scope, high)?)?;
        let position = above.position;
        Ok(Typed::new(binary_expr(above.expr, joint, below.expr), PgType::BOOL, position))
    }

    fn like(
        &self,
        scope: &Scope<'_>,
        name: &str,
        any: bool,
        value: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::ValueWithSpan>,
    ) -> Result<Typed> {
        if any {
            return Err(Error::unsupported("LIKE ANY"));
        }
        let value = self.expr(scope, value)?;
        let mut pattern = self.expr(scope, pattern)?;
        if let Some(escape) = escape {
            pattern = self.call("like_escape", vec![pattern, self.value(escape)?])?;
        }
        self.operate(name, value, pattern)
    }

    pub(super) fn cast(
        &self,
        scope: &Scope<'_>,
        expr: &ast::Expr,
        data_type: &ast::DataType,
    ) -> Result<Typed> {
        if let ast::Expr::Array(array) = expr
            && array.elem.is_empty()
        {
            // An empty array has the type that it is cast to.
            let to = type_name::resolve(data_type)?;
            let empty = ast::Value::SingleQuotedString("{}".to_owned());
            return self.cast_to(self.value(&empty.with_empty_span())?, to);
        }
        let value = self.expr(scope, expr)?;
        let position = value.position;
        let to = type_name::resolve(data_type).map_err(|e| Error::from(e).or_at(position))?;
        self.cast_to(value, to)
    }

    pub(super) fn cast_to(&self, value: Typed, to: PgType) -> Result<Typed> {
        let (from, position) = (value.t, value.position);
        self.coerce(value, to, Context::Explicit)?.ok_or_else(|| {
            let message = format!("cannot cast type {from} to {to}");
            Error::at(SqlState::CANNOT_COERCE, message, position)
        })
    }

    fn case(
        &self,
        scope: &Scope<'_>,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
    ) -> Result<Typed> {
        let mut whens = Vec::with_capacity(conditions.len());
        // PostgreSQL settles the type by ELSE first, then by each THEN.
        let mut results = vec![match otherwise {
            Some(otherwise) => self.expr(scope, otherwise)?,
            None => self.value(&ast::Value::Null.with_empty_span())?,
        }];
        for when in conditions {
            let condition = match operand {
                None => self.expr(scope, &when.condition)?,
                Some(operand) => self.operate(
                    "=",
                    self.settle(self.expr(scope, operand)?)?,
                    self.expr(scope, &when.condition)?,
                )?,
            };
            whens.push(self.boolean(condition, "CASE/WHEN")?);
            results.push(self.expr(scope, &when.result)?);
        }
        let (results, t) = self.to_common(results, "CASE")?;
        let mut results = results.into_iter().map(|result| Box::new(result.expr));
        let otherwise = results.next();
        let branches = whens.into_iter().map(Box::new).zip(results).collect();
        Ok(Typed::new(Expr::Case(Case::new(None, branches, otherwise)), t, None))
    }

    /// Text sorts by bytes here whatever it is called, as long as that is what it is called.
    fn collate(
        &self,
        scope: &Scope<'_>,
        expr: &ast::Expr,
        collation: &ast::ObjectName,
    ) -> Result<Typed> {
        let parts: Vec<String> = collation.0.iter().map(|part| part.to_string()).collect();
        let name = parts.last().map(|name| name.trim_matches('"').to_owned()).unwrap_or_default();
        let value = self.settle(self.expr(scope, expr)?)?;
        if value.t.collation == medley_types::CollationOid::NONE {
            let message = format!("collations are not supported by type {}", value.t);
            return Err(Error::at(SqlState::DATATYPE_MISMATCH, message, value.position));
        }
        match name.as_str() {
            "default" | "C" | "POSIX" | "C.UTF-8" | "C.utf8" | "ucs_basic" | "pg_c_utf8" => {
                Ok(value)
            }
            _ => {
                Err(Error::unsupported(format_args!("collation \"{name}\"")).or_at(value.position))
            }
        }
    }

    fn substring(
        &self,
        scope: &Scope<'_>,
        expr: &ast::Expr,
        from: Option<&ast::Expr>,
        length: Option<&ast::Expr>,
    ) -> Result<Typed> {
        match (from, length) {
            (Some(from), Some(length)) => {
                self.named_call(scope, "substring", &[expr, from, length])
            }
            (Some(from), None) => self.named_call(scope, "substring", &[expr, from]),
            (None, Some(length)) => {
                let one = Typed::new(lit(1), PgType::INT4, None);
                let value = self.expr(scope, expr)?;
                let length = self.expr(scope, length)?;
                self.call("substring", vec![value, one, length])
            }
            (None, None) => self.named_call(scope, "substring", &[expr]),
        }
    }

    fn trim(
        &self,
        scope: &Scope<'_>,
        side: Option<&ast::TrimWhereField>,
        what: Option<&ast::Expr>,
        expr: &ast::Expr,
    ) -> Result<Typed> {
        let name = match side {
            None | Some(ast::TrimWhereField::Both) => "btrim",
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
        };
        let mut arguments = vec![expr];
        arguments.extend(what);
        self.named_call(scope, name, &arguments)
    }

    fn extract(
        &self,
        scope: &Scope<'_>,
        field: &ast::DateTimeField,
        expr: &ast::Expr,
    ) -> Result<Typed> {
        let word = field.to_string().trim_matches(['\'', '"']).to_ascii_lowercase();
        let field = Typed::new(lit(word), PgType::TEXT, None);
        let value = self.expr(scope, expr)?;
        self.call("extract", vec![field, value])
    }
}

/// `0A000` with the words that the person used, if they are few.
fn unsupported(expr: &ast::Expr) -> Error {
    let what = match expr {
        ast::Expr::SimilarTo { .. } => "SIMILAR TO".to_owned(),
        ast::Expr::GroupingSets(_) => "GROUPING SETS".to_owned(),
        ast::Expr::Cube(_) => "CUBE".to_owned(),
        ast::Expr::Rollup(_) => "ROLLUP".to_owned(),
        ast::Expr::Tuple(_) => "a row constructor here".to_owned(),
        ast::Expr::IsNormalized { .. } => "IS NORMALIZED".to_owned(),
        _ => "this kind of expression".to_owned(),
    };
    Error::unsupported(what).or_at(position(expr.span()))
}
