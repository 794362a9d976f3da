//! From a query's syntax to a plan: what PostgreSQL calls parse analysis.
//!
//! Names are looked up in PostgreSQL's scoping, every expression gets a type, and every operator
//! and function is resolved among all of PostgreSQL's. Each relation of a query is recorded with
//! the role whose privileges count for it and the columns that are used of it, so that privileges
//! are checked in one place (`privileges`) before a mapping is looked at.
mod coerce;
mod expr;
mod function;
mod grouping;
mod join;
mod literal;
mod operator;
mod output;
mod privileges;
mod query;
mod relation;
mod scope;
mod select;
mod set_function;
mod set_operation;
mod subquery;
mod window;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::logical_expr::{Expr, LogicalPlan};
use medley_catalog::ids::RoleOid;
use medley_sql::Query;
use medley_types::{Column, PgType};

use crate::context::QueryContext;
use crate::engine::Parameter;
use crate::error::{Error, Result};
use crate::scan::Planner;
use crate::semantics::Env;
use scope::Surroundings;

pub(crate) use privileges::{Read, check as check_privileges};

/// A query bound: its plan, its columns, and what it reads.
pub(crate) struct BoundQuery {
    /// With one column for each of `columns`, in order.
    pub plan: LogicalPlan,
    /// As the client sees them.
    pub columns: Vec<Column>,
    /// What `$1`, `$2` … are.
    pub parameter_types: Vec<PgType>,
    /// The relations, with whose privileges count.
    pub reads: Vec<Read>,
    /// What each `*` of the query's own text stands for.
    pub stars: Vec<Star>,
}

/// A `*` or `t.*`, and the columns that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Star {
    /// Its bytes in the text that was parsed.
    pub span: Range<usize>,
    /// The columns, as SQL.
    pub columns: String,
}

/// An expression with its type.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub expr: Expr,
    pub t: PgType,
    /// Where it stands in the text.
    pub position: Option<usize>,
    /// Its type is not settled yet; `t` is `unknown`.
    pub open: Option<Open>,
}

/// What waits for its type.
#[derive(Clone, Debug)]
pub(crate) enum Open {
    /// A string literal, or NULL.
    Literal(Option<String>),
    /// `$n`, counted from 0.
    Parameter(usize),
}

impl Typed {
    fn new(expr: Expr, t: PgType, position: Option<usize>) -> Self {
        Self { expr, t, position, open: None }
    }
}

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
    /// An unknown literal, which a set operation or an outer query may still settle.
    pub open: Option<Open>,
}

/// Binds one query.
pub(crate) struct Binder<'a> {
    context: &'a QueryContext,
    env: Arc<Env>,
    /// Plans and runs what a correlated subquery is.
    planner: Arc<Planner>,
    parameter_types: RefCell<Vec<Option<PgType>>>,
    /// None while a query is only prepared.
    parameters: Option<&'a [Parameter]>,
    reads: RefCell<Vec<Read>>,
    /// Makes names unique.
    counter: Cell<usize>,
    /// How deep in views within views.
    view_depth: Cell<usize>,
    /// By where they begin, for a subquery may be bound more than once.
    stars: RefCell<BTreeMap<usize, Star>>,
}

impl<'a> Binder<'a> {
    pub(crate) fn new(
        context: &'a QueryContext,
        planner: Arc<Planner>,
        parameter_types: Vec<Option<PgType>>,
        parameters: Option<&'a [Parameter]>,
    ) -> Self {
        Self {
            context,
            env: planner.env(),
            planner,
            parameter_types: RefCell::new(parameter_types),
            parameters,
            reads: RefCell::default(),
            counter: Cell::new(0),
            view_depth: Cell::new(0),
            stars: RefCell::default(),
        }
    }

    /// Binds a whole query.
    pub(crate) fn bind(self, query: &Query) -> Result<BoundQuery> {
        let surroundings = Surroundings::top(self.context.role);
        let bound = self.query(&surroundings, &query.ast)?;
        let bound = self.settle_outputs(bound)?;
        let bound = self.printed_names(bound)?;
        let parameter_types = self.parameter_types.into_inner();
        let undetermined = |index| {
            let message = format!("could not determine data type of parameter ${}", index + 1);
            let state = medley_diagnostic::SqlState::INDETERMINATE_DATATYPE;
            Error::at(state, message, None)
        };
        let parameter_types = parameter_types.into_iter().enumerate();
        Ok(BoundQuery {
            stars: self.stars.into_inner().into_values().collect(),
            columns: bound
                .columns
                .iter()
                .map(|column| Column { name: column.name.clone(), pg_type: column.t })
                .collect(),
            plan: bound.plan,
            parameter_types: parameter_types
                .map(|(index, t)| t.ok_or_else(|| undetermined(index)))
                .collect::<Result<_>>()?,
            reads: self.reads.into_inner(),
        })
    }

    /// A name that no other part of the plan has.
    fn unique(&self, base: &str) -> String {
        let number = self.counter.get() + 1;
        self.counter.set(number);
        format!("{base}#{number}")
    }

    fn role(&self) -> RoleOid {
        self.context.role
    }
}

/// A CTE, planned once and read where it is named.
#[derive(Debug)]
pub(crate) struct Cte {
    name: String,
    bound: Bound,
    /// How often it is read so far.
    uses: Cell<usize>,
    volatile: bool,
}

type Ctes = Vec<Rc<Cte>>;
