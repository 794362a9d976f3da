//! Joins.
use ast::{JoinConstraint, JoinOperator};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder};
use medley_diagnostic::SqlState;
use medley_sql::query_ast as ast;
use medley_sql::span::position;

use super::scope::{Clause, Scope, Surroundings, Table, TableColumn};
use super::{Binder, Typed};
use crate::error::{Error, Result};

impl Binder<'_> {
    /// FROM: the plan, and the relations as names see them. Without FROM there is one row.
    pub(super) fn from(
        &self,
        around: &Surroundings<'_>,
        from: &[ast::TableWithJoins],
    ) -> Result<(LogicalPlan, Vec<Table>)> {
        let mut all: Option<(LogicalPlan, Vec<Table>)> = None;
        for item in from {
            let (plan, tables) = self.joined(around, item)?;
            all = Some(match all {
                None => (plan, tables),
                Some((left, mut known)) => {
                    no_duplicates(&known, &tables)?;
                    known.extend(tables);
                    (LogicalPlanBuilder::from(left).cross_join(plan)?.build()?, known)
                }
            });
        }
        Ok(match all {
            Some(all) => all,
            None => (LogicalPlanBuilder::empty(true).build()?, Vec::new()),
        })
    }

    pub(super) fn joined(
        &self,
        around: &Surroundings<'_>,
        item: &ast::TableWithJoins,
    ) -> Result<(LogicalPlan, Vec<Table>)> {
        let (mut plan, mut tables) = self.relation(around, &item.relation)?;
        for join in &item.joins {
            let (right, right_tables) = self.relation(around, &join.relation)?;
            no_duplicates(&tables, &right_tables)?;
            (plan, tables) = self.join(around, plan, tables, right, right_tables, join)?;
        }
        Ok((plan, tables))
    }

    fn join(
        &self,
        around: &Surroundings<'_>,
        left: LogicalPlan,
        left_tables: Vec<Table>,
        right: LogicalPlan,
        right_tables: Vec<Table>,
        join: &ast::Join,
    ) -> Result<(LogicalPlan, Vec<Table>)> {
        let (kind, constraint) = join_kind(&join.join_operator)?;
        let left_count = left_tables.len();
        let mut tables = left_tables;
        tables.extend(right_tables);
        let condition = match constraint {
            JoinConstraint::On(condition) => {
                let scope = Scope::new(around, tables.clone(), Clause::JoinOn);
                let condition = self.expr(&scope, condition)?;
                vec![self.boolean(condition, "JOIN/ON")?]
            }
            JoinConstraint::Using(names) => {
                let names = names.iter().filter_map(|name| match name.0.last()? {
                    ast::ObjectNamePart::Identifier(ident) => Some(ident.clone()),
                    ast::ObjectNamePart::Function(_) => None,
                });
                self.merge(&mut tables, left_count, &names.collect::<Vec<_>>(), kind)?
            }
            JoinConstraint::Natural => {
                let names = natural_names(&tables, left_count);
                self.merge(&mut tables, left_count, &names, kind)?
            }
            JoinConstraint::None => Vec::new(),
        };
        let builder = LogicalPlanBuilder::from(left);
        let plan = match (kind, condition.is_empty()) {
            (JoinType::Inner, true) => builder.cross_join(right)?,
            (kind, _) => builder.join_on(right, kind, condition)?,
        };
        Ok((plan.build()?, tables))
    }

    /// USING: the conditions; the columns are merged in `tables`, where they now stand first.
    fn merge(
        &self,
        tables: &mut Vec<Table>,
        left_count: usize,
        names: &[ast::Ident],
        kind: JoinType,
    ) -> Result<Vec<Expr>> {
        let mut conditions = Vec::with_capacity(names.len());
        let mut merged = Table { alias: None, schema: None, columns: Vec::new() };
        for name in names {
            let (left_tables, right_tables) = tables.split_at_mut(left_count);
            let left = take_column(left_tables, name, "left")?;
            let right = take_column(right_tables, name, "right")?;
            let typed = |column: &TableColumn| {
                Typed::new(column.expr.clone(), column.t, position(name.span))
            };
            self.use_merged(&left);
            self.use_merged(&right);
            conditions.push(self.operate("=", typed(&left), typed(&right))?.expr);
            let (sides, t) = self.to_common(vec![typed(&left), typed(&right)], "JOIN/USING")?;
            let mut sides = sides.into_iter().map(|side| side.expr);
            let (Some(l), Some(r)) = (sides.next(), sides.next()) else { continue };
            let expr = match kind {
                JoinType::Right => r,
                JoinType::Full => coalesce(vec![l, r]),
                _ => l,
            };
            merged.columns.push(TableColumn { expr, t, merged: false, ..left });
        }
        tables.insert(0, merged);
        Ok(conditions)
    }

    fn use_merged(&self, column: &TableColumn) {
        if let Some((read, number)) = column.read {
            self.reads.borrow_mut()[read].columns.insert(number);
        }
    }
}

fn join_kind(operator: &JoinOperator) -> Result<(JoinType, &JoinConstraint)> {
    Ok(match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::CrossJoin(constraint) => (JoinType::Inner, constraint),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
            (JoinType::Left, constraint)
        }
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
            (JoinType::Right, constraint)
        }
        JoinOperator::FullOuter(constraint) => (JoinType::Full, constraint),
        _ => return Err(Error::unsupported("this kind of join")),
    })
}

fn no_duplicates(left: &[Table], right: &[Table]) -> Result<()> {
    let taken = |alias: &str| left.iter().any(|table| table.alias.as_deref() == Some(alias));
    let double = right.iter().filter_map(|table| table.alias.as_deref()).find(|a| taken(a));
    match double {
        None => Ok(()),
        Some(alias) => {
            let message = format!("table name \"{alias}\" specified more than once");
            Err(Error::at(SqlState::DUPLICATE_ALIAS, message, None))
        }
    }
}

/// The column of USING on one side, which from now on is only to be had with its table's name.
fn take_column(tables: &mut [Table], name: &ast::Ident, side: &str) -> Result<TableColumn> {
    let columns = tables.iter_mut().flat_map(|table| &mut table.columns);
    let mut named = columns.filter(|c| c.name == name.value && !c.merged && !c.system);
    let first = named.next().ok_or_else(|| {
        let message = format!(
            "column \"{}\" specified in USING clause does not exist in {side} table",
            name.value
        );
        Error::at(SqlState::UNDEFINED_COLUMN, message, position(name.span))
    })?;
    if named.next().is_some() {
        let message =
            format!("common column name \"{}\" appears more than once in {side} table", name.value);
        return Err(Error::at(SqlState::AMBIGUOUS_COLUMN, message, position(name.span)));
    }
    first.merged = true;
    Ok(first.clone())
}

fn natural_names(tables: &[Table], left_count: usize) -> Vec<ast::Ident> {
    let (left, right) = tables.split_at(left_count);
    let visible = |tables: &[Table]| -> Vec<String> {
        let columns = tables.iter().flat_map(|table| &table.columns);
        columns.filter(|c| !c.merged && !c.system).map(|c| c.name.clone()).collect()
    };
    let right = visible(right);
    visible(left).into_iter().filter(|n| right.contains(n)).map(ast::Ident::new).collect()
}
