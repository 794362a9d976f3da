//! Reading relations: DataFusion's table providers and execution plans over remotes and system
//! relations, and the subqueries whose rows depend on outer ones.
//!
//! A scan's table name inside a plan is unique to (table, check-as role): DataFusion takes scans
//! of one name for the same, and plans equal scalar subqueries once, so that two views of equal
//! text and two owners would otherwise read as one of them.
//!
//! Nothing here changes rows: DataFusion's own plans for DML lose WHERE clauses. The providers
//! keep the refusals that their trait has for it, and a test sees to that.
mod at_once;
mod file;
mod filter_pushdown;
mod foreign;
mod planner;
mod remote;
mod shipped;
mod sub_plan;
mod survey;
mod system;
mod system_scan;
mod written;

pub(crate) use at_once::{
    asks_sub_plan, is_sub_plan, names_outer, plan_names_outer, sub_plan_name,
};
pub(crate) use foreign::{ForeignTable, check_handlers};
pub(crate) use planner::Planner;
pub(crate) use remote::{ForeignScan, mapping};
pub(crate) use shipped::ShippedQuery;
pub(crate) use sub_plan::{Answer, SubPlan};
pub(crate) use survey::{BIG_BYTES, QueriesAsked};
pub(crate) use system::SystemTable;
pub(crate) use written::{WrittenQuery, is_written};

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result as PlanResult;
use datafusion::physical_expr::PhysicalExpr;
use medley_catalog::objects::{Options, Relation};

/// Shows expressions of a plan to `f`, one after the other, until it has seen enough.
fn apply_each(
    exprs: &[Arc<dyn PhysicalExpr>],
    f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> PlanResult<TreeNodeRecursion>,
) -> PlanResult<TreeNodeRecursion> {
    for expr in exprs {
        if f(expr)? == TreeNodeRecursion::Stop {
            return Ok(TreeNodeRecursion::Stop);
        }
    }
    Ok(TreeNodeRecursion::Continue)
}

/// The options of a foreign table: none of them is a secret.
pub(crate) fn plain_options(relation: &Relation) -> medley_fdw::Options {
    relation.foreign_table().map(|table| plain(&table.options)).unwrap_or_default()
}

/// The options that are no secrets.
pub(crate) fn plain(options: &Options) -> medley_fdw::Options {
    let mut plain = medley_fdw::Options::default();
    for (name, value) in options.iter() {
        if let Some(value) = value.text() {
            plain.set(name, value);
        }
    }
    plain
}
