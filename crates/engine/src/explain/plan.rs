//! The steps of a plan under PostgreSQL's names.
use std::any::Any;
use std::sync::Arc;

use datafusion::common::{JoinSide, JoinType};
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::async_func::AsyncFuncExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec,
};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::scalar_subquery::ScalarSubqueryExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, InputOrderMode};

use super::expr::{SUB_PLAN, is_identifier, sql};
use super::{Actual, ExplainOptions, Measurements, Ran};
use crate::scan::ForeignScan;
use crate::semantics::aggregate;

const VALUES_SCAN: &str = "Values Scan";

type Plan = Arc<dyn ExecutionPlan>;

/// What is shown of a node under a key.
pub(super) enum Value {
    One(String),
    List(Vec<String>),
}

/// The relation that a node scans.
pub(super) struct Relation {
    pub name: String,
    /// With VERBOSE.
    pub schema: Option<String>,
    pub alias: String,
}

/// A node of the plan as it is shown.
#[derive(Default)]
pub(super) struct Node {
    /// `Node Type`.
    pub kind: &'static str,
    pub strategy: Option<&'static str>,
    pub join: Option<&'static str>,
    pub relation: Option<Relation>,
    /// What ANALYZE has measured, under PostgreSQL's names.
    pub actual: Vec<(&'static str, String)>,
    pub details: Vec<(&'static str, Value)>,
    pub children: Vec<Node>,
    /// What is computed once, before the rows.
    pub init_plans: Vec<Node>,
}

impl Node {
    fn new(kind: &'static str, children: Vec<Node>) -> Self {
        Self { kind, children, ..Self::default() }
    }

    /// The remote does all of it.
    pub fn foreign_scan_of_all() -> Self {
        Self::new("Foreign Scan", Vec::new())
    }

    /// Whether a remote is read by it, or below it.
    pub fn has_foreign_scan(&self) -> bool {
        self.kind == "Foreign Scan"
            || self.children.iter().chain(&self.init_plans).any(Self::has_foreign_scan)
    }

    /// Says what came out of it; each node runs once.
    pub fn measured(&mut self, actual: Option<Actual>, timing: bool) {
        let Some(actual) = actual else { return };
        let ms = |us: u64| format!("{:.3}", us as f64 / 1e3);
        self.actual.clear();
        if timing && actual.ran {
            self.actual.push(("Actual Startup Time", ms(actual.first_us)));
            self.actual.push(("Actual Total Time", ms(actual.total_us)));
        }
        self.actual.push(("Actual Rows", format!("{:.2}", actual.rows as f64)));
        self.actual.push(("Actual Loops", u8::from(actual.ran).to_string()));
    }

    /// Adds what is said under a key.
    pub fn note(&mut self, key: &'static str, value: &str) {
        self.details.push((key, Value::One(value.to_owned())));
    }

    /// Adds a list under a key.
    pub fn list(&mut self, key: &'static str, values: Vec<String>) {
        if !values.is_empty() {
            self.details.push((key, Value::List(values)));
        }
    }

    /// Its line.
    pub fn title(&self) -> String {
        let kind = match (self.kind, self.strategy, self.join) {
            ("Aggregate", Some("Hashed"), _) => "HashAggregate".to_owned(),
            ("Aggregate", Some("Sorted"), _) => "GroupAggregate".to_owned(),
            ("ModifyTable", Some(operation), _) => operation.to_owned(),
            ("Foreign Scan", Some(operation), _) => format!("Foreign {operation}"),
            (kind, _, None | Some("Inner")) => kind.to_owned(),
            ("Nested Loop", _, Some(join)) => format!("Nested Loop {join} Join"),
            (kind, _, Some(join)) => {
                format!("{} {join} Join", kind.trim_end_matches(" Join"))
            }
        };
        let Some(relation) = &self.relation else { return kind };
        let quote = |name: &str| medley_catalog::quote_identifier(name).into_owned();
        let name = match &relation.schema {
            Some(schema) => format!("{}.{}", quote(schema), quote(&relation.name)),
            None => quote(&relation.name),
        };
        match relation.alias == relation.name {
            true => format!("{kind} on {name}"),
            false => format!("{kind} on {name} {}", quote(&relation.alias)),
        }
    }

    fn is_scan(&self) -> bool {
        self.relation.is_some()
    }

    /// Before what a wrapper says, as PostgreSQL has it.
    fn filter(&mut self, condition: String, removed: Option<u64>) {
        let of_wrapper = ["Relations", "Remote SQL", "Foreign File", "Foreign Program", "Bytes"];
        let at = self.details.iter().position(|(key, _)| of_wrapper.contains(key));
        let at = at.unwrap_or(self.details.len());
        let removed = removed.map(|rows| ("Rows Removed by Filter", Value::One(rows.to_string())));
        let said = [("Filter", Value::One(condition))].into_iter().chain(removed);
        self.details.splice(at..at, said);
    }

    fn takes_filter(&self) -> bool {
        let has = self.details.iter().any(|(key, _)| *key == "Filter");
        !has && !matches!(self.kind, "Sort" | "Limit" | "Append" | "WindowAgg" | "Hash")
    }
}

/// The nodes at the top of what is shown, which is one.
pub(super) fn nodes(plan: &Plan, options: &ExplainOptions, ran: &Ran) -> Vec<Node> {
    let mut scans = Vec::new();
    collect_scans(plan, &mut scans);
    let ExplainOptions { verbose, analyze, timing, .. } = *options;
    let show = Show { verbose, analyze, timing, measurements: &ran.measurements, scans };
    show.nodes(plan)
}

/// Where a scan stands in memory, and what its columns are qualified with.
type Named = (*const (), String);

fn collect_scans(plan: &Plan, found: &mut Vec<Named>) {
    let any: &dyn Any = plan.as_ref();
    if let Some(scan) = any.downcast_ref::<ForeignScan>() {
        let name = scan.tables().first().map_or("", |(_, name)| name.as_str());
        let unique = |alias: &String| found.iter().all(|(_, other)| other != alias);
        let numbered = (1..).map(|number| format!("{name}_{number}"));
        let alias = std::iter::once(name.to_owned()).chain(numbered).find(unique);
        found.push((Arc::as_ptr(plan).cast(), alias.unwrap_or_default()));
    }
    plan.children().into_iter().for_each(|child| collect_scans(child, found));
}

struct Show<'a> {
    verbose: bool,
    analyze: bool,
    timing: bool,
    measurements: &'a Measurements,
    scans: Vec<Named>,
}

impl Show<'_> {
    /// Whether columns in `Output` are qualified.
    fn several(&self) -> bool {
        self.scans.len() > 1
    }

