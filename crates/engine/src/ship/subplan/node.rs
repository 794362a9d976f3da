//! Nodes of a plan as queries of a remote.
use std::cell::Cell;

use datafusion::common::{DFSchema, JoinType, NullEquality};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Distinct, Expr, FetchType, Filter, Join, Limit, LogicalPlan, Operator,
    Projection, SkipType, Sort, Union,
};
use medley_fdw::Family;
use medley_types::arrow_type;

use super::super::expr::{Sql, condition, group_key, order_key, value};
use super::super::whole::{NotShipped, Shippable};
use super::aggregate::aggregate_call;
use super::query::{Columns, RemoteQuery, Shape};

/// Makes queries; names in one statement are told apart.
#[derive(Default)]
pub(super) struct Maker {
    aliases: Cell<usize>,
}

impl Maker {
    /// How many names there are.
    pub fn aliases(&self) -> usize {
        self.aliases.get()
    }

    /// Names that were only tried can be had again.
    pub fn forget(&self, aliases: usize) {
        self.aliases.set(aliases);
    }

    /// A name that nothing else in the statement has.
    pub fn alias(&self, letter: &str) -> String {
        self.aliases.set(self.aliases.get() + 1);
        format!("{letter}{}", self.aliases.get())
    }

    /// The query of a node over queries of one remote.
    pub fn node(&self, plan: &LogicalPlan, inputs: Vec<RemoteQuery>) -> Shippable<RemoteQuery> {
        let mut inputs = inputs.into_iter();
        let none = || NotShipped::because("it reads nothing");
        match (plan, inputs.next().ok_or_else(none)?) {
            (LogicalPlan::SubqueryAlias(_), input) => Ok(input),
            (LogicalPlan::Filter(it), input) => self.filter(it, input),
            (LogicalPlan::Projection(it), input) => self.projection(it, input),
            (LogicalPlan::Join(it), left) => {
                let right = inputs.next().ok_or_else(none)?;
                self.join(it, left, right)
            }
            (LogicalPlan::Aggregate(it), input) => self.aggregate(it, input),
            (LogicalPlan::Distinct(Distinct::All(of)), input) => self.distinct(of.schema(), input),
            (LogicalPlan::Sort(it), input) => self.sort(it, input),
            (LogicalPlan::Limit(it), input) => self.limit(it, input),
            (LogicalPlan::Union(it), first) => self.union(it, first, inputs.collect()),
            (other, _) => {
                Err(NotShipped::because(format_args!("{} is computed here", word(other))))
            }
        }
    }

    fn plain(&self, query: RemoteQuery) -> Shippable<RemoteQuery> {
        query.plain(|| self.alias("s"))
    }

    fn filter(&self, filter: &Filter, input: RemoteQuery) -> Shippable<RemoteQuery> {
        let mut query = self.plain(input)?;
        let scope = Columns::of(filter.input.schema(), &query);
        let conditions = split_conjunction(&filter.predicate).into_iter();
        let conditions =
            conditions.map(|it| condition(&scope, it)).collect::<Shippable<Vec<_>>>()?;
        query.conditions.extend(conditions);
        Ok(query)
    }

    fn projection(&self, it: &Projection, input: RemoteQuery) -> Shippable<RemoteQuery> {
        // Without an aggregate among its columns a query would not be one of groups.
        let asks_nothing = it.expr.iter().all(|expr| expr.column_refs().is_empty());
        let is_one_group = input.shape.groups.as_ref().is_some_and(Vec::is_empty);
        let mut query = match input.shape.distinct || is_one_group && asks_nothing {
            true => input.nested(self.alias("s"))?,
            false => input,
        };
        let scope = Columns::of(it.input.schema(), &query);
        let fields = it.schema.fields().iter();
        let columns = it.expr.iter().zip(fields).map(|(expr, field)| {
            let t = medley_types::type_of_arrow(field.data_type());
            let column = value(&scope, expr, untold(t))?;
            match arrow_type(column.t).equals_datatype(field.data_type()) {
                true => Ok(column),
                false => Err(NotShipped::because("an expression is computed here")),
            }
        });
        let columns: Vec<Shippable<Sql>> = columns.collect();
        query.columns = columns;
        Ok(query)
    }

