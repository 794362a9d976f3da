//! The columns that plans put out, and what they are called.
use std::sync::Arc;

use datafusion::common::Column as PlanColumn;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, LogicalPlan, LogicalPlanBuilder, Projection,
};
use medley_sql::query_ast as ast;
use medley_types::PgType;

use super::{Binder, Bound, BoundColumn, Typed};
use crate::error::Result;
use crate::semantics::aggregate;
use crate::semantics::convert::needs_catalog;
use crate::semantics::key::{is_native, key};
use crate::semantics::resolve::Context;

impl Binder<'_> {
    /// A plan whose columns are these, in order.
    pub(super) fn of_plan(
        &self,
        plan: LogicalPlan,
        names: Vec<String>,
        types: Vec<PgType>,
    ) -> Bound {
        let columns = names
            .into_iter()
            .zip(types)
            .enumerate()
            .map(|(index, (name, t))| {
                let expr = Expr::Column(PlanColumn::from(plan.schema().qualified_field(index)));
                BoundColumn { name, t, expr, open: None }
            })
            .collect();
        Bound { plan, columns }
    }

    /// A projection of these expressions under these names.
    pub(super) fn project(
        &self,
        plan: LogicalPlan,
        outputs: Vec<(String, Typed)>,
    ) -> Result<Bound> {
        let mut exprs = Vec::with_capacity(outputs.len());
        let mut columns = Vec::with_capacity(outputs.len());
        for (name, value) in outputs {
            let internal = self.unique(&name);
            columns.push(BoundColumn {
                name,
                t: value.t,
                expr: Expr::Column(PlanColumn::new_unqualified(internal.clone())),
                open: value.open,
            });
            exprs.push(value.expr.alias(internal));
        }
        let plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?);
        Ok(Bound { plan, columns })
    }

    /// The same columns as other types, which they can be.
    pub(super) fn cast_outputs(&self, bound: Bound, types: &[PgType]) -> Result<Bound> {
        let unchanged = bound
            .columns
            .iter()
            .zip(types)
            .all(|(column, t)| column.open.is_none() && column.t == *t);
        if unchanged {
            return Ok(bound);
        }
        let mut outputs = Vec::with_capacity(types.len());
        for (column, t) in bound.columns.iter().zip(types) {
            let value = Typed {
                open: column.open.clone(),
                ..Typed::new(column.expr.clone(), column.t, None)
            };
            let value = self
                .coerce(value, *t, Context::Implicit)?
                .ok_or_else(|| crate::Error::Internal("a common type is not one".to_owned()))?;
            outputs.push((column.name.clone(), value));
        }
        self.project(bound.plan, outputs)
    }

    /// What only the catalog can print (`regclass`) is printed here; the type stays what it is.
    pub(super) fn printed_names(&self, bound: Bound) -> Result<Bound> {
        if !bound.columns.iter().any(|column| needs_catalog(column.t.oid)) {
            return Ok(bound);
        }
        let types: Vec<_> = bound.columns.iter().map(|column| column.t).collect();
        let mut outputs = Vec::with_capacity(types.len());
        for column in &bound.columns {
            let value = Typed::new(column.expr.clone(), column.t, None);
            let value = match needs_catalog(column.t.oid) {
                true => self.cast_to(value, PgType::TEXT)?,
                false => value,
            };
            outputs.push((column.name.clone(), value));
        }
        let mut printed = self.project(bound.plan, outputs)?;
        for (column, t) in printed.columns.iter_mut().zip(types) {
            column.t = t;
        }
        Ok(printed)
    }

    /// Each row once.
    pub(super) fn distinct_rows(&self, bound: Bound) -> Result<Bound> {
        if bound.columns.iter().all(|column| is_native(column.t)) {
            let plan = LogicalPlan::Distinct(Distinct::All(Arc::new(bound.plan)));
            return Ok(Bound { plan, ..bound });
        }
        let keys = bound.columns.iter().map(|column| {
            Ok(key(column.expr.clone(), column.t, &self.env)?.alias(self.unique("key")))
        });
        let keys = keys.collect::<Result<Vec<_>>>()?;
        let firsts = bound.columns.iter().map(|column| {
            let first = aggregate::first(column.t, &self.env);
            let args = vec![column.expr.clone()];
            let call = AggregateFunction::new_udf(first, args, false, None, vec![], None);
            Expr::AggregateFunction(call).alias(self.unique("value"))
        });
        let firsts: Vec<_> = firsts.collect();
        let grouped = Aggregate::try_new(Arc::new(bound.plan), keys.clone(), firsts)?;
        let grouped = LogicalPlan::Aggregate(grouped);
        let values = (0..bound.columns.len()).map(|index| {
            let field = grouped.schema().qualified_field(keys.len() + index);
            Expr::Column(PlanColumn::from(field))
        });
        let plan = LogicalPlanBuilder::from(grouped.clone()).project(values)?.build()?;
        let names = bound.columns.iter().map(|column| column.name.clone()).collect();
        let types = bound.columns.iter().map(|column| column.t).collect();
        Ok(self.of_plan(plan, names, types))
    }
}

