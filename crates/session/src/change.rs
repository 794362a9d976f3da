//! Changes of rows: INSERT, UPDATE, DELETE, MERGE. None is done yet, and why not is said as
//! PostgreSQL says it where it could not either.
use medley_diagnostic::Report;
use medley_sql::{Prepare, QueryStatement, Statement};

use crate::session::Bounds;
use crate::{Output, Session};

impl Session {
    /// Why rows cannot be changed; `what` is the statement in the words of the answer.
    pub(crate) async fn refuse_change(
        &mut self,
        change: &QueryStatement,
        what: &str,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Report {
        let checked = self
            .commands(bounds, out, |context| medley_commands::check_change(context, change))
            .await;
        checked.err().unwrap_or_else(|| Report::unsupported(what))
    }

    /// The same of PREPARE, which asks for no right.
    pub(crate) async fn refuse_to_prepare(
        &mut self,
        prepare: &Prepare,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Report {
        let change = &prepare.statement;
        let checked = self
            .commands(bounds, out, |context| medley_commands::check_change_names(context, change))
            .await;
        let refuse = || Report::unsupported(format!("PREPARE of {}", change.tag()));
        checked.err().unwrap_or_else(refuse)
    }
}

/// The change of rows that a statement is.
pub(crate) fn change_in(statement: &Statement) -> Option<&QueryStatement> {
    match statement {
        Statement::Query(QueryStatement::Select(_)) => None,
        Statement::Query(change) => Some(change),
        _ => None,
    }
}
