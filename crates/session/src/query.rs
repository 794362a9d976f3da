//! Queries, handed to the engine.
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use futures::StreamExt;
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_engine::{Batch, Parameter, PlanCell, QueryContext, Rows, RunOptions};
use medley_fdw::Isolation;
use medley_foreign::Access;
use medley_sql::Query;
use medley_types::Style;
use tokio_util::sync::CancellationToken;

use crate::login::micros;
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
