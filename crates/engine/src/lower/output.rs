//! The columns that plans put out.
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column as PlanColumn, TableReference};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, LogicalPlan, LogicalPlanBuilder, Projection,
};
use medley_types::PgType;

use super::{Bound, BoundColumn, Lowering, Typed};
use crate::error::Result;
use crate::semantics::convert::needs_catalog;
use crate::semantics::key::is_native;
use crate::semantics::resolve::Context;
use crate::semantics::{aggregate, decimal};

impl Bound {
    /// A plan whose columns are these, in order.
    pub(super) fn of_plan(plan: LogicalPlan, names: Vec<String>, types: Vec<PgType>) -> Self {
        let columns = names
            .into_iter()
            .zip(types)
            .enumerate()
            .map(|(index, (name, t))| {
                let expr = Expr::Column(PlanColumn::from(plan.schema().qualified_field(index)));
                BoundColumn { name, t, expr }
            })
            .collect();
        Self { plan, columns }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    pub(super) fn types(&self) -> Vec<PgType> {
        self.columns.iter().map(|column| column.t).collect()
    }
}

impl BoundColumn {
    pub(super) fn typed(&self) -> Typed {
        Typed { expr: self.expr.clone(), t: self.t, position: None }
    }
}

impl Lowering<'_> {
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
            let column = Expr::Column(PlanColumn::new_unqualified(internal.clone()));
            // A number that was computed as a decimal stays one until its text is wanted.
            let (kept, expr) = match decimal::unwidened(&value.expr) {
                Some(number) => (number.expr.clone(), number.with(column).widened(&self.env)),
                None => (value.expr, column),
            };
            columns.push(BoundColumn { name, t: value.t, expr });
            exprs.push(kept.alias(internal));
        }
        let plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?);
        Ok(Bound { plan, columns })
    }

    /// A plan whose columns are in the forms of their types.
    pub(super) fn settled(&self, bound: Bound) -> Result<Bound> {
        if bound.columns.iter().all(|column| decimal::unwidened(&column.expr).is_none()) {
            return Ok(bound);
        }
        let names: Vec<_> = bound.columns.iter().map(|column| self.unique(&column.name)).collect();
        let exprs = bound.columns.iter().zip(&names).map(|(column, name)| {
            let value = match bound.plan {
                LogicalPlan::Projection(ref below) => computed(&column.expr, below)?,
                _ => column.expr.clone(),
            };
            Ok(value.alias(name))
        });
        let exprs = exprs.collect::<Result<Vec<_>>>()?;
        let input = match bound.plan {
            LogicalPlan::Projection(ref below) => Arc::clone(&below.input),
            ref plan => Arc::new(plan.clone()),
        };
        let plan = LogicalPlan::Projection(Projection::try_new(exprs, input)?);
        let (names, types) = (bound.names(), bound.types());
        Ok(Bound::of_plan(plan, names, types))
    }

    /// A plan as a relation of its own: its columns have names that no others have.
    pub(super) fn aliased(&self, bound: Bound, name: &str) -> Result<Bound> {
        let qualifier = self.unique(name);
        // Output columns may have equal names; inside the plan they may not.
        let kept = bound.columns.iter().enumerate().map(|(index, column)| {
            let number = decimal::unwidened(&column.expr);
            let expr = number.as_ref().map_or(&column.expr, |number| &number.expr);
            (expr.clone().alias(format!("{}#{index}", column.name)), number)
        });
        let (exprs, numbers): (Vec<_>, Vec<_>) = kept.unzip();
        let (names, types) = (bound.names(), bound.types());
        let plan = LogicalPlanBuilder::from(bound.plan)
            .project(exprs)?
            .alias(TableReference::bare(qualifier))?
            .build()?;
        let mut bound = Bound::of_plan(plan, names, types);
        for (column, number) in bound.columns.iter_mut().zip(numbers) {
            if let Some(number) = number {
                column.expr = number.with(column.expr.clone()).widened(&self.env);
            }
        }
        Ok(bound)
    }

    /// The same columns as other types, which they can be.
    pub(super) fn cast_outputs(&self, bound: Bound, types: &[PgType]) -> Result<Bound> {
        if bound.columns.iter().zip(types).all(|(column, t)| column.t == *t) {
            return Ok(bound);
        }
        let mut outputs = Vec::with_capacity(types.len());
        for (column, t) in bound.columns.iter().zip(types) {
            let value = match column.t.oid == t.oid {
                true => self.in_form_of(column.typed(), *t)?,
                false => self.converted(column.typed(), *t, Context::Implicit)?,
            };
            outputs.push((column.name.clone(), value));
        }
        self.project(bound.plan, outputs)
    }

    /// What only the catalog can print (`regclass`) is printed here; the type stays what it is.
    pub(super) fn printed_names(&self, bound: Bound) -> Result<Bound> {
        let bound = self.settled(bound)?;
        if bound.columns.iter().all(|column| printed_as(column.t).is_none()) {
            return Ok(bound);
        }
        let types = bound.types();
        let mut outputs = Vec::with_capacity(types.len());
        for column in &bound.columns {
            let value = match printed_as(column.t) {
                Some(text) => self.converted(column.typed(), text, Context::Explicit)?,
                None => column.typed(),
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
        let is_own_key = |column: &BoundColumn| {
            is_native(column.t) || decimal::unwidened(&column.expr).is_some()
        };
        if bound.columns.iter().all(is_own_key) {
            let plan = LogicalPlan::Distinct(Distinct::All(Arc::new(bound.plan)));
            return Ok(Bound { plan, ..bound });
        }
        let keys = bound.columns.iter().map(|column| {
            let key = decimal::own_key(column.expr.clone(), column.t, &self.env)?;
            Ok(key.alias(self.unique("key")))
        });
        let keys = keys.collect::<Result<Vec<_>>>()?;
        let firsts = bound.columns.iter().map(|column| {
            let first = aggregate::first(column.t, &self.env);
            let args = vec![column.expr.clone()];
            let call = AggregateFunction::new_udf(first, args, false, None, vec![], None);
            Expr::AggregateFunction(call).alias(self.unique("value"))
        });
        let firsts: Vec<_> = firsts.collect();
        let (names, types) = (bound.names(), bound.types());
        let grouped = Aggregate::try_new(Arc::new(bound.plan), keys.clone(), firsts)?;
        let grouped = LogicalPlan::Aggregate(grouped);
        let values = (0..types.len()).map(|index| {
            let field = grouped.schema().qualified_field(keys.len() + index);
            Expr::Column(PlanColumn::from(field))
        });
        let plan = LogicalPlanBuilder::from(grouped.clone()).project(values)?.build()?;
        Ok(Bound::of_plan(plan, names, types))
    }
}

/// As what values are printed that only the catalog can print: names, or an array of them.
fn printed_as(t: PgType) -> Option<PgType> {
    if needs_catalog(t.oid) {
        return Some(PgType::TEXT);
    }
    t.element().filter(|element| needs_catalog(element.oid)).and_then(|_| PgType::TEXT.array())
}

/// An expression over the columns of a projection as one over what is below it.
fn computed(expr: &Expr, projection: &Projection) -> Result<Expr> {
    let over = expr.clone().transform_down(|node| {
        let Expr::Column(column) = &node else { return Ok(Transformed::no(node)) };
        let index = projection.schema.index_of_column(column)?;
        let below = projection.expr[index].clone().unalias();
        Ok(Transformed::new(below, true, TreeNodeRecursion::Jump))
    })?;
    Ok(over.data)
}
