//! Operators, comparisons and what SQL spells in words of its own.
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, lit};
use medley_diagnostic::{Report, SqlState};
use medley_sql::query_ast::{self as ast, BinaryOperator, UnaryOperator};
use medley_types::{Form, PgType, arrow_type};

use super::scope::Scope;
use super::{Binder, Typed};
use crate::error::{Error, Result};
use crate::semantics::key::key;
use crate::semantics::resolve::{Failure, Resolved, resolve_operator};
use crate::semantics::{Numeric, call_function};

/// How PostgreSQL calls an operator of the parser; `None` for one that it does not have.
pub(super) fn operator_name(op: &BinaryOperator) -> Option<String> {
    Some(
        match op {
            BinaryOperator::Plus => "+",
            BinaryOperator::Minus => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Modulo => "%",
            BinaryOperator::StringConcat => "||",
            BinaryOperator::Gt => ">",
            BinaryOperator::Lt => "<",
            BinaryOperator::GtEq => ">=",
            BinaryOperator::LtEq => "<=",
            BinaryOperator::Eq => "=",
            BinaryOperator::NotEq => "<>",
            BinaryOperator::BitwiseOr => "|",
            BinaryOperator::BitwiseAnd => "&",
            BinaryOperator::BitwiseXor | BinaryOperator::PGExp => "^",
            BinaryOperator::PGBitwiseXor => "#",
            BinaryOperator::PGBitwiseShiftLeft => "<<",
            BinaryOperator::PGBitwiseShiftRight => ">>",
            BinaryOperator::PGOverlap => "&&",
            BinaryOperator::PGRegexMatch => "~",
            BinaryOperator::PGRegexIMatch => "~*",
            BinaryOperator::PGRegexNotMatch => "!~",
            BinaryOperator::PGRegexNotIMatch => "!~*",
            BinaryOperator::PGLikeMatch => "~~",
            BinaryOperator::PGILikeMatch => "~~*",
            BinaryOperator::PGNotLikeMatch => "!~~",
            BinaryOperator::PGNotILikeMatch => "!~~*",
            BinaryOperator::PGStartsWith => "^@",
            BinaryOperator::Arrow => "->",
            BinaryOperator::LongArrow => "->>",
            BinaryOperator::HashArrow => "#>",
            BinaryOperator::HashLongArrow => "#>>",
            BinaryOperator::AtArrow => "@>",
            BinaryOperator::ArrowAt => "<@",
            BinaryOperator::AtAt => "@@",
            BinaryOperator::AtQuestion => "@?",
            BinaryOperator::HashMinus => "#-",
            BinaryOperator::Question => "?",
            BinaryOperator::QuestionAnd => "?&",
            BinaryOperator::QuestionPipe => "?|",
            BinaryOperator::Custom(name) => return Some(name.clone()),
            BinaryOperator::PGCustomBinaryOperator(parts) => {
                return match parts.as_slice() {
                    [name] => Some(name.clone()),
                    [schema, name] if schema == "pg_catalog" => Some(name.clone()),
                    _ => None,
                };
            }
            _ => return None,
        }
        .to_owned(),
    )
}

fn comparison(name: &str) -> Option<Operator> {
    Some(match name {
        "=" => Operator::Eq,
        "<>" | "!=" => Operator::NotEq,
        "<" => Operator::Lt,
        "<=" => Operator::LtEq,
        ">" => Operator::Gt,
        ">=" => Operator::GtEq,
        _ => return None,
    })
}

