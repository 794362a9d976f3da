//! Where the columns of a query are while it is lowered.
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::scalar::ScalarValue;
use medley_analyze::tree::{self, ColumnRef, ExprKind, Range, RangeKind};
use medley_types::{PgType, TypeOid};

use super::{Bound, Lowering};
use crate::error::{Error, Result};
use crate::system;

/// One query while it is lowered.
pub(super) struct Frame<'p> {
    pub query: &'p tree::Query,
    /// The query that this one is below.
    pub parent: Option<&'p Frame<'p>>,
    /// It is run anew for each row of the query around it, whose columns are parameters in it;
    /// else it is a part of that query's plan.
    pub correlated: bool,
    /// The columns of each range that is lowered, by number.
    pub ranges: RefCell<Vec<Option<HashMap<i16, Expr>>>>,
    pub ctes: RefCell<Vec<Rc<Cte>>>,
    /// Columns of queries further out, used in here.
    pub outer: RefCell<Vec<Outer>>,
    /// What is lowered is a subquery that is a condition of WHERE by itself, where NULL is as good
    /// as false.
    pub is_condition: Cell<bool>,
    /// What CASE compares, of each CASE around.
    pub case_operands: RefCell<Vec<Expr>>,
    /// What stands for each GROUPING, with the indexes of what it asks among the groups.
    pub groupings: RefCell<Vec<(Expr, Vec<usize>)>>,
    /// What a subquery's column is in the test of it.
    pub subquery_column: RefCell<Option<Expr>>,
}

/// What stands for a column of an outer query inside a subquery.
#[derive(Clone, Debug)]
pub(super) struct Outer {
    /// The placeholder.
    pub id: String,
    /// The column as the query around it sees it.
    pub value: Expr,
}

/// A CTE, planned once and read where it is named.
#[derive(Debug)]
pub(super) struct Cte {
    pub bound: Bound,
    /// How often it is read so far.
    pub uses: Cell<usize>,
    pub volatile: bool,
}

impl<'p> Frame<'p> {
    pub fn new(query: &'p tree::Query, parent: Option<&'p Frame<'p>>, correlated: bool) -> Self {
        Self {
            query,
            parent,
            correlated,
            ranges: RefCell::new(vec![None; query.ranges.len()]),
            ctes: RefCell::default(),
            outer: RefCell::default(),
            is_condition: Cell::new(false),
            case_operands: RefCell::default(),
            groupings: RefCell::default(),
            subquery_column: RefCell::default(),
        }
    }

    /// The domain that a column of `information_schema` is declared with: everything but
    /// `pg_typeof` takes its values for those of the type below.
    pub fn declared_domain(&self, expr: &tree::Expr) -> Option<TypeOid> {
        let ExprKind::Column(column) = &expr.kind else { return None };
        let mut frame = self;
        for _ in 0..column.levels_up {
            frame = frame.parent?;
        }
        let RangeKind::Relation(range) = &frame.query.ranges.get(column.range)?.kind else {
            return None;
        };
        let relation = system::relation_by_oid(range.oid.0)?;
        let index = usize::try_from(column.number).ok()?.checked_sub(1)?;
        relation.columns().get(index)?.domain
    }

    /// A CTE that is known here.
    pub fn cte(&self, levels_up: usize, index: usize) -> Option<Rc<Cte>> {
        match levels_up {
            0 => self.ctes.borrow().get(index).cloned(),
            levels => self.parent?.cte(levels - 1, index),
        }
    }
}

impl Lowering<'_> {
    /// A column, as an expression over the plan of its query, or a parameter where that is another
    /// plan.
    pub(super) fn column(&self, frame: &Frame<'_>, column: ColumnRef, t: PgType) -> Result<Expr> {
        if column.levels_up == 0 {
            return self.own_column(frame, column);
        }
        let parent =
            frame.parent.ok_or_else(|| Error::Internal("a column of no query".to_owned()))?;
        let further = ColumnRef { levels_up: column.levels_up - 1, ..column };
        let value = self.column(parent, further, t)?;
        Ok(if frame.correlated { self.outer(frame, value, t) } else { value })
    }

    fn own_column(&self, frame: &Frame<'_>, column: ColumnRef) -> Result<Expr> {
        let range = frame.query.ranges.get(column.range);
        if let Some(RangeKind::Join(join)) = range.map(|range| &range.kind) {
            if column.number == ColumnRef::WHOLE_ROW {
                return Err(Error::unsupported("a whole-row reference"));
            }
            let of_join = usize::try_from(column.number - 1).ok();
            let of_join = of_join.and_then(|index| join.columns.get(index));
            let of_join =
                of_join.ok_or_else(|| Error::Internal("a column of no join".to_owned()))?;
            return self.expr(frame, &of_join.value);
        }
        let ranges = frame.ranges.borrow();
        let known = ranges.get(column.range).and_then(Option::as_ref);
        let known = known.ok_or_else(|| Error::unsupported("LATERAL in this place"))?;
        match known.get(&column.number) {
            Some(known) => Ok(known.clone()),
            None => self.no_column(range, column.number),
        }
    }

    /// Of the system columns there is `tableoid` alone. What reads a table that nobody handles is
    /// refused for that, once it is planned.
    fn no_column(&self, range: Option<&Range>, number: i16) -> Result<Expr> {
        if number > 0 {
            return Err(Error::Internal(format!("there is no column {number}")));
        }
        if let Some(RangeKind::Relation(relation)) = range.map(|range| &range.kind)
            && let Some(table) = self.context.snapshot.relation(relation.oid)
            && let Some(table) = table.foreign_table()
            && self.planner.access().handler(table.server).is_err()
        {
            return Ok(Expr::Literal(ScalarValue::Null, None));
        }
        let whole = number == ColumnRef::WHOLE_ROW;
        Err(Error::unsupported(if whole { "a whole-row reference" } else { "a system column" }))
    }

    /// A column of the query around one that is run for each of its rows: a parameter.
    pub(super) fn outer(&self, frame: &Frame<'_>, value: Expr, t: PgType) -> Expr {
        let mut known = frame.outer.borrow_mut();
        let id = match known.iter().find(|outer| outer.value == value) {
            Some(outer) => outer.id.clone(),
            None => {
                let id = self.unique("$outer");
                known.push(Outer { id: id.clone(), value });
                id
            }
        };
        let field = medley_types::field(id.clone(), t, true);
        Expr::Placeholder(Placeholder::new_with_field(id, Some(Arc::new(field))))
    }
}
