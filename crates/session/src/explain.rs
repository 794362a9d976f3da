//! EXPLAIN of queries and changes, stated or prepared.
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_engine::{ExplainOptions, Format, Parameter};
use medley_sql::{Explain, ExplainOption, Query, QueryStatement, Statement};
use tokio_util::sync::CancellationToken;

use crate::extended::Prepared;
use crate::session::Bounds;
use crate::set::text_column;
use crate::{Output, Session};

impl Session {
    /// EXPLAIN; with ANALYZE the statement runs.
    pub(crate) async fn explain_statement(
        &mut self,
        explain: &Explain,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let options = options_of(&explain.options)?;
        let token = bounds.token.clone();
        let lines = match &*explain.statement {
            Statement::Query(QueryStatement::Select(query)) if !query.changes_rows() => {
                self.explain_query(query, &[], &options, token).await?
            }
            Statement::DeclareCursor(cursor) => {
                self.explain_query(&cursor.query, &[], &options, token).await?
            }
            Statement::Query(change) => {
                self.explain_change(change, &[], &options, bounds, out).await?
            }
            Statement::Execute(execute) => {
                let prepared = self.prepared(execute.name.as_str())?;
                let parameters = self.arguments(execute, &prepared)?;
                match &*prepared {
                    Prepared::Query { query, .. } => {
                        self.explain_query(query, &parameters, &options, token).await?
                    }
                    Prepared::Change { change, .. } => {
                        self.explain_change(change, &parameters, &options, bounds, out).await?
                    }
                    _ => return Err(Report::unsupported("EXPLAIN EXECUTE of such a statement")),
                }
            }
            other => return Err(Report::unsupported(format!("EXPLAIN {}", other.tag()))),
        };
        let rows = lines.into_iter().map(|line| vec![line]).collect();
        self.text_rows(vec![text_column("QUERY PLAN")], rows, out).await
    }

    async fn explain_query(
        &mut self,
        query: &Query,
        parameters: &[Parameter],
        options: &ExplainOptions,
        token: CancellationToken,
    ) -> Result<Vec<String>, Report> {
        self.lock_relations(query, None, &token)?;
        let context = self.query_context(token);
        let lines = self.instance.engine.explain(&context, query, parameters, options).await;
        lines.map_err(|error| error.report())
    }

    async fn explain_change(
        &mut self,
        change: &QueryStatement,
        parameters: &[Parameter],
        options: &ExplainOptions,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Vec<String>, Report> {
        if let QueryStatement::Merge { .. } = change {
            return Err(self.refuse_change(change, "EXPLAIN MERGE", bounds, out).await);
        }
        self.lock_changed(change, &bounds.token)?;
        if options.analyze {
            self.begin_cursors(&bounds.token).await?;
        }
        let context = self.changing_context(bounds.token.clone());
        let engine = &self.instance.engine;
        let lines = engine.explain_change(&context, change, parameters, options).await;
        lines.map_err(|error| error.report())
    }
}

fn options_of(given: &[ExplainOption]) -> Result<ExplainOptions, Report> {
    let mut options = ExplainOptions::default();
    let (mut timing, mut needs_analyze, mut is_generic) = (None, None, false);
    for option in given {
        match option.name.as_str() {
            "verbose" => options.verbose = boolean(option)?,
            "analyze" => options.analyze = boolean(option)?,
            "costs" => options.costs = boolean(option)?,
            "timing" => timing = Some(boolean(option)?),
            "summary" => options.summary = Some(boolean(option)?),
            "wal" => needs_analyze = needs_analyze.or(boolean(option)?.then_some("WAL")),
            "generic_plan" => is_generic = boolean(option)?,
            "format" => options.format = format(option)?,
            // What they would show there is not here.
            "settings" | "buffers" | "memory" => drop(boolean(option)?),
            "serialize" if is_none(option) => {}
            "serialize" => needs_analyze = needs_analyze.or(Some("SERIALIZE")),
            name => {
                let message = format!("unrecognized EXPLAIN option \"{name}\"");
                return Err(Report::error(SqlState::SYNTAX_ERROR, message).at(option.position));
            }
        }
    }
    options.timing = timing.unwrap_or(true);
    let needs_analyze = needs_analyze.or(timing.filter(|on| *on).map(|_| "TIMING"));
    match (options.analyze, needs_analyze, is_generic) {
        (false, Some(name), _) => Err(Report::error(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("EXPLAIN option {name} requires ANALYZE"),
        )),
        (true, _, true) => Err(Report::error(
            SqlState::INVALID_PARAMETER_VALUE,
            "EXPLAIN options ANALYZE and GENERIC_PLAN cannot be used together",
        )),
        _ => Ok(options),
    }
}

/// SERIALIZE NONE.
fn is_none(option: &ExplainOption) -> bool {
    option.value.as_deref().is_some_and(|value| {
        matches!(value.to_lowercase().as_str(), "none" | "off" | "false" | "0")
    })
}

fn boolean(option: &ExplainOption) -> Result<bool, Report> {
    let Some(value) = &option.value else { return Ok(true) };
    match value.to_lowercase().as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        _ => {
            let message = format!("{} requires a Boolean value", option.name.as_str());
            Err(Report::error(SqlState::SYNTAX_ERROR, message))
        }
    }
}

fn format(option: &ExplainOption) -> Result<Format, Report> {
    match option.value.as_deref().map(str::to_lowercase).as_deref() {
        Some("text") => Ok(Format::Text),
        Some("json") => Ok(Format::Json),
        Some(known @ ("xml" | "yaml")) => {
            Err(Report::unsupported(format!("EXPLAIN (FORMAT {})", known.to_uppercase())))
        }
        other => {
            let value = other.unwrap_or_default();
            let message = format!("unrecognized value for EXPLAIN option \"format\": \"{value}\"");
            Err(Report::error(SqlState::INVALID_PARAMETER_VALUE, message).at(option.position))
        }
    }
}
