//! From syntax to the analysed tree: what PostgreSQL calls parse analysis.
//!
//! Names are looked up in PostgreSQL's scoping, every expression gets a type, and every operator
//! and function is resolved among all of PostgreSQL's. The order in which the clauses of a SELECT
//! are looked at is PostgreSQL's too, for it decides which of two mistakes is told.
mod assignment;
mod change;
mod changing_cte;
mod coerce;
mod construct;
mod expr;
mod function;
mod grouping;
mod inserted;
mod join;
mod literal;
mod operator;
mod output;
mod quantified;
mod query;
mod range_function;
mod recursive;
mod relation;
mod row;
mod scope;
mod select;
mod set_operation;
mod subquery;
mod table_expression;
mod target;
mod through_view;
mod view;
mod window;

use std::cell::RefCell;

use medley_catalog::ids::RoleOid;
use medley_catalog::{SearchPath, Snapshot};
use medley_diagnostic::SqlState;
use medley_sql::query_ast as ast;
use medley_types::{PgType, Style};

use crate::error::{Error, Result};
use crate::tree::Query;
pub use change::{AnalysedStatement, Main, load, statement};
use changing_cte::Changes;
pub(crate) use literal::restyled;
pub(crate) use relation::MADE_ALIAS;
pub use table_expression::{ExpressionKind, TableExpression, expression};
pub use view::view;

/// What names and literals are read by.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The catalog.
    pub snapshot: &'a Snapshot,
    /// What names without a schema mean.
    pub path: SearchPath,
    /// The role whose privileges count: for schemas that are named, and for the relations.
    pub role: RoleOid,
    /// The role whose privileges count inside views with `security_invoker`: the session's, in
    /// views of others too.
    pub invoker: RoleOid,
    /// How literals are read.
    pub style: &'a Style,
    /// The database's name.
    pub database: &'a str,
}

impl<'a> Context<'a> {
    /// For a role, with its search path as it is set.
    pub fn new(
        snapshot: &'a Snapshot,
        search_path: &[String],
        role: RoleOid,
        style: &'a Style,
        database: &'a str,
    ) -> Self {
        let path = snapshot.search_path(search_path, role);
        Self { snapshot, path, role, invoker: role, style, database }
    }
}

/// What is known of `$1`, `$2` …
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// Their types; `None` for those that the query is to tell.
    pub types: Vec<Option<PgType>>,
    /// There are no others.
    pub complete: bool,
}

/// A query, analysed.
#[derive(Clone, Debug)]
pub struct Analysed {
    /// What it is.
    pub query: Query,
    /// What `$1`, `$2` … are.
    pub parameter_types: Vec<PgType>,
}

/// Analyses a query, which is expanded: the views that it reads have their queries. Privileges on
/// relations are not checked: see [`reads`](crate::reads).
pub fn query(
    context: &Context<'_>,
    query: &ast::Query,
    parameters: Parameters,
) -> Result<Analysed> {
    analysed(Analyser { expands: Some(0), ..Analyser::new(context, parameters) }, query)
}

/// The same, of which views stay what they are: for what is stored.
pub fn definition(context: &Context<'_>, query: &ast::Query) -> Result<Analysed> {
    let parameters = Parameters { types: Vec::new(), complete: true };
    analysed(Analyser::new(context, parameters), query)
}

fn analysed(analyser: Analyser<'_>, query: &ast::Query) -> Result<Analysed> {
    let query = analyser.query(None, query, true)?;
    Ok(Analysed { query, parameter_types: determined(analyser.parameters.into_inner())? })
}

fn determined(types: Vec<Option<PgType>>) -> Result<Vec<PgType>> {
    let undetermined = |index| {
        let message = format!("could not determine data type of parameter ${}", index + 1);
        Error::at(SqlState::INDETERMINATE_DATATYPE, message, None)
    };
    let types = types.into_iter().enumerate();
    types.map(|(index, t)| t.ok_or_else(|| undetermined(index))).collect()
}

/// Analyses one statement.
struct Analyser<'a> {
    context: &'a Context<'a>,
    parameters: RefCell<Vec<Option<PgType>>>,
    parameters_complete: bool,
    /// The text was stored by one who might.
    trusted: bool,
    /// Views get their queries; how deep in views within views this is.
    expands: Option<usize>,
    /// What WITH changes; none where it may not.
    changes: RefCell<Option<Changes>>,
}

impl<'a> Analyser<'a> {
    fn new(context: &'a Context<'a>, parameters: Parameters) -> Self {
        Self {
            context,
            parameters: RefCell::new(parameters.types),
            parameters_complete: parameters.complete,
            trusted: false,
            expands: None,
            changes: RefCell::new(None),
        }
    }
}
