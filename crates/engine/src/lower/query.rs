//! WITH, LIMIT and what they stand around.
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::common::TableReference;
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, Limit, LogicalPlan, LogicalPlanBuilder, Sort, SortExpr, lit};
use datafusion::scalar::ScalarValue;
use medley_analyze::tree;
use medley_diagnostic::SqlState;

use super::frame::{Cte, Frame, Outer};
use super::{Bound, Lowering, Typed};
use crate::error::{Error, Result};
use crate::scan::is_written;
use crate::semantics::aggregate::Sorting;
use crate::semantics::decimal::own_key;
use crate::semantics::key::is_native;

impl Lowering<'_> {
    /// A query, and the columns of queries around it that it takes as parameters: none if it is a
    /// part of the plan around it.
    pub(super) fn query(
        &self,
        parent: Option<&Frame<'_>>,
        query: &tree::Query,
        correlated: bool,
    ) -> Result<(Bound, Vec<Outer>)> {
        let frame = Frame::new(query, parent, correlated);
        self.with_ctes(&frame, query)?;
        let bound = match &query.set_operation {
            Some(operation) => self.sorted_set(&frame, operation)?,
            None => self.select(&frame)?,
        };
        let bound = self.limit(&frame, bound)?;
        Ok((bound, frame.outer.into_inner()))
    }

    /// WITH.
    pub(super) fn with_ctes(&self, frame: &Frame<'_>, query: &tree::Query) -> Result<()> {
        for cte in &query.ctes {
            let cte = self.cte(frame, cte)?;
            frame.ctes.borrow_mut().push(Rc::new(cte));
        }
        Ok(())
    }

    fn cte(&self, frame: &Frame<'_>, cte: &tree::Cte) -> Result<Cte> {
        if cte.recursive {
            return self.recursive_cte(frame, cte);
        }
        let mut bound = self.query(Some(frame), &cte.query, false)?.0;
        for (column, named) in bound.columns.iter_mut().zip(&cte.columns) {
            column.name.clone_from(&named.name);
        }
        let volatile = is_volatile(&bound.plan)?;
        Ok(Cte { bound, uses: Cell::new(0), volatile })
    }

    /// A CTE that names itself: the rows that it has brought last are its work table.
    fn recursive_cte(&self, around: &Frame<'_>, cte: &tree::Cte) -> Result<Cte> {
        let refused = || Error::unsupported("this form of WITH RECURSIVE");
        let operation = cte.query.set_operation.as_ref().ok_or_else(refused)?;
        let frame = Frame::new(&cte.query, Some(around), false);
        for inner in &cte.query.ctes {
            let inner = self.cte(&frame, inner)?;
            frame.ctes.borrow_mut().push(Rc::new(inner));
        }
        let first = self.side(&frame, &operation.left)?;
        let first = self.alike(self.cast_outputs(first, &operation.types)?)?;
        if !operation.all && first.columns.iter().any(|column| !is_native(column.t)) {
            return Err(Error::unsupported("recursion of UNION over values of such types"));
        }
        let names: Vec<_> = cte.columns.iter().map(|column| column.name.clone()).collect();
        let table = self.unique("work table");
        let work = self.work_table(&table, &first, &names)?;
        around.ctes.borrow_mut().push(Rc::new(work));
        let next = self.side(&frame, &operation.right);
        around.ctes.borrow_mut().pop();
        let next = self.alike(self.cast_outputs(next?, &operation.types)?)?;
        let types = first.types();
        let plan = LogicalPlanBuilder::from(first.plan)
            .to_recursive_query(table, next.plan, !operation.all)?
            .build()?;
        let volatile = is_volatile(&plan)?;
        Ok(Cte { bound: Bound::of_plan(plan, names, types), uses: Cell::new(0), volatile })
    }

    /// What a recursive query reads where it names itself.
    fn work_table(&self, name: &str, first: &Bound, names: &[String]) -> Result<Cte> {
        let fields = first.plan.schema().fields().iter();
        let fields: Vec<_> = fields.map(|it| it.as_ref().clone().with_nullable(true)).collect();
        let table = CteWorkTable::new(name, Arc::new(Schema::new(fields)));
        let source = provider_as_source(Arc::new(table));
        let plan = LogicalPlanBuilder::scan(TableReference::bare(name), source, None)?.build()?;
        let bound = Bound::of_plan(plan, names.to_vec(), first.types());
        Ok(Cte { bound, uses: Cell::new(0), volatile: false })
    }

    /// Sorts by keys, as PostgreSQL orders their types.
    pub(super) fn sort(
        &self,
        plan: LogicalPlan,
        keys: Vec<(Typed, Sorting)>,
    ) -> Result<LogicalPlan> {
        let expr = self.sort_exprs(keys)?;
        if expr.is_empty() {
            return Ok(plan);
        }
        Ok(LogicalPlan::Sort(Sort { expr, input: Arc::new(plan), fetch: None }))
    }

    pub(super) fn sort_exprs(&self, keys: Vec<(Typed, Sorting)>) -> Result<Vec<SortExpr>> {
        keys.into_iter()
            .map(|(value, sorting)| {
                let at = value.position;
                let key = own_key(value.expr, value.t, &self.env).map_err(|e| e.or_at(at))?;
                Ok(SortExpr::new(key, !sorting.descending, sorting.nulls_first))
            })
            .collect()
    }

    fn limit(&self, frame: &Frame<'_>, bound: Bound) -> Result<Bound> {
        if frame.query.with_ties {
            return Err(Error::unsupported("FETCH FIRST … WITH TIES"));
        }
        let count = |expr: &Option<tree::Expr>, clause| match expr {
            Some(expr) => self.row_count(frame, expr, clause),
            None => Ok(None),
        };
        let limit = count(&frame.query.limit, "LIMIT")?;
        let offset = count(&frame.query.offset, "OFFSET")?;
        if limit.is_none() && offset.is_none() {
            return Ok(bound);
        }
        let plan = LogicalPlan::Limit(Limit {
            skip: offset.map(|count| Box::new(lit(count))),
            fetch: limit.map(|count| Box::new(lit(count))),
            input: Arc::new(bound.plan),
        });
        Ok(Bound { plan, ..bound })
    }

    /// The number that LIMIT or OFFSET comes to; `None` for NULL, which is no limit.
    fn row_count(&self, frame: &Frame<'_>, expr: &tree::Expr, clause: &str) -> Result<Option<i64>> {
        let refused = || Error::unsupported(format_args!("a {clause} that is no constant"));
        let has_columns = !expr.columns().is_empty();
        let has_subquery = matches!(expr.kind, tree::ExprKind::Subquery(_));
        if has_columns || has_subquery {
            return Err(refused());
        }
        let value = self.planner.constant(self.expr(frame, expr)?)?;
        let Expr::Literal(value, _) = value else { return Err(refused()) };
        let ScalarValue::Int64(count) = value else { return Ok(None) };
        match count {
            // What is only prepared is not run.
            Some(count) if count < 0 && self.parameters.is_some() => {
                let state = match clause {
                    "LIMIT" => SqlState::INVALID_ROW_COUNT_IN_LIMIT_CLAUSE,
                    _ => SqlState::INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE,
                };
                Err(Error::at(state, format!("{clause} must not be negative"), expr.position))
            }
            count => Ok(count.map(|count| count.max(0))),
        }
    }
}

pub(super) fn sorting(key: &tree::SortKey) -> Sorting {
    Sorting { descending: key.descending, nulls_first: key.nulls_first }
}

/// Reading it twice would show two answers, or do something twice.
fn is_volatile(plan: &LogicalPlan) -> Result<bool> {
    use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
    let mut found = false;
    plan.apply(|node| {
        found |= is_written(node) || node.expressions().iter().any(Expr::is_volatile);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
