//! Window functions.
use datafusion::common::Column as PlanColumn;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::functions_window::{cume_dist, lead_lag, nth_value, ntile, rank, row_number};
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition, cast,
};
use datafusion::scalar::ScalarValue;
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, NamedWindowExpr, WindowType};
use medley_types::{PgType, arrow_type};

use super::function::{Arguments, no_function};
use super::scope::{Clause, Scope};
use super::select::Computed;
use super::{Binder, Typed};
use crate::error::{Error, Result};
use crate::semantics::aggregate;
use crate::semantics::key::key;
use crate::semantics::resolve::{Resolved, resolve_function};

impl Binder<'_> {
    pub(super) fn window_function(
        &self,
        scope: &Scope<'_>,
        function: &ast::Function,
        name: &str,
        arguments: &Arguments<'_>,
        at: Option<usize>,
    ) -> Result<Typed> {
        if !matches!(scope.clause, Clause::Select | Clause::OrderBy) {
            let message = "window functions are not allowed here";
            return Err(Error::at(SqlState::from_remote("42P20"), message, at));
        }
        if arguments.distinct {
            let message = "DISTINCT is not implemented for window functions";
            return Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, at));
        }
        if !arguments.order_by.is_empty() || function.null_treatment.is_some() {
            return Err(Error::unsupported("ORDER BY or IGNORE NULLS in a window call").or_at(at));
        }
        let inner = Scope::new(scope.surroundings, scope.tables.clone(), Clause::Window);
        let values = arguments.list.iter().map(|argument| self.expr(&inner, argument));
        let values = values.collect::<Result<Vec<_>>>()?;
        let types: Vec<_> = values.iter().map(|value| value.t).collect();
        let (definition, mut args, result) = if arguments.star && name == "count" {
            let count = datafusion::functions_aggregate::count::count_udaf();
            let one = datafusion::logical_expr::lit(1i64);
            (WindowFunctionDefinition::AggregateUDF(count), vec![one], PgType::INT8)
        } else {
            let found = resolve_function(name, &types)
                .map_err(|failure| no_function(failure, name, &types, at))?;
            let result = found.result;
            let values = self.coerce_arguments(values, &found)?;
            let definition = self.window_definition(&found, &values).map_err(|e| e.or_at(at))?;
            (definition, values.into_iter().map(|(expr, _)| expr).collect(), result)
        };
        counted_from_literals(name, &mut args);
        let spec = window_spec(scope, function)?;
        let filter = match &function.filter {
            Some(filter) => Some(Box::new(self.boolean(self.expr(&inner, filter)?, "FILTER")?)),
            None => None,
        };
        let params = self.window_params(&inner, &spec, args, filter)?;
        let window = Expr::WindowFunction(Box::new(WindowFunction { fun: definition, params }));
        // DataFusion numbers rows without a sign.
        let unsigned = matches!(name, "row_number" | "rank" | "dense_rank" | "ntile");
        let expr = if unsigned { cast(window, arrow_type(result)) } else { window };
        Ok(Typed::new(expr, result, at))
    }

    fn window_definition(
        &self,
        found: &Resolved,
        values: &[(Expr, PgType)],
    ) -> Result<WindowFunctionDefinition> {
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
                let types: Vec<_> = values.iter().map(|(_, t)| *t).collect();
                let aggregate = aggregate::aggregate(found, &types, false, &[], &self.env)?;
                return Ok(WindowFunctionDefinition::AggregateUDF(aggregate));
            }
            (name, 'w') => {
                return Err(Error::unsupported(format_args!("window function {name}")));
            }
            (name, _) => {
                let message = format!(
                    "OVER specified, but {name} is not a window function nor an aggregate function"
                );
                return Err(Error::at(SqlState::WRONG_OBJECT_TYPE, message, None));
            }
        };
        Ok(WindowFunctionDefinition::WindowUDF(udwf))
    }

    fn window_params(
        &self,
        scope: &Scope<'_>,
        spec: &ast::WindowSpec,
        args: Vec<Expr>,
        filter: Option<Box<Expr>>,
    ) -> Result<WindowFunctionParams> {
        let partition_by = spec.partition_by.iter().map(|expr| {
            let value = self.settle(self.expr(scope, expr)?)?;
            key(value.expr, value.t, &self.env)
        });
        let partition_by = partition_by.collect::<Result<_>>()?;
        let order = spec.order_by.iter().map(|item| self.sort_item(scope, item));
        let order_by = self.sort_exprs(order.collect::<Result<_>>()?)?;
        let window_frame = match &spec.window_frame {
            None => WindowFrame::new((!order_by.is_empty()).then_some(false)),
            Some(frame) => rows_frame(frame)?,
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

    /// The plan under what is computed from windows.
    pub(super) fn windowed(
        &self,
        plan: LogicalPlan,
        computed: &mut Computed,
    ) -> Result<LogicalPlan> {
        let mut windows: Vec<Expr> = Vec::new();
        for expr in computed.exprs() {
            expr.apply(|node| {
                if matches!(node, Expr::WindowFunction(_)) && !windows.contains(node) {
                    windows.push(node.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        if windows.is_empty() {
            return Ok(plan);
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

/// The definition that OVER gives or names.
fn window_spec(scope: &Scope<'_>, function: &ast::Function) -> Result<ast::WindowSpec> {
    let named = |name: &ast::Ident| {
        let found = scope.windows.iter().find(|(known, _)| *known == name.value);
        match found {
            Some((_, NamedWindowExpr::WindowSpec(spec))) => Ok(spec.clone()),
            Some(_) => Err(Error::unsupported("a window that is another's name")),
            None => {
                let message = format!("window \"{}\" does not exist", name.value);
                Err(Error::at(SqlState::UNDEFINED_OBJECT, message, None))
            }
        }
    };
    match &function.over {
        Some(WindowType::NamedWindow(name)) => named(name),
        Some(WindowType::WindowSpec(spec)) if spec.window_name.is_none() => Ok(spec.clone()),
        _ => Err(Error::unsupported("a window that extends another")),
    }
}

fn rows_frame(frame: &ast::WindowFrame) -> Result<WindowFrame> {
    let units = match frame.units {
        ast::WindowFrameUnits::Rows => WindowFrameUnits::Rows,
        ast::WindowFrameUnits::Range => WindowFrameUnits::Range,
        ast::WindowFrameUnits::Groups => return Err(Error::unsupported("a frame of GROUPS")),
    };
    let current = ast::WindowFrameBound::CurrentRow;
    let start = bound(units, &frame.start_bound)?;
    let end = bound(units, frame.end_bound.as_ref().unwrap_or(&current))?;
    Ok(WindowFrame::new_bounds(units, start, end))
}

fn bound(units: WindowFrameUnits, bound: &ast::WindowFrameBound) -> Result<WindowFrameBound> {
    let count = |expr: &ast::Expr| match (units, expr) {
        (WindowFrameUnits::Rows, ast::Expr::Value(value)) => match &value.value {
            ast::Value::Number(text, _) => text
                .parse()
                .map(|count| ScalarValue::UInt64(Some(count)))
                .map_err(|_| Error::unsupported("such a frame offset")),
            _ => Err(Error::unsupported("such a frame offset")),
        },
        _ => Err(Error::unsupported("a frame offset that is no number of rows")),
    };
    Ok(match bound {
        ast::WindowFrameBound::CurrentRow => WindowFrameBound::CurrentRow,
        ast::WindowFrameBound::Preceding(None) => {
            WindowFrameBound::Preceding(ScalarValue::UInt64(None))
        }
        ast::WindowFrameBound::Following(None) => {
            WindowFrameBound::Following(ScalarValue::UInt64(None))
        }
        ast::WindowFrameBound::Preceding(Some(expr)) => WindowFrameBound::Preceding(count(expr)?),
        ast::WindowFrameBound::Following(Some(expr)) => WindowFrameBound::Following(count(expr)?),
    })
}
