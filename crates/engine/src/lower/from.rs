//! FROM: scans, subqueries and joins.
use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column as PlanColumn, TableReference};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, lit};
use medley_analyze::stored;
use medley_analyze::tree::{
    ColumnRef, CteRange, FromItem, Join, JoinKind, Query, Range, RangeKind, RelationKind,
    RelationRange, ValuesRange,
};
use medley_catalog::objects::{Column, Relation};
use medley_types::{PgType, arrow_type};

use super::expr::misplaced;
use super::frame::Frame;
use super::{Bound, BoundColumn, Hidden, Lowering};
use crate::error::{Error, Result};
use crate::modify::rows;
use crate::scan::{ForeignTable, SystemTable, asks_sub_plan, is_sub_plan};
use crate::system;

impl Lowering<'_> {
    /// FROM; without it there is one row.
    pub(super) fn from(&self, frame: &Frame<'_>) -> Result<LogicalPlan> {
        let mut all = None;
        for item in &frame.query.from {
            all = Some(self.item(frame, item, all)?);
        }
        match all {
            Some(plan) => Ok(plan),
            None => Ok(LogicalPlanBuilder::empty(true).build()?),
        }
    }

    /// A part of FROM beside what stands before it, which it may name if it is lateral.
    fn item(
        &self,
        frame: &Frame<'_>,
        item: &FromItem,
        before: Option<LogicalPlan>,
    ) -> Result<LogicalPlan> {
        let plan = match item {
            FromItem::Range(index) if self.is_lateral(frame, *index) => {
                return self.lateral(frame, *index, before, false);
            }
            FromItem::Range(index) => self.range(frame, *index)?,
            FromItem::Join(join) if before.is_some() && self.has_lateral(frame, &join.left) => {
                return self.join(frame, join, before);
            }
            FromItem::Join(join) => self.join(frame, join, None)?,
        };
        Ok(match before {
            None => plan,
            Some(before) => LogicalPlanBuilder::from(before).cross_join(plan)?.build()?,
        })
    }

    fn is_lateral(&self, frame: &Frame<'_>, index: usize) -> bool {
        frame.query.ranges.get(index).is_some_and(|range| match range.kind {
            RangeKind::Function(_) | RangeKind::Subquery(_) => range.lateral,
            _ => false,
        })
    }

    fn has_lateral(&self, frame: &Frame<'_>, item: &FromItem) -> bool {
        match item {
            FromItem::Range(index) => self.is_lateral(frame, *index),
            FromItem::Join(join) => {
                self.has_lateral(frame, &join.left) || self.has_lateral(frame, &join.right)
            }
        }
    }

    fn join(
        &self,
        frame: &Frame<'_>,
        join: &Join,
        before: Option<LogicalPlan>,
    ) -> Result<LogicalPlan> {
        let left = self.item(frame, &join.left, before)?;
        if self.has_lateral(frame, &join.right) {
            return self.lateral_join(frame, join, left);
        }
        let right = self.item(frame, &join.right, None)?;
        let kind = match join.kind {
            JoinKind::Inner => JoinType::Inner,
            JoinKind::Left => JoinType::Left,
            JoinKind::Right => JoinType::Right,
            JoinKind::Full => JoinType::Full,
        };
        let on = join.on.iter().map(|on| self.expr(frame, on)).collect::<Result<Vec<_>>>()?;
        let (asking, mut on): (Vec<_>, Vec<_>) = conjuncts(on).into_iter().partition(asks_sub_plan);
        let (mut left, mut right) = (left, right);
        if kind == JoinType::Inner {
            let joined = match on.is_empty() {
                true => LogicalPlanBuilder::from(left).cross_join(right)?,
                false => LogicalPlanBuilder::from(left).join_on(right, kind, on)?,
            };
            let joined = joined.build()?;
            return match conjunction(asking) {
                Some(asking) => self.filtered(joined, asking),
                None => Ok(joined),
            };
        }
        for condition in asking {
            on.push(self.asked_of_a_side(condition, &mut left, &mut right)?);
        }
        Ok(LogicalPlanBuilder::from(left).join_on(right, kind, on)?.build()?)
    }

    /// A join cannot wait for a subquery: its answer becomes a column of the side that it is
    /// asked of.
    fn asked_of_a_side(
        &self,
        condition: Expr,
        left: &mut LogicalPlan,
        right: &mut LogicalPlan,
    ) -> Result<Expr> {
        let names = condition.column_refs();
        for side in [left, right] {
            if names.iter().all(|name| side.schema().has_column(name)) {
                let mut asked = [condition];
                *side = self.asked_below(side.clone(), asked.iter_mut())?;
                let [asked] = asked;
                return Ok(asked);
            }
        }
        Err(Error::unsupported("a correlated subquery over both sides of an outer join"))
    }

    /// The plan with a column for each subquery that expressions ask, which then stands for it.
    pub(super) fn asked_below<'e>(
        &self,
        plan: LogicalPlan,
        exprs: impl Iterator<Item = &'e mut Expr>,
    ) -> Result<LogicalPlan> {
        let mut exprs: Vec<_> = exprs.collect();
        let plan = self.values_joined(plan, exprs.iter_mut().map(|expr| &mut **expr))?;
        let mut asked = Vec::new();
        for expr in exprs {
            let replaced =
                std::mem::take(expr).transform_down(|expr| match is_sub_plan(&expr) {
                    true => {
                        let name = self.unique("asked");
                        asked.push(expr.alias(name.clone()));
                        let column = Expr::Column(PlanColumn::new_unqualified(name));
                        Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
                    }
                    false => Ok(Transformed::no(expr)),
                })?;
            *expr = replaced.data;
        }
        if asked.is_empty() {
            return Ok(plan);
        }
        let columns = plan.schema().columns().into_iter().map(Expr::Column).collect::<Vec<_>>();
        Ok(LogicalPlanBuilder::from(plan).project(columns.into_iter().chain(asked))?.build()?)
    }

    /// A join whose right side names columns of its left.
    fn lateral_join(
        &self,
        frame: &Frame<'_>,
        join: &Join,
        left: LogicalPlan,
    ) -> Result<LogicalPlan> {
        let on = |lowering: &Self| join.on.as_ref().map(|on| lowering.expr(frame, on)).transpose();
        match (join.kind, &join.right) {
            (JoinKind::Inner, right) => {
                let plan = self.item(frame, right, Some(left))?;
                match on(self)? {
                    Some(on) => Ok(LogicalPlanBuilder::from(plan).filter(on)?.build()?),
                    None => Ok(plan),
                }
            }
            (JoinKind::Left, FromItem::Range(index)) => {
                let plan = self.lateral(frame, *index, Some(left), true)?;
                match on(self)? {
                    Some(on) if on != lit(true) => {
                        Err(Error::unsupported("LEFT JOIN LATERAL with such a condition"))
                    }
                    _ => Ok(plan),
                }
            }
            _ => Err(Error::unsupported("LATERAL on this side of such a join")),
        }
    }

    /// A range that names no column of its neighbours.
    fn range(&self, frame: &Frame<'_>, index: usize) -> Result<LogicalPlan> {
        let range = frame.query.ranges.get(index).ok_or_else(|| misplaced("a range"))?;
        let name = range.name.as_deref().unwrap_or("subquery");
        let bound = match &range.kind {
            RangeKind::Relation(relation) => {
                return self.relation(frame, index, range, relation);
            }
            RangeKind::Subquery(query) => {
                let bound = self.query(Some(frame), query, false)?.0;
                self.aliased(bound, name)?
            }
            RangeKind::Values(values) => self.values(frame, range, values)?,
            RangeKind::Cte(cte) => self.cte_range(frame, cte, name)?,
            RangeKind::Function(function) => match self.written_query(frame, function)? {
                Some(bound) => bound,
                None => return self.lateral(frame, index, None, false),
            },
            RangeKind::Changed(place) => self.changed_rows(range, *place)?,
            RangeKind::Join(_) => return Err(misplaced("a join's range")),
        };
        let numbers = range.columns.iter().map(|column| column.number);
        let columns = numbers.zip(bound.columns.into_iter().map(|column| column.expr));
        self.known(frame, index, columns.collect());
        Ok(bound.plan)
    }

    /// From now on the columns of a range can be named.
    pub(super) fn known(&self, frame: &Frame<'_>, index: usize, columns: HashMap<i16, Expr>) {
        frame.ranges.borrow_mut()[index] = Some(columns);
    }

    fn cte_range(&self, frame: &Frame<'_>, range: &CteRange, name: &str) -> Result<Bound> {
        let cte = frame.cte(range.levels_up, range.index).ok_or_else(|| misplaced("a CTE"))?;
        cte.uses.set(cte.uses.get() + 1);
        if cte.volatile && cte.uses.get() > 1 {
            return Err(Error::unsupported("a volatile CTE that is read more than once"));
        }
        self.aliased(cte.bound.clone(), name)
    }

    /// What a change of rows in WITH has returned.
    fn changed_rows(&self, range: &Range, place: usize) -> Result<Bound> {
        let types = || range.columns.iter().map(|column| column.t);
        let schema = Arc::new(rows::unnamed_schema(types().map(arrow_type).collect()));
        let batches = self.changed.get(place).map(Vec::as_slice).unwrap_or_default().iter();
        let batches = batches.map(|it| rows::unnamed(it.columns().to_vec(), it.num_rows()));
        let batches = batches.collect::<Result<Vec<_>>>()?;
        let table = Arc::new(MemTable::try_new(schema, vec![batches])?);
        let plan = self.scan(table, self.unique("changed"))?;
        let names = range.columns.iter().map(|column| column.name.clone());
        let (mut names, mut types): (Vec<_>, Vec<_>) = (names.collect(), types().collect());
        names.push(String::new());
        types.push(PgType::INT8);
        let mut bound = Bound::of_plan(plan, names, types);
        bound.columns.pop();
        Ok(bound)
    }

    fn values(&self, frame: &Frame<'_>, range: &Range, values: &ValuesRange) -> Result<Bound> {
        let types: Vec<_> = range.columns.iter().map(|column| column.t).collect();
        let rows = values.rows.iter().map(|row| {
            row.iter().zip(&types).map(|(value, t)| self.expr_as(frame, value, *t)).collect()
        });
        let rows = rows.collect::<Result<Vec<Vec<_>>>>()?;
        let plan = LogicalPlanBuilder::values(rows)?.alias(self.unique("values"))?.build()?;
        let names = range.columns.iter().map(|column| column.name.clone()).collect();
        Ok(Bound::of_plan(plan, names, types))
    }

    fn relation(
        &self,
        frame: &Frame<'_>,
        index: usize,
        range: &Range,
        relation: &RelationRange,
    ) -> Result<LogicalPlan> {
        let (bound, table_oid) = match relation.kind {
            RelationKind::System => self.system_relation(relation)?,
            RelationKind::ForeignTable => {
                let hidden = self.hidden.as_ref().filter(|hidden| {
                    frame.parent.is_none() && index == 0 && hidden.relation == relation.oid
                });
                let table = self.foreign_table(relation, hidden)?;
                let TableColumns { bound, key, table_oid } = table;
                let numbers = range.columns.iter().map(|column| column.number);
                let columns = numbers.zip(bound.columns.into_iter().map(|column| column.expr));
                let table_oid = (ColumnRef::TABLE_OID, table_oid);
                self.known(frame, index, columns.chain(key).chain([table_oid]).collect());
                return Ok(bound.plan);
            }
            RelationKind::View => (self.view(relation, range)?, None),
        };
        let numbers = range.columns.iter().map(|column| column.number);
        let columns = numbers.zip(bound.columns.into_iter().map(|column| column.expr));
        let table_oid = table_oid.map(|value| (ColumnRef::TABLE_OID, value));
        self.known(frame, index, columns.chain(table_oid).collect());
        Ok(bound.plan)
    }

    fn system_relation(&self, relation: &RelationRange) -> Result<(Bound, Option<Expr>)> {
        let found = system::relation_by_oid(relation.oid.0)
            .ok_or_else(|| misplaced("a system relation"))?;
        let provider = Arc::new(SystemTable::new(found, Arc::clone(&self.planner)));
        let plan = self.scan(provider, format!("{}.{}", found.schema(), found.name()))?;
        let mut names: Vec<_> = found.columns().iter().map(|c| c.name.to_owned()).collect();
        let mut types: Vec<_> = found.columns().iter().map(|c| c.pg_type).collect();
        names.push("tableoid".to_owned());
        types.push(PgType::OID);
        let mut bound = Bound::of_plan(plan, names, types);
        let table_oid = bound.columns.pop().map(|column| column.expr);
        Ok((bound, table_oid))
    }

    /// The table's columns, what else is read of its rows, and `tableoid`.
    fn foreign_table(
        &self,
        range: &RelationRange,
        hidden: Option<&Hidden>,
    ) -> Result<TableColumns> {
        let snapshot = &self.context.snapshot;
        let relation = snapshot.relation(range.oid).ok_or_else(|| misplaced("a relation"))?;
        let check_as = range.check_as;
        self.planner.note_remote();
        let provider = ForeignTable::new(
            Arc::clone(relation),
            self.schema_name(relation),
            check_as,
            Arc::clone(&self.planner),
        )?;
        let provider = provider.with_hidden(hidden.map(|hidden| hidden.column.clone()));
        // Unique to (table, check-as role): see `scan`.
        let changed = if hidden.is_some() { " to be changed" } else { "" };
        let scan_name = format!("{}.{} as {check_as}{changed}", relation.oid, relation.name);
        let plan = self.scan(Arc::new(provider), scan_name)?;
        let live = || relation.live_columns().chain(hidden.map(|hidden| &hidden.column));
        let names = live().map(|column| column.name.clone()).collect();
        let types = live().map(|column| column.pg_type).collect();
        let table_oid = lit(relation.oid.0);
        let mut bound = Bound::of_plan(plan, names, types);
        let Some(hidden) = hidden else {
            let bound = self.with_virtual_columns(relation, bound, &table_oid);
            let bound = bound.map_err(Error::without_position)?;
            return Ok(TableColumns { bound, key: None, table_oid });
        };
        let key = bound.columns.pop().map(|column| (hidden.column.number, column.expr));
        let mut known: HashMap<i16, Expr> = relation
            .live_columns()
            .zip(&bound.columns)
            .filter(|(column, _)| column.virtual_expression().is_none())
            .map(|(column, bound)| (column.number, bound.expr.clone()))
            .collect();
        self.add_virtual_columns(relation, &mut known).map_err(Error::without_position)?;
        for (column, bound) in relation.live_columns().zip(&mut bound.columns) {
            if let Some(expr) = known.get(&column.number) {
                bound.expr = expr.clone();
            }
        }
        Ok(TableColumns { bound, key, table_oid })
    }

    /// Virtual generated columns are computed from what was read of the others.
    fn with_virtual_columns(
        &self,
        relation: &Relation,
        bound: Bound,
        table_oid: &Expr,
    ) -> Result<Bound> {
        if relation.live_columns().all(|column| column.virtual_expression().is_none()) {
            return Ok(bound);
        }
        let columns = || relation.live_columns().zip(&bound.columns);
        let known = columns().map(|(column, bound)| (column.number, bound.expr.clone()));
        let known = known.chain([(ColumnRef::TABLE_OID, table_oid.clone())]).collect();
        // Their expressions name the columns of range 0.
        let query = Query::default();
        let frame = Frame::new(&query, None, false);
        frame.ranges.replace(vec![Some(known)]);
        let value = |(column, bound): (&Column, &BoundColumn)| match column.virtual_expression() {
            None => Ok(bound.expr.clone()),
            Some(text) => {
                let tree = stored::expression(&self.context.snapshot, relation, text)?;
                Ok(self.expr_as(&frame, &tree, column.pg_type)?.alias(&column.name))
            }
        };
        let values = columns().map(value).collect::<Result<Vec<_>>>()?;
        let plan = LogicalPlanBuilder::from(bound.plan).project(values)?;
        let plan = plan.alias(self.unique(&relation.name))?.build()?;
        let (names, types) = bound.columns.into_iter().map(|it| (it.name, it.t)).unzip();
        Ok(Bound::of_plan(plan, names, types))
    }

    /// A view is its query.
    fn view(&self, relation: &RelationRange, range: &Range) -> Result<Bound> {
        let query = relation.view.as_ref().ok_or_else(|| misplaced("a view"))?;
        // Positions in it are of another text than the statement's.
        let bound = self.query(None, query, false).map_err(Error::without_position)?.0;
        self.aliased(bound, range.name.as_deref().unwrap_or("view"))
    }

    fn schema_name(&self, relation: &Relation) -> String {
        let schema = self.context.snapshot.schema(relation.schema);
        schema.map(|schema| schema.name.clone()).unwrap_or_default()
    }

    pub(super) fn scan(
        &self,
        provider: Arc<dyn TableProvider>,
        name: String,
    ) -> Result<LogicalPlan> {
        let source = provider_as_source(provider);
        let alias = self.unique(&name);
        let scan = LogicalPlanBuilder::scan(TableReference::bare(name), source, None)?;
        Ok(scan.alias(TableReference::bare(alias))?.build()?)
    }
}

/// What is read of a foreign table.
struct TableColumns {
    bound: Bound,
    /// By what its rows are found again.
    key: Option<(i16, Expr)>,
    table_oid: Expr,
}

/// What AND joins, each for itself: USING's pairs.
fn conjuncts(on: Vec<Expr>) -> Vec<Expr> {
    on.iter().flat_map(datafusion::logical_expr::utils::split_conjunction).cloned().collect()
}
