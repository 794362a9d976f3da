//! DataFusion's pushdown of filters, where it is right.
//!
//! On its way down through projections and joins, a filter finds its columns again by their names
//! alone: of two columns `id`, of two tables that are joined, it takes the first, and rows are lost
//! that should stay. So it runs where each name is one column's, wherever a filter may pass.
use std::any::Any;
use std::collections::HashSet;
use std::sync::Arc;

use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;

/// DataFusion's rules, with that exception.
pub(super) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let guarded = |rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>| match rule
        .name()
        .starts_with("FilterPushdown")
    {
        true => Arc::new(OfUniqueNames(rule)) as _,
        false => rule,
    };
    PhysicalOptimizer::new().rules.into_iter().map(guarded).collect()
}

#[derive(Debug)]
struct OfUniqueNames(Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for OfUniqueNames {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if is_right(&plan, false) { self.0.optimize(plan, config) } else { Ok(plan) }
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// Whether filters that come to be in this plan, or come down to it, find their columns.
fn is_right(plan: &Arc<dyn ExecutionPlan>, is_passed: bool) -> bool {
    if is_passed && !has_unique_names(plan) {
        return false;
    }
    let children = plan.children().into_iter().enumerate();
    children
        .map(|(index, child)| (child, is_passed || filters(plan, index)))
        .all(|(child, is_passed)| is_right(child, is_passed))
}

/// Whether a node has filters of its own for this child. A join has the keys of its left side for
/// its right one; what is not known here may have some.
fn filters(plan: &Arc<dyn ExecutionPlan>, child: usize) -> bool {
    let plan: &dyn Any = plan.as_ref();
    if plan.is::<HashJoinExec>() {
        return child == 1;
    }
    if let Some(sort) = plan.downcast_ref::<SortExec>() {
        return sort.fetch().is_some();
    }
    !(plan.is::<ProjectionExec>()
        || plan.is::<RepartitionExec>()
        || plan.is::<CoalescePartitionsExec>()
        || plan.is::<CrossJoinExec>())
}

fn has_unique_names(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let mut names = HashSet::new();
    plan.schema().fields().iter().all(|field| names.insert(field.name().clone()))
}
