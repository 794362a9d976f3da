//! A correlated subquery planned once for many rows: where it compares columns of its own with
//! outer values for equality, and names them nowhere else, all its rows for all those values are
//! read at once, and told apart by those columns.
use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ScalarValue};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable as _, Filter, LogicalPlan, Operator, Projection, SubqueryAlias,
    in_list, lit,
};

use crate::semantics::aggregate::is_single;

/// A plan whose last columns are what the subquery compares with outer values.
pub(super) struct Grouped {
    pub plan: LogicalPlan,
    /// The placeholders of the outer values, in the order of those columns.
    pub ids: Vec<String>,
}

/// The plan for all rows whose outer values are `values` (by placeholder, as columns of equal
/// length); none where the subquery has another form.
pub(super) fn grouped(
    plan: &LogicalPlan,
    ids: &[String],
    values: &dyn Fn(&str) -> Vec<ScalarValue>,
) -> PlanResult<Option<Grouped>> {
    let folded = without_fold(plan)?;
    let Some((plan, keys)) = rewrite(folded.as_ref().unwrap_or(plan), values)? else {
        return Ok(None);
    };
    let named: HashSet<_> = keys.iter().map(|key| key.id.as_str()).collect();
    let is_whole = ids.iter().all(|id| named.contains(id.as_str()));
    let ids = keys.into_iter().map(|key| key.id).collect();
    Ok(is_whole.then_some(Grouped { plan, ids }))
}

/// A column that tells the rows apart.
struct Key {
    id: String,
    column: Column,
}

/// The values of which a scalar subquery's is the only one; that it is must be seen to for each
/// group.
fn without_fold(plan: &LogicalPlan) -> PlanResult<Option<LogicalPlan>> {
    let LogicalPlan::Aggregate(it) = plan else { return Ok(None) };
    let ([], [call]) = (it.group_expr.as_slice(), it.aggr_expr.as_slice()) else {
        return Ok(None);
    };
    match call.clone().unalias() {
        Expr::AggregateFunction(call) if is_single(&call.func) => {
            let values = Projection::try_new(call.params.args, Arc::clone(&it.input))?;
            Ok(Some(LogicalPlan::Projection(values)))
        }
        _ => Ok(None),
    }
}

type Rewritten = Option<(LogicalPlan, Vec<Key>)>;

fn rewrite(plan: &LogicalPlan, values: &dyn Fn(&str) -> Vec<ScalarValue>) -> PlanResult<Rewritten> {
    match plan {
        LogicalPlan::Projection(it) if !it.expr.iter().any(names_outer) => {
            let Some((input, keys)) = rewrite(&it.input, values)? else { return Ok(None) };
            let columns = keys.iter().map(|key| Expr::Column(key.column.clone()));
            let exprs = it.expr.iter().cloned().chain(columns).collect();
            let projection = Projection::try_new(exprs, Arc::new(input))?;
            Ok(Some((LogicalPlan::Projection(projection), keys)))
        }
        LogicalPlan::SubqueryAlias(it) => {
            let Some((input, keys)) = rewrite(&it.input, values)? else { return Ok(None) };
            let alias = SubqueryAlias::try_new(Arc::new(input), it.alias.clone())?;
            let requalified = keys.into_iter().map(|key| {
                let column = Column::new(Some(it.alias.clone()), key.column.name);
                Key { id: key.id, column }
            });
            let keys = requalified.collect();
            Ok(Some((LogicalPlan::SubqueryAlias(alias), keys)))
        }
        LogicalPlan::Filter(it) => filtered(it, values),
        _ => Ok(None),
    }
}

fn filtered(filter: &Filter, values: &dyn Fn(&str) -> Vec<ScalarValue>) -> PlanResult<Rewritten> {
    if plan_names_outer(&filter.input)? {
        return Ok(None);
    }
    let (mut kept, mut compared) = (Vec::new(), Vec::new());
    for condition in split_conjunction(&filter.predicate) {
        match comparison(condition) {
            Some((expr, id)) => compared.push((expr.clone(), id.to_owned())),
            None if names_outer(condition) => return Ok(None),
            None => kept.push(condition.clone()),
        }
    }
    for (expr, id) in &compared {
        let list: HashSet<_> = values(id).into_iter().filter(|value| !value.is_null()).collect();
        let t = expr.get_type(filter.input.schema())?;
        if !is_told_by_value(&t) || list.iter().any(|value| value.data_type() != t) {
            return Ok(None);
        }
        kept.push(in_list(expr.clone(), list.into_iter().map(lit).collect(), false));
    }
    let Some(predicate) = conjunction(kept) else { return Ok(None) };
    let input = Filter::try_new(predicate, Arc::clone(&filter.input))?;
    let schema = Arc::clone(filter.input.schema());
    let own = schema.columns().into_iter().map(Expr::Column);
    let name = |index: usize| format!("__outer_{index}");
    let added = compared.iter().enumerate().map(|(at, (expr, _))| expr.clone().alias(name(at)));
    let exprs = own.chain(added).collect();
    let projection = Projection::try_new(exprs, Arc::new(LogicalPlan::Filter(input)))?;
    let keys = compared.into_iter().enumerate().map(|(at, (_, id))| {
        let column = Column::new_unqualified(name(at));
        Key { id, column }
    });
    Ok(Some((LogicalPlan::Projection(projection), keys.collect())))
}

/// Whether equal values of the type are the same value, as a hash table takes them.
fn is_told_by_value(t: &DataType) -> bool {
    t.is_integer() || matches!(t, DataType::Boolean | DataType::Utf8 | DataType::Date32)
}

/// `expression = $outer`, either way around.
fn comparison(condition: &Expr) -> Option<(&Expr, &str)> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else {
        return None;
    };
    match (left.as_ref(), right.as_ref()) {
        (expr, Expr::Placeholder(outer)) | (Expr::Placeholder(outer), expr)
            if !names_outer(expr) =>
        {
            Some((expr, &outer.id))
        }
        _ => None,
    }
}

fn names_outer(expr: &Expr) -> bool {
    expr.exists(|expr| Ok(matches!(expr, Expr::Placeholder(_)))).unwrap_or(true)
}

fn plan_names_outer(plan: &LogicalPlan) -> PlanResult<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|plan| {
        found |= plan.expressions().iter().any(names_outer);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
