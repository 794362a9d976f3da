//! EXPLAIN of changes.
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use medley_analyze::Main;
use medley_analyze::tree::{Change, ChangeKind};
use medley_sql::QueryStatement;

use super::change::{
    Changes, How, RowWise, Running, analyse_to_run, check_read_only, checked, logical,
};
use super::direct;
use super::identity::Identity;
use super::plan::source;
use super::rows::{insert_statement, returned, statement as row_statement};
use super::table::Table;
use super::with::Changed;
use crate::context::QueryContext;
use crate::engine::{Engine, Parameter};
use crate::error::{Error, Result};
use crate::explain::{ChangeActual, ChangeShown, ExplainOptions, Ran, change_lines};
use crate::lower::Lowering;
use crate::scan::Planner;

impl Engine {
    /// What EXPLAIN of a change prints, a line each. Nothing is asked of a remote, but with ANALYZE
    /// rows are changed.
    pub async fn explain_change(
        &self,
        context: &QueryContext,
        statement: &QueryStatement,
        parameters: &[Parameter],
        options: &ExplainOptions,
    ) -> Result<Vec<String>> {
        let began = Instant::now();
        let analysed = analyse_to_run(context, statement, parameters)?;
        let (Main::Change(change), true) = (analysed.main, analysed.with.is_empty()) else {
            return Err(Error::unsupported("EXPLAIN of a change of rows in WITH"));
        };
        let table = checked(context, &change)?;
        let explained = Explained { context, table: &table, change: &change, parameters };
        match options.analyze {
            false => explained.planned(self, began, options).await,
            true => explained.ran(self, began, options).await,
        }
    }
}

/// A change that is explained.
struct Explained<'a> {
    context: &'a QueryContext,
    table: &'a Table,
    change: &'a Change,
    parameters: &'a [Parameter],
}

impl Explained<'_> {
    async fn planned(
        &self,
        engine: &Engine,
        began: Instant,
        options: &ExplainOptions,
    ) -> Result<Vec<String>> {
        let Self { context, table, change, parameters } = *self;
        let planner = Planner::new(engine, context);
        let lowering = || Lowering::new(context, Arc::clone(&planner), Some(parameters));
        let mut shown = self.shown();
        if let Some(direct) = direct::plan(context, &lowering(), table, change)? {
            shown.direct = Some(direct.sql.to_string());
            let ran = Ran { planning: began.elapsed(), ..Ran::default() };
            return Ok(change_lines(&shown, None, options, &ran));
        }
        let identity = match change.kind {
            ChangeKind::Insert => None,
            ChangeKind::Update | ChangeKind::Delete => Identity::known(table)?,
        };
        self.show_rows(&mut shown, identity.as_ref())?;
        let source = source(change, identity.as_ref());
        let plan = logical(lowering(), &source, identity.as_ref())?;
        let plan = planner.physical(&plan).await?;
        let ran = Ran { planning: began.elapsed(), ..Ran::default() };
        Ok(change_lines(&shown, Some(&plan), options, &ran))
    }

    /// The change is done, and its rows are counted.
    async fn ran(
        &self,
        engine: &Engine,
        began: Instant,
        options: &ExplainOptions,
    ) -> Result<Vec<String>> {
        let Self { context, table, change, parameters } = *self;
        check_read_only(context, change.kind.tag())?;
        let planning = began.elapsed();
        let began = Instant::now();
        let changed = &Changed::new();
        let running =
            Running { engine, context, change, table, parameters, changed, measures: true };
        let (changes, how) = running.run().await?;
        let mut shown = self.shown();
        let count = changes.count;
        shown.actual = Some(ChangeActual { count, returned: returned_rows(changes).await? });
        let mut ran = Ran { planning, execution: Some(began.elapsed()), ..Ran::default() };
        match how {
            How::Direct(sql) => {
                shown.direct = Some(sql.to_string());
                Ok(change_lines(&shown, None, options, &ran))
            }
            How::Rows(rows) => {
                let RowWise { identity, plan, measurements, .. } = *rows;
                self.show_rows(&mut shown, identity.as_ref())?;
                ran.measurements = measurements;
                Ok(change_lines(&shown, Some(&plan), options, &ran))
            }
        }
    }

    fn shown(&self) -> ChangeShown {
        let Self { table, change, .. } = self;
        ChangeShown {
            kind: change.kind,
            schema: table.schema.clone(),
            name: table.relation.name.clone(),
            alias: change.alias.clone().unwrap_or_else(|| table.relation.name.clone()),
            direct: None,
            remote_sql: None,
            batch_size: None,
            skips_conflicts: change.skips_conflicts,
            output: change.output().into_iter().map(|column| column.name).collect(),
            actual: None,
        }
    }

    /// What is run for each row, by what rows are found again as far as that is known.
    fn show_rows(&self, shown: &mut ChangeShown, identity: Option<&Identity>) -> Result<()> {
        let Self { context, table, change, .. } = *self;
        let names = returned(table, change)?.map(|(names, _)| names).unwrap_or_default();
        shown.remote_sql = match (identity, change.kind) {
            (None, ChangeKind::Insert) => Some(insert_statement(table, change, 1, &names)?),
            (Some(identity), _) => Some(row_statement(context, table, change, identity, &names)?),
            (None, _) => None,
        }
        .map(|sql| sql.to_string());
        if change.kind == ChangeKind::Insert {
            let is_batched = change.returning.is_none() && change.checks.is_empty();
            shown.batch_size = is_batched.then(|| table.batch_size(context)).or(Some(1));
        }
        Ok(())
    }
}

/// How many rows RETURNING returns.
async fn returned_rows(changes: Changes) -> Result<u64> {
    let Some(mut rows) = changes.returned else { return Ok(0) };
    let mut count = 0;
    while let Some(batch) = rows.batches.next().await {
        count += batch?.rows() as u64;
    }
    Ok(count)
}