    /// Whether those of conditions and keys above scans are.
    fn qualify(&self) -> bool {
        self.verbose || self.several()
    }

    fn alias(&self, plan: &Plan) -> &str {
        let place = Arc::as_ptr(plan).cast();
        let found = self.scans.iter().find(|(scan, _)| std::ptr::eq(*scan, place));
        found.map_or("", |(_, alias)| alias.as_str())
    }

    /// What a step is shown as: itself, or its inputs where PostgreSQL has no word for it.
    fn nodes(&self, plan: &Plan) -> Vec<Node> {
        let any: &dyn Any = plan.as_ref();
        if let Some(filter) = any.downcast_ref::<FilterExec>() {
            return self.filtered(plan, filter);
        }
        if any.is::<ScalarSubqueryExec>() {
            return self.with_init_plans(plan);
        }
        let children = || plan.children().into_iter().flat_map(|child| self.nodes(child)).collect();
        if any.is::<ProjectionExec>() {
            let mut nodes: Vec<Node> = children();
            self.replace_output(plan, &mut nodes);
            self.measure(plan, &mut nodes);
            return nodes;
        }
        let mut node = if let Some(scan) = any.downcast_ref::<ForeignScan>() {
            self.foreign_scan(plan, scan)
        } else if let Some(join) = any.downcast_ref::<HashJoinExec>() {
            self.hash_join(join)
        } else if let Some(join) = any.downcast_ref::<NestedLoopJoinExec>() {
            self.nested_loop(join, children())
        } else if let Some(join) = any.downcast_ref::<SortMergeJoinExec>() {
            self.merge_join(join, children())
        } else if let Some(aggregate) = any.downcast_ref::<AggregateExec>() {
            let is_first_half =
                matches!(aggregate.mode(), AggregateMode::Partial | AggregateMode::PartialReduce);
            match is_first_half || takes_values_as_they_are(aggregate) {
                true => return children(),
                false => self.aggregate(aggregate, children()),
            }
        } else if let Some(sort) = any.downcast_ref::<SortExec>() {
            self.sort(sort, children())
        } else {
            let Some(kind) = kind(plan.name()) else { return children() };
            let mut children: Vec<Node> = children();
            if kind == "Limit" && children.iter().any(|child| child.kind == "Limit") {
                return std::mem::take(&mut children);
            }
            let mut node = Node::new(kind, children);
            if kind == VALUES_SCAN {
                let name = "*VALUES*".to_owned();
                node.relation = Some(Relation { alias: name.clone(), name, schema: None });
            }
            node
        };
        self.output(plan, &mut node);
        let mut nodes = vec![node];
        self.measure(plan, &mut nodes);
        nodes
    }

