//! Subplans shipped: the largest parts of a plan that one remote can compute become one query of
//! it. A rule of our own, after DataFusion's optimizer.
//!
//! Invariants:
//! - tables of two servers, or of one that are read with two roles' privileges, are never in one
//!   query: [`Place`];
//! - a plan holds no mapping: a shipped query resolves its own when it runs;
//! - what the remote is asked to compute is on a list, or it is computed here.
mod aggregate;
mod cost;
mod node;
mod query;
mod regroup;

pub(crate) use query::{Place, RemoteQuery, TableRead};

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, TableReference};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableScan};
use medley_fdw::{Estimate, Family, RemoteColumn};
use parking_lot::Mutex;

pub(crate) use self::cost::Cost;
use self::node::Maker;
use self::regroup::{Known, regrouped};
use super::whole::{NotShipped, Shippable, is_same_type};
use crate::scan::{ForeignTable, Planner, QueriesAsked, ShippedQuery};

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
    let rule = Rule::new(planner);
    let part = rule.part(rule.regrouped(plan)?)?;
    let plan = rule.finished(part)?;
    Ok(Shipped { plan, reasons: rule.reasons.into_inner() })
}

/// What is to be asked of remotes before that is done.
pub(crate) fn questions(
    plan: &LogicalPlan,
    planner: &Arc<Planner>,
) -> PlanResult<HashMap<Place, QueriesAsked>> {
    if !planner.pushdown() {
        return Ok(HashMap::new());
    }
    let rule = Rule::new(planner);
    rule.part(rule.regrouped(plan.clone())?)?;
    Ok(rule.asked.into_inner())
}

/// What a plan costs of which remotes compute what they best do, if that is known.
pub(crate) fn cost(plan: &LogicalPlan, planner: &Arc<Planner>) -> PlanResult<Cost> {
    let rule = Rule::new(planner);
    Ok(rule.part(rule.regrouped(plan.clone())?)?.cost)
}

struct Rule<'a> {
    planner: &'a Arc<Planner>,
    maker: Maker,
    reasons: Mutex<Vec<NotShipped>>,
    asked: Mutex<HashMap<Place, QueriesAsked>>,
}

/// A part of a plan.
struct Part {
    /// Its top.
    plan: LogicalPlan,
    /// What is below it.
    inputs: Vec<Part>,
    /// The query that it is, if it is one.
    query: Option<RemoteQuery>,
    cost: Cost,
}

