//! UNION, INTERSECT, EXCEPT, VALUES.
use std::sync::Arc;

use ast::Spanned as _;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Union};
use medley_diagnostic::SqlState;
use medley_sql::query_ast::{self as ast, SetExpr, SetOperator, SetQuantifier};
use medley_sql::span::position;

use super::scope::{Clause, Scope, Surroundings};
use super::{Binder, Bound, Typed};
use crate::error::{Error, Result};
use crate::semantics::key::is_native;

impl Binder<'_> {
    pub(super) fn set_expr(&self, around: &Surroundings<'_>, body: &SetExpr) -> Result<Bound> {
        match body {
            SetExpr::Select(select) => self.select(around, select, &[]),
            SetExpr::Query(query) => self.query(around, query),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                self.set_operation(around, left, *op, *set_quantifier, right)
            }
            SetExpr::Values(values) => self.values(around, values),
            SetExpr::Table(_) => Err(Error::unsupported("TABLE")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(Error::unsupported("a data-modifying statement in WITH"))
            }
        }
    }

    fn set_operation(
        &self,
        around: &Surroundings<'_>,
        left: &SetExpr,
        op: SetOperator,
        quantifier: SetQuantifier,
        right: &SetExpr,
    ) -> Result<Bound> {
        let word = op.to_string();
        let all = match quantifier {
            SetQuantifier::All => true,
            SetQuantifier::Distinct | SetQuantifier::None => false,
            _ => return Err(Error::unsupported(format_args!("{word} BY NAME"))),
        };
        let left = self.set_expr(around, left)?;
        let right = self.set_expr(around, right)?;
        let (left, right) = self.align(left, right, &word)?;
        match op {
            SetOperator::Union => {
                let union = self.union(left, right)?;
                if all { Ok(union) } else { self.distinct_rows(union) }
            }
            _ if all => Err(Error::unsupported(format_args!("{word} ALL"))),
            SetOperator::Intersect => self.matched(left, right, false, &word),
            _ => self.matched(left, right, true, &word),
        }
    }

    /// Both with the types that they have in common.
    fn align(&self, left: Bound, right: Bound, word: &str) -> Result<(Bound, Bound)> {
        if left.columns.len() != right.columns.len() {
            let message = format!("each {word} query must have the same number of columns");
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, None));
        }
        let mut types = Vec::with_capacity(left.columns.len());
        for (left, right) in left.columns.iter().zip(&right.columns) {
            let typed = |column: &super::BoundColumn| Typed {
                open: column.open.clone(),
                ..Typed::new(column.expr.clone(), column.t, None)
            };
            types.push(self.to_common(vec![typed(left), typed(right)], word)?.1);
        }
        Ok((self.cast_outputs(left, &types)?, self.cast_outputs(right, &types)?))
    }

    fn union(&self, left: Bound, right: Bound) -> Result<Bound> {
        let (left, right) = (self.alike(left)?, self.alike(right)?);
        let names: Vec<_> = left.columns.iter().map(|column| column.name.clone()).collect();
        let types: Vec<_> = left.columns.iter().map(|column| column.t).collect();
        let union =
            Union::try_new_with_loose_types(vec![Arc::new(left.plan), Arc::new(right.plan)])?;
        Ok(self.of_plan(LogicalPlan::Union(union), names, types))
    }

    /// Columns are called by their numbers, so that both sides have the same names.
    fn alike(&self, bound: Bound) -> Result<Bound> {
        let exprs: Vec<Expr> = bound
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| column.expr.clone().alias(format!("column{}", index + 1)))
            .collect();
        let names = bound.columns.iter().map(|column| column.name.clone()).collect();
        let types = bound.columns.iter().map(|column| column.t).collect();
        let plan = LogicalPlanBuilder::from(bound.plan).project(exprs)?.build()?;
        Ok(self.of_plan(plan, names, types))
    }

    /// INTERSECT and EXCEPT: NULLs are the same here.
    fn matched(&self, left: Bound, right: Bound, except: bool, word: &str) -> Result<Bound> {
        if left.columns.iter().any(|column| !is_native(column.t)) {
            return Err(Error::unsupported(format_args!("{word} of values of such types")));
        }
        let left = self.distinct_rows(left)?;
        let left = self.alike(left)?;
        let right = self.alike(right)?;
        let names = left.columns.iter().map(|column| column.name.clone()).collect();
        let types = left.columns.iter().map(|column| column.t).collect();
        let plan = match except {
            true => LogicalPlanBuilder::except(left.plan, right.plan, false)?,
            false => LogicalPlanBuilder::intersect(left.plan, right.plan, false)?,
        };
        let plan = LogicalPlanBuilder::from(plan).alias(self.unique("set"))?.build()?;
        Ok(self.of_plan(plan, names, types))
    }

    fn values(&self, around: &Surroundings<'_>, values: &ast::Values) -> Result<Bound> {
        let scope = Scope::new(around, Vec::new(), Clause::Values);
        let mut rows = Vec::with_capacity(values.rows.len());
        for row in &values.rows {
            let row = row.iter().map(|item| self.expr(&scope, item)).collect::<Result<Vec<_>>>()?;
            rows.push(row);
        }
        let width = rows.first().map_or(0, Vec::len);
        if let Some(odd) = rows.iter().position(|row| row.len() != width) {
            let at = values.rows[odd].first().and_then(|item| position(item.span()));
            let message = "VALUES lists must all be the same length";
            return Err(Error::at(SqlState::SYNTAX_ERROR, message, at));
        }
        let mut types = Vec::with_capacity(width);
        let mut settled = vec![Vec::with_capacity(width); rows.len()];
        for index in 0..width {
            let column = rows.iter().map(|row| row[index].clone()).collect();
            let (column, t) = self.to_common(column, "VALUES")?;
            types.push(t);
            for (row, value) in settled.iter_mut().zip(column) {
                row.push(value.expr);
            }
        }
        let plan = LogicalPlanBuilder::values(settled)?.alias(self.unique("values"))?.build()?;
        let names = (1..=width).map(|index| format!("column{index}")).collect();
        Ok(self.of_plan(plan, names, types))
    }
}