    /// What came out of a node is what came out of the last step that is shown as a part of it.
    fn measure(&self, plan: &Plan, nodes: &mut [Node]) {
        if let [node] = nodes {
            node.measured(self.measurements.of(plan), self.timing);
        }
    }

    fn removed(&self, plan: &Plan, filter: &FilterExec) -> Option<u64> {
        let before = self.measurements.of(filter.input())?.rows;
        Some(before.saturating_sub(self.measurements.of(plan)?.rows))
    }

    /// The first input is the plan, the others compute the values that it asks for.
    fn with_init_plans(&self, plan: &Plan) -> Vec<Node> {
        let mut inputs = plan.children().into_iter().map(|child| self.nodes(child));
        let mut nodes = inputs.next().unwrap_or_default();
        if let Some(first) = nodes.first_mut() {
            first.init_plans.extend(inputs.flatten());
        }
        nodes
    }

    fn output(&self, plan: &Plan, node: &mut Node) {
        let columns = self.outputs(plan, self.several());
        if self.verbose && !columns.is_empty() {
            node.details.retain(|(key, _)| *key != "Output");
            node.details.insert(0, ("Output", Value::List(columns)));
        }
    }

    fn replace_output(&self, plan: &Plan, nodes: &mut [Node]) {
        if let [node] = nodes {
            self.output(plan, node);
        }
    }

    fn filtered(&self, plan: &Plan, filter: &FilterExec) -> Vec<Node> {
        let mut nodes = self.nodes(filter.input());
        let wrap = !matches!(nodes.as_slice(), [node] if node.takes_filter());
        if wrap {
            nodes = vec![Node::new("Subquery Scan", nodes)];
        }
        if let [node] = nodes.as_mut_slice() {
            let qualify = if node.is_scan() { self.verbose } else { self.qualify() };
            let columns = self.outputs(filter.input(), qualify);
            node.filter(sql(filter.predicate(), &columns), self.removed(plan, filter));
            self.output(plan, node);
            node.measured(self.measurements.of(plan), self.timing);
        }
        nodes
    }

