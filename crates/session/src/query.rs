//! Queries: SELECT and EXPLAIN, handed to the engine.
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use futures::StreamExt;
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_engine::{
    Batch, ExplainOptions, Format, Parameter, PlanCell, QueryContext, Rows, RunOptions,
};
use medley_fdw::Isolation;
use medley_foreign::Access;
use medley_sql::{Explain, ExplainOption, Query, QueryStatement, Statement};
use medley_types::Style;
use tokio_util::sync::CancellationToken;

use crate::login::micros;
use crate::set::text_column;
use crate::{Output, Session};

impl Session {
    /// What the engine is told of the session, for a statement that begins now.
    pub(crate) fn query_context(&mut self, token: CancellationToken) -> QueryContext {
        let (isolation, read_only) = self.remote_modes();
        let standing = self.standing();
        let listed = self.see();
        let transaction = self.transaction();
        transaction.queried = true;
        let snapshot = transaction.catalog.snapshot();
        let remote = transaction.remote(isolation, read_only);
        let started = transaction.started;
        let foreign = Arc::clone(&self.instance.foreign);
        let person = standing.person.clone();
        let access = Access::new(foreign, Arc::clone(&snapshot), person, remote, token.clone());
        let facts = self.facts(Arc::clone(&access), &standing);
        let readings = &standing.readings;
        QueryContext {
            snapshot,
            listed,
            role: self.identity.current_user(),
            session_user: self.identity.session_user(),
            search_path: Arc::clone(&readings.search_path),
            style: Arc::clone(&readings.style),
            pushdown: readings.pushdown,
            memory: readings.query_memory,
            statement_time: micros(SystemTime::now()),
            transaction_time: micros(started),
            access,
            facts,
            cancel: token,
        }
    }

    pub(crate) fn remote_modes(&self) -> (Isolation, bool) {
        let readings = self.readings();
        (readings.isolation(), readings.read_only)
    }

    /// Starts a SELECT.
    pub(crate) async fn start_query(
        &mut self,
        query: &Query,
        parameters: &[Parameter],
        options: RunOptions<'_>,
        token: CancellationToken,
        out: &mut dyn Output,
    ) -> Result<Rows, Report> {
        self.lock_relations(query, None, &token)?;
        self.start_locked(query, parameters, options, token, out).await
    }

    /// The same, when what it reads is locked.
    pub(crate) async fn start_locked(
        &mut self,
        query: &Query,
        parameters: &[Parameter],
        mut options: RunOptions<'_>,
        token: CancellationToken,
        out: &mut dyn Output,
    ) -> Result<Rows, Report> {
        // What the transaction has changed is in no version of the catalog.
        options.plan = options.plan.filter(|_| !self.transaction().catalog.has_changes());
        let context = self.query_context(token);
        let rows = self.instance.engine.run_with(&context, query, parameters, options).await;
        let rows = rows.map_err(|error| error.report())?;
        self.tell_endings(&context.access, out).await?;
        self.noted.retain(|access| access.strong_count() > 0);
        self.noted.push(Arc::downgrade(&context.access));
        Ok(rows)
    }

    /// The next rows, and what was noted of those before them.
    pub(crate) async fn next_rows(
        &mut self,
        rows: &mut Rows,
        token: &CancellationToken,
        out: &mut dyn Output,
    ) -> Option<Result<Batch, Report>> {
        let noted: Vec<_> = self.noted.iter().filter_map(Weak::upgrade).collect();
        let batch = next(rows, token).await;
        for notice in noted.iter().flat_map(|access| access.take_notices()) {
            if let Err(error) = self.notice(&notice, out).await {
                return Some(Err(error));
            }
        }
        batch
    }

    /// Runs a SELECT to its end; the result is how many rows went out.
    pub(crate) async fn select(
        &mut self,
        query: &Query,
        parameters: &[Parameter],
        plan: Option<&PlanCell>,
        token: CancellationToken,
        out: &mut dyn Output,
    ) -> Result<u64, Report> {
        let options = RunOptions { raw: out.raw_formats(), plan };
        let mut rows = self.start_query(query, parameters, options, token.clone(), out).await?;
        out.columns(&rows.columns).await?;
        let mut count = 0;
        while let Some(batch) = self.next_rows(&mut rows, &token, out).await {
            let batch = batch?;
            count += batch.rows() as u64;
            let style = Arc::clone(self.settings.lock().style());
            put(&batch, &style, out).await?;
        }
        self.tell_notices(out).await?;
        Ok(count)
    }

    /// What functions had to say.
    pub(crate) async fn tell_notices(&mut self, out: &mut dyn Output) -> Result<(), Report> {
        let notices = std::mem::take(&mut *self.told_by_functions.lock());
        self.notices(notices, out).await
    }

    /// Runs EXPLAIN.
    pub(crate) async fn explain_query(
        &mut self,
        explain: &Explain,
        parameters: &[Parameter],
        token: CancellationToken,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let options = explain_options(&explain.options)?;
        let query = match &*explain.statement {
            Statement::Query(QueryStatement::Select(query)) => query,
            Statement::DeclareCursor(cursor) => &cursor.query,
            other => return Err(Report::unsupported(format!("EXPLAIN {}", other.tag()))),
        };
        self.lock_relations(query, None, &token)?;
        let context = self.query_context(token);
        let lines = self.instance.engine.explain(&context, query, parameters, &options).await;
        let lines = lines.map_err(|error| error.report())?;
        let rows = lines.into_iter().map(|line| vec![line]).collect();
        self.text_rows(vec![text_column("QUERY PLAN")], rows, out).await
    }
}

/// The next rows, unless the statement is cancelled first.
pub(crate) async fn next(
    rows: &mut Rows,
    token: &CancellationToken,
) -> Option<Result<Batch, Report>> {
    tokio::select! {
        biased;
        () = token.cancelled() => Some(Err(Report::error(
            SqlState::QUERY_CANCELED,
            "canceling statement due to user request",
        ))),
        batch = rows.batches.next() => batch.map(|batch| batch.map_err(|error| error.report())),
    }
}

/// Hands rows on, in the form that they came in.
pub(crate) async fn put(
    batch: &Batch,
    style: &Arc<Style>,
    out: &mut dyn Output,
) -> Result<(), Report> {
    match batch {
        Batch::Columns(batch) => out.rows(batch, style).await,
        Batch::Raw(batch) => out.raw_rows(batch).await,
    }
}

pub(crate) fn explain_options(given: &[ExplainOption]) -> Result<ExplainOptions, Report> {
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