    fn join(&self, join: &Join, left: RemoteQuery, right: RemoteQuery) -> Shippable<RemoteQuery> {
        if join.null_aware {
            return Err(NotShipped::because("NOT IN is computed here"));
        }
        match join.join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                self.rows_joined(join, left, right)
            }
            JoinType::LeftSemi | JoinType::LeftAnti => {
                let (left, right) = (self.plain(left)?, self.plain(right)?);
                let on = conditions(join, &left, &right)?;
                exists(left, right, on, join.join_type == JoinType::LeftAnti)
            }
            JoinType::RightSemi | JoinType::RightAnti => {
                let (left, right) = (self.plain(left)?, self.plain(right)?);
                let on = conditions(join, &left, &right)?;
                exists(right, left, on, join.join_type == JoinType::RightAnti)
            }
            JoinType::LeftMark | JoinType::RightMark => {
                Err(NotShipped::because("a subquery under OR is computed here"))
            }
        }
    }

    fn rows_joined(
        &self,
        join: &Join,
        left: RemoteQuery,
        right: RemoteQuery,
    ) -> Shippable<RemoteQuery> {
        let (keeps_left, keeps_right) = match join.join_type {
            JoinType::Inner => (false, false),
            JoinType::Left => (true, false),
            JoinType::Right => (false, true),
            _ => (true, true),
        };
        if (keeps_left && keeps_right) && left.dialect.family == Family::MySql {
            return Err(NotShipped::because("FULL JOIN is not known there"));
        }
        let left = self.side(left, keeps_right, keeps_left && keeps_right)?;
        let right = self.side(right, keeps_left, keeps_left && keeps_right)?;
        let mut on = conditions(join, &left, &right)?;
        let mut kept = left.conditions.clone();
        // The conditions of a side that may be missing say which of its rows are joined.
        match join.join_type {
            JoinType::Left => on.extend(right.conditions.iter().cloned()),
            JoinType::Right => {
                on.append(&mut kept);
                kept.extend(right.conditions.iter().cloned());
            }
            _ => kept.extend(right.conditions.iter().cloned()),
        }
        let word = match join.join_type {
            JoinType::Inner => "JOIN",
            JoinType::Left => "LEFT JOIN",
            JoinType::Right => "RIGHT JOIN",
            _ => "FULL JOIN",
        };
        let on = match (on.is_empty(), left.dialect.family) {
            (true, Family::Postgres) => "true".to_owned(),
            (true, _) => "1 = 1".to_owned(),
            (false, _) => all_of(&on),
        };
        Ok(RemoteQuery {
            from: format!("{} {word} {} ON {on}", left.from, right.joined_item()),
            is_joined: true,
            conditions: kept,
            columns: left.columns.into_iter().chain(right.columns).collect(),
            sources: left.sources.into_iter().chain(right.sources).collect(),
            steps: left.steps + right.steps + 1,
            multiplies: left.multiplies || right.multiplies || join.on.is_empty(),
            takes_keys: left.takes_keys && right.takes_keys,
            ..left
        })
    }

    /// A side of a join. What is computed of rows that may be missing must be computed before.
    fn side(&self, query: RemoteQuery, may_miss: bool, full: bool) -> Shippable<RemoteQuery> {
        let query = self.plain(query)?;
        let computes = query.columns.iter().flatten().any(|column| !column.is_column);
        match may_miss && computes || full && !query.conditions.is_empty() {
            true => query.nested(self.alias("s")),
            false => Ok(query),
        }
    }

    fn aggregate(&self, it: &Aggregate, input: RemoteQuery) -> Shippable<RemoteQuery> {
        let mut query = self.plain(input)?;
        let scope = Columns::of(it.input.schema(), &query);
        let by: Vec<_> = it.group_expr.iter().map(|expr| group_key(&scope, expr)).collect();
        let by = by.into_iter().collect::<Shippable<Vec<_>>>()?;
        by.iter().try_for_each(|key| no_place(&key.text))?;
        let fields = it.schema.fields().iter();
        let keys = by.iter().zip(fields.clone()).map(|(key, field)| {
            // The key of a value is not the value, where those have another form.
            match arrow_type(key.t).equals_datatype(field.data_type()) && !is_padded(key) {
                true => Ok(key.clone()),
                false => Err(NotShipped::because("a key is computed here")),
            }
        });
        let calls = it.aggr_expr.iter().zip(fields.skip(by.len())).map(|(expr, field)| {
            let call = aggregate_call(&scope, expr, &by)?;
            match arrow_type(call.t).equals_datatype(field.data_type()) {
                true => Ok(call),
                false => Err(NotShipped::because("an aggregate is computed here")),
            }
        });
        // What cannot be computed there may not be left out: rows are gone then.
        let calls = calls.collect::<Shippable<Vec<_>>>()?;
        let columns = keys.chain(calls.into_iter().map(Ok)).collect();
        let groups = Some(by.iter().map(|key| key.text.clone()).collect());
        query.columns = columns;
        query.shape.groups = groups;
        query.multiplies = false;
        query.steps += 1;
        Ok(query)
    }

    fn distinct(&self, schema: &DFSchema, input: RemoteQuery) -> Shippable<RemoteQuery> {
        let mut query = match input.shape.groups.is_some() || input.has_limit() {
            true => input.nested(self.alias("s"))?,
            false => input,
        };
        query.shape.order.clear();
        let scope = Columns::of(schema, &query);
        for column in schema.columns() {
            group_key(&scope, &Expr::Column(column))?;
        }
        query.shape.distinct = true;
        query.steps += 1;
        Ok(query)
    }

    /// The first rows in an order; an order of all rows is made here.
    fn sort(&self, sort: &Sort, input: RemoteQuery) -> Shippable<RemoteQuery> {
        let Some(fetch) = sort.fetch else {
            return Err(NotShipped::by_nature("rows are sorted here"));
        };
        let mut query = match input.shape.distinct || input.has_limit() {
            true => input.nested(self.alias("s"))?,
            false => input,
        };
        let scope = Columns::of(sort.input.schema(), &query);
        let order = sort.expr.iter().map(|key| {
            let by = order_key(&scope, &key.expr)?.text;
            no_place(&by)?;
            Ok(ordered(query.dialect.family, &by, key.asc, key.nulls_first))
        });
        query.shape.order = order.collect::<Shippable<_>>()?;
        query.shape.limit = Some(fetch);
        query.multiplies = false;
        query.steps += 1;
        Ok(query)
    }

    fn limit(&self, limit: &Limit, input: RemoteQuery) -> Shippable<RemoteQuery> {
        let refused = || NotShipped::because("a limit is computed here");
        let (Ok(SkipType::Literal(skip)), Ok(FetchType::Literal(fetch))) =
            (limit.get_skip_type(), limit.get_fetch_type())
        else {
            return Err(refused());
        };
        if let (0, Some(first), 0) = (skip, input.shape.limit, input.shape.offset) {
            let mut query = input;
            query.shape.limit = Some(fetch.map_or(first, |fetch| fetch.min(first)));
            return Ok(query);
        }
        let ordered = !input.shape.order.is_empty();
        let mut query = match input.shape.limit {
            // The rows to be skipped are those that come first in an order.
            Some(first) if ordered && input.shape.offset == 0 => {
                let wanted = fetch.map_or(first.saturating_sub(skip), |fetch| {
                    fetch.min(first.saturating_sub(skip))
                });
                let mut query = input;
                query.shape.limit = Some(wanted);
                query.shape.offset = skip;
                return Ok(query);
            }
            Some(_) => input.nested(self.alias("s"))?,
            None => input,
        };
        query.shape.limit = fetch;
        query.shape.offset = skip;
        query.multiplies &= fetch.is_none();
        query.steps += 1;
        Ok(query)
    }

    fn union(
        &self,
        union: &Union,
        first: RemoteQuery,
        others: Vec<RemoteQuery>,
    ) -> Shippable<RemoteQuery> {
        let mut all = vec![first];
        all.extend(others);
        let alias = self.alias("s");
        let mut members = Vec::with_capacity(all.len());
        for query in &all {
            let query = match query.has_limit() || !query.shape.order.is_empty() {
                true => query.clone().nested(self.alias("s"))?,
                false => query.clone(),
            };
            members.push(member(&query)?);
        }
        let fields = union.schema.fields().iter().enumerate();
        let columns = fields.map(|(index, field)| {
            let types = all.iter().map(|query| query.columns[index].as_ref().map(|it| it.t));
            let types = types.collect::<Result<Vec<_>, _>>().map_err(Clone::clone)?;
            let same = types.iter().all(|t| t.oid == types[0].oid && t.typmod == types[0].typmod);
            match same && arrow_type(types[0]).equals_datatype(field.data_type()) {
                true => Ok(Sql {
                    text: format!("{alias}.c{}", index + 1),
                    t: types[0],
                    is_column: true,
                }),
                false => Err(NotShipped::because("a set operation is of several types")),
            }
        });
        let columns = columns.collect::<Shippable<Vec<_>>>()?;
        let steps = all.iter().map(|query| query.steps).sum();
        let multiplies = all.iter().any(|query| query.multiplies);
        let takes_keys = all.iter().all(|query| query.takes_keys);
        let sources = all.iter().flat_map(|query| query.sources.clone()).collect();
        let first = all.swap_remove(0);
        Ok(RemoteQuery {
            from: format!("({}) {alias}", members.join(" UNION ALL ")),
            is_joined: false,
            conditions: Vec::new(),
            columns: columns.into_iter().map(Ok).collect(),
            shape: Shape::default(),
            sources,
            steps,
            multiplies,
            takes_keys,
            ..first
        })
    }
}