/// What PostgreSQL calls a column without AS: `FigureColname`.
pub(super) fn output_name(expr: &ast::Expr) -> String {
    figure_name(expr).map_or_else(|| "?column?".to_owned(), |(name, _)| name)
}

/// With how strong the name is: 2 for a column's or function's, 1 for a type's or CASE's.
fn figure_name(expr: &ast::Expr) -> Option<(String, u8)> {
    use ast::Expr as E;
    let strong = |name: &str| Some((name.to_owned(), 2));
    match expr {
        E::Identifier(name) => strong(&name.value),
        E::CompoundIdentifier(parts) => strong(&parts.last()?.value),
        E::Nested(inner) => figure_name(inner),
        E::CompoundFieldAccess { root, .. } => figure_name(root),
        E::Collate { expr, .. } => figure_name(expr),
        E::Function(function) => {
            let last = function.name.0.last()?.to_string();
            strong(last.trim_matches('"'))
        }
        E::Cast { expr, data_type, .. } => figure_name(expr)
            .filter(|(_, strength)| *strength == 2)
            .or_else(|| type_name(data_type)),
        E::TypedString(typed) => type_name(&typed.data_type),
        E::Interval(_) => Some(("interval".to_owned(), 1)),
        E::Case { else_result, .. } => {
            let inner = else_result.as_deref().and_then(figure_name);
            inner.filter(|(_, strength)| *strength == 2).or(Some(("case".to_owned(), 1)))
        }
        E::Exists { negated: false, .. } => strong("exists"),
        E::Subquery(query) => subquery_name(query),
        E::Array(_) => strong("array"),
        E::Extract { .. } => strong("extract"),
        E::AtTimeZone { .. } => strong("timezone"),
        E::Position { .. } => strong("position"),
        E::Substring { .. } => strong("substring"),
        E::Overlay { .. } => strong("overlay"),
        E::Ceil { .. } => strong("ceil"),
        E::Floor { .. } => strong("floor"),
        E::Trim { trim_where, .. } => strong(match trim_where {
            None | Some(ast::TrimWhereField::Both) => "btrim",
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
        }),
        E::Value(value) if matches!(value.value, ast::Value::Boolean(_)) => {
            Some(("bool".to_owned(), 1))
        }
        _ => None,
    }
}

fn type_name(data_type: &ast::DataType) -> Option<(String, u8)> {
    let t = medley_analyze::type_name::resolve(data_type).ok()?;
    let named = t.element().filter(|_| t.info().is_some_and(|info| info.name.starts_with('_')));
    Some((named.unwrap_or(t).info()?.name.to_owned(), 1))
}

fn subquery_name(query: &ast::Query) -> Option<(String, u8)> {
    let ast::SetExpr::Select(select) = query.body.as_ref() else { return None };
    match select.projection.first()? {
        ast::SelectItem::ExprWithAlias { alias, .. } => Some((alias.value.clone(), 2)),
        ast::SelectItem::UnnamedExpr(expr) => figure_name(expr),
        _ => None,
    }
}