    fn foreign_scan(&self, plan: &Plan, scan: &ForeignScan) -> Node {
        let mut node = Node::new("Foreign Scan", Vec::new());
        match scan.tables() {
            [(schema, name)] if scan.is_of_table() => {
                node.relation = Some(Relation {
                    name: name.to_owned(),
                    schema: self.verbose.then(|| schema.to_owned()),
                    alias: self.alias(plan).to_owned(),
                });
            }
            tables => node.list("Relations", tables.iter().map(|it| self.table(it)).collect()),
        }
        if let Some(sql) = scan.remote_sql().filter(|_| self.verbose) {
            node.details.push(("Remote SQL", Value::One(sql)));
        }
        if let Some((label, text)) = scan.files() {
            node.details.push((label, Value::One(text.clone())));
        }
        if self.analyze {
            let bytes = self.measurements.of(plan).map_or(0, |actual| actual.bytes);
            node.note("Bytes", &bytes.to_string());
            scan.splits().iter().for_each(|splits| node.note("Splits", &splits.to_string()));
            node.note("Readers", &scan.readers().to_string());
            node.list("Join Keys", scan.told());
        }
        if let Some(mapping) = scan.mapping().filter(|_| self.verbose) {
            node.details.push(("User Mapping", Value::One(mapping)));
        }
        node
    }

    fn table(&self, (schema, name): &(String, String)) -> String {
        let quote = |name: &str| medley_catalog::quote_identifier(name).into_owned();
        match self.verbose {
            true => format!("{}.{}", quote(schema), quote(name)),
            false => quote(name),
        }
    }

    /// PostgreSQL shows the side that is hashed below the other; here it is the left one.
    fn hash_join(&self, join: &HashJoinExec) -> Node {
        let mut children = self.nodes(join.right());
        let mut hash = Node::new("Hash", self.nodes(join.left()));
        self.output(join.left(), &mut hash);
        hash.measured(self.measurements.of(join.left()), self.timing);
        children.push(hash);
        let mut node = Node::new("Hash Join", children);
        node.join = Some(join_type(join.join_type().swap()));
        let (left, right) = self.sides(join.left(), join.right());
        let on = join.on().iter().map(|(l, r)| (sql(r, &right), sql(l, &left)));
        node.details.push(("Hash Cond", Value::One(equalities(on))));
        join_filter(&mut node, join.filter(), &left, &right);
        node
    }

    fn nested_loop(&self, join: &NestedLoopJoinExec, children: Vec<Node>) -> Node {
        let mut node = Node::new("Nested Loop", children);
        node.join = Some(join_type(*join.join_type()));
        let (left, right) = self.sides(join.left(), join.right());
        join_filter(&mut node, join.filter(), &left, &right);
        node
    }

    fn merge_join(&self, join: &SortMergeJoinExec, children: Vec<Node>) -> Node {
        let mut node = Node::new("Merge Join", children);
        node.join = Some(join_type(join.join_type()));
        let (left, right) = self.sides(join.left(), join.right());
        let on = join.on().iter().map(|(l, r)| (sql(l, &left), sql(r, &right)));
        node.details.push(("Merge Cond", Value::One(equalities(on))));
        join_filter(&mut node, join.filter().as_ref(), &left, &right);
        node
    }

    fn sides(&self, left: &Plan, right: &Plan) -> (Vec<String>, Vec<String>) {
        (self.outputs(left, self.qualify()), self.outputs(right, self.qualify()))
    }

    fn aggregate(&self, aggregate: &AggregateExec, children: Vec<Node>) -> Node {
        let mut node = Node::new("Aggregate", children);
        let keys = self.group_keys(aggregate, self.qualify());
        node.strategy = Some(match (keys.is_empty(), aggregate.input_order_mode()) {
            (true, _) => "Plain",
            (false, InputOrderMode::Sorted) => "Sorted",
            (false, _) => "Hashed",
        });
        if !keys.is_empty() {
            node.details.push(("Group Key", Value::List(keys)));
        }
        node
    }

    fn group_keys(&self, aggregate: &AggregateExec, qualify: bool) -> Vec<String> {
        let columns = self.outputs(aggregate.input(), qualify);
        aggregate.group_expr().expr().iter().map(|(expr, _)| sql(expr, &columns)).collect()
    }

    /// A sort that keeps the first rows only is PostgreSQL's Limit over a Sort.
    fn sort(&self, sort: &SortExec, children: Vec<Node>) -> Node {
        let columns = self.outputs(sort.input(), self.qualify());
        let keys = sort.expr().iter().map(|key| sort_key(key, &columns)).collect();
        let mut node = Node::new("Sort", children);
        node.details.push(("Sort Key", Value::List(keys)));
        match sort.fetch() {
            Some(_) => {
                let input = sort.input();
                self.output(input, &mut node);
                Node::new("Limit", vec![node])
            }
            None => node,
        }
    }

