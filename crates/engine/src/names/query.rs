//! WITH, ORDER BY and LIMIT around a SELECT, VALUES or set operation.
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use ast::Spanned as _;
use datafusion::logical_expr::{Expr, Limit, LogicalPlan, Sort, SortExpr, lit};
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, SetExpr};
use medley_sql::span::position;
use medley_types::PgType;

use super::scope::{Clause, Scope, Surroundings};
use super::{Binder, Bound, Cte, Typed};
use crate::error::{Error, Result};
use crate::semantics::aggregate::Sorting;
use crate::semantics::key::key;

impl Binder<'_> {
    /// A query within its surroundings.
    pub(super) fn query(&self, around: &Surroundings<'_>, query: &ast::Query) -> Result<Bound> {
        if !query.locks.is_empty() {
            return Err(Error::unsupported("SELECT FOR UPDATE"));
        }
        if query.for_clause.is_some() || !query.pipe_operators.is_empty() {
            return Err(Error::unsupported("this clause of a query"));
        }
        let mut around = around.clone();
        if let Some(with) = &query.with {
            self.with(&mut around, with)?;
        }
        let order_by = order_items(query)?;
        let bound = match query.body.as_ref() {
            SetExpr::Select(select) => self.select(&around, select, &order_by)?,
            SetExpr::Query(inner) => {
                let bound = self.query(&around, inner)?;
                self.order_outputs(bound, &order_by)?
            }
            body => {
                let bound = self.set_expr(&around, body)?;
                self.order_outputs(bound, &order_by)?
            }
        };
        self.limit(&around, bound, query)
    }

    fn with(&self, around: &mut Surroundings<'_>, with: &ast::With) -> Result<()> {
        if with.recursive {
            return Err(Error::unsupported("WITH RECURSIVE"));
        }
        for cte in &with.cte_tables {
            let name = cte.alias.name.value.clone();
            let bound = self.query(around, &cte.query)?;
            let bound = self.settle_outputs(bound)?;
            let bound = rename_columns(bound, &name, &cte.alias.columns)?;
            let volatile = is_volatile(&bound.plan)?;
            let uses = Cell::new(0);
            around.ctes.push(Rc::new(Cte { name, bound, uses, volatile }));
        }
        Ok(())
    }

    /// ORDER BY of what has no FROM of its own: by the names and numbers of output columns.
    fn order_outputs(&self, bound: Bound, items: &[&ast::OrderByExpr]) -> Result<Bound> {
        if items.is_empty() {
            return Ok(bound);
        }
        let bound = self.settle_outputs(bound)?;
        let mut keys = Vec::with_capacity(items.len());
        for item in items {
            let index = output_index(&bound, &item.expr)?.ok_or_else(|| {
                Error::unsupported("ORDER BY of an expression over a set operation")
            })?;
            let column = &bound.columns[index];
            let value = Typed::new(column.expr.clone(), column.t, None);
            keys.push((value, sorting(&item.options)));
        }
        let plan = self.sort(bound.plan, keys)?;
        Ok(Bound { plan, ..bound })
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
                let key = key(value.expr, value.t, &self.env).map_err(|e| e.or_at(at))?;
                Ok(SortExpr::new(key, !sorting.descending, sorting.nulls_first))
            })
            .collect()
    }

    /// An expression of ORDER BY inside a call or a window.
    pub(super) fn sort_item(
        &self,
        scope: &Scope<'_>,
        item: &ast::OrderByExpr,
    ) -> Result<(Typed, Sorting)> {
        let value = self.settle(self.expr(scope, &item.expr)?)?;
        Ok((value, sorting(&item.options)))
    }

    fn limit(&self, around: &Surroundings<'_>, bound: Bound, query: &ast::Query) -> Result<Bound> {
        let (limit, offset) = match &query.limit_clause {
            Some(ast::LimitClause::LimitOffset { limit, offset, limit_by }) => {
                if !limit_by.is_empty() {
                    return Err(Error::unsupported("LIMIT BY"));
                }
                (limit.as_ref(), offset.as_ref().map(|offset| &offset.value))
            }
            Some(ast::LimitClause::OffsetCommaLimit { offset, limit }) => {
                (Some(limit), Some(offset))
            }
            None => (None, None),
        };
        let limit = match &query.fetch {
            Some(fetch) if fetch.with_ties || fetch.percent => {
                return Err(Error::unsupported("FETCH FIRST … WITH TIES"));
            }
            Some(fetch) => Some(match &fetch.quantity {
                Some(quantity) => self.row_count(around, quantity, "LIMIT")?,
                None => Some(1),
            }),
            None => limit.map(|limit| self.row_count(around, limit, "LIMIT")).transpose()?,
        };
        let offset = offset.map(|offset| self.row_count(around, offset, "OFFSET")).transpose()?;
        let (limit, offset) = (limit.flatten(), offset.flatten());
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
    fn row_count(
        &self,
        around: &Surroundings<'_>,
        expr: &ast::Expr,
        clause: &str,
    ) -> Result<Option<i64>> {
        let inner = Surroundings { parent: None, ..around.clone() };
        let scope = Scope::new(&inner, Vec::new(), Clause::Limit);
        let value = self.expr(&scope, expr)?;
        let at = value.position;
        let value = self.coerce_to(value, PgType::INT8, &format!("argument of {clause}"))?;
        let Expr::Literal(value, _) = self.planner.constant(value.expr)? else {
            return Err(Error::unsupported(format_args!("a {clause} that is no constant")));
        };
        let count = match value {
            datafusion::scalar::ScalarValue::Int64(count) => count,
            _ => None,
        };
        match count {
            Some(count) if count < 0 => {
                let state = match clause {
                    "LIMIT" => SqlState::INVALID_ROW_COUNT_IN_LIMIT_CLAUSE,
                    _ => SqlState::INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE,
                };
                Err(Error::at(state, format!("{clause} must not be negative"), at))
            }
            count => Ok(count),
        }
    }
}