/// A query whose columns are called by their places.
fn member(query: &RemoteQuery) -> Shippable<String> {
    let mut named = query.clone();
    for (index, column) in named.columns.iter_mut().enumerate() {
        let sql = column.clone()?;
        *column = Ok(Sql { text: format!("{} AS c{}", sql.text, index + 1), ..sql });
    }
    Ok(named.whole()?.sql(&[]))
}

/// The rows of one query for which another has rows, or has none.
fn exists(
    kept: RemoteQuery,
    other: RemoteQuery,
    mut on: Vec<String>,
    negated: bool,
) -> Shippable<RemoteQuery> {
    on.extend(other.conditions);
    let filter = if on.is_empty() { String::new() } else { format!(" WHERE {}", all_of(&on)) };
    let word = if negated { "NOT EXISTS" } else { "EXISTS" };
    let mut query = kept;
    query.conditions.push(format!("{word} (SELECT 1 FROM {}{filter})", other.from));
    query.sources.extend(other.sources);
    query.steps += other.steps + 1;
    query.takes_keys &= other.takes_keys;
    Ok(query)
}

fn conditions(join: &Join, left: &RemoteQuery, right: &RemoteQuery) -> Shippable<Vec<String>> {
    let scope = Columns {
        dialect: left.dialect,
        sides: vec![
            (join.left.schema().as_ref(), &left.columns),
            (join.right.schema().as_ref(), &right.columns),
        ],
    };
    let op = match join.null_equality {
        NullEquality::NullEqualsNothing => Operator::Eq,
        NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
    };
    let on = join.on.iter().map(|(left, right)| {
        let equal = BinaryExpr::new(Box::new(left.clone()), op, Box::new(right.clone()));
        condition(&scope, &Expr::BinaryExpr(equal))
    });
    let filter = join.filter.iter().flat_map(split_conjunction);
    on.chain(filter.map(|it| condition(&scope, it))).collect()
}

