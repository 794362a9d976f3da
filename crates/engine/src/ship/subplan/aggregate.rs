//! Calls of aggregates as a remote's SQL.
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::AggregateFunction;
use medley_fdw::Family;
use medley_types::{Form, PgType};

use super::super::expr::{Scope, Sql, condition, group_key, order_key, value};
use super::super::whole::{NotShipped, Shippable};
use crate::semantics::aggregate::{Kind, Shape, shape};

/// The call; `keys` are what the rows are grouped by.
pub(super) fn aggregate_call(scope: &dyn Scope, expr: &Expr, keys: &[Sql]) -> Shippable<Sql> {
    match expr {
        Expr::Alias(alias) => aggregate_call(scope, &alias.expr, keys),
        Expr::AggregateFunction(call) => match shape(&call.func) {
            Some(of) => ours(scope, call, &of, keys),
            None => native(scope, call),
        },
        _ => Err(NotShipped::because("an aggregate is computed here")),
    }
}

/// DataFusion's own `count`, `min` and `max`.
fn native(scope: &dyn Scope, call: &AggregateFunction) -> Shippable<Sql> {
    let params = &call.params;
    let [argument] = params.args.as_slice() else { return Err(unknown(call.func.name())) };
    let distinct = if params.distinct { "DISTINCT " } else { "" };
    let (text, t) = match (call.func.name(), argument) {
        ("count", Expr::Literal(constant, _)) if !constant.is_null() && !params.distinct => {
            ("count(*)".to_owned(), PgType::INT8)
        }
        ("count", argument) if params.distinct => {
            let argument = group_key(scope, argument)?;
            (format!("count({distinct}{})", argument.text), PgType::INT8)
        }
        ("count", argument) => {
            (format!("count({})", value(scope, argument, PgType::UNKNOWN)?.text), PgType::INT8)
        }
        (name @ ("min" | "max"), argument) => {
            let by = order_key(scope, argument)?;
            if !has_extremes(by.t) {
                return Err(unknown(name));
            }
            (format!("{name}({})", by.text), by.t)
        }
        (name, _) => return Err(unknown(name)),
    };
    filtered(scope, call, Sql::computed(text, t))
}

/// Types that every PostgreSQL has `min` and `max` of.
fn has_extremes(t: PgType) -> bool {
    !matches!(Form::of(t), Form::Uuid | Form::Bytea | Form::Bool | Form::Bpchar)
}

fn ours(scope: &dyn Scope, call: &AggregateFunction, of: &Shape, keys: &[Sql]) -> Shippable<Sql> {
    if scope.dialect().family != Family::Postgres {
        return of_integers(scope, call, of);
    }
    let (own, order) = call.params.args.split_at(of.arguments.min(call.params.args.len()));
    let own = own.iter().zip(&of.types).map(|(arg, t)| value(scope, arg, *t));
    let own = own.collect::<Shippable<Vec<_>>>()?;
    if let (Kind::First, [value]) = (of.kind, own.as_slice()) {
        let is_key = keys.iter().any(|key| key.text == value.text);
        return match is_key {
            true => Ok(Sql { is_column: false, ..value.clone() }),
            false => Err(NotShipped::because("a row of each group is chosen here")),
        };
    }
    let name = of.kind.name().filter(|_| !matches!(of.kind, Kind::Collect | Kind::Single));
    let name = name.ok_or_else(|| NotShipped::by_nature("a subquery's one row is checked here"))?;
    let mut arguments: Vec<_> = own.iter().map(|it| it.text.clone()).collect();
    if matches!(of.kind, Kind::Min | Kind::Max) {
        let by = call.params.args.first().map(|arg| order_key(scope, arg));
        let by = by.unwrap_or_else(|| Err(unknown(name)))?;
        if !has_extremes(by.t) {
            return Err(unknown(name));
        }
        arguments = vec![by.text];
    }
    if of.distinct {
        for argument in &call.params.args[..of.arguments.min(call.params.args.len())] {
            group_key(scope, argument)?;
        }
    }
    let order = order.iter().zip(&of.order).map(|(key, sorting)| {
        let direction = if sorting.descending { "DESC" } else { "ASC" };
        let nulls = if sorting.nulls_first { "FIRST" } else { "LAST" };
        Ok(format!("{} {direction} NULLS {nulls}", order_key(scope, key)?.text))
    });
    let order = order.collect::<Shippable<Vec<_>>>()?;
    if of.distinct && (of.kind.collects() || !order.is_empty()) {
        // Which of equal values comes where is left to each side.
        return Err(NotShipped::because("values are collected here"));
    }
    let order = match order.is_empty() {
        true => String::new(),
        false => format!(" ORDER BY {}", order.join(", ")),
    };
    let distinct = if of.distinct { "DISTINCT " } else { "" };
    let text = format!("{name}({distinct}{}{order})", arguments.join(", "));
    filtered(scope, call, Sql::computed(text, of.result))
}

/// What other dialects add up as we do: integers, as far as the sum is one of 64 bits.
fn of_integers(scope: &dyn Scope, call: &AggregateFunction, of: &Shape) -> Shippable<Sql> {
    let [argument] = call.params.args.as_slice() else { return Err(unknown("of several values")) };
    let distinct = if of.distinct { "DISTINCT " } else { "" };
    let argument = group_key(scope, argument)?.text;
    let text = match (of.kind, scope.dialect().family) {
        (Kind::Count, _) => format!("count({distinct}{argument})"),
        (Kind::SumInteger, Family::Sqlite) => format!("sum({distinct}{argument})"),
        (Kind::SumInteger, _) => format!("CAST(sum({distinct}{argument}) AS SIGNED)"),
        (kind, _) => return Err(unknown(kind.name().unwrap_or("of one row"))),
    };
    filtered(scope, call, Sql::computed(text, of.result))
}

fn filtered(scope: &dyn Scope, call: &AggregateFunction, sql: Sql) -> Shippable<Sql> {
    let Some(filter) = &call.params.filter else { return Ok(sql) };
    if scope.dialect().family == Family::MySql {
        return Err(NotShipped::because("FILTER is not known there"));
    }
    let text = format!("{} FILTER (WHERE {})", sql.text, condition(scope, filter)?);
    Ok(Sql { text, ..sql })
}

fn unknown(name: &str) -> NotShipped {
    NotShipped::because(format_args!("aggregate function {name} is computed here"))
}
