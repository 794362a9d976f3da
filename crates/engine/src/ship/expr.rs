//! Expressions as a remote's SQL.
//!
//! What is shipped is on a list: functions by `whole`'s signatures and only those that PostgreSQL
//! calls immutable, comparisons by type and dialect. Everything else is refused with the reason.
use std::any::Any;

use datafusion::common::Column;
use datafusion::logical_expr::expr::{Case, InList, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::scalar::ScalarValue;
use medley_analyze::builtin::{self, Function};
use medley_fdw::{Dialect, Family};
use medley_types::{Form, PgType, type_of_arrow};

use super::key_constant::numeric_of_key;
use super::literal::{literal, null};
use super::whole::{NotShipped, Shippable, is_known_function};
use crate::semantics::Call;
use crate::semantics::convert::{BY_TEXT, FIT, RELABEL};
use crate::semantics::decimal::RESCALE;
use crate::semantics::key::{BPCHAR_KEY, BYTES_KEY, FLOAT_KEY};

/// Where the columns of an expression are found.
pub(crate) trait Scope {
    /// The remote's SQL.
    fn dialect(&self) -> &'static Dialect;
    /// A column as the remote knows it.
    fn column(&self, column: &Column) -> Shippable<Sql>;
}

/// An expression in the remote's SQL.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sql {
    /// Its text, which stands for itself beside any operator.
    pub text: String,
    /// What it is.
    pub t: PgType,
    /// It is a column and nothing else: NULL where an outer join found no row.
    pub is_column: bool,
}

impl Sql {
    /// What is computed.
    pub fn computed(text: String, t: PgType) -> Self {
        Self { text, t, is_column: false }
    }
}

/// A condition, if the remote would decide it as we do.
pub(crate) fn condition(scope: &dyn Scope, expr: &Expr) -> Shippable<String> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            Ok(format!("({}) {op} ({})", condition(scope, left)?, condition(scope, right)?))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => comparison(scope, left, *op, right),
        Expr::Not(inner) => Ok(format!("NOT ({})", condition(scope, inner)?)),
        Expr::IsNull(inner) => Ok(format!("{} IS NULL", tested(scope, inner)?)),
        Expr::IsNotNull(inner) => Ok(format!("{} IS NOT NULL", tested(scope, inner)?)),
        Expr::IsTrue(inner) => truth(scope, inner, "IS TRUE"),
        Expr::IsNotTrue(inner) => truth(scope, inner, "IS NOT TRUE"),
        Expr::IsFalse(inner) => truth(scope, inner, "IS FALSE"),
        Expr::IsNotFalse(inner) => truth(scope, inner, "IS NOT FALSE"),
        Expr::IsUnknown(inner) => truth(scope, inner, "IS NULL"),
        Expr::IsNotUnknown(inner) => truth(scope, inner, "IS NOT NULL"),
        Expr::InList(list) => in_list(scope, list),
        Expr::Alias(alias) => condition(scope, &alias.expr),
        // Only PostgreSQL's booleans are surely 0 or 1.
        _ if scope.dialect().family == Family::Postgres => {
            let value = value(scope, expr, PgType::BOOL)?;
            match value.t.oid == PgType::BOOL.oid {
                true => Ok(value.text),
                false => Err(NotShipped::because("a condition is no boolean")),
            }
        }
        _ => Err(unknown(expr)),
    }
}

/// The value of an expression; a constant is taken for one of type `t`.
pub(crate) fn value(scope: &dyn Scope, expr: &Expr, t: PgType) -> Shippable<Sql> {
    match expr {
        Expr::Alias(alias) => value(scope, &alias.expr, t),
        Expr::Column(column) => scope.column(column),
        _ if scope.dialect().family != Family::Postgres => Err(unknown(expr)),
        Expr::Literal(constant, _) => {
            let t = if t.oid == PgType::UNKNOWN.oid { type_of(constant)? } else { t };
            let text = match constant.is_null() {
                true => null(t),
                false => literal(scope.dialect(), constant, t).ok_or_else(no_constant)?,
            };
            Ok(Sql::computed(text, t))
        }
        Expr::ScalarFunction(call) => function(scope, call, t),
        Expr::Case(case) => case_of(scope, case, t),
        _ if is_condition(expr) => {
            Ok(Sql::computed(format!("({})", condition(scope, expr)?), PgType::BOOL))
        }
        _ => Err(unknown(expr)),
    }
}