impl Binder<'_> {
    pub(super) fn binary(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Typed> {
        if matches!(op, BinaryOperator::And | BinaryOperator::Or) {
            return self.logical(scope, left, op, right);
        }
        let name =
            operator_name(op).ok_or_else(|| Error::unsupported(format_args!("operator {op}")))?;
        if let Some(rows) = self.row_comparison(scope, left, &name, right)? {
            return Ok(rows);
        }
        let left = self.expr(scope, left)?;
        let right = self.expr(scope, right)?;
        self.operate(&name, left, right)
    }

    fn logical(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Typed> {
        let (word, op) = match op {
            BinaryOperator::And => ("AND", Operator::And),
            _ => ("OR", Operator::Or),
        };
        let left = self.expr(scope, left)?;
        let position = left.position;
        let left = self.boolean(left, word)?;
        let right = self.boolean(self.expr(scope, right)?, word)?;
        Ok(Typed::new(binary_expr(left, op, right), PgType::BOOL, position))
    }

    /// `(a, b) = (c, d)`
    fn row_comparison(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        name: &str,
        right: &ast::Expr,
    ) -> Result<Option<Typed>> {
        let (ast::Expr::Tuple(left), ast::Expr::Tuple(right)) = (left, right) else {
            return Ok(None);
        };
        if !matches!(name, "=" | "<>") {
            return Err(Error::unsupported("ordering rows"));
        }
        if left.len() != right.len() {
            let message = "unequal number of entries in row expressions";
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, None));
        }
        let pairs = left.iter().zip(right).map(|(left, right)| {
            Ok(self.operate(name, self.expr(scope, left)?, self.expr(scope, right)?)?.expr)
        });
        let joint = if name == "=" { Operator::And } else { Operator::Or };
        let pairs = pairs.collect::<Result<Vec<_>>>()?;
        let all = pairs.into_iter().reduce(|all, next| binary_expr(all, joint, next));
        Ok(all.map(|all| Typed::new(all, PgType::BOOL, None)))
    }

    /// An operator between two expressions.
    pub(super) fn operate(&self, name: &str, left: Typed, right: Typed) -> Result<Typed> {
        let position = left.position;
        let canonical = if name == "!=" { "<>" } else { name };
        let (_, found) = resolve_operator(canonical, Some(left.t), right.t)
            .map_err(|failure| no_operator(failure, name, Some(left.t), right.t, position))?;
        if let Some(op) = comparison(canonical) {
            return self.compare(op, left, right, &found, position);
        }
        let arguments = vec![left, right];
        let arguments = self.coerce_arguments(arguments, &found)?;
        let expr = call_function(&found, arguments, &self.env).map_err(|e| e.or_at(position))?;
        Ok(Typed::new(expr, found.result, position))
    }

    fn compare(
        &self,
        op: Operator,
        left: Typed,
        right: Typed,
        found: &Resolved,
        position: Option<usize>,
    ) -> Result<Typed> {
        let at = |error: Error| error.or_at(position);
        if let Some(expr) = decimal_comparison(op, &left, &right) {
            return Ok(Typed::new(expr, PgType::BOOL, position));
        }
        let common = compared_as(found.arguments[0], found.arguments[1]).map_err(at)?;
        // What the operator takes it as first (a literal's type), then what both are.
        let mut sides = Vec::with_capacity(2);
        for (side, wanted) in [left, right].into_iter().zip(&found.arguments) {
            let side = self.coerce_to(side, *wanted, "operand")?;
            sides.push(self.coerce_to(side, common, "operand")?.expr);
        }
        let right = key(sides.remove(1), common, &self.env).map_err(at)?;
        let left = key(sides.remove(0), common, &self.env).map_err(at)?;
        Ok(Typed::new(binary_expr(left, op, right), PgType::BOOL, position))
    }

    /// `IS [NOT] DISTINCT FROM`
    pub(super) fn distinct(&self, left: Typed, right: Typed, negated: bool) -> Result<Typed> {
        let op = if negated { Operator::IsNotDistinctFrom } else { Operator::IsDistinctFrom };
        let position = left.position;
        let (_, found) = resolve_operator("=", Some(left.t), right.t)
            .map_err(|failure| no_operator(failure, "=", Some(left.t), right.t, position))?;
        self.compare(op, left, right, &found, position)
    }

    pub(super) fn unary(
        &self,
        scope: &Scope<'_>,
        op: &UnaryOperator,
        expr: &ast::Expr,
    ) -> Result<Typed> {
        let name = match op {
            UnaryOperator::Not => {
                let value = self.expr(scope, expr)?;
                let position = value.position;
                let condition = self.boolean(value, "NOT")?;
                return Ok(Typed::new(Expr::Not(Box::new(condition)), PgType::BOOL, position));
            }
            UnaryOperator::Plus => "+",
            UnaryOperator::Minus => {
                if let Some(negative) = negative_number(expr) {
                    return self.value(&negative);
                }
                "-"
            }
            UnaryOperator::BitwiseNot => "~",
            UnaryOperator::PGAbs => "@",
            UnaryOperator::PGSquareRoot => "|/",
            UnaryOperator::PGCubeRoot => "||/",
            other => return Err(Error::unsupported(format_args!("operator {other}"))),
        };
        let value = self.expr(scope, expr)?;
        let position = value.position;
        let (_, found) = resolve_operator(name, None, value.t)
            .map_err(|failure| no_operator(failure, name, None, value.t, position))?;
        let arguments = self.coerce_arguments(vec![value], &found)?;
        let expr = call_function(&found, arguments, &self.env).map_err(|e| e.or_at(position))?;
        Ok(Typed::new(expr, found.result, position))
    }

    /// `a IN (b, c)`
    pub(super) fn in_list(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        list: &[ast::Expr],
        negated: bool,
    ) -> Result<Typed> {
        let rows = matches!(value, ast::Expr::Tuple(_));
        if rows || !self.is_plain_list(scope, value, list)? {
            return self.in_comparisons(scope, value, list, negated);
        }
        let mut values = vec![self.expr(scope, value)?];
        let position = values[0].position;
        for item in list {
            values.push(self.expr(scope, item)?);
        }
        let (values, common) = self.to_common(values, "IN")?;
        let mut values = values.into_iter().map(|value| key(value.expr, common, &self.env));
        let first = values.next().unwrap_or_else(|| Ok(lit(false)))?;
        let list = values.collect::<Result<_>>()?;
        let expr = Expr::InList(InList::new(Box::new(first), list, negated));
        Ok(Typed::new(expr, PgType::BOOL, position))
    }

    /// Whether one type is common to all, so that one comparison is.
    fn is_plain_list(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        list: &[ast::Expr],
    ) -> Result<bool> {
        let first = self.expr(scope, value)?.t;
        for item in list {
            let t = self.expr(scope, item)?.t;
            if t.oid != first.oid && t.oid != PgType::UNKNOWN.oid {
                return Ok(false);
            }
        }
        Ok(first.oid != PgType::UNKNOWN.oid)
    }

    fn in_comparisons(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        list: &[ast::Expr],
        negated: bool,
    ) -> Result<Typed> {
        let (op, joint) = match negated {
            false => (BinaryOperator::Eq, Operator::Or),
            true => (BinaryOperator::NotEq, Operator::And),
        };
        let comparisons = list.iter().map(|item| self.binary(scope, value, &op, item));
        let comparisons = comparisons.collect::<Result<Vec<_>>>()?;
        let position = comparisons.first().and_then(|first| first.position);
        let all = comparisons.into_iter().map(|c| c.expr);
        let expr = all.reduce(|all, next| binary_expr(all, joint, next));
        Ok(Typed::new(expr.unwrap_or_else(|| lit(negated)), PgType::BOOL, position))
    }

    /// The arguments of a call, as what was resolved wants them.
    pub(super) fn coerce_arguments(
        &self,
        arguments: Vec<Typed>,
        found: &Resolved,
    ) -> Result<Vec<(Expr, PgType)>> {
        arguments
            .into_iter()
            .zip(&found.arguments)
            .map(|(argument, wanted)| {
                let what = format!("argument of {}", found.function.name);
                let kept = match (argument.t.oid == wanted.oid, argument.open.is_none()) {
                    // A typmod of its own says more than the plain type that is wanted.
                    (true, true) => argument,
                    _ => self.coerce_to(argument, *wanted, &what)?,
                };
                Ok((kept.expr, kept.t))
            })
            .collect()
    }
}