    /// What each column of a step is, in SQL over the columns of the relations.
    fn outputs(&self, plan: &Plan, qualify: bool) -> Vec<String> {
        let mut columns = self.known_outputs(plan, qualify);
        let schema = plan.schema();
        let missing = schema.fields().iter().skip(columns.len());
        columns.extend(missing.map(|field| column_name(field.name())));
        columns.truncate(schema.fields().len());
        columns
    }

    fn known_outputs(&self, plan: &Plan, qualify: bool) -> Vec<String> {
        let any: &dyn Any = plan.as_ref();
        if let Some(scan) = any.downcast_ref::<ForeignScan>() {
            return self.scanned(plan, scan, qualify);
        }
        if let Some(projection) = any.downcast_ref::<ProjectionExec>() {
            let columns = self.outputs(projection.input(), qualify);
            return projection.expr().iter().map(|item| sql(&item.expr, &columns)).collect();
        }
        if let Some(filter) = any.downcast_ref::<FilterExec>() {
            return chosen(self.outputs(filter.input(), qualify), filter.projection().as_deref());
        }
        if let Some(join) = any.downcast_ref::<HashJoinExec>() {
            let all = self.joined(join.left(), join.right(), *join.join_type(), qualify);
            return chosen(all, join.projection.as_deref());
        }
        if let Some(join) = any.downcast_ref::<NestedLoopJoinExec>() {
            let all = self.joined(join.left(), join.right(), *join.join_type(), qualify);
            return chosen(all, join.projection().as_deref());
        }
        if let Some(join) = any.downcast_ref::<SortMergeJoinExec>() {
            return self.joined(join.left(), join.right(), join.join_type(), qualify);
        }
        if let Some(join) = any.downcast_ref::<CrossJoinExec>() {
            return self.joined(join.left(), join.right(), JoinType::Inner, qualify);
        }
        if let Some(aggregate) = any.downcast_ref::<AggregateExec>() {
            return self.aggregated(aggregate, qualify);
        }
        if let Some(calls) = any.downcast_ref::<AsyncFuncExec>() {
            let mut columns = self.outputs(calls.input(), qualify);
            columns.resize(plan.schema().fields().len(), SUB_PLAN.to_owned());
            return columns;
        }
        // What passes rows on, or adds columns at the end.
        match (plan.name(), plan.children().first()) {
            ("UnnestExec", _) | (_, None) => Vec::new(),
            (_, Some(input)) => self.outputs(input, qualify),
        }
    }

    fn scanned(&self, plan: &Plan, scan: &ForeignScan, qualify: bool) -> Vec<String> {
        if let Some(items) = scan.items() {
            return items.to_vec();
        }
        let quote = |name: &str| medley_catalog::quote_identifier(name).into_owned();
        let prefix = match qualify {
            true => format!("{}.", quote(self.alias(plan))),
            false => String::new(),
        };
        let schema = plan.schema();
        schema.fields().iter().map(|field| format!("{prefix}{}", quote(field.name()))).collect()
    }

    fn joined(&self, left: &Plan, right: &Plan, join: JoinType, qualify: bool) -> Vec<String> {
        let left = || self.outputs(left, qualify);
        let right = || self.outputs(right, qualify);
        match join {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => left(),
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => right(),
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                left().into_iter().chain(right()).collect()
            }
        }
    }

    fn aggregated(&self, aggregate: &AggregateExec, qualify: bool) -> Vec<String> {
        let mut columns = self.group_keys(aggregate, qualify);
        let source = source_of(aggregate);
        let inputs = self.outputs(source.input(), qualify);
        let calls = source.aggr_expr().iter().zip(source.filter_expr());
        columns.extend(calls.map(|(call, filter)| {
            let shown = aggregate::shown(call.fun());
            let arguments = call.expressions();
            let arguments: Vec<_> = arguments.iter().map(|e| sql(e, &inputs)).collect();
            shown.sql(&arguments, filter.as_ref().map(|f| sql(f, &inputs)))
        }));
        columns
    }
}

