//! Calls of aggregates.
use std::sync::Arc;

use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{AggregateUDF, Expr, lit};
use medley_analyze::tree::Aggregate;
use medley_types::PgType;

use super::frame::Frame;
use super::{Lowering, resolved};
use crate::error::{Error, Result};
use crate::semantics::aggregate::{self, Sorting};
use crate::semantics::decimal::{self, Decimal, own_key};
use crate::semantics::resolve::Resolved;

impl Lowering<'_> {
    pub(super) fn aggregate(&self, frame: &Frame<'_>, call: &Aggregate, t: PgType) -> Result<Expr> {
        if call.within_group {
            return Err(Error::unsupported("WITHIN GROUP"));
        }
        if call.is_array {
            return Err(Error::unsupported("VARIADIC"));
        }
        let filter = call.filter.as_ref().map(|it| self.expr(frame, it)).transpose()?;
        let filter = filter.map(Box::new);
        if call.star {
            return Ok(called(count_udaf(), vec![lit(1i64)], false, filter));
        }
        let found = resolved(call.function, &call.arguments, t)?;
        let keys = call.order_by.iter().map(|key| {
            let sorting = Sorting { descending: key.descending, nulls_first: key.nulls_first };
            (key.expr.t, sorting)
        });
        let keys: Vec<_> = keys.collect();
        let all = call.arguments.iter().chain(call.order_by.iter().map(|key| &key.expr));
        let exprs = all.map(|it| self.expr(frame, it)).collect::<Result<Vec<_>>>()?;
        let is_plain = !call.distinct && keys.is_empty();
        if let ([value], true) = (exprs.as_slice(), is_plain)
            && let Some(number) = decimal::narrow(value, found.arguments[0])
        {
            return self.of_decimals(&found, number, filter);
        }
        if let ([value], "count", true) = (exprs.as_slice(), found.function.name, call.distinct) {
            // Values are told apart by their keys.
            let key = own_key(value.clone(), found.arguments[0], &self.env)?;
            return Ok(called(count_udaf(), vec![key], true, filter));
        }
        let function =
            aggregate::aggregate(&found, &found.arguments, call.distinct, &keys, &self.env)?;
        Ok(called(function, exprs, false, filter))
    }

    /// An aggregate of numbers that all have one scale, which its value may have too.
    fn of_decimals(
        &self,
        found: &Resolved,
        number: Decimal,
        filter: Option<Box<Expr>>,
    ) -> Result<Expr> {
        let result = match found.function.name {
            "sum" => number.sum_type(),
            "min" | "max" => Some(number.t()),
            _ => None,
        };
        let typed = Resolved { result: result.unwrap_or(found.result), ..found.clone() };
        let function = aggregate::aggregate(&typed, &[number.t()], false, &[], &self.env)?;
        let call = called(function, vec![number.expr], false, filter);
        match result.and_then(|t| decimal::narrow(&call, t)) {
            Some(value) => Ok(value.widened(&self.env)),
            None => Ok(call),
        }
    }
}

fn called(
    function: Arc<AggregateUDF>,
    args: Vec<Expr>,
    distinct: bool,
    filter: Option<Box<Expr>>,
) -> Expr {
    let call = AggregateFunction::new_udf(function, args, distinct, filter, vec![], None);
    Expr::AggregateFunction(call)
}