/// The key that values are compared, sorted and grouped by, where the remote has the same order.
pub(crate) fn order_key(scope: &dyn Scope, expr: &Expr) -> Shippable<Sql> {
    let value = operand(scope, expr)?;
    comparable(scope.dialect(), value.t, true)?;
    let text = format!("{}{}", value.text, collation(value.t));
    Ok(Sql { text, ..value })
}

/// The key that values are told apart by.
pub(crate) fn group_key(scope: &dyn Scope, expr: &Expr) -> Shippable<Sql> {
    let value = operand(scope, expr)?;
    comparable(scope.dialect(), value.t, false)?;
    Ok(value)
}

/// What is said so that text is ordered by bytes, as it is here.
fn collation(t: PgType) -> &'static str {
    match Form::of(t) {
        Form::Text if t.oid != PgType::NAME.oid => " COLLATE \"C\"",
        _ => "",
    }
}

fn is_condition(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::BinaryExpr(_)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_)
            | Expr::InList(_)
    )
}

fn unknown(expr: &Expr) -> NotShipped {
    NotShipped::because(match expr {
        Expr::ScalarFunction(call) if call.func.as_async().is_some() => {
            "a correlated subquery is computed here".to_owned()
        }
        Expr::ScalarFunction(call) => {
            let name = call.name().split(['[', '#']).next().unwrap_or_default().to_owned();
            format!("function {name} is not known at the remote")
        }
        Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) => {
            "an expression asks a subquery".to_owned()
        }
        Expr::Literal(..) => "a constant cannot be written for the remote".to_owned(),
        Expr::Cast(_) | Expr::TryCast(_) => "a cast is computed here".to_owned(),
        _ => "an expression is computed here".to_owned(),
    })
}

fn no_constant() -> NotShipped {
    NotShipped::because("a constant cannot be written for the remote")
}

fn tested(scope: &dyn Scope, expr: &Expr) -> Shippable<String> {
    match operand(scope, expr) {
        Ok(value) => Ok(value.text),
        Err(_) if is_condition(expr) => Ok(format!("({})", condition(scope, expr)?)),
        Err(reason) => Err(reason),
    }
}

fn truth(scope: &dyn Scope, expr: &Expr, test: &str) -> Shippable<String> {
    Ok(format!("({}) {test}", condition(scope, expr)?))
}

fn in_list(scope: &dyn Scope, list: &InList) -> Shippable<String> {
    let value = operand(scope, &list.expr)?;
    if is_text_of_mysql(scope, &value) && !list.list.is_empty() {
        return bytes_in_list(scope, &value, list);
    }
    comparable(scope.dialect(), value.t, false)?;
    if list.list.is_empty() {
        return Err(NotShipped::because("a list is empty"));
    }
    let items = list.list.iter().map(|item| compared(scope, item, value.t));
    let items = items.collect::<Shippable<Vec<_>>>()?;
    let word = if list.negated { "NOT IN" } else { "IN" };
    Ok(format!("{} {word} ({})", value.text, items.join(", ")))
}

fn comparison(scope: &dyn Scope, left: &Expr, op: Operator, right: &Expr) -> Shippable<String> {
    let (value, other, op) = match is_constant(left) {
        false => (operand(scope, left)?, right, op),
        true => (operand(scope, right)?, left, op.swap().ok_or_else(|| unknown(left))?),
    };
    if is_text_of_mysql(scope, &value) {
        return bytes_compared(scope, &value, op, other);
    }
    let ordered = !matches!(
        op,
        Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom
    );
    comparable(scope.dialect(), value.t, ordered)?;
    let sign = sign(scope.dialect().family, op)
        .ok_or_else(|| NotShipped::because(format_args!("operator {op} is computed here")))?;
    let other = compared(scope, other, value.t)?;
    let collate = if ordered { collation(value.t) } else { "" };
    Ok(format!("{}{collate} {sign} {other}", value.text))
}

/// Text whose collation at a MySQL server nobody knows: it may overlook case, accents and blanks
/// at the end. Its bytes are what is compared here.
fn is_text_of_mysql(scope: &dyn Scope, value: &Sql) -> bool {
    let t = value.t.oid;
    scope.dialect().family == Family::MySql && (t == PgType::TEXT.oid || t == PgType::VARCHAR.oid)
}