/// The type that values of two types are compared as.
fn compared_as(left: PgType, right: PgType) -> Result<PgType> {
    let plain = |t: PgType| PgType::plain(t.oid.0);
    if left.oid == right.oid {
        return Ok(plain(left));
    }
    let rank = |t: PgType| match Form::of(plain(t)) {
        Form::Int2 => 1,
        Form::Int4 => 2,
        Form::Int8 => 3,
        Form::Float4 => 11,
        Form::Float8 => 12,
        Form::Text => 21,
        _ => 0,
    };
    let (a, b) = (rank(left), rank(right));
    match a / 10 == b / 10 && a > 0 && b > 0 {
        true if a / 10 == 2 => Ok(PgType::TEXT),
        true => Ok(if a > b { plain(left) } else { plain(right) }),
        false => temporal(left, right).ok_or_else(|| {
            Error::unsupported(format_args!("comparing values of types {left} and {right}"))
        }),
    }
}

/// Dates are compared with timestamps as timestamps.
fn temporal(left: PgType, right: PgType) -> Option<PgType> {
    let rank = |t: PgType| match Form::of(t) {
        Form::Date => Some(1),
        Form::Timestamp => Some(2),
        Form::Timestamptz => Some(3),
        _ => None,
    };
    let t = |rank| match rank {
        1 => PgType::DATE,
        2 => PgType::TIMESTAMP,
        _ => PgType::TIMESTAMPTZ,
    };
    Some(t(rank(left)?.max(rank(right)?)))
}

