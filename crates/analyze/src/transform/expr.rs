//! Expressions.
use medley_diagnostic::SqlState;
use medley_sql::query_ast as ast;
use medley_sql::span::position;
use medley_sql::{Construct, operator_position};
use medley_types::{CollationOid, PgType};

use super::Analyser;
use super::coerce::untyped;
use super::literal::{constant, null};
use super::operator::{begin, joined, negated as negated_test, without_parentheses};
use super::quantified::is_array;
use super::scope::Scope;
use crate::error::{Error, Result};
use crate::resolve::Context;
use crate::tree::{BoolOp, CallForm, Case, CastForm, Expr, ExprKind, TruthTest, When};
use crate::type_name;

impl Analyser<'_> {
    /// An expression of this scope.
    pub(super) fn expr(&self, scope: &Scope<'_>, expr: &ast::Expr) -> Result<Expr> {
        use ast::Expr as E;
        match expr {
            E::Identifier(name) => self.identifier(scope, name),
            E::CompoundIdentifier(parts) => self.qualified_column(scope, parts),
            E::Nested(inner) | E::Prefixed { value: inner, .. } => self.expr(scope, inner),
            E::Value(value) => self.value(value),
            E::TypedString(typed) => self.typed_string(typed),
            E::Interval(interval) => self.interval(interval),
            E::BinaryOp { left, op, right } => self.binary(scope, left, op, right),
            E::UnaryOp { op, expr } => self.unary(scope, op, expr),
            E::IsNull(inner) => self.null_test(scope, inner, false),
            E::IsNotNull(inner) => self.null_test(scope, inner, true),
            E::IsTrue(inner) => self.truth_test(scope, inner, TruthTest::True),
            E::IsNotTrue(inner) => self.truth_test(scope, inner, TruthTest::NotTrue),
            E::IsFalse(inner) => self.truth_test(scope, inner, TruthTest::False),
            E::IsNotFalse(inner) => self.truth_test(scope, inner, TruthTest::NotFalse),
            E::IsUnknown(inner) => self.truth_test(scope, inner, TruthTest::Unknown),
            E::IsNotUnknown(inner) => self.truth_test(scope, inner, TruthTest::NotUnknown),
            E::IsDistinctFrom(left, right) => self.distinct(scope, left, right, false),
            E::IsNotDistinctFrom(left, right) => self.distinct(scope, left, right, true),
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
            E::Function(function) => match super::construct::of(expr) {
                Some((construct, args)) => self.construct(scope, construct, &args, begin(expr)),
                None => self.function(scope, function),
            },
            E::Exists { subquery, negated } => self.exists(scope, subquery, *negated),
            E::Subquery(query) => {
                // It begins with its parenthesis.
                let at = begin(expr).and_then(|at| at.checked_sub(1));
                self.scalar_subquery(scope, query, at)
            }
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
            E::Tuple(parts) => self.tuple(scope, parts),
            E::SimilarTo { negated, expr, pattern, escape_char } => {
                let name = if *negated { "!~" } else { "~" };
                self.similar(scope, name, expr, pattern, escape_char.as_ref())
            }
            E::CompoundFieldAccess { root, access_chain } => {
                self.subscript(scope, root, access_chain)
            }
            other => self.in_words(scope, other),
        }
    }

    /// Functions that SQL calls in words of its own.
    fn in_words(&self, scope: &Scope<'_>, expr: &ast::Expr) -> Result<Expr> {
        use ast::Expr as E;
        let call = |name: &str, form, arguments: &[&ast::Expr]| {
            let values = arguments.iter().map(|argument| self.expr(scope, argument));
            self.call(scope, name, form, values.collect::<Result<_>>()?)
        };
        match expr {
            E::Extract { field, expr, .. } => self.extract(scope, field, expr),
            E::AtTimeZone { timestamp, time_zone } => {
                call("timezone", CallForm::Sql, &[time_zone, timestamp])
            }
            E::Position { expr, r#in } => call("position", CallForm::Sql, &[r#in, expr]),
            E::Substring { expr, substring_from, substring_for, special, shorthand } => {
                let form = if *special || *shorthand { CallForm::Call } else { CallForm::Sql };
                let name = if *shorthand { "substr" } else { "substring" };
                let (from, length) = (substring_from.as_deref(), substring_for.as_deref());
                self.substring(scope, name, form, expr, from, length)
            }
            E::Trim { trim_where, trim_what, expr, trim_characters } => {
                let what = trim_what.as_deref().or_else(|| trim_characters.as_ref()?.first());
                let arguments: Vec<_> = std::iter::once(&**expr).chain(what).collect();
                call(trim_name(trim_where.as_ref()), CallForm::Sql, &arguments)
            }
            E::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let mut arguments: Vec<&ast::Expr> = vec![expr, overlay_what, overlay_from];
                arguments.extend(overlay_for.as_deref());
                call("overlay", CallForm::Sql, &arguments)
            }
            E::IsNormalized { expr, form, negated } => {
                let mut values = vec![self.expr(scope, expr)?];
                if let Some(form) = form {
                    values.push(constant(&form.to_string(), PgType::TEXT, None));
                }
                let test = self.call(scope, "is_normalized", CallForm::Sql, values)?;
                Ok(if *negated { negated_test(test) } else { test })
            }
            E::Ceil { expr, .. } => call("ceil", CallForm::Call, &[expr]),
            E::Floor { expr, .. } => call("floor", CallForm::Call, &[expr]),
            other => Err(unsupported(other)),
        }
    }

    /// A column, or one of SQL's functions without parentheses.
    fn identifier(&self, scope: &Scope<'_>, name: &ast::Ident) -> Result<Expr> {
        if name.quote_style.is_none()
            && let Some(found) = super::function::sql_value(&name.value, position(name.span))
        {
            return Ok(found);
        }
        if name.quote_style.is_none() && name.value == "system_user" {
            return self.call(scope, "system_user", CallForm::Sql, Vec::new());
        }
        self.column(scope, name)
    }

    fn null_test(&self, scope: &Scope<'_>, inner: &ast::Expr, is_not: bool) -> Result<Expr> {
        let value = self.settle(self.expr(scope, inner)?)?;
        let at = value.position;
        Ok(Expr::new(ExprKind::NullTest(Box::new(value), is_not), PgType::BOOL, at))
    }

    fn truth_test(&self, scope: &Scope<'_>, inner: &ast::Expr, test: TruthTest) -> Result<Expr> {
        let value = self.boolean(self.expr(scope, inner)?, test.words())?;
        let at = value.position;
        Ok(Expr::new(ExprKind::TruthTest(test, Box::new(value)), PgType::BOOL, at))
    }

    /// Two comparisons, as PostgreSQL has it.
    fn between(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        is_not: bool,
        low: &ast::Expr,
        high: &ast::Expr,
    ) -> Result<Expr> {
        let (value, at) = operator_position(value);
        let (first, second, joint, other) = match is_not {
            false => (">=", "<=", BoolOp::And, BoolOp::Or),
            true => ("<", ">", BoolOp::Or, BoolOp::And),
        };
        let pair = |low: &ast::Expr, high: &ast::Expr| {
            let above =
                self.operate(first, self.expr(scope, value)?, self.expr(scope, low)?, at)?;
            let below =
                self.operate(second, self.expr(scope, value)?, self.expr(scope, high)?, at)?;
            Ok(joined(joint, vec![above, below]))
        };
        match symmetric(low) {
            None => pair(low, high),
            Some(low) => Ok(joined(other, vec![pair(low, high)?, pair(high, low)?])),
        }
    }

    fn like(
        &self,
        scope: &Scope<'_>,
        name: &str,
        any: bool,
        value: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::ValueWithSpan>,
    ) -> Result<Expr> {
        if any {
            return Err(Error::unsupported("LIKE ANY"));
        }
        let (value, at) = operator_position(value);
        let value = self.expr(scope, value)?;
        let mut pattern = self.expr(scope, pattern)?;
        if let Some(escape) = escape {
            let arguments = vec![pattern, self.value(escape)?];
            pattern = self.call(scope, "like_escape", CallForm::Call, arguments)?;
        }
        self.operate(name, value, pattern, at)
    }

    /// A regular expression made of the pattern.
    fn similar(
        &self,
        scope: &Scope<'_>,
        name: &str,
        value: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::ValueWithSpan>,
    ) -> Result<Expr> {
        let (value, at) = operator_position(value);
        let value = self.expr(scope, value)?;
        let mut arguments = vec![self.expr(scope, pattern)?];
        arguments.extend(escape.map(|escape| self.value(escape)).transpose()?);
        let pattern = self.call(scope, "similar_to_escape", CallForm::Call, arguments)?;
        self.operate(name, value, pattern, at)
    }

    fn cast(&self, scope: &Scope<'_>, expr: &ast::Expr, data_type: &ast::DataType) -> Result<Expr> {
        let (expr, operator_at) = operator_position(expr);
        // What is stored was printed from a tree, in which casts are where they are.
        if let ast::Expr::Array(array) = without_parentheses(expr)
            && (array.elem.is_empty() || !self.trusted)
            && let to = type_name::resolve(data_type)?
            && let Some(element) = to.element().filter(|_| is_array(to))
        {
            // Its elements are cast, and an empty one has the type that it is cast to.
            let value = self.array_as(scope, array, untyped(to), element)?;
            return self.cast_to(value, to);
        }
        let value = self.expr(scope, expr)?;
        let at = value.position;
        let to = self.type_named(data_type).map_err(|error| error.or_at(at))?;
        self.cast_at(value, to, operator_at.or(at))
    }

    /// The type of a name: the catalog's, or that of a relation's rows.
    fn type_named(&self, name: &ast::DataType) -> Result<PgType> {
        match (type_name::resolve(name), name) {
            (Err(type_name::Error::Unknown(unknown)), ast::DataType::Custom(name, _)) => {
                let row = self.row_type_named(name);
                row.ok_or(type_name::Error::Unknown(unknown).into())
            }
            (resolved, _) => Ok(resolved?),
        }
    }

    pub(super) fn cast_to(&self, value: Expr, to: PgType) -> Result<Expr> {
        let at = value.position;
        self.cast_at(value, to, at)
    }

    /// A cast that stands there.
    fn cast_at(&self, value: Expr, to: PgType, at: Option<usize>) -> Result<Expr> {
        let from = value.t;
        self.coerce(value, to, Context::Explicit, CastForm::Explicit)?.ok_or_else(|| {
            let message = format!("cannot cast type {} to {}", untyped(from), untyped(to));
            Error::at(SqlState::CANNOT_COERCE, message, at)
        })
    }

    fn case(
        &self,
        scope: &Scope<'_>,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
    ) -> Result<Expr> {
        let operand = operand.map(|it| self.settle(self.expr(scope, it)?)).transpose()?;
        let mut tests = Vec::with_capacity(conditions.len());
        let mut results = Vec::with_capacity(conditions.len() + 1);
        for when in conditions {
            let mut test = self.expr(scope, &when.condition)?;
            if let Some(operand) = &operand {
                let placeholder = Expr::new(ExprKind::CaseOperand, operand.t, operand.position);
                test = self.operate("=", placeholder, test, None)?;
            }
            tests.push(self.boolean(test, "CASE/WHEN")?);
            results.push(self.expr(scope, &when.result)?);
        }
        // PostgreSQL settles the type by ELSE first, then by each THEN.
        let last = match otherwise {
            Some(otherwise) => self.expr(scope, otherwise)?,
            None => null(PgType::UNKNOWN, None),
        };
        results.insert(0, last);
        let (mut results, t) = self.to_common(results, "CASE")?;
        let otherwise = results.remove(0);
        let whens = tests.into_iter().zip(results);
        let whens = whens.map(|(condition, result)| When { condition, result }).collect();
        let case = Case { operand, whens, otherwise };
        Ok(Expr::new(ExprKind::Case(Box::new(case)), t, None))
    }

    /// Text sorts by bytes here whatever it is called, as long as that is what it is called.
    fn collate(
        &self,
        scope: &Scope<'_>,
        expr: &ast::Expr,
        collation: &ast::ObjectName,
    ) -> Result<Expr> {
        let last = collation.0.last().map(ToString::to_string).unwrap_or_default();
        let name = last.trim_matches('"').to_owned();
        let value = self.settle(self.expr(scope, expr)?)?;
        let at = value.position;
        if value.t.collation == CollationOid::NONE {
            let message = format!("collations are not supported by type {}", untyped(value.t));
            return Err(Error::at(SqlState::DATATYPE_MISMATCH, message, at));
        }
        let oid = known_collation(&name)
            .ok_or_else(|| Error::unsupported(format_args!("collation \"{name}\"")).or_at(at))?;
        let t = value.t.with_collation(oid);
        Ok(Expr::new(ExprKind::Collate(Box::new(value), oid, name), t, at))
    }

    fn substring(
        &self,
        scope: &Scope<'_>,
        name: &str,
        form: CallForm,
        expr: &ast::Expr,
        from: Option<&ast::Expr>,
        length: Option<&ast::Expr>,
    ) -> Result<Expr> {
        let mut values = vec![self.expr(scope, expr)?];
        match (from, length) {
            (Some(from), _) => values.push(self.expr(scope, from)?),
            (None, Some(_)) => values.push(constant("1", PgType::INT4, None)),
            (None, None) => {}
        }
        values.extend(length.map(|length| self.expr(scope, length)).transpose()?);
        self.call(scope, name, form, values)
    }

    fn extract(
        &self,
        scope: &Scope<'_>,
        field: &ast::DateTimeField,
        expr: &ast::Expr,
    ) -> Result<Expr> {
        let word = field.to_string().trim_matches(['\'', '"']).to_ascii_lowercase();
        let value = self.expr(scope, expr)?;
        let arguments = vec![constant(&word, PgType::TEXT, None), value];
        self.call(scope, "extract", CallForm::Sql, arguments)
    }
}