impl<'a> Rule<'a> {
    fn new(planner: &'a Arc<Planner>) -> Self {
        Self {
            planner,
            maker: Maker::default(),
            reasons: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// The plan with tables of one remote joined first.
    fn regrouped(&self, plan: LogicalPlan) -> PlanResult<LogicalPlan> {
        let of_node = |plan| regrouped(plan, &|leaf| self.known(leaf)).map(Transformed::yes);
        Ok(plan.transform_up_with_subqueries(of_node)?.data)
    }

    fn part(&self, plan: LogicalPlan) -> PlanResult<Part> {
        let plan = plan.map_subqueries(|plan| self.subquery(plan))?.data;
        if let LogicalPlan::TableScan(scan) = &plan {
            return self.scanned(scan, plan.clone());
        }
        let inputs = plan.inputs().into_iter().map(|input| self.part(input.clone()));
        let inputs = inputs.collect::<PlanResult<Vec<_>>>()?;
        let query = self.of_one_place(&plan, &inputs);
        let cost = self.cost(&plan, query.as_ref(), &inputs);
        Ok(Part { plan, inputs, query, cost })
    }

    /// What a part that is joined with others is.
    fn known(&self, plan: &LogicalPlan) -> PlanResult<Known> {
        let aliases = self.maker.aliases();
        let part = self.part(plan.clone())?;
        self.maker.forget(aliases);
        let place = part.query.map(|query| query.place);
        Ok(Known { place, rows: part.cost.rows })
    }

    fn cost(&self, plan: &LogicalPlan, query: Option<&RemoteQuery>, inputs: &[Part]) -> Cost {
        let is_of_columns =
            matches!(plan, LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_));
        if let ([input], true) = (inputs, is_of_columns) {
            return input.cost;
        }
        let shipped = query.filter(|query| query.steps > 0);
        if let Some(query) = shipped {
            let below = inputs.iter().filter_map(|input| input.query.as_ref());
            std::iter::once(query).chain(below).for_each(|query| self.ask(query));
        }
        let estimate = shipped.and_then(|query| self.estimate(query));
        let costs: Vec<_> = inputs.iter().map(|input| input.cost).collect();
        let groups = matches!(plan, LogicalPlan::Aggregate(it) if !it.group_expr.is_empty());
        Cost::of_node(estimate, &costs, groups)
    }

    fn scanned(&self, scan: &TableScan, plan: LogicalPlan) -> PlanResult<Part> {
        let provider = source_as_provider(&scan.source)?;
        let Some(table) = provider.downcast_ref::<ForeignTable>() else {
            return Ok(Part { plan, inputs: Vec::new(), query: None, cost: Cost::default() });
        };
        let query = table.remote_query(self.maker.alias("r"), scan);
        let estimate = query.as_ref().and_then(|query| self.estimate(query));
        let (survey, readers) = table.known(scan);
        let cost = Cost::of_scan(estimate, survey.rows, readers);
        let query = query.filter(|query| match self.fits(query) {
            Ok(()) => true,
            Err(reason) => {
                self.note(reason);
                false
            }
        });
        Ok(Part { plan, inputs: Vec::new(), query, cost })
    }

    fn subquery(&self, plan: LogicalPlan) -> PlanResult<Transformed<LogicalPlan>> {
        let part = self.part(plan)?;
        self.finished(part).map(Transformed::yes)
    }

    /// What the remote expects of a query, as far as that is known.
    fn estimate(&self, query: &RemoteQuery) -> Option<Estimate> {
        self.planner.estimate(query.place, &query.whole().ok()?.sql(&[]))
    }

    /// Notes what is to be asked about a query: of small tables, only what they are.
    fn ask(&self, query: &RemoteQuery) {
        let place = query.place;
        let mut all = self.asked.lock();
        let asked = all.entry(place).or_default();
        if query.dialect.family != Family::Postgres {
            return;
        }
        for source in &query.sources {
            if !asked.tables.contains(&source.name) {
                asked.tables.push(source.name.clone());
            }
        }
        let is_big = query.sources.iter().any(|it| self.planner.is_big(place, &it.name));
        if let (true, Ok(select)) = (is_big, query.whole()) {
            let sql = select.sql(&[]);
            if !asked.queries.contains(&sql) {
                asked.queries.push(sql);
            }
        }
    }

    /// Whether each table of a query is at the remote what it was declared as, as far as that is
    /// known: else what is computed there is computed of other values.
    fn fits(&self, query: &RemoteQuery) -> Shippable<()> {
        query.sources.iter().try_for_each(|source| {
            let described = self.planner.described(query.place, &source.name).flatten();
            let Some(described) = described else { return Ok(()) };
            source.columns.iter().try_for_each(|(name, declared)| {
                let found = described.columns.iter().find(|column| column.name == *name);
                let same = |it: &RemoteColumn| {
                    is_same_type(*declared, it.pg_type, it.collation.as_deref())
                };
                match found.is_none_or(same) {
                    true => Ok(()),
                    false => Err(NotShipped::because(format_args!(
                        "column \"{name}\" of \"{}\" is of another type at the remote",
                        source.relation.name
                    ))),
                }
            })
        })
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

    /// The plan of a part: of a query, a scan of it.
    fn finished(&self, part: Part) -> PlanResult<LogicalPlan> {
        let shipped = part.query.as_ref().filter(|query| {
            query.steps > 0 && query.stands_for(&part.plan) && part.cost.is_there()
        });
        match shipped.map(RemoteQuery::whole) {
            Some(Ok(select)) => self.scan(&part, select),
            Some(Err(reason)) => {
                self.note(reason);
                self.here(part)
            }
            None => {
                if part.query.as_ref().is_some_and(|it| it.steps > 0) && !part.cost.is_there() {
                    self.note(NotShipped::because("it costs less here"));
                }
                self.here(part)
            }
        }
    }

    /// A node that is computed here, over inputs of which some are shipped.
    fn here(&self, part: Part) -> PlanResult<LogicalPlan> {
        if part.inputs.is_empty() {
            return Ok(part.plan);
        }
        let inputs = part.inputs.into_iter().map(|input| self.finished(input));
        let inputs = inputs.collect::<PlanResult<Vec<_>>>()?;
        part.plan.with_new_exprs(part.plan.expressions(), inputs)
    }

    /// A scan of a query, with the columns of the plan that it stands for. The first rows in an
    /// order come in any order.
    fn scan(&self, part: &Part, select: super::Select) -> PlanResult<LogicalPlan> {
        let Some(query) = &part.query else { return Ok(part.plan.clone()) };
        let plan = &part.plan;
        let name = self.planner.unique("shipped");
        let schema = plan.schema();
        let table = ShippedQuery::new(schema, query, select, part.cost.rows, self.planner);
        let names = table.names();
        let source = provider_as_source(Arc::new(table));
        let scan = LogicalPlanBuilder::scan(TableReference::bare(name.clone()), source, None)?;
        let columns = names.into_iter().zip(schema.iter()).map(|(column, (qualifier, field))| {
            let column = Column::new(Some(name.clone()), column);
            Expr::Column(column).alias_qualified(qualifier.cloned(), field.name())
        });
        let scan = scan.project(columns.collect::<Vec<_>>())?.build()?;
        match plan {
            LogicalPlan::Sort(_) => plan.with_new_exprs(plan.expressions(), vec![scan]),
            _ => Ok(scan),
        }
    }
}
