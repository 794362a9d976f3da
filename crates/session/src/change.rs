//! Changes of rows: INSERT, UPDATE, DELETE and TRUNCATE, handed to the engine. MERGE is not done,
//! and why not is said as PostgreSQL says it of foreign tables.
use std::sync::Arc;

use futures::StreamExt;
use medley_diagnostic::{Diagnostic, Report};
use medley_engine::{Changes, Parameter, QueryContext, TruncateOptions};
use medley_sql::{DropBehavior, QueryStatement, Truncate};
use medley_types::PgType;
use tokio_util::sync::CancellationToken;

use crate::extended::Prepared;
use crate::query::put;
use crate::session::Bounds;
use crate::{Output, Session};

impl Session {
    /// Changes rows, and hands RETURNING's on; the result is the command's tag.
    pub(crate) async fn change_rows(
        &mut self,
        change: &QueryStatement,
        parameters: &[Parameter],
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<String, Report> {
        let mut changes = self.start_change(change, parameters, bounds, out).await?;
        if let Some(rows) = &mut changes.returned {
            out.columns(&rows.columns).await?;
            let style = Arc::clone(self.settings.lock().style());
            while let Some(batch) = rows.batches.next().await {
                put(&batch.map_err(|error| error.report())?, &style, out).await?;
            }
        }
        Ok(changes.tag())
    }

    /// Changes rows: all of them, before the first of RETURNING's is handed on.
    pub(crate) async fn start_change(
        &mut self,
        change: &QueryStatement,
        parameters: &[Parameter],
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Changes, Report> {
        if let QueryStatement::Merge { .. } = change {
            return Err(self.refuse_change(change, "MERGE", bounds, out).await);
        }
        self.lock_changed(change, &bounds.token)?;
        self.begin_cursors(&bounds.token).await?;
        let context = self.changing_context(bounds.token.clone());
        let changes = self.instance.engine.change(&context, change, parameters).await;
        let changes = changes.map_err(|error| error.report())?;
        self.tell_endings(&context.access, out).await?;
        Ok(changes)
    }

    /// What the engine is told of a statement that changes rows.
    pub(crate) fn changing_context(&mut self, token: CancellationToken) -> QueryContext {
        let (isolation, _) = self.remote_modes();
        self.transaction().change_remotes(isolation);
        self.query_context(token)
    }

    /// A change that is kept to be run.
    pub(crate) async fn prepare_change(
        &mut self,
        change: QueryStatement,
        types: Vec<Option<PgType>>,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<Prepared, Report> {
        if let QueryStatement::Merge { .. } = change {
            let checked = self
                .commands(bounds, out, |context| {
                    medley_commands::check_change_names(context, &change)
                })
                .await;
            return Err(checked.err().unwrap_or_else(|| Report::unsupported("PREPARE of MERGE")));
        }
        self.lock_changed(&change, &bounds.token)?;
        let context = self.query_context(bounds.token.clone());
        let prepared = self.instance.engine.prepare_change(&context, &change, &types);
        let prepared = prepared.map_err(|error| error.report())?;
        Ok(Prepared::Change {
            change: Arc::new(change),
            types: prepared.parameter_types.into(),
            columns: prepared.columns.map(Into::into),
        })
    }

    /// TRUNCATE.
    pub(crate) async fn truncate(
        &mut self,
        truncate: &Truncate,
        bounds: &Bounds,
        out: &mut dyn Output,
    ) -> Result<(), Report> {
        let found = self
            .commands(bounds, out, |context| medley_commands::truncated(context, truncate))
            .await?;
        self.begin_cursors(&bounds.token).await?;
        let context = self.changing_context(bounds.token.clone());
        let options = TruncateOptions {
            restart_identity: truncate.restart_identity,
            cascade: truncate.behavior == DropBehavior::Cascade,
        };
        let done = self.instance.engine.truncate(&context, &found, options).await;
        done.map_err(|error| error.report())
    }

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
}
