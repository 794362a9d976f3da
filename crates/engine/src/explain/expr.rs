//! Expressions as PostgreSQL prints them.
use std::any::Any;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, CastExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, Literal,
    NegativeExpr, NotExpr,
};
use datafusion::physical_expr::scalar_subquery::ScalarSubqueryExpr;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::scalar::ScalarValue;
use medley_analyze::builtin::{self, Function};
use medley_types::{PgType, Style, arrow_type};

use crate::semantics::Call;
use crate::semantics::convert::{BY_TEXT, ELEMENTS, FIT, RELABEL};
use crate::semantics::decimal::RESCALE;
use crate::semantics::key::{BPCHAR_KEY, BYTES_KEY, FLOAT_KEY};

/// What stands where there is no SQL for something.
const UNNAMED: &str = "...";

/// A subquery that runs for each row.
pub(super) const SUB_PLAN: &str = "(SubPlan)";

/// An expression over columns that are printed so.
pub(super) fn sql(expr: &Arc<dyn PhysicalExpr>, columns: &[String]) -> String {
    typed(expr, columns, None)
}

/// The same; a literal is taken for one of this type.
fn typed(expr: &Arc<dyn PhysicalExpr>, columns: &[String], t: Option<PgType>) -> String {
    let any: &dyn Any = expr.as_ref();
    let inner = |expr| typed(expr, columns, None);
    if let Some(column) = any.downcast_ref::<Column>() {
        return columns.get(column.index()).cloned().unwrap_or_else(|| UNNAMED.to_owned());
    }
    if let Some(value) = any.downcast_ref::<Literal>() {
        return literal(value.value(), t);
    }
    if let Some(binary) = any.downcast_ref::<BinaryExpr>() {
        return operation(binary, columns);
    }
    if let Some(function) = any.downcast_ref::<ScalarFunctionExpr>() {
        return function_call(function, columns);
    }
    if let Some(not) = any.downcast_ref::<NotExpr>() {
        return format!("(NOT {})", inner(not.arg()));
    }
    if let Some(test) = any.downcast_ref::<IsNullExpr>() {
        return format!("({} IS NULL)", inner(test.arg()));
    }
    if let Some(test) = any.downcast_ref::<IsNotNullExpr>() {
        return format!("({} IS NOT NULL)", inner(test.arg()));
    }
    if let Some(negative) = any.downcast_ref::<NegativeExpr>() {
        return format!("(- {})", inner(negative.arg()));
    }
    if let Some(list) = any.downcast_ref::<InListExpr>() {
        return in_list(list, columns);
    }
    if let Some(case) = any.downcast_ref::<CaseExpr>() {
        return case_of(case, columns);
    }
    if let Some(cast) = any.downcast_ref::<CastExpr>() {
        return inner(cast.expr());
    }
    if let Some(value) = any.downcast_ref::<ScalarSubqueryExpr>() {
        #[expect(deprecated, reason = "nothing else tells several subqueries apart")]
        let number = value.index().as_usize() + 1;
        return format!("(InitPlan {number}).col1");
    }
    UNNAMED.to_owned()
}

fn operation(binary: &BinaryExpr, columns: &[String]) -> String {
    let word = match binary.op() {
        Operator::And | Operator::Or => return junction(binary, columns),
        Operator::NotEq => "<>".to_owned(),
        other => other.to_string(),
    };
    let left = typed(binary.left(), columns, pg_type(binary.right()));
    let right = typed(binary.right(), columns, pg_type(binary.left()));
    match binary.op() {
        Operator::IsNotDistinctFrom => format!("(NOT ({left} IS DISTINCT FROM {right}))"),
        _ => format!("({left} {word} {right})"),
    }
}

/// AND and OR of any number, in one pair of parentheses.
fn junction(binary: &BinaryExpr, columns: &[String]) -> String {
    let mut parts = Vec::new();
    collect(binary, binary.op(), columns, &mut parts);
    format!("({})", parts.join(&format!(" {} ", binary.op())))
}

fn collect(binary: &BinaryExpr, op: &Operator, columns: &[String], parts: &mut Vec<String>) {
    for side in [binary.left(), binary.right()] {
        let any: &dyn Any = side.as_ref();
        match any.downcast_ref::<BinaryExpr>() {
            Some(same) if same.op() == op => collect(same, op, columns, parts),
            _ => parts.push(sql(side, columns)),
        }
    }
}

fn in_list(list: &InListExpr, columns: &[String]) -> String {
    let t = pg_type(list.expr());
    let items: Vec<_> = list.list().iter().map(|item| typed(item, columns, t)).collect();
    let value = sql(list.expr(), columns);
    let (op, word) = if list.negated() { ("<>", "ALL") } else { ("=", "ANY") };
    format!("({value} {op} {word} (ARRAY[{}]))", items.join(", "))
}

fn case_of(case: &CaseExpr, columns: &[String]) -> String {
    let mut out = String::from("CASE");
    if let Some(value) = case.expr() {
        out.push_str(&format!(" {}", sql(value, columns)));
    }
    for (when, then) in case.when_then_expr() {
        out.push_str(&format!(" WHEN {} THEN {}", sql(when, columns), sql(then, columns)));
    }
    if let Some(other) = case.else_expr() {
        out.push_str(&format!(" ELSE {}", sql(other, columns)));
    }
    out + " END"
}