fn bytes_compared(scope: &dyn Scope, value: &Sql, op: Operator, other: &Expr) -> Shippable<String> {
    let sign = sign(Family::MySql, op)
        .ok_or_else(|| NotShipped::because(format_args!("operator {op} is computed here")))?;
    let constant = text_constant(scope, other)?;
    let exactly = format!("{} {sign} {}", bytes(&value.text), bytes(&constant));
    // What is equal by bytes is so by any collation, of which there may be an index.
    Ok(match op {
        Operator::Eq => format!("({} = {constant} AND {exactly})", value.text),
        _ => exactly,
    })
}

fn bytes_in_list(scope: &dyn Scope, value: &Sql, list: &InList) -> Shippable<String> {
    let items = list.list.iter().map(|item| text_constant(scope, item));
    let items = items.collect::<Shippable<Vec<_>>>()?;
    let all_bytes: Vec<_> = items.iter().map(|item| bytes(item)).collect();
    let (text, all) = (bytes(&value.text), all_bytes.join(", "));
    Ok(match list.negated {
        true => format!("{text} NOT IN ({all})"),
        false => format!("({} IN ({}) AND {text} IN ({all}))", value.text, items.join(", ")),
    })
}

fn text_constant(scope: &dyn Scope, expr: &Expr) -> Shippable<String> {
    let Expr::Literal(constant, _) = expr else {
        return Err(NotShipped::because("texts are compared here"));
    };
    literal(scope.dialect(), constant, PgType::TEXT).ok_or_else(no_constant)
}

/// A text's bytes in UTF-8, which compare as they are.
fn bytes(text: &str) -> String {
    format!("CAST(CONVERT({text} USING utf8mb4) AS BINARY)")
}

fn sign(family: Family, op: Operator) -> Option<&'static str> {
    Some(match (op, family) {
        (Operator::Eq, _) => "=",
        (Operator::NotEq, _) => "<>",
        (Operator::Lt, _) => "<",
        (Operator::LtEq, _) => "<=",
        (Operator::Gt, _) => ">",
        (Operator::GtEq, _) => ">=",
        (Operator::IsDistinctFrom, Family::Postgres) => "IS DISTINCT FROM",
        (Operator::IsNotDistinctFrom, Family::Postgres) => "IS NOT DISTINCT FROM",
        (Operator::IsDistinctFrom, Family::Sqlite) => "IS NOT",
        (Operator::IsNotDistinctFrom, Family::Sqlite) => "IS",
        (Operator::IsNotDistinctFrom, Family::MySql) => "<=>",
        _ => return None,
    })
}

fn is_constant(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(..))
}

/// A value, or what is the same as one for a comparison: its key.
fn operand(scope: &dyn Scope, expr: &Expr) -> Shippable<Sql> {
    if let Expr::Alias(alias) = expr {
        return operand(scope, &alias.expr);
    }
    if let Expr::ScalarFunction(call) = expr
        && let Some(key) = our_call(call)
        && matches!(key.source(), FLOAT_KEY | BPCHAR_KEY | BYTES_KEY)
    {
        // PostgreSQL compares these types itself as our keys do.
        return match (scope.dialect().family, call.args.first()) {
            (Family::Postgres, Some(inner)) => {
                let t = key.arguments().first().copied().unwrap_or(PgType::UNKNOWN);
                value(scope, inner, t)
            }
            _ => Err(unknown(expr)),
        };
    }
    value(scope, expr, PgType::UNKNOWN)
}

/// The type of a constant that nothing tells but its form.
fn type_of(constant: &ScalarValue) -> Shippable<PgType> {
    match constant {
        // The form of several types.
        ScalarValue::Utf8(_) | ScalarValue::Binary(_) | ScalarValue::Null => Err(no_constant()),
        constant => Ok(type_of_arrow(&constant.data_type())),
    }
}