fn all_of(conditions: &[String]) -> String {
    let all: Vec<_> = conditions.iter().map(|it| format!("({it})")).collect();
    all.join(" AND ")
}

/// A bare constant among keys would be the number of a column.
fn no_place(key: &str) -> Shippable<()> {
    match key.chars().all(|c| c.is_ascii_digit()) || matches!(key, "true" | "false") {
        true => Err(NotShipped::because("a constant is a key")),
        false => Ok(()),
    }
}

/// A sort key with the place of NULLs that it has here.
fn ordered(family: Family, by: &str, ascending: bool, nulls_first: bool) -> String {
    let direction = if ascending { "ASC" } else { "DESC" };
    let nulls = if nulls_first { "FIRST" } else { "LAST" };
    match family {
        Family::Postgres | Family::Sqlite => format!("{by} {direction} NULLS {nulls}"),
        // NULL is the least there.
        Family::MySql if ascending == nulls_first => format!("{by} {direction}"),
        Family::MySql if nulls_first => format!("{by} IS NULL DESC, {by} {direction}"),
        Family::MySql => format!("{by} IS NULL, {by} {direction}"),
    }
}

/// `char(n)` is told apart by its text without blanks at the end.
fn is_padded(key: &Sql) -> bool {
    medley_types::Form::of(key.t) == medley_types::Form::Bpchar
}

/// A form that several types have tells none of them.
fn untold(t: medley_types::PgType) -> medley_types::PgType {
    use medley_types::{Form, PgType};
    match Form::of(t) {
        Form::Text | Form::Bytea => PgType::UNKNOWN,
        _ => t,
    }
}

/// A node, in PostgreSQL's words.
fn word(plan: &LogicalPlan) -> &'static str {
    match plan {
        LogicalPlan::Window(_) => "a window function",
        LogicalPlan::Unnest(_) => "a set-returning function",
        LogicalPlan::RecursiveQuery(_) => "WITH RECURSIVE",
        LogicalPlan::Distinct(_) => "DISTINCT ON",
        _ => "a part of it",
    }
}