/// The half of an aggregate that sees the rows.
fn source_of(aggregate: &AggregateExec) -> &AggregateExec {
    let is_second = matches!(
        aggregate.mode(),
        AggregateMode::Final | AggregateMode::FinalPartitioned | AggregateMode::PartialReduce
    );
    let mut below = Some(aggregate.input());
    while let Some(plan) = below.filter(|_| is_second) {
        let any: &dyn Any = plan.as_ref();
        if let Some(first) = any.downcast_ref::<AggregateExec>() {
            return source_of(first);
        }
        below = plan.children().first().copied();
    }
    aggregate
}

/// The check that a subquery has one row is no node.
fn takes_values_as_they_are(aggregate: &AggregateExec) -> bool {
    let mut calls = aggregate.aggr_expr().iter().map(|call| aggregate::shown(call.fun()));
    aggregate.group_expr().is_empty() && calls.all(|call| call.is_its_argument())
}

fn kind(name: &str) -> Option<&'static str> {
    Some(match name {
        "CrossJoinExec" => "Nested Loop",
        "GlobalLimitExec" | "LocalLimitExec" => "Limit",
        "UnionExec" | "InterleaveExec" => "Append",
        "WindowAggExec" | "BoundedWindowAggExec" => "WindowAgg",
        "PlaceholderRowExec" | "EmptyExec" => "Result",
        "DataSourceExec" => VALUES_SCAN,
        "SystemScan" => "Seq Scan",
        "UnnestExec" => "ProjectSet",
        _ => return None,
    })
}

fn join_type(join: JoinType) -> &'static str {
    match join {
        JoinType::Inner => "Inner",
        JoinType::Left => "Left",
        JoinType::Right => "Right",
        JoinType::Full => "Full",
        JoinType::LeftSemi | JoinType::LeftMark => "Semi",
        JoinType::RightSemi | JoinType::RightMark => "Right Semi",
        JoinType::LeftAnti => "Anti",
        JoinType::RightAnti => "Right Anti",
    }
}

fn equalities(on: impl Iterator<Item = (String, String)>) -> String {
    let all: Vec<_> = on.map(|(left, right)| format!("({left} = {right})")).collect();
    match all.as_slice() {
        [one] => one.clone(),
        all => format!("({})", all.join(" AND ")),
    }
}

fn join_filter(node: &mut Node, filter: Option<&JoinFilter>, left: &[String], right: &[String]) {
    let Some(filter) = filter else { return };
    let columns = filter.column_indices().iter().map(|column| {
        let side = if column.side == JoinSide::Left { left } else { right };
        side.get(column.index).cloned().unwrap_or_default()
    });
    let condition = sql(filter.expression(), &columns.collect::<Vec<_>>());
    node.details.push(("Join Filter", Value::One(condition)));
}

fn sort_key(key: &PhysicalSortExpr, columns: &[String]) -> String {
    let expr: &Arc<dyn PhysicalExpr> = &key.expr;
    let order = match (key.options.descending, key.options.nulls_first) {
        (false, false) => "",
        (false, true) => " NULLS FIRST",
        (true, true) => " DESC",
        (true, false) => " DESC NULLS LAST",
    };
    format!("{}{order}", sql(expr, columns))
}

fn chosen(columns: Vec<String>, projection: Option<&[usize]>) -> Vec<String> {
    match projection {
        Some(indices) => indices.iter().filter_map(|index| columns.get(*index).cloned()).collect(),
        None => columns,
    }
}

/// The name of a column that no relation has; names that the engine makes up are none.
fn column_name(name: &str) -> String {
    match is_identifier(name) && !name.starts_with("__") {
        true => medley_catalog::quote_identifier(name).into_owned(),
        false => "...".to_owned(),
    }
}
