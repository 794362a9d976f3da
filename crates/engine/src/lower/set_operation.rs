//! UNION, INTERSECT, EXCEPT.
use std::sync::Arc;

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Union, cast};
use medley_analyze::tree::{RangeKind, SetNode, SetOperation, SetOperator};
use medley_types::{PgType, arrow_type};

use super::expr::misplaced;
use super::frame::Frame;
use super::query::sorting;
use super::{Bound, Lowering, Typed};
use crate::error::{Error, Result};
use crate::semantics::decimal::own_key;
use crate::semantics::key::is_native;

impl Lowering<'_> {
    /// A set operation with its ORDER BY, whose keys are its columns.
    pub(super) fn sorted_set(&self, frame: &Frame<'_>, operation: &SetOperation) -> Result<Bound> {
        let mut bound = self.set_operation(frame, operation)?;
        for (column, target) in bound.columns.iter_mut().zip(frame.query.outputs()) {
            column.name.clone_from(&target.name);
        }
        let keys = frame.query.order_by.iter().map(|key| {
            let column = bound.columns.get(key.target);
            Ok((column.ok_or_else(|| misplaced("a sort key"))?.typed(), sorting(key)))
        });
        let keys = keys.collect::<Result<Vec<_>>>()?;
        let plan = self.sort(bound.plan, keys)?;
        Ok(Bound { plan, ..bound })
    }

    fn set_operation(&self, frame: &Frame<'_>, operation: &SetOperation) -> Result<Bound> {
        let left = self.side(frame, &operation.left)?;
        let right = self.side(frame, &operation.right)?;
        let left = self.cast_outputs(left, &operation.types)?;
        let right = self.cast_outputs(right, &operation.types)?;
        let word = operation.operator.word();
        match operation.operator {
            SetOperator::Union => {
                let union = self.union(left, right)?;
                if operation.all { Ok(union) } else { self.distinct_rows(union) }
            }
            operator if operation.all => {
                let (left, right) = (self.told_apart(left)?, self.told_apart(right)?);
                let except = operator == SetOperator::Except;
                let mut found = self.matched(left, right, except, word)?;
                found.columns.pop();
                let columns = found.columns.iter();
                let columns = columns.map(|it| (it.name.clone(), it.typed())).collect();
                self.project(found.plan, columns)
            }
            SetOperator::Intersect => self.matched(left, right, false, word),
            SetOperator::Except => self.matched(left, right, true, word),
        }
    }

    pub(super) fn side(&self, frame: &Frame<'_>, node: &SetNode) -> Result<Bound> {
        match node {
            SetNode::Operation(operation) => self.set_operation(frame, operation),
            SetNode::Leaf(leaf) => match frame.query.ranges.get(leaf.range).map(|it| &it.kind) {
                Some(RangeKind::Subquery(query)) => Ok(self.query(Some(frame), query, false)?.0),
                _ => Err(misplaced("a leaf of a set operation")),
            },
        }
    }

    fn union(&self, left: Bound, right: Bound) -> Result<Bound> {
        let (left, right) = (self.alike(left)?, self.alike(right)?);
        let (names, types) = (left.names(), left.types());
        let union =
            Union::try_new_with_loose_types(vec![Arc::new(left.plan), Arc::new(right.plan)])?;
        Ok(Bound::of_plan(LogicalPlan::Union(union), names, types))
    }

    /// Columns are called by their numbers, so that both sides have the same names.
    pub(super) fn alike(&self, bound: Bound) -> Result<Bound> {
        let exprs: Vec<Expr> = bound
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| column.expr.clone().alias(format!("column{}", index + 1)))
            .collect();
        let (names, types) = (bound.names(), bound.types());
        let plan = LogicalPlanBuilder::from(bound.plan).project(exprs)?.build()?;
        Ok(Bound::of_plan(plan, names, types))
    }

    /// Equal rows with numbers, by which they are not equal.
    fn told_apart(&self, bound: Bound) -> Result<Bound> {
        let keys = bound.columns.iter().map(|it| own_key(it.expr.clone(), it.t, &self.env));
        let (plan, number) = self.numbered(bound.plan, keys.collect::<Result<_>>()?, Vec::new())?;
        let t = PgType::INT8;
        let number = Typed { expr: cast(number, arrow_type(t)), t, position: None };
        let columns = bound.columns.iter().map(|it| (it.name.clone(), it.typed()));
        self.project(plan, columns.chain([("number".to_owned(), number)]).collect())
    }

    /// INTERSECT and EXCEPT: NULLs are the same here.
    fn matched(&self, left: Bound, right: Bound, except: bool, word: &str) -> Result<Bound> {
        if left.columns.iter().any(|column| !is_native(column.t)) {
            return Err(Error::unsupported(format_args!("{word} of values of such types")));
        }
        let left = self.alike(self.distinct_rows(left)?)?;
        let right = self.alike(right)?;
        let (names, types) = (left.names(), left.types());
        let plan = match except {
            true => LogicalPlanBuilder::except(left.plan, right.plan, false)?,
            false => LogicalPlanBuilder::intersect(left.plan, right.plan, false)?,
        };
        let plan = LogicalPlanBuilder::from(plan).alias(self.unique("set"))?.build()?;
        Ok(Bound::of_plan(plan, names, types))
    }
}
