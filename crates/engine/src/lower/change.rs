//! What a change of rows needs of lowering: values of constants, and queries over rows that are
//! here already.
use std::collections::HashMap;

use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use medley_analyze::{stored, tree};
use medley_catalog::ids::RelationOid;
use medley_catalog::objects::{Column, Relation};
use medley_types::Style;

use super::Lowering;
use super::frame::Frame;
use crate::error::{Error, Result};

/// What is read of the rows that a statement changes besides their columns.
#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    /// Of which table; it is the first range of the statement.
    pub relation: RelationOid,
    /// What the remote calls it, as a column that the table does not have.
    pub column: Column,
}

impl Hidden {
    /// The number that a column has which is none of the table's.
    pub const NUMBER: i16 = -1;
}

/// The columns of a range, by number.
pub(crate) type Known = HashMap<i16, Expr>;

impl Lowering<'_> {
    /// The value of an expression of nothing but constants.
    pub fn constant_value(&self, expr: &tree::Expr) -> Result<ScalarValue> {
        let query = tree::Query::default();
        let frame = Frame::new(&query, None, false);
        match self.planner.constant(self.expr_as(&frame, expr, expr.t)?)? {
            Expr::Literal(value, _) => Ok(value),
            _ => Err(Error::Internal("a constant is none".to_owned())),
        }
    }

    /// The same as text; `None` for NULL.
    pub fn constant_text(&self, expr: &tree::Expr) -> Result<Option<String>> {
        let value = self.constant_value(expr)?;
        if value.is_null() {
            return Ok(None);
        }
        let style = Style { extra_float_digits: 3, ..Style::default() };
        crate::semantics::output(expr.t, &value.to_array()?, 0, &style)
    }

    /// An expression over the columns of one row, which are the range 0.
    pub fn over_row(&self, expr: &tree::Expr, row: Known) -> Result<Expr> {
        let query = tree::Query::default();
        let frame = Frame::new(&query, None, false);
        frame.ranges.replace(vec![Some(row)]);
        self.expr(&frame, expr)
    }

    /// The outputs of a query without FROM over rows that are here: where they are is known for
    /// each of its ranges.
    pub fn over(
        &self,
        query: &tree::Query,
        rows: LogicalPlan,
        ranges: Vec<Option<Known>>,
    ) -> Result<LogicalPlan> {
        let frame = Frame::new(query, None, false);
        self.with_ctes(&frame, query)?;
        frame.ranges.replace(ranges);
        let mut plan = rows;
        if let Some(filter) = &query.filter {
            let condition = self.expr(&frame, filter)?;
            plan = self.filtered(plan, condition)?;
        }
        let outputs = query
            .outputs()
            .map(|target| Ok((target.name.clone(), self.typed(&frame, &target.expr)?)));
        let bound = self.project(plan, outputs.collect::<Result<_>>()?)?;
        Ok(self.printed_names(bound)?.plan)
    }

    /// Virtual generated columns of a row whose others are known, as far as these are enough.
    pub fn add_virtual_columns(&self, relation: &Relation, known: &mut Known) -> Result<()> {
        for column in relation.live_columns() {
            let Some(text) = column.virtual_expression() else { continue };
            let tree = stored::expression(&self.context.snapshot, relation, text)?;
            let mut needed = tree::columns_of_table(&tree).into_iter();
            if needed.all(|number| known.contains_key(&number)) {
                let query = tree::Query::default();
                let frame = Frame::new(&query, None, false);
                frame.ranges.replace(vec![Some(known.clone())]);
                known.insert(column.number, self.expr_as(&frame, &tree, column.pg_type)?);
            }
        }
        Ok(())
    }
}
