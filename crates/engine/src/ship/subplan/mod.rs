//! Subplans shipped: the largest parts of a plan that one remote can compute become one query of
//! it. A rule of our own, after DataFusion's optimizer.
//!
//! Invariants:
//! - tables of two servers, or of one that are read with two roles' privileges, are never in one
//!   query: [`Place`];
//! - a plan holds no mapping: a shipped query resolves its own when it runs;
//! - what the remote is asked to compute is on a list, or it is computed here.
mod aggregate;
mod node;
mod query;

pub(crate) use query::{Place, RemoteQuery, TableRead};

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::common::tree_node::Transformed;
use datafusion::datasource::provider_as_source;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use parking_lot::Mutex;

use self::node::Maker;
use super::whole::NotShipped;
use crate::scan::{Planner, ShippedQuery};

/// A plan in which remotes compute what they can, and why not more of it.
pub(crate) struct Shipped {
    pub plan: LogicalPlan,
    pub reasons: Vec<NotShipped>,
}

/// Ships what can be shipped of an optimized plan.
pub(crate) fn ship(plan: LogicalPlan, planner: &Arc<Planner>) -> PlanResult<Shipped> {
    if !planner.pushdown() {
        return Ok(Shipped { plan, reasons: Vec::new() });
    }
    let rule = Rule { planner, maker: Maker::default(), reasons: Mutex::default() };
    let part = rule.part(plan)?;
    let plan = rule.finished(part)?;
    Ok(Shipped { plan, reasons: rule.reasons.into_inner() })
}

struct Rule<'a> {
    planner: &'a Arc<Planner>,
    maker: Maker,
    reasons: Mutex<Vec<NotShipped>>,
}

/// A part of a plan, and the query that it is, if it is one.
struct Part {
    plan: LogicalPlan,
    query: Option<RemoteQuery>,
}

impl Rule<'_> {
    fn part(&self, plan: LogicalPlan) -> PlanResult<Part> {
        let plan = plan.map_subqueries(|plan| self.subquery(plan))?.data;
        if let LogicalPlan::TableScan(scan) = &plan {
            let query = self.maker.scan(scan);
            return Ok(Part { plan, query });
        }
        let inputs = plan.inputs().into_iter().map(|input| self.part(input.clone()));
        let inputs = inputs.collect::<PlanResult<Vec<_>>>()?;
        if let Some(query) = self.of_one_place(&plan, &inputs) {
            return Ok(Part { plan, query: Some(query) });
        }
        self.here(&plan, inputs)
    }

    fn subquery(&self, plan: LogicalPlan) -> PlanResult<Transformed<LogicalPlan>> {
        let part = self.part(plan)?;
        self.finished(part).map(Transformed::yes)
    }

    /// The query of a node whose inputs are queries of one remote.
    fn of_one_place(&self, plan: &LogicalPlan, inputs: &[Part]) -> Option<RemoteQuery> {
        let queries: Option<Vec<_>> = inputs.iter().map(|input| input.query.clone()).collect();
        let queries = queries.filter(|queries| !queries.is_empty())?;
        if queries.iter().any(|query| query.place != queries[0].place) {
            return None;
        }
        match self.maker.node(plan, queries) {
            Ok(query) => Some(query),
            Err(reason) => {
                self.note(reason);
                None
            }
        }
    }

    fn note(&self, reason: NotShipped) {
        let mut reasons = self.reasons.lock();
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }

    /// A node that is computed here, over inputs that are shipped.
    fn here(&self, plan: &LogicalPlan, inputs: Vec<Part>) -> PlanResult<Part> {
        let inputs = inputs.into_iter().map(|input| self.finished(input));
        let inputs = inputs.collect::<PlanResult<Vec<_>>>()?;
        let plan = match inputs.is_empty() {
            true => plan.clone(),
            false => plan.with_new_exprs(plan.expressions(), inputs)?,
        };
        Ok(Part { plan, query: None })
    }

    /// The plan of a part: of a shipped query, a scan of it.
    fn finished(&self, part: Part) -> PlanResult<LogicalPlan> {
        let Some(query) = part.query.filter(|query| query.steps > 0) else {
            return Ok(part.plan);
        };
        if !query.stands_for(&part.plan) {
            return self.inputs_finished(part.plan);
        }
        match query.whole() {
            Ok(select) => self.scan(&part.plan, &query, select),
            Err(reason) => {
                self.note(reason);
                self.inputs_finished(part.plan)
            }
        }
    }

    /// A node that lacks a column at the remote is computed here, over what is shipped of it.
    fn inputs_finished(&self, plan: LogicalPlan) -> PlanResult<LogicalPlan> {
        let inputs = plan.inputs().into_iter().map(|input| self.part(input.clone()));
        let inputs = inputs.collect::<PlanResult<Vec<_>>>()?;
        Ok(self.here(&plan, inputs)?.plan)
    }

    /// A scan of a query, with the columns of the plan that it stands for. The rows of the first
    /// in an order come in any order.
    fn scan(
        &self,
        plan: &LogicalPlan,
        query: &RemoteQuery,
        select: super::Select,
    ) -> PlanResult<LogicalPlan> {
        let name = self.planner.unique("shipped");
        let schema = plan.schema();
        let table = ShippedQuery::new(schema, query, select, self.planner);
        let names = table.names();
        let source = provider_as_source(Arc::new(table));
        let scan = LogicalPlanBuilder::scan(TableReference::bare(name.clone()), source, None)?;
        let columns = names.into_iter().zip(schema.iter()).map(|(column, (qualifier, field))| {
            let column = datafusion::common::Column::new(Some(name.clone()), column);
            Expr::Column(column).alias_qualified(qualifier.cloned(), field.name())
        });
        let scan = scan.project(columns.collect::<Vec<_>>())?.build()?;
        match plan {
            LogicalPlan::Sort(_) => plan.with_new_exprs(plan.expressions(), vec![scan]),
            _ => Ok(scan),
        }
    }
}