pub(super) fn order_items(query: &ast::Query) -> Result<Vec<&ast::OrderByExpr>> {
    let Some(order_by) = &query.order_by else { return Ok(Vec::new()) };
    match &order_by.kind {
        ast::OrderByKind::Expressions(items) => Ok(items.iter().collect()),
        ast::OrderByKind::All(_) => Err(Error::unsupported("ORDER BY ALL")),
    }
}

/// NULLs sort as if they were above everything.
pub(super) fn sorting(options: &ast::OrderByOptions) -> Sorting {
    let descending = options.asc == Some(false);
    Sorting { descending, nulls_first: options.nulls_first.unwrap_or(descending) }
}

/// Which output column a number or a bare name means; `None` if it is neither.
pub(super) fn output_index(bound: &Bound, expr: &ast::Expr) -> Result<Option<usize>> {
    match expr {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Number(text, _) => {
                let index = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                match index.filter(|index| *index < bound.columns.len()) {
                    Some(index) => Ok(Some(index)),
                    None => {
                        let message = format!("ORDER BY position {text} is not in select list");
                        let at = position(value.span);
                        Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, at))
                    }
                }
            }
            _ => {
                let message = "non-integer constant in ORDER BY";
                Err(Error::at(SqlState::SYNTAX_ERROR, message, position(expr.span())))
            }
        },
        ast::Expr::Identifier(name) => {
            let mut named =
                bound.columns.iter().enumerate().filter(|(_, column)| column.name == name.value);
            let Some((index, first)) = named.next() else { return Ok(None) };
            if named.any(|(_, other)| other.expr != first.expr) {
                let message = format!("ORDER BY \"{}\" is ambiguous", name.value);
                return Err(Error::at(SqlState::AMBIGUOUS_COLUMN, message, position(name.span)));
            }
            Ok(Some(index))
        }
        _ => Ok(None),
    }
}

/// The names that an alias gives to columns.
pub(super) fn rename_columns(
    mut bound: Bound,
    table: &str,
    names: &[ast::TableAliasColumnDef],
) -> Result<Bound> {
    if names.len() > bound.columns.len() {
        let message = format!(
            "table \"{table}\" has {} columns available but {} columns specified",
            bound.columns.len(),
            names.len()
        );
        return Err(Error::at(SqlState::INVALID_COLUMN_REFERENCE, message, None));
    }
    for (column, name) in bound.columns.iter_mut().zip(names) {
        column.name.clone_from(&name.name.value);
    }
    Ok(bound)
}

pub(super) fn is_volatile(plan: &LogicalPlan) -> Result<bool> {
    use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
    let mut found = false;
    plan.apply(|node| {
        found |= node.expressions().iter().any(Expr::is_volatile);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