fn function_call(function: &ScalarFunctionExpr, columns: &[String]) -> String {
    match our_call(function) {
        Some(call) => {
            let types = call.arguments().iter().map(|t| Some(*t)).chain(std::iter::repeat(None));
            let arguments = function.args().iter().zip(types);
            call_of(call, arguments.map(|(arg, t)| typed(arg, columns, t)).collect())
        }
        None if is_identifier(function.name()) => {
            let arguments: Vec<_> = function.args().iter().map(|arg| sql(arg, columns)).collect();
            format!("{}({})", function.name().to_ascii_uppercase(), arguments.join(", "))
        }
        None => SUB_PLAN.to_owned(),
    }
}

fn our_call(function: &ScalarFunctionExpr) -> Option<&Call> {
    let inner: &dyn Any = function.fun().inner().as_ref();
    inner.downcast_ref()
}

/// Whether a name says something to whoever reads SQL.
pub(super) fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn call_of(call: &Call, arguments: Vec<String>) -> String {
    let argument = |index: usize| arguments.get(index).map_or(UNNAMED, String::as_str);
    match call.source() {
        FLOAT_KEY | BPCHAR_KEY | BYTES_KEY | RESCALE => argument(0).to_owned(),
        RELABEL | BY_TEXT | ELEMENTS | FIT => cast(argument(0), call.result()),
        "array_constructor" => format!("ARRAY[{}]", arguments.join(", ")),
        "array_subscript" => format!("({})[{}]", argument(0), argument(1)),
        "equals_any" => format!("({} = ANY ({}))", argument(0), argument(1)),
        source => match function_of(source, call.arguments()) {
            Some(function) => named(function, call, &arguments),
            None => format!("{source}({})", arguments.join(", ")),
        },
    }
}

fn cast(argument: &str, t: PgType) -> String {
    format!("({argument})::{t}")
}

/// The function with this code: several have the same, for different types.
fn function_of(source: &str, arguments: &[PgType]) -> Option<&'static Function> {
    let with_code = || builtin::all_functions().iter().filter(|f| f.source == source);
    let fits = |f: &&Function| {
        f.arguments.len() == arguments.len()
            && f.arguments.iter().zip(arguments).all(|(a, b)| *a == b.oid)
    };
    with_code().find(fits).or_else(|| with_code().next())
}

fn named(function: &Function, call: &Call, arguments: &[String]) -> String {
    let first = call.arguments().first();
    let is_cast = first
        .and_then(|from| builtin::cast_between(from.oid, call.result().oid))
        .is_some_and(|cast| cast.function == Some(function.oid));
    if let (true, Some(value)) = (is_cast, arguments.first()) {
        return cast(value, call.result());
    }
    let operator = builtin::all_operators()
        .iter()
        .find(|o| o.function == function.oid && o.left.is_some() == (arguments.len() == 2));
    match (operator, arguments) {
        (Some(operator), [left, right]) => format!("({left} {} {right})", operator.name),
        (Some(operator), [right]) => format!("({} {right})", operator.name),
        _ => format!("{}({})", function.name, arguments.join(", ")),
    }
}

/// The type of an expression, where its Arrow form does not say it.
fn pg_type(expr: &Arc<dyn PhysicalExpr>) -> Option<PgType> {
    let any: &dyn Any = expr.as_ref();
    let call = our_call(any.downcast_ref::<ScalarFunctionExpr>()?)?;
    match call.source() {
        FLOAT_KEY | BPCHAR_KEY | BYTES_KEY => call.arguments().first().copied(),
        _ => Some(call.result()),
    }
}

fn literal(value: &ScalarValue, t: Option<PgType>) -> String {
    let Some(t) = t.or_else(|| type_of(&value.data_type())) else { return UNNAMED.to_owned() };
    let plain = PgType::plain(t.oid.0);
    if value.is_null() {
        return format!("NULL::{plain}");
    }
    let is_text = matches!(value, ScalarValue::Utf8(_)) && plain.oid == PgType::BPCHAR.oid;
    if !value.data_type().equals_datatype(&arrow_type(t)) && !is_text {
        return format!("'{UNNAMED}'::{plain}");
    }
    let array = value.to_array().ok();
    let text = array.and_then(|a| crate::semantics::output(t, &a, 0, &Style::default()).ok()?);
    let Some(text) = text else { return UNNAMED.to_owned() };
    let unsigned = !text.starts_with('-') && text.starts_with(|c: char| c.is_ascii_digit());
    match t.oid {
        oid if oid == PgType::INT4.oid && unsigned => text,
        oid if oid == PgType::NUMERIC.oid && unsigned => text,
        oid if oid == PgType::BOOL.oid => if text == "t" { "true" } else { "false" }.to_owned(),
        _ => format!("'{}'::{plain}", text.replace('\'', "''")),
    }
}

fn type_of(form: &DataType) -> Option<PgType> {
    Some(match form {
        DataType::Boolean => PgType::BOOL,
        DataType::Int16 => PgType::INT2,
        DataType::Int32 => PgType::INT4,
        DataType::Int64 => PgType::INT8,
        DataType::UInt32 => PgType::OID,
        DataType::Float32 => PgType::FLOAT4,
        DataType::Float64 => PgType::FLOAT8,
        DataType::Utf8 => PgType::TEXT,
        DataType::Binary => PgType::BYTEA,
        DataType::Date32 => PgType::DATE,
        DataType::Time64(_) => PgType::TIME,
        DataType::Timestamp(_, None) => PgType::TIMESTAMP,
        DataType::Timestamp(_, Some(_)) => PgType::TIMESTAMPTZ,
        DataType::Decimal128(precision, scale) => {
            PgType::numeric(u16::from(*precision), i16::from(*scale))
        }
        _ => return None,
    })
}
