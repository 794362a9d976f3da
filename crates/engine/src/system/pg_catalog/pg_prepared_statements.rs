//! The session's own prepared statements.
use super::super::value::{NULL, flag, oids, optional_time, text};
use super::super::{Keys, RowSink, Session};
use crate::error::Result;
use crate::semantics::Datum;

/// Adds its rows. What has parameters is planned for their values, as PostgreSQL's custom plans.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    session.facts.prepared_statements().iter().try_for_each(|it| {
        let (generic, custom) = match it.parameter_types.is_empty() {
            true => (it.runs, 0),
            false => (0, it.runs),
        };
        out.push(&[
            text(it.name.as_str()),
            text(&*it.statement),
            optional_time(Some(it.prepared)),
            oids(it.parameter_types.iter().copied()),
            it.result_types.as_ref().map_or(NULL, |types| oids(types.iter().copied())),
            flag(it.from_sql),
            Datum::Int8(generic),
            Datum::Int8(custom),
        ])
    })
}
