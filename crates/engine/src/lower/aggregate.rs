//! Calls of aggregates.
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, lit};
use medley_analyze::tree::Aggregate;
use medley_types::PgType;

use super::frame::Frame;
use super::{Lowering, resolved};
use crate::error::{Error, Result};
use crate::semantics::aggregate::{self, Sorting};

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
            let count = datafusion::functions_aggregate::count::count_udaf();
            let args = vec![lit(1i64)];
            let call = AggregateFunction::new_udf(count, args, false, filter, vec![], None);
            return Ok(Expr::AggregateFunction(call));
        }
        let found = resolved(call.function, &call.arguments, t)?;
        let keys = call.order_by.iter().map(|key| {
            let sorting = Sorting { descending: key.descending, nulls_first: key.nulls_first };
            (key.expr.t, sorting)
        });
        let keys: Vec<_> = keys.collect();
        let all = call.arguments.iter().chain(call.order_by.iter().map(|key| &key.expr));
        let exprs = all.map(|it| self.expr(frame, it)).collect::<Result<_>>()?;
        let function =
            aggregate::aggregate(&found, &found.arguments, call.distinct, &keys, &self.env)?;
        let call = AggregateFunction::new_udf(function, exprs, false, filter, vec![], None);
        Ok(Expr::AggregateFunction(call))
    }
}