/// A column of `numeric(p,s)` with a constant that is exact at its scale, or with its like: as
/// the integers that they are.
fn decimal_comparison(op: Operator, left: &Typed, right: &Typed) -> Option<Expr> {
    let is_decimal = |t: PgType| matches!(Form::of(t), Form::Decimal128 { .. });
    if is_decimal(left.t) && arrow_type(left.t) == arrow_type(right.t) {
        return Some(binary_expr(left.expr.clone(), op, right.expr.clone()));
    }
    if is_decimal(left.t) {
        let constant = decimal_constant(right, left.t)?;
        return Some(binary_expr(left.expr.clone(), op, constant));
    }
    let constant = decimal_constant(left, right.t).filter(|_| is_decimal(right.t))?;
    Some(binary_expr(constant, op, right.expr.clone()))
}

fn decimal_constant(value: &Typed, t: PgType) -> Option<Expr> {
    let Form::Decimal128 { precision, scale } = Form::of(t) else { return None };
    let text = match (&value.expr, value.t.oid, &value.open) {
        (Expr::Literal(scalar, _), oid, None)
            if [PgType::NUMERIC, PgType::INT4, PgType::INT8].iter().any(|t| t.oid == oid) =>
        {
            scalar.to_string()
        }
        _ => return None,
    };
    let number: Numeric = text.parse().ok()?;
    let rounded = number.round(i32::from(scale)).ok()?;
    let digits = number.to_decimal128(scale as u32).filter(|_| rounded.compare(&number).is_eq())?;
    let fits = digits.unsigned_abs() < 10u128.pow(u32::from(precision));
    fits.then(|| lit(datafusion::scalar::ScalarValue::Decimal128(Some(digits), precision, scale)))
}

/// `-1` is one constant, so that the smallest integers are integers.
fn negative_number(expr: &ast::Expr) -> Option<ast::ValueWithSpan> {
    match expr {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Number(text, long) if !text.starts_with('-') => Some(ast::ValueWithSpan {
                value: ast::Value::Number(format!("-{text}"), *long),
                span: value.span,
            }),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn binary_expr(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}

fn no_operator(
    failure: Failure,
    name: &str,
    left: Option<PgType>,
    right: PgType,
    position: Option<usize>,
) -> Error {
    let plain = |t: PgType| PgType::plain(t.oid.0);
    let signature = match left {
        Some(left) => format!("{} {name} {}", plain(left), plain(right)),
        None => format!("{name} {}", plain(right)),
    };
    let one = left.is_none();
    let (state, message, hint) = match failure {
        Failure::Undefined => (
            SqlState::UNDEFINED_FUNCTION,
            format!("operator does not exist: {signature}"),
            match one {
                true => {
                    "No operator matches the given name and argument type. You might need to \
                     add an explicit type cast."
                }
                false => {
                    "No operator matches the given name and argument types. You might need to \
                     add explicit type casts."
                }
            },
        ),
        Failure::Ambiguous => (
            SqlState::AMBIGUOUS_FUNCTION,
            format!("operator is not unique: {signature}"),
            match one {
                true => {
                    "Could not choose a best candidate operator. You might need to add an \
                     explicit type cast."
                }
                false => {
                    "Could not choose a best candidate operator. You might need to add explicit \
                     type casts."
                }
            },
        ),
    };
    let mut report = Report::error(state, message).with_hint(hint);
    report.position = position;
    report.into()
}
