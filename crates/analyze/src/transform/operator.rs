//! Operators and comparisons.
use ast::Spanned as _;
use medley_diagnostic::{Report, SqlState};
use medley_sql::operator_position;
use medley_sql::query_ast::{self as ast, BinaryOperator, UnaryOperator};
use medley_sql::span::position;
use medley_types::{PgType, TypeOid};

use super::Analyser;
use super::coerce::untyped;
use super::scope::Scope;
use crate::builtin::Operator;
use crate::error::{Error, Result};
use crate::resolve::{Failure, Resolved, common_type, resolve_operator};
use crate::tree::{BoolOp, CallForm, Expr, ExprKind, OperatorCall};

/// `"any"`
const ANY: TypeOid = TypeOid(2276);

/// How PostgreSQL calls an operator of the parser; `None` for one that it does not have.
pub(super) fn operator_name(op: &BinaryOperator) -> Option<String> {
    use BinaryOperator as B;
    let name = match op {
        B::Plus => "+",
        B::Minus => "-",
        B::Multiply => "*",
        B::Divide => "/",
        B::Modulo => "%",
        B::StringConcat => "||",
        B::Gt => ">",
        B::Lt => "<",
        B::GtEq => ">=",
        B::LtEq => "<=",
        B::Eq => "=",
        B::NotEq => "<>",
        B::BitwiseOr => "|",
        B::BitwiseAnd => "&",
        B::BitwiseXor | B::PGExp => "^",
        B::PGBitwiseXor => "#",
        B::PGBitwiseShiftLeft => "<<",
        B::PGBitwiseShiftRight => ">>",
        B::PGOverlap => "&&",
        B::PGRegexMatch => "~",
        B::PGRegexIMatch => "~*",
        B::PGRegexNotMatch => "!~",
        B::PGRegexNotIMatch => "!~*",
        B::PGLikeMatch => "~~",
        B::PGILikeMatch => "~~*",
        B::PGNotLikeMatch => "!~~",
        B::PGNotILikeMatch => "!~~*",
        B::PGStartsWith => "^@",
        B::Arrow => "->",
        B::LongArrow => "->>",
        B::HashArrow => "#>",
        B::HashLongArrow => "#>>",
        B::AtArrow => "@>",
        B::ArrowAt => "<@",
        B::AtAt => "@@",
        B::AtQuestion => "@?",
        B::HashMinus => "#-",
        B::Question => "?",
        B::QuestionAnd => "?&",
        B::QuestionPipe => "?|",
        B::Overlaps => "OVERLAPS",
        B::Custom(name) => name,
        B::PGCustomBinaryOperator(parts) => match parts.as_slice() {
            [name] => name,
            [schema, name] if schema == "pg_catalog" => name,
            _ => return None,
        },
        other => return Some(other.to_string()).filter(|name| is_signs(name)),
    };
    Some(if name == "!=" { "<>" } else { name }.to_owned())
}

fn is_signs(name: &str) -> bool {
    name.chars().all(|c| "+-*/<>=~!@#%^&|`?".contains(c))
}

/// A comparison of AND or OR, if it is of several.
pub(super) fn joined(op: BoolOp, mut all: Vec<Expr>) -> Expr {
    match all.len() {
        1 => all.remove(0),
        _ => {
            let position = all.first().and_then(|first| first.position);
            Expr::new(ExprKind::Bool(op, all), PgType::BOOL, position)
        }
    }
}

pub(super) fn negated(expr: Expr) -> Expr {
    let position = expr.position;
    Expr::new(ExprKind::Bool(BoolOp::Not, vec![expr]), PgType::BOOL, position)
}

