//! Window functions.
use datafusion::common::Column as PlanColumn;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::functions_window::{cume_dist, lead_lag, nth_value, ntile, rank, row_number};
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, SortExpr, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowFunctionDefinition, cast,
};
use datafusion::scalar::ScalarValue;
use medley_analyze::tree::{self, FrameBound, FrameUnits, Window, WindowCall};
use medley_types::{PgType, arrow_type};

use super::expr::misplaced;
use super::frame::Frame;
use super::query::sorting;
use super::select::Computed;
use super::{Lowering, resolved};
use crate::error::{Error, Result};
use crate::semantics::aggregate;
use crate::semantics::decimal::own_key;
use crate::semantics::resolve::Resolved;

impl Lowering<'_> {
    pub(super) fn window(&self, frame: &Frame<'_>, call: &WindowCall, t: PgType) -> Result<Expr> {
        let window = frame.query.windows.get(call.window).ok_or_else(|| misplaced("a window"))?;
        let found = resolved(call.function, &call.arguments, t)?;
        let name = found.function.name;
        let (fun, mut args) = if call.star && name == "count" {
            let count = datafusion::functions_aggregate::count::count_udaf();
            let one = datafusion::logical_expr::lit(1i64);
            (WindowFunctionDefinition::AggregateUDF(count), vec![one])
        } else {
            let args = call.arguments.iter().map(|it| self.expr(frame, it));
            (self.window_definition(&found)?, args.collect::<Result<Vec<_>>>()?)
        };
        counted_from_literals(name, &mut args);
        let filter = call.filter.as_ref().map(|it| self.expr(frame, it)).transpose()?;
        let params = self.window_params(frame, window, args, filter.map(Box::new))?;
        let call = Expr::WindowFunction(Box::new(WindowFunction { fun, params }));
        // DataFusion numbers rows without a sign.
        let unsigned = matches!(name, "row_number" | "rank" | "dense_rank" | "ntile");
        Ok(if unsigned { cast(call, arrow_type(t)) } else { call })
    }

    /// The rows of a plan, numbered from 1 in this order among those of equal keys.
    pub(super) fn numbered(
        &self,
        plan: LogicalPlan,
        partition_by: Vec<Expr>,
        order_by: Vec<SortExpr>,
    ) -> Result<(LogicalPlan, Expr)> {
        let params = WindowFunctionParams {
            args: Vec::new(),
            partition_by,
            window_frame: WindowFrame::new((!order_by.is_empty()).then_some(false)),
            order_by,
            filter: None,
            null_treatment: None,
            distinct: false,
        };
        let fun = WindowFunctionDefinition::WindowUDF(row_number::row_number_udwf());
        let call = Expr::WindowFunction(Box::new(WindowFunction { fun, params }));
        let number = Expr::Column(PlanColumn::new_unqualified(call.schema_name().to_string()));
        Ok((LogicalPlanBuilder::window_plan(plan, vec![call])?, number))
    }

    fn window_definition(&self, found: &Resolved) -> Result<WindowFunctionDefinition> {
        let udwf = match (found.function.name, found.function.kind) {
            ("row_number", _) => row_number::row_number_udwf(),
            ("rank", 'w') => rank::rank_udwf(),
            ("dense_rank", 'w') => rank::dense_rank_udwf(),
            ("percent_rank", 'w') => rank::percent_rank_udwf(),
            ("cume_dist", 'w') => cume_dist::cume_dist_udwf(),
            ("ntile", _) => ntile::ntile_udwf(),
            ("lag", _) => lead_lag::lag_udwf(),
            ("lead", _) => lead_lag::lead_udwf(),
            ("first_value", _) => nth_value::first_value_udwf(),
            ("last_value", _) => nth_value::last_value_udwf(),
            ("nth_value", _) => nth_value::nth_value_udwf(),
            (_, 'a') => {
                let aggregate =
                    aggregate::aggregate(found, &found.arguments, false, &[], &self.env)?;
                return Ok(WindowFunctionDefinition::AggregateUDF(aggregate));
            }
            (name, _) => return Err(Error::unsupported(format_args!("window function {name}"))),
        };
        Ok(WindowFunctionDefinition::WindowUDF(udwf))
    }

    fn window_params(
        &self,
        frame: &Frame<'_>,
        window: &Window,
        args: Vec<Expr>,
        filter: Option<Box<Expr>>,
    ) -> Result<WindowFunctionParams> {
        let target = |index: usize| self.typed(frame, &frame.query.targets[index].expr);
        let partition_by = window.partition_by.iter().map(|index| {
            let value = target(*index)?;
            own_key(value.expr, value.t, &self.env)
        });
        let partition_by = partition_by.collect::<Result<_>>()?;
        let order = window.order_by.iter().map(|key| Ok((target(key.target)?, sorting(key))));
        let order_by = self.sort_exprs(order.collect::<Result<_>>()?)?;
        let window_frame = match &window.frame {
            None => WindowFrame::new((!order_by.is_empty()).then_some(false)),
            Some(of_window) => self.window_frame(frame, of_window)?,
        };
        let (null_treatment, distinct) = (None, false);
        Ok(WindowFunctionParams {
            args,
            partition_by,
            order_by,
            window_frame,
            filter,
            null_treatment,
            distinct,
        })
    }

    fn window_frame(&self, frame: &Frame<'_>, given: &tree::Frame) -> Result<WindowFrame> {
        let offset = |bound: &FrameBound| {
            matches!(bound, FrameBound::Preceding(_) | FrameBound::Following(_))
        };
        if given.exclusion.is_some() {
            return Err(Error::unsupported("EXCLUDE in a window frame"));
        }
        if given.units == FrameUnits::Range && (offset(&given.start) || offset(&given.end)) {
            return Err(Error::unsupported("RANGE with an offset"));
        }
        let units = match given.units {
            FrameUnits::Rows => WindowFrameUnits::Rows,
            FrameUnits::Range => WindowFrameUnits::Range,
            FrameUnits::Groups => return Err(Error::unsupported("a frame of GROUPS")),
        };
        let count = |expr: &tree::Expr| {
            let refused = || Error::unsupported("such a frame offset").or_at(expr.position);
            let value = self.planner.constant(self.expr(frame, expr)?)?;
            let Expr::Literal(ScalarValue::Int64(Some(count)), _) = value else {
                return Err(refused());
            };
            let count = u64::try_from(count).map_err(|_| refused())?;
            Ok::<_, Error>(ScalarValue::UInt64(Some(count)))
        };
        let bound = |bound: &FrameBound| {
            Ok::<_, Error>(match bound {
                FrameBound::CurrentRow => WindowFrameBound::CurrentRow,
                FrameBound::UnboundedPreceding => {
                    WindowFrameBound::Preceding(ScalarValue::UInt64(None))
                }
                FrameBound::UnboundedFollowing => {
                    WindowFrameBound::Following(ScalarValue::UInt64(None))
                }
                FrameBound::Preceding(expr) => WindowFrameBound::Preceding(count(expr)?),
                FrameBound::Following(expr) => WindowFrameBound::Following(count(expr)?),
            })
        };
        Ok(WindowFrame::new_bounds(units, bound(&given.start)?, bound(&given.end)?))
    }

    /// The plan under what is computed from windows.
    pub(super) fn windowed(
        &self,
        plan: LogicalPlan,
        computed: &mut Computed,
    ) -> Result<LogicalPlan> {
        let is_window = |node: &Expr| Ok(matches!(node, Expr::WindowFunction(_)));
        if !computed.exprs().any(|expr| expr.exists(is_window).unwrap_or(true)) {
            return Ok(plan);
        }
        let plan = self.asked_below(plan, computed.exprs())?;
        let mut windows: Vec<Expr> = Vec::new();
        for expr in computed.exprs() {
            expr.apply(|node| {
                if matches!(node, Expr::WindowFunction(_)) && !windows.contains(node) {
                    windows.push(node.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        for expr in computed.exprs() {
            let taken = std::mem::take(expr);
            *expr = taken
                .transform_down(|node| match &node {
                    Expr::WindowFunction(_) => {
                        let name = node.schema_name().to_string();
                        let column = Expr::Column(PlanColumn::new_unqualified(name));
                        Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
                    }
                    _ => Ok(Transformed::no(node)),
                })?
                .data;
        }
        Ok(LogicalPlanBuilder::window_plan(plan, windows)?)
    }
}

/// DataFusion reads these from 64-bit literals.
fn counted_from_literals(name: &str, args: &mut [Expr]) {
    let index = match name {
        "lag" | "lead" | "nth_value" => 1,
        "ntile" => 0,
        _ => return,
    };
    if let Some(Expr::Literal(ScalarValue::Int32(Some(count)), _)) = args.get(index) {
        args[index] = datafusion::logical_expr::lit(i64::from(*count));
    }
}