/// What is compared with a value of type `t`: a constant, or another value of the type.
fn compared(scope: &dyn Scope, expr: &Expr, t: PgType) -> Shippable<String> {
    if let Expr::Literal(constant, _) = expr {
        return match (constant, Form::of(t)) {
            (ScalarValue::Binary(Some(key)), Form::NumericText) => {
                numeric_of_key(key).map(|n| format!("'{n}'::numeric")).ok_or_else(no_constant)
            }
            (ScalarValue::Binary(_), Form::Interval) => Err(no_constant()),
            _ => literal(scope.dialect(), constant, t).ok_or_else(no_constant),
        };
    }
    let other = operand(scope, expr)?;
    match is_compared_alike(scope.dialect().family, t, other.t) {
        true => Ok(other.text),
        false => Err(NotShipped::because(format_args!(
            "values of types {t} and {} are compared here",
            other.t
        ))),
    }
}

fn is_compared_alike(family: Family, t: PgType, other: PgType) -> bool {
    match (Form::of(t), Form::of(other)) {
        (Form::Int2 | Form::Int4 | Form::Int8, Form::Int2 | Form::Int4 | Form::Int8) => true,
        _ if family != Family::Postgres => false,
        (Form::Text, Form::Text) => t.oid != PgType::NAME.oid && other.oid != PgType::NAME.oid,
        _ => t.oid == other.oid,
    }
}

/// Whether the remote compares values of this type as we do.
pub(super) fn comparable(dialect: &Dialect, t: PgType, ordered: bool) -> Shippable<()> {
    let is_known = match (dialect.family, Form::of(t)) {
        (
            Family::Postgres,
            Form::Bool
            | Form::Int2
            | Form::Int4
            | Form::Int8
            | Form::Float4
            | Form::Float8
            | Form::Decimal128 { .. }
            | Form::NumericText
            | Form::Date
            | Form::Time
            | Form::Timestamp
            | Form::Timestamptz
            | Form::Interval
            | Form::Uuid
            | Form::Bytea,
        ) => true,
        // A nondeterministic collation may order other texts alike: order is by bytes.
        (Family::Postgres, Form::Text) => t.oid == PgType::TEXT.oid || t.oid == PgType::VARCHAR.oid,
        (Family::Postgres, Form::Bpchar) => !ordered,
        // SQLite's columns hold what they like; integers compare as integers.
        (Family::Sqlite | Family::MySql, Form::Int2 | Form::Int4 | Form::Int8) => true,
        _ => false,
    };
    match is_known {
        true => Ok(()),
        false => Err(NotShipped::because(format_args!(
            "the remote may {} values of type {t} otherwise",
            if ordered { "order" } else { "compare" }
        ))),
    }
}

pub(super) fn our_call(call: &ScalarFunction) -> Option<&Call> {
    let inner: &dyn Any = call.func.inner().as_ref();
    inner.downcast_ref()
}

fn case_of(scope: &dyn Scope, case: &Case, t: PgType) -> Shippable<Sql> {
    if case.expr.is_some() {
        return Err(NotShipped::because("an expression is computed here"));
    }
    let mut text = String::from("CASE");
    let branches = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
    let mut result = typed(scope, branches.map(AsRef::as_ref));
    for (when, then) in &case.when_then_expr {
        let then = value(scope, then, result.unwrap_or(t))?;
        text.push_str(&format!(" WHEN {} THEN {}", condition(scope, when)?, then.text));
        same_type(&mut result, then.t)?;
    }
    if let Some(other) = &case.else_expr {
        let other = value(scope, other, result.unwrap_or(t))?;
        text.push_str(&format!(" ELSE {}", other.text));
        same_type(&mut result, other.t)?;
    }
    Ok(Sql::computed(format!("({text} END)"), result.unwrap_or(t)))
}

/// The type of what is of several alternatives no constant.
fn typed<'a>(scope: &dyn Scope, mut all: impl Iterator<Item = &'a Expr>) -> Option<PgType> {
    let of_value = |expr| value(scope, expr, PgType::UNKNOWN).ok().map(|value| value.t);
    all.find(|expr| !is_constant(expr)).and_then(of_value)
}

/// Branches are of one type, so that no rule of the remote's decides about it.
fn same_type(known: &mut Option<PgType>, t: PgType) -> Shippable<()> {
    let first = *known.get_or_insert(t);
    match first.oid == t.oid && first.typmod == t.typmod {
        true => Ok(()),
        false => Err(NotShipped::because("branches are of several types")),
    }
}