impl Analyser<'_> {
    pub(super) fn binary(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Expr> {
        if matches!(op, BinaryOperator::And | BinaryOperator::Or) {
            return self.logical(scope, left, op, right);
        }
        let (right, at) = operator_position(right);
        self.binary_at(scope, left, op, right, at)
    }

    fn binary_at(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        at: Option<usize>,
    ) -> Result<Expr> {
        let name =
            operator_name(op).ok_or_else(|| Error::unsupported(format_args!("operator {op}")))?;
        if *op == BinaryOperator::Overlaps {
            return self.overlaps(scope, left, right, at);
        }
        if let (Some(left), Some(right)) = (row(left), row(right)) {
            return self.row_comparison(scope, &left, &name, &right, at);
        }
        if let (Some(_), ast::Expr::Subquery(query)) = (row(left), without_parentheses(right)) {
            return self.row_subquery(scope, left, &name, query, at);
        }
        let left = self.expr(scope, left)?;
        let right = self.expr(scope, right)?;
        self.operate(&name, left, right, at)
    }

    /// `a AND b AND c` is one AND of three.
    fn logical(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Expr> {
        let (word, bool_op) = match op {
            BinaryOperator::And => ("AND", BoolOp::And),
            _ => ("OR", BoolOp::Or),
        };
        let mut parts = vec![right];
        let mut first = left;
        while let ast::Expr::BinaryOp { left, op: inner, right } = without_parentheses(first)
            && inner == op
        {
            parts.push(right);
            first = left;
        }
        parts.push(first);
        let all = parts.into_iter().rev().map(|part| {
            let value = self.expr(scope, part)?;
            self.boolean(value, word)
        });
        Ok(joined(bool_op, all.collect::<Result<_>>()?))
    }

    /// `(a, b) = (c, d)`
    fn row_comparison(
        &self,
        scope: &Scope<'_>,
        left: &[&ast::Expr],
        name: &str,
        right: &[&ast::Expr],
        at: Option<usize>,
    ) -> Result<Expr> {
        if left.len() != right.len() {
            let message = "unequal number of entries in row expressions";
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
        }
        let joint = match name {
            "=" => BoolOp::And,
            "<>" => BoolOp::Or,
            _ => {
                let pairs = left
                    .iter()
                    .zip(right)
                    .map(|(left, right)| Ok((self.expr(scope, left)?, self.expr(scope, right)?)));
                return self.row_order(pairs.collect::<Result<_>>()?, name, at);
            }
        };
        let pairs = left.iter().zip(right).map(|(left, right)| {
            self.operate(name, self.expr(scope, left)?, self.expr(scope, right)?, at)
        });
        Ok(joined(joint, pairs.collect::<Result<_>>()?))
    }

    /// `(a, b) OVERLAPS (c, d)`
    fn overlaps(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        right: &ast::Expr,
        at: Option<usize>,
    ) -> Result<Expr> {
        let mut values = Vec::with_capacity(4);
        for (side, of) in [("left", left), ("right", right)] {
            let parts = row(of).filter(|parts| parts.len() == 2).ok_or_else(|| {
                let message =
                    format!("wrong number of parameters on {side} side of OVERLAPS expression");
                Error::at(SqlState::SYNTAX_ERROR, message, begin(of))
            })?;
            for part in parts {
                values.push(self.expr(scope, part)?);
            }
        }
        let call = self.call(scope, "overlaps", CallForm::Sql, values);
        call.map_err(|error| error.or_at(at))
    }

    /// An operator between two expressions, and where it stands if that is known.
    pub(super) fn operate(
        &self,
        name: &str,
        left: Expr,
        right: Expr,
        at: Option<usize>,
    ) -> Result<Expr> {
        let begin = left.position.or(at);
        let (operator, found, operands) = self.operands(name, left, right, at)?;
        let call = OperatorCall { operator: operator.oid, operands };
        Ok(Expr::new(ExprKind::Operator(call), found.result, begin))
    }

    /// The operator between two expressions, and they as it wants them.
    fn operands(
        &self,
        name: &str,
        left: Expr,
        right: Expr,
        at: Option<usize>,
    ) -> Result<(&'static Operator, Resolved, Vec<Expr>)> {
        let at = at.or(left.position);
        let (operator, found) = resolve_operator(name, Some(left.t), right.t)
            .map_err(|failure| no_operator(failure, name, Some(left.t), right.t, at))?;
        let operands = self.coerce_arguments(vec![left, right], &found)?;
        Ok((operator, found, operands))
    }

    /// `IS [NOT] DISTINCT FROM`; with NULL it is a test for NULL.
    pub(super) fn distinct(
        &self,
        scope: &Scope<'_>,
        left: &ast::Expr,
        right: &ast::Expr,
        is_not: bool,
    ) -> Result<Expr> {
        let (left, operator_at) = operator_position(left);
        let (left, right) = (self.expr(scope, left)?, self.expr(scope, right)?);
        let at = left.position;
        let is_null = |value: &Expr| matches!(value.kind, ExprKind::Constant(None));
        let untyped_null = |value: &Expr| is_null(value) && value.is_untyped();
        if untyped_null(&right) || untyped_null(&left) {
            let tested = if untyped_null(&right) { left } else { right };
            let tested = self.settle(tested)?;
            return Ok(Expr::new(ExprKind::NullTest(Box::new(tested), !is_not), PgType::BOOL, at));
        }
        let (operator, _, operands) = self.operands("=", left, right, operator_at)?;
        let call = OperatorCall { operator: operator.oid, operands };
        let distinct = Expr::new(ExprKind::Distinct(call), PgType::BOOL, at);
        Ok(if is_not { negated(distinct) } else { distinct })
    }

    /// NULLIF
    pub(super) fn null_if(&self, left: Expr, right: Expr, at: Option<usize>) -> Result<Expr> {
        let (operator, _, operands) = self.operands("=", left, right, at)?;
        let t = operands[0].t;
        let call = OperatorCall { operator: operator.oid, operands };
        Ok(Expr::new(ExprKind::NullIf(call), t, at))
    }

    pub(super) fn unary(
        &self,
        scope: &Scope<'_>,
        op: &UnaryOperator,
        expr: &ast::Expr,
    ) -> Result<Expr> {
        let (expr, at) = operator_position(expr);
        let name = match op {
            UnaryOperator::Not => {
                let value = self.expr(scope, expr)?;
                return Ok(negated(self.boolean(value, "NOT")?));
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
            UnaryOperator::PGPrefixFactorial => "!!",
            UnaryOperator::Hash => "#",
            UnaryOperator::AtDashAt => "@-@",
            UnaryOperator::DoubleAt => "@@",
            UnaryOperator::QuestionDash => "?-",
            UnaryOperator::QuestionPipe => "?|",
            other => return Err(Error::unsupported(format_args!("operator {other}")).or_at(at)),
        };
        let value = self.expr(scope, expr)?;
        let at = at.or(value.position);
        let (operator, found) = resolve_operator(name, None, value.t)
            .map_err(|failure| no_operator(failure, name, None, value.t, at))?;
        let operands = self.coerce_arguments(vec![value], &found)?;
        let call = OperatorCall { operator: operator.oid, operands };
        Ok(Expr::new(ExprKind::Operator(call), found.result, at))
    }

    /// `a IN (b, c)`: one comparison with an array of what names no columns, and one with each
    /// that does, as `transformAExprIn` has it.
    pub(super) fn in_list(
        &self,
        scope: &Scope<'_>,
        value: &ast::Expr,
        list: &[ast::Expr],
        is_not: bool,
    ) -> Result<Expr> {
        let (name, joint) = if is_not { ("<>", BoolOp::And) } else { ("=", BoolOp::Or) };
        let (value, at) = operator_position(value);
        if row(value).is_some() {
            let op = if is_not { BinaryOperator::NotEq } else { BinaryOperator::Eq };
            let all = list.iter().map(|item| self.binary_at(scope, value, &op, item, at));
            return pairwise(joint, all);
        }
        let value = self.expr(scope, value)?;
        let items = list.iter().map(|item| self.expr(scope, item)).collect::<Result<Vec<_>>>()?;
        let (alone, others): (Vec<_>, Vec<_>) =
            items.iter().cloned().partition(|item| !item.has_columns());
        let types: Vec<_> = std::iter::once(&value).chain(&alone).map(|it| it.t).collect();
        let element = common_type(&types).filter(|t| alone.len() > 1 && t.array().is_some());
        let Some(element) = element else {
            return pairwise(
                joint,
                items.into_iter().map(|it| self.operate(name, value.clone(), it, at)),
            );
        };
        let array = self.array_of(alone, element)?;
        let first = self.any_all(name, value.clone(), array, is_not, at);
        let others = others.into_iter().map(|it| self.operate(name, value.clone(), it, at));
        pairwise(joint, std::iter::once(first).chain(others))
    }

    /// The arguments of a call, as what was resolved wants them.
    pub(super) fn coerce_arguments(
        &self,
        arguments: Vec<Expr>,
        found: &Resolved,
    ) -> Result<Vec<Expr>> {
        let what = format!("argument of {}", found.function.name);
        let declared = found.function.arguments.iter().map(Some).chain(std::iter::repeat(None));
        let arguments = arguments.into_iter().zip(&found.arguments).zip(declared);
        arguments
            .map(|((argument, wanted), declared)| {
                // Who takes any type is given a literal as it is.
                let any = declared.or(found.function.arguments.last()) == Some(&ANY);
                match any && matches!(argument.kind, ExprKind::Constant(_)) {
                    true => Ok(argument),
                    false => self.coerce_to(argument, *wanted, &what),
                }
            })
            .collect()
    }
}

/// `((a OR b) OR c)`
fn pairwise(op: BoolOp, all: impl IntoIterator<Item = Result<Expr>>) -> Result<Expr> {
    let mut all = all.into_iter();
    let first = all.next().ok_or_else(|| Error::Internal("IN of nothing".to_owned()))??;
    all.try_fold(first, |before, next| Ok(joined(op, vec![before, next?])))
}

pub(super) fn without_parentheses(mut expr: &ast::Expr) -> &ast::Expr {
    while let ast::Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}

/// The parts of `(a, b)` or `ROW(a, b)`.
pub(super) fn row(expr: &ast::Expr) -> Option<Vec<&ast::Expr>> {
    match expr {
        ast::Expr::Tuple(parts) => Some(parts.iter().collect()),
        ast::Expr::Function(function) if is_row(&function.name) => {
            let ast::FunctionArguments::List(list) = &function.args else { return None };
            let parts = list.args.iter().map(|argument| match argument {
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            });
            parts.collect()
        }
        _ => None,
    }
}

/// ROW, which can be no function's name unless it is quoted.
pub(super) fn is_row(name: &ast::ObjectName) -> bool {
    match name.0.as_slice() {
        [ast::ObjectNamePart::Identifier(name)] => {
            name.value == "row" && name.quote_style.is_none()
        }
        _ => false,
    }
}

/// `-1` is one constant, so that the smallest integers are integers.
fn negative_number(expr: &ast::Expr) -> Option<ast::ValueWithSpan> {
    let ast::Expr::Value(value) = expr else { return None };
    match &value.value {
        ast::Value::Number(text, long) if !text.starts_with('-') => {
            let negative = ast::Value::Number(format!("-{text}"), *long);
            Some(ast::ValueWithSpan { value: negative, span: value.span })
        }
        _ => None,
    }
}

/// Where an expression begins.
pub(super) fn begin(expr: &ast::Expr) -> Option<usize> {
    position(expr.span())
}

pub(super) fn no_operator(
    failure: Failure,
    name: &str,
    left: Option<PgType>,
    right: PgType,
    position: Option<usize>,
) -> Error {
    let right = untyped(right);
    let (signature, of_type, a_cast) = match left {
        Some(left) => (format!("{} {name} {right}", untyped(left)), "types", "explicit type casts"),
        None => (format!("{name} {right}"), "type", "an explicit type cast"),
    };
    let (state, message, hint) = match failure {
        Failure::Undefined => (
            SqlState::UNDEFINED_FUNCTION,
            format!("operator does not exist: {signature}"),
            format!("No operator matches the given name and argument {of_type}."),
        ),
        Failure::Ambiguous => (
            SqlState::AMBIGUOUS_FUNCTION,
            format!("operator is not unique: {signature}"),
            "Could not choose a best candidate operator.".to_owned(),
        ),
    };
    let hint = format!("{hint} You might need to add {a_cast}.");
    let mut report = Report::error(state, message).with_hint(hint);
    report.position = position;
    report.into()
}

/// Where a query begins.
pub(super) fn begin_of_query(query: &ast::Query) -> Option<usize> {
    position(query.span())
}
