//! From the analysed tree to DataFusion's plans.
//!
//! What names mean, of which type everything is and which function a call calls has been settled
//! by `medley_analyze`; here each node becomes an expression or plan that computes what PostgreSQL
//! does, or is refused (`0A000`). An expression comes out in the Arrow form of its node's type.
mod aggregate;
mod call;
mod change;
mod comparison;
mod decorrelate;
mod expr;
mod frame;
mod from;
mod function;
mod grouping;
mod literal;
mod output;
mod query;
mod select;
mod set_operation;
mod subquery;
mod window;

pub(crate) use change::{Hidden, Known};

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::logical_expr::{Expr, LogicalPlan};
use medley_analyze::tree;
use medley_types::PgType;

use self::decorrelate::Correlated;
use crate::context::QueryContext;
use crate::engine::Parameter;
use crate::error::{Error, Result};
use crate::scan::Planner;
use crate::semantics::Env;
use crate::semantics::resolve::Resolved;

/// A plan with its columns.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub plan: LogicalPlan,
    pub columns: Vec<BoundColumn>,
}

/// A column of a plan.
#[derive(Clone, Debug)]
pub(crate) struct BoundColumn {
    /// As the client sees it.
    pub name: String,
    pub t: PgType,
    /// What refers to it.
    pub expr: Expr,
}

/// An expression with its type.
#[derive(Clone, Debug)]
struct Typed {
    expr: Expr,
    t: PgType,
    position: Option<usize>,
}

/// Lowers one query.
pub(crate) struct Lowering<'a> {
    context: &'a QueryContext,
    env: Arc<Env>,
    /// Plans and runs what a correlated subquery is.
    planner: Arc<Planner>,
    /// None while a query is only prepared.
    parameters: Option<&'a [Parameter]>,
    /// Of the first table of the query, which a change of rows reads: what is no column of it.
    hidden: Option<Hidden>,
    /// What the statement's WITH has changed, by its place there.
    changed: &'a [Vec<RecordBatch>],
    /// Makes names unique.
    counter: Cell<usize>,
    /// The correlated subqueries by the names of their calls.
    sub_plans: RefCell<HashMap<String, Rc<Correlated>>>,
}

impl<'a> Lowering<'a> {
    pub fn new(
        context: &'a QueryContext,
        planner: Arc<Planner>,
        parameters: Option<&'a [Parameter]>,
    ) -> Self {
        Self {
            context,
            env: planner.env(),
            planner,
            parameters,
            hidden: None,
            changed: &[],
            counter: Cell::new(0),
            sub_plans: RefCell::default(),
        }
    }

    /// The same, for a query whose first table is read with what else its rows are found by.
    pub fn reading(self, hidden: Option<Hidden>) -> Self {
        Self { hidden, ..self }
    }

    /// The same, for a statement whose WITH has changed rows.
    pub fn reading_changed(self, changed: &'a [Vec<RecordBatch>]) -> Self {
        Self { changed, ..self }
    }

    /// The plan of a whole query: with one column for each that comes out, in order.
    pub fn plan(&self, query: &tree::Query) -> Result<LogicalPlan> {
        let bound = self.query(None, query, false)?.0;
        Ok(self.printed_names(bound)?.plan)
    }

    /// A name that no other part of the plan has.
    fn unique(&self, base: &str) -> String {
        let number = self.counter.get() + 1;
        self.counter.set(number);
        format!("{base}#{number}")
    }
}

/// What a call was resolved to, told by its function and arguments.
fn resolved(function: u32, arguments: &[tree::Expr], result: PgType) -> Result<Resolved> {
    let function = medley_analyze::builtin::function_by_oid(function)
        .ok_or_else(|| Error::Internal(format!("there is no function {function}")))?;
    let arguments = arguments.iter().map(|argument| expr::known(argument.t)).collect();
    Ok(Resolved { function, arguments, result, variadic_from: None })
}