/// The lower bound of BETWEEN SYMMETRIC.
fn symmetric(low: &ast::Expr) -> Option<&ast::Expr> {
    match super::construct::of(low)? {
        (Construct::Symmetric, args) => args.into_iter().next(),
        _ => None,
    }
}

fn trim_name(side: Option<&ast::TrimWhereField>) -> &'static str {
    match side {
        None | Some(ast::TrimWhereField::Both) => "btrim",
        Some(ast::TrimWhereField::Leading) => "ltrim",
        Some(ast::TrimWhereField::Trailing) => "rtrim",
    }
}

/// The collations that sort as text does here, by their oids.
fn known_collation(name: &str) -> Option<CollationOid> {
    Some(match name {
        "default" => CollationOid::DEFAULT,
        "C" => CollationOid::C,
        "POSIX" => CollationOid::POSIX,
        "ucs_basic" => CollationOid(962),
        "pg_c_utf8" => CollationOid(811),
        "C.UTF-8" | "C.utf8" => CollationOid(12359),
        _ => return None,
    })
}

/// `0A000` with the words that the person used, if they are few.
fn unsupported(expr: &ast::Expr) -> Error {
    let what = match expr {
        ast::Expr::GroupingSets(_) => "GROUPING SETS".to_owned(),
        ast::Expr::Cube(_) => "CUBE".to_owned(),
        ast::Expr::Rollup(_) => "ROLLUP".to_owned(),
        _ => "this kind of expression".to_owned(),
    };
    Error::unsupported(what).or_at(begin(expr))
}