fn function(scope: &dyn Scope, call: &ScalarFunction, t: PgType) -> Shippable<Sql> {
    let refused = || unknown(&Expr::ScalarFunction(call.clone()));
    let Some(of) = our_call(call) else {
        return match call.name() {
            "coalesce" => coalesce(scope, call, t),
            _ => Err(refused()),
        };
    };
    let arguments = call.args.iter().zip(of.arguments()).map(|(arg, t)| value(scope, arg, *t));
    let arguments = arguments.collect::<Shippable<Vec<_>>>();
    match (of.source(), call.args.as_slice()) {
        // What these make of a value is a number's declaration, or a number's text.
        (RELABEL | FIT, [_]) if of.result().oid == PgType::NUMERIC.oid => {
            Ok(cast(&arguments?[0].text, of.result()))
        }
        // The same number; only here it has another form.
        (RESCALE, [_]) => Ok(Sql { t: of.result(), ..arguments?.swap_remove(0) }),
        (RELABEL, [_]) => Ok(cast(&arguments?[0].text, of.result())),
        (BY_TEXT, [_]) if of.arguments().first().is_some_and(|t| is_number(*t)) => {
            Ok(cast(&arguments?[0].text, of.result()))
        }
        (source, _) => {
            let function = function_of(source, of.arguments()).ok_or_else(refused)?;
            if !is_known_function(function) || function.volatility != 'i' {
                return Err(NotShipped::because(format_args!(
                    "function {} is not known at the remote",
                    signature(function)
                )));
            }
            let arguments: Vec<_> = arguments?.into_iter().map(|it| it.text).collect();
            Ok(called(function, of, &arguments))
        }
    }
}

fn coalesce(scope: &dyn Scope, call: &ScalarFunction, t: PgType) -> Shippable<Sql> {
    let mut result = typed(scope, call.args.iter());
    let mut arguments = Vec::with_capacity(call.args.len());
    for argument in &call.args {
        let argument = value(scope, argument, result.unwrap_or(t))?;
        same_type(&mut result, argument.t)?;
        arguments.push(argument.text);
    }
    Ok(Sql::computed(format!("COALESCE({})", arguments.join(", ")), result.unwrap_or(t)))
}

fn is_number(t: PgType) -> bool {
    matches!(Form::of(t), Form::Int2 | Form::Int4 | Form::Int8)
}

fn cast(argument: &str, t: PgType) -> Sql {
    Sql::computed(format!("({argument})::{t}"), t)
}

/// A function with this code that takes such arguments: what has the same code and types is the
/// same under several names.
fn function_of(source: &str, arguments: &[PgType]) -> Option<&'static Function> {
    let takes = |f: &&Function| {
        let mut types = f.arguments.iter().zip(arguments);
        f.arguments.len() == arguments.len()
            && types.all(|(declared, t)| is_taken_as(*t, declared.0))
    };
    builtin::all_functions().iter().find(|f| f.source == source && takes(f))
}

/// The same type, or one that is the same to PostgreSQL.
fn is_taken_as(t: PgType, declared: u32) -> bool {
    t.oid.0 == declared || t.oid == PgType::VARCHAR.oid && declared == PgType::TEXT.oid.0
}

fn signature(function: &Function) -> String {
    let types: Vec<_> = function.arguments.iter().map(|t| PgType::plain(t.0).to_string()).collect();
    format!("{}({})", function.name, types.join(","))
}

fn called(function: &Function, call: &Call, arguments: &[String]) -> Sql {
    let is_cast = call
        .arguments()
        .first()
        .and_then(|from| builtin::cast_between(from.oid, call.result().oid))
        .is_some_and(|cast| cast.function == Some(function.oid));
    if is_cast && arguments.len() == 1 {
        return cast(&arguments[0], call.result());
    }
    let operator = builtin::all_operators()
        .iter()
        .find(|o| o.function == function.oid && o.left.is_some() == (arguments.len() == 2));
    let text = match (operator, arguments) {
        (Some(operator), [left, right]) => format!("({left} {} {right})", operator.name),
        (Some(operator), [right]) => format!("({} {right})", operator.name),
        _ => {
            let name = medley_catalog::quote_identifier(function.name);
            format!("{name}({})", arguments.join(", "))
        }
    };
    Sql::computed(text, call.result())
}
