//! Views: their queries, read with their owners' rights.
use medley_catalog::objects::{Relation, View};
use medley_diagnostic::SqlState;
use medley_types::Style;

use super::{Analyser, Context, Parameters};
use crate::error::{Error, Result};
use crate::tree::Query;

/// Views within views within views.
const MAX_DEPTH: usize = 64;

/// Analyses the query that a view is; views that it reads stay what they are.
pub fn view(context: &Context<'_>, relation: &Relation, view: &View) -> Result<Query> {
    stored(context, relation, view, None)
}

fn stored(
    context: &Context<'_>,
    relation: &Relation,
    view: &View,
    expands: Option<usize>,
) -> Result<Query> {
    // It was printed so, whatever the session's settings are.
    let style = Style::default();
    let context = &Context { style: &style, ..context.clone() };
    let query = medley_sql::parse_query(&view.query)
        .map_err(|error| Error::Internal(format!("view \"{}\": {error}", relation.name)))?;
    let parameters = Parameters { types: Vec::new(), complete: true };
    let analyser = Analyser { trusted: true, expands, ..Analyser::new(context, parameters) };
    // Positions in it are of another text than the statement's.
    let mut query = analyser.query(None, &query.ast, true).map_err(Error::without_position)?;
    let declared: Vec<_> = relation.live_columns().collect();
    let outputs: Vec<_> = query.targets.iter_mut().filter(|target| !target.junk).collect();
    if declared.len() != outputs.len()
        || declared.iter().zip(&outputs).any(|(it, out)| it.pg_type.oid != out.expr.t.oid)
    {
        // What it reads was changed under it.
        let message = format!("view \"{}\" no longer fits what it reads", relation.name);
        let state = SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE;
        return Err(Error::at(state, message, None));
    }
    for (column, output) in declared.into_iter().zip(outputs) {
        output.name.clone_from(&column.name);
    }
    Ok(query)
}

impl Analyser<'_> {
    /// A view is its query, read with its owner's rights unless it says otherwise.
    pub(super) fn view_query(&self, relation: &Relation, view: &View) -> Result<Query> {
        if view.security_barrier() {
            // An optimizer would move the caller's conditions below the view's own, and their
            // errors quote values of rows that the view hides.
            return Err(Error::unsupported("reading a security_barrier view"));
        }
        let depth = self.expands.map_or(1, |depth| depth + 1);
        if depth > MAX_DEPTH {
            let message =
                format!("infinite recursion detected in rules for relation \"{}\"", relation.name);
            return Err(Error::at(SqlState::INVALID_OBJECT_DEFINITION, message, None));
        }
        let role = if view.security_invoker() { self.context.invoker } else { relation.owner };
        let inside = Context { role, ..self.context.clone() };
        stored(&inside, relation, view, Some(depth))
    }
}
