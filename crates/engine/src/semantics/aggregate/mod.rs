//! Aggregate functions.
//!
//! DISTINCT and ORDER BY inside an aggregate are seen to here: such an aggregate collects its
//! rows, its sort keys being arguments of its own, and folds them at the end. So nothing depends
//! on the order in which DataFusion hands rows over.
mod fold;
mod groups;
mod state;

use std::sync::Arc;

use datafusion::functions_aggregate::{count::count_udaf, min_max};
use datafusion::logical_expr::AggregateUDF;
use medley_diagnostic::SqlState;
use medley_types::PgType;

use super::call::Env;
use super::key::{Comparison, comparison};
use super::resolve::Resolved;
use crate::error::{Error, Result};

pub use fold::Sorting;
pub(crate) use state::Kind;

use fold::Fold;

/// What an aggregate function with these arguments is here; the sort keys of its ORDER BY are
/// arguments after its own.
pub fn aggregate(
    found: &Resolved,
    arguments: &[PgType],
    distinct: bool,
    order: &[(PgType, Sorting)],
    env: &Arc<Env>,
) -> Result<Arc<AggregateUDF>> {
    if !distinct
        && order.is_empty()
        && let Some(native) = native(found, arguments)
    {
        return Ok(native);
    }
    let kind = kind(found).ok_or_else(|| unsupported(found))?;
    Ok(fold(kind, arguments, found.result, distinct, order, env))
}

/// The one value there is: what a scalar subquery comes to.
pub fn single(t: PgType, env: &Arc<Env>) -> Arc<AggregateUDF> {
    fold(Kind::Single, &[t], t, false, &[], env)
}

/// Whether it is [`single`].
pub fn is_single(function: &AggregateUDF) -> bool {
    fold_of(function).is_some_and(Fold::is_single)
}

/// What a subquery with more than the one row answers.
pub fn more_than_one_row() -> Error {
    let message = "more than one row returned by a subquery used as an expression";
    Error::at(SqlState::CARDINALITY_VIOLATION, message, None)
}

/// The first value met, NULL too: one of those that are all the same to GROUP BY.
pub fn first(t: PgType, env: &Arc<Env>) -> Arc<AggregateUDF> {
    fold(Kind::First, &[t], t, false, &[], env)
}

/// All values, an empty array if there are none: what `ARRAY(SELECT …)` comes to.
pub fn collect(
    element: PgType,
    array: PgType,
    order: &[(PgType, Sorting)],
    env: &Arc<Env>,
) -> Arc<AggregateUDF> {
    fold(Kind::Collect, &[element], array, false, order, env)
}

fn fold(
    kind: Kind,
    arguments: &[PgType],
    result: PgType,
    distinct: bool,
    order: &[(PgType, Sorting)],
    env: &Arc<Env>,
) -> Arc<AggregateUDF> {
    let fold = Fold::new(kind, arguments, result, distinct, order, env);
    Arc::new(AggregateUDF::from(fold))
}

/// DataFusion's own, where they do what PostgreSQL's do.
fn native(found: &Resolved, arguments: &[PgType]) -> Option<Arc<AggregateUDF>> {
    let ordered = arguments
        .first()
        .is_some_and(|t| comparison(*t) == Comparison::Native && t.oid != PgType::BOOL.oid);
    match found.function.name {
        "count" => Some(count_udaf()),
        "min" if ordered => Some(min_max::min_udaf()),
        "max" if ordered => Some(min_max::max_udaf()),
        _ => None,
    }
}

fn kind(found: &Resolved) -> Option<Kind> {
    let argument = found.function.arguments.first().map_or(0, |t| t.0);
    Some(match (found.function.name, argument) {
        ("count", _) => Kind::Count,
        ("sum", 21 | 23) => Kind::SumInteger,
        ("sum", 20 | 1700) => Kind::SumNumeric,
        ("sum", 700 | 701) => Kind::SumFloat,
        ("avg", 20 | 21 | 23 | 1700) => Kind::AverageNumeric,
        ("avg", 700 | 701) => Kind::AverageFloat,
        ("var_samp" | "variance", 700 | 701) => Kind::VarianceSample,
        ("var_pop", 700 | 701) => Kind::VariancePopulation,
        ("stddev_samp" | "stddev", 700 | 701) => Kind::DeviationSample,
        ("stddev_pop", 700 | 701) => Kind::DeviationPopulation,
        ("min", _) => Kind::Min,
        ("max", _) => Kind::Max,
        ("bool_and" | "every", _) => Kind::BoolAnd,
        ("bool_or", _) => Kind::BoolOr,
        ("bit_and", 20 | 21 | 23) => Kind::BitAnd,
        ("bit_or", 20 | 21 | 23) => Kind::BitOr,
        ("string_agg", 25) => Kind::StringAgg,
        ("array_agg", 2776) => Kind::ArrayAgg,
        _ => return None,
    })
}

/// How a call of an aggregate function is printed.
pub(crate) struct Shown {
    /// `None` where the value is that of its argument.
    name: Option<String>,
    distinct: bool,
    /// How many arguments are its own; sort keys follow them.
    arguments: usize,
    order: Vec<Sorting>,
}

fn fold_of(function: &AggregateUDF) -> Option<&Fold> {
    let inner: &dyn std::any::Any = function.inner().as_ref();
    inner.downcast_ref::<Fold>()
}

/// What an aggregate function is called by people.
pub(crate) fn shown(function: &AggregateUDF) -> Shown {
    match fold_of(function) {
        Some(fold) => fold.shown(),
        None => Shown {
            name: Some(function.name().to_owned()),
            distinct: false,
            arguments: usize::MAX,
            order: Vec::new(),
        },
    }
}

/// A call of one of our own aggregates, for who asks a remote for it.
pub(crate) struct Shape {
    pub kind: Kind,
    /// The arguments', then those of the keys of its ORDER BY.
    pub types: Vec<PgType>,
    /// How many are arguments.
    pub arguments: usize,
    pub order: Vec<Sorting>,
    pub result: PgType,
    pub distinct: bool,
}

/// What an aggregate function of ours was made of; none for DataFusion's.
pub(crate) fn shape(function: &AggregateUDF) -> Option<Shape> {
    fold_of(function).map(Fold::shape)
}

impl Shown {
    /// Whether it only picks a value.
    pub fn is_its_argument(&self) -> bool {
        self.name.is_none()
    }

    /// The call with these arguments.
    pub fn sql(&self, arguments: &[String], filter: Option<String>) -> String {
        let (own, keys) = arguments.split_at(self.arguments.min(arguments.len()));
        let Some(name) = &self.name else { return own.join(", ") };
        let own = match own {
            [one] if name == "count" && is_number(one) => "*".to_owned(),
            own => own.join(", "),
        };
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let keys: Vec<_> = keys.iter().zip(&self.order).map(|(key, o)| o.sql(key)).collect();
        let order = match keys.is_empty() {
            true => String::new(),
            false => format!(" ORDER BY {}", keys.join(", ")),
        };
        let filter = filter.map(|f| format!(" FILTER (WHERE {f})")).unwrap_or_default();
        format!("{name}({distinct}{own}{order}){filter}")
    }
}

/// `count(*)` counts a constant.
fn is_number(text: &str) -> bool {
    text.trim_end_matches("::bigint").trim_matches('\'').chars().all(|c| c.is_ascii_digit())
}

fn unsupported(found: &Resolved) -> Error {
    let arguments: Vec<_> = found.arguments.iter().map(PgType::to_string).collect();
    let name = found.function.name;
    Error::unsupported(format_args!("aggregate function {name}({})", arguments.join(", ")))
}
