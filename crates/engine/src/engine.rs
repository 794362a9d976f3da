//! The engine: one a process.
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use datafusion::arrow::array::ArrayRef;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use medley_analyze::{Analysed, Parameters};
use medley_catalog::ids::{RelationOid, RoleOid};
use medley_fdw::Handler;
use medley_sql::Query;
use medley_types::{Column, PgType};

use crate::context::QueryContext;
use crate::error::{Error, Result};
use crate::explain::{Actual, ExplainOptions, Ran, measured};
use crate::lower::Lowering;
use crate::memory::Memory;
use crate::privileges;
use crate::row_store::RowStore;
use crate::rows::{Batch, RawFormats, Rows, RunOptions};
use crate::scan::{Planner, check_handlers};
use crate::ship;
use crate::ship::whole::{NotShipped, Shippable, Whole};

/// What the engine may use of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory for sorting, grouping and joining, in bytes, of all statements together; beyond
    /// it they spill to disk, or end with 53200.
    pub memory_bytes: usize,
    /// The same of all statements of one role.
    pub role_memory_bytes: usize,
    /// How many threads' worth of work a statement is cut into.
    pub parallelism: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let parallelism = std::thread::available_parallelism().map_or(4, usize::from);
        Self { memory_bytes: 1 << 30, role_memory_bytes: usize::MAX, parallelism }
    }
}

/// A parameter's value.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its type, which must be the one that `prepare` answered.
    pub pg_type: PgType,
    /// An array of one value, in the type's form, as `types::ColumnBuilder` makes it.
    pub value: ArrayRef,
}

/// What is known of a query before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What comes out.
    pub columns: Vec<Column>,
    /// What `$1`, `$2` … are.
    pub parameter_types: Vec<PgType>,
}

/// Plans and runs queries.
#[derive(Debug)]
pub struct Engine {
    /// For what belongs to no statement; statements have one each, over their own memory.
    runtime: Arc<RuntimeEnv>,
    memory: Memory,
    pub(crate) limits: Limits,
}

impl Engine {
    /// Within these limits. What is spilled goes to this folder, if it is said, else to where the
    /// machine has its temporary files.
    pub fn new(limits: Limits, spill: Option<&Path>) -> Result<Self> {
        let builder = RuntimeEnvBuilder::new();
        let builder = match spill {
            Some(folder) => builder.with_temp_file_path(folder),
            None => builder,
        };
        let memory = Memory::new(limits.memory_bytes, limits.role_memory_bytes);
        Ok(Self { runtime: builder.build_arc()?, memory, limits })
    }

    /// What a statement runs in: over its own memory, which is counted for its role too.
    pub(crate) fn runtime(&self, role: RoleOid, limit: Option<usize>) -> Arc<RuntimeEnv> {
        let pool = self.memory.pool(role, limit);
        let builder = RuntimeEnvBuilder::from_runtime_env(&self.runtime);
        let runtime = builder.with_memory_pool(pool).build_arc();
        runtime.unwrap_or_else(|_| Arc::clone(&self.runtime))
    }

    /// A place for rows that are to be read again.
    pub fn row_store(&self, role: RoleOid) -> RowStore {
        RowStore::new(&self.runtime(role, None))
    }

    /// Finds out what a query's columns and parameters are. Privileges are not checked, and no
    /// mapping is needed.
    ///
    /// `parameter_types` are those that the client declared, `None` for those that the query is
    /// to tell.
    pub fn prepare(
        &self,
        context: &QueryContext,
        query: &Query,
        parameter_types: &[Option<PgType>],
    ) -> Result<Prepared> {
        let types = parameter_types.to_vec();
        let analysed = analyse(context, query, Parameters { types, complete: false })?;
        // What cannot be planned is refused here already. What a remote may be sent as a whole
        // need not be, unless it turns out then that it may not.
        if whole(context, query, &analysed).is_err() {
            Lowering::new(context, Planner::new(self, context), None).plan(&analysed.query)?;
        }
        Ok(Prepared {
            columns: analysed.query.columns(),
            parameter_types: analysed.parameter_types,
        })
    }

    /// Plans a query, checks privileges, and starts it. Rows come as they are asked for, as
    /// columns.
    pub async fn run(
        &self,
        context: &QueryContext,
        query: &Query,
        parameters: &[Parameter],
    ) -> Result<Rows> {
        self.run_with(context, query, parameters, RunOptions::default()).await
    }

    /// The same, with rows in the form that is wanted, where that is possible.
    pub async fn run_with(
        &self,
        context: &QueryContext,
        query: &Query,
        parameters: &[Parameter],
        options: RunOptions<'_>,
    ) -> Result<Rows> {
        let kept = options.plan.and_then(|cell| cell.get(context, parameters));
        if let Some(Ok(whole)) = kept.as_deref()
            && let Some(rows) = self.shipped(context, query, whole, parameters, &options).await?
        {
            return Ok(rows);
        }
        // Large, and what was planned before has no need of it.
        Box::pin(self.run_anew(context, query, parameters, &options, kept.is_none())).await
    }

    /// A query that was not planned before, or may not be shipped as it then was.
    async fn run_anew(
        &self,
        context: &QueryContext,
        query: &Query,
        parameters: &[Parameter],
        options: &RunOptions<'_>,
        may_be_shipped: bool,
    ) -> Result<Rows> {
        let analysed = analyse_to_run(context, query, parameters)?;
        if may_be_shipped {
            let plan = Arc::new(whole(context, query, &analysed));
            if let Some(cell) = options.plan {
                cell.set(context, parameters, &plan);
            }
            if let Ok(whole) = plan.as_ref()
                && let Some(rows) = self.shipped(context, query, whole, parameters, options).await?
            {
                return Ok(rows);
            }
        }
        Box::pin(self.run_here(context, &analysed, parameters)).await
    }

    /// The rows of a statement that is shipped as a whole, or that costs less in another way;
    /// `None` if it may not be shipped after all.
    async fn shipped(
        &self,
        context: &QueryContext,
        query: &Query,
        whole: &Arc<Whole>,
        parameters: &[Parameter],
        options: &RunOptions<'_>,
    ) -> Result<Option<Rows>> {
        let Some(target) = target(context, whole).await? else { return Ok(None) };
        let cheaper = self.cheaper(context, query, parameters, &target, whole).await?;
        if let Some(Cheaper { planner, plan, analysed }) = cheaper {
            return Box::pin(execute(context, &planner, plan, &analysed)).await.map(Some);
        }
        started(context, whole, target, parameters, options).map(Some)
    }

    /// What is not shipped as a whole.
    async fn run_here(
        &self,
        context: &QueryContext,
        analysed: &Analysed,
        parameters: &[Parameter],
    ) -> Result<Rows> {
        let planner = Planner::new(self, context);
        let plan = plan(context, &planner, analysed, parameters)?;
        let plan = planner.surveyed_physical(&plan).await?;
        execute(context, &planner, plan, analysed).await
    }

    /// A plan of what could be shipped as a whole, if it costs less.
    async fn cheaper(
        &self,
        context: &QueryContext,
        query: &Query,
        parameters: &[Parameter],
        target: &ship::whole::Target,
        whole: &Whole,
    ) -> Result<Option<Cheaper>> {
        if !parameters.is_empty() || !target.may_be_much(whole) {
            return Ok(None);
        }
        // Large, and what is small has no need of it.
        Box::pin(self.weighed(context, query, target, whole)).await
    }

    async fn weighed(
        &self,
        context: &QueryContext,
        query: &Query,
        target: &ship::whole::Target,
        whole: &Whole,
    ) -> Result<Option<Cheaper>> {
        let Some(estimate) = target.much(context, whole).await? else { return Ok(None) };
        let analysed = analyse_to_run(context, query, &[])?;
        let planner = Planner::new(self, context);
        // What cannot be computed here can be there.
        let Ok(plan) = plan(context, &planner, &analysed, &[]) else { return Ok(None) };
        let plan = planner.cheaper_physical(&plan, &estimate).await?;
        Ok(plan.map(|plan| Cheaper { planner, plan, analysed }))
    }

    /// ANALYZE: what is known of a foreign table is forgotten and asked for anew, with the mapping
    /// of its owner, as PostgreSQL does it. Whether its remote counts its tables.
    pub async fn recount(&self, context: &QueryContext, relation: RelationOid) -> Result<bool> {
        let Some(relation) = context.snapshot.relation(relation) else { return Ok(false) };
        let Some(table) = relation.foreign_table() else { return Ok(false) };
        let Handler::Sql(wrapper) = context.access.handler(table.server)? else {
            return Ok(false);
        };
        let schema = context.snapshot.schema(relation.schema);
        let schema = schema.map_or("", |schema| schema.name.as_str());
        let options = crate::scan::plain_options(relation);
        let name = wrapper.remote_table(schema, &relation.name, &options);
        let remote = context.access.resolve(table.server, relation.owner)?;
        Ok(context.access.recount(&remote, &name).await?)
    }

    /// What EXPLAIN prints, a line each.
    pub async fn explain(
        &self,
        context: &QueryContext,
        query: &Query,
        parameters: &[Parameter],
        options: &ExplainOptions,
    ) -> Result<Vec<String>> {
        let began = Instant::now();
        let analysed = analyse_to_run(context, query, parameters)?;
        let reason = match explained(context, query, &analysed)? {
            Ok(whole) => match options.analyze {
                false => {
                    let ran = Ran { planning: began.elapsed(), ..Ran::default() };
                    let access = &context.access;
                    return Ok(crate::explain::whole_lines(access, &whole, options, &ran, None));
                }
                true => {
                    match self.analyze_whole(context, query, &whole, parameters, options).await? {
                        Ok(lines) => return Ok(lines),
                        Err(reason) => reason,
                    }
                }
            },
            Err(reason) => reason,
        };
        let planner = Planner::new(self, context);
        let plan = plan(context, &planner, &analysed, parameters)?;
        let (plan, reasons) = match options.analyze {
            true => planner.analyzed_physical(&plan).await?,
            false => planner.explained_physical(&plan).await?,
        };
        let mut ran = Ran { planning: began.elapsed(), ..Ran::default() };
        if options.analyze {
            self.analyze(context, &planner, &plan, &mut ran).await?;
        }
        let reasons: Vec<_> = std::iter::once(reason).chain(reasons).collect();
        Ok(crate::explain::lines(&plan, options, &reasons, &ran))
    }

    /// Runs a plan, and counts what its nodes do.
    async fn analyze(
        &self,
        context: &QueryContext,
        planner: &Arc<Planner>,
        plan: &Arc<dyn ExecutionPlan>,
        ran: &mut Ran,
    ) -> Result<()> {
        planner.reserve(plan).await?;
        let began = Instant::now();
        let (running, measurements) = measured(plan)?;
        let batches = planner.rows(running)?;
        let batches = batches.map(|batch| Ok(Batch::Columns(batch?))).boxed();
        count(until_cancelled(batches, context)).await?;
        ran.execution = Some(began.elapsed());
        ran.measurements = measurements;
        Ok(())
    }

    /// The same of a statement that is shipped as a whole, or why it is not after all.
    async fn analyze_whole(
        &self,
        context: &QueryContext,
        query: &Query,
        whole: &Arc<Whole>,
        parameters: &[Parameter],
        options: &ExplainOptions,
    ) -> Result<Shippable<Vec<String>>> {
        let began = Instant::now();
        let run = RunOptions { raw: Some(RawFormats::Text), ..RunOptions::default() };
        let Some(target) = target(context, whole).await? else {
            return Ok(Err(NotShipped::because("the remote is not as it was declared")));
        };
        if self.cheaper(context, query, parameters, &target, whole).await?.is_some() {
            return Ok(Err(NotShipped::because("it costs less in parts")));
        }
        let rows = started(context, whole, target, parameters, &run)?;
        let planning = began.elapsed();
        let began = Instant::now();
        let actual = count(rows.batches).await?;
        let execution = Some(began.elapsed());
        let ran = Ran { planning, execution, ..Ran::default() };
        let access = &context.access;
        Ok(Ok(crate::explain::whole_lines(access, whole, options, &ran, Some(actual))))
    }
}

/// Another way to run what could be shipped as a whole.
struct Cheaper {
    planner: Arc<Planner>,
    plan: Arc<dyn ExecutionPlan>,
    analysed: Analysed,
}

/// Reads all rows, and keeps none.
async fn count(mut batches: BoxStream<'static, Result<Batch>>) -> Result<Actual> {
    let began = Instant::now();
    let elapsed_us = || u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let mut actual = Actual { ran: true, ..Actual::default() };
    let mut first = None;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        first.get_or_insert_with(elapsed_us);
        actual.rows += batch.rows() as u64;
        if let Batch::Raw(raw) = &batch {
            actual.bytes += raw.messages.len() as u64;
        }
    }
    actual.total_us = elapsed_us();
    actual.first_us = first.unwrap_or(actual.total_us);
    Ok(actual)
}

/// What a query means, if it may read what it reads.
fn analyse_to_run(
    context: &QueryContext,
    query: &Query,
    parameters: &[Parameter],
) -> Result<Analysed> {
    let types = parameters.iter().map(|parameter| Some(parameter.pg_type)).collect();
    let analysed = analyse(context, query, Parameters { types, complete: true })?;
    privileges::check(&context.snapshot, &medley_analyze::reads(&analysed.query))?;
    privileges::check_calls(context, &medley_analyze::calls(&analysed.query))?;
    Ok(analysed)
}

/// The query as one that is shipped as a whole, if it is eligible.
fn whole(context: &QueryContext, query: &Query, analysed: &Analysed) -> Shippable<Arc<Whole>> {
    match context.pushdown {
        true => ship::whole::plan(context, query, analysed).map(Arc::new),
        false => Err(NotShipped::by_nature("medley.pushdown is off")),
    }
}

/// Where a statement is shipped as a whole; `None` if it may not be after all.
async fn target(context: &QueryContext, whole: &Whole) -> Result<Option<ship::whole::Target>> {
    match ship::whole::target(context, whole).await? {
        Ok(target) => Ok(Some(target)),
        Err(reason) => {
            tracing::debug!(%reason, "not shipped as a whole");
            Ok(None)
        }
    }
}

/// Its rows. A cancel ends what comes from a remote by itself.
fn started(
    context: &QueryContext,
    whole: &Arc<Whole>,
    target: ship::whole::Target,
    parameters: &[Parameter],
    options: &RunOptions<'_>,
) -> Result<Rows> {
    let is_prepared = options.plan.is_some();
    ship::whole::start(context, whole, target, parameters, options.raw.clone(), is_prepared)
}

/// The rows of a plan.
async fn execute(
    context: &QueryContext,
    planner: &Arc<Planner>,
    plan: Arc<dyn ExecutionPlan>,
    analysed: &Analysed,
) -> Result<Rows> {
    planner.reserve(&plan).await?;
    let batches = planner.rows(plan)?;
    let batches = batches.map(|batch| Ok(Batch::Columns(batch?))).boxed();
    let columns = analysed.query.columns().into();
    Ok(Rows { columns, batches: until_cancelled(batches, context) })
}

/// The same for EXPLAIN, which asks no remote. A mapping that is missing is told when it runs.
fn explained(
    context: &QueryContext,
    query: &Query,
    analysed: &Analysed,
) -> Result<Shippable<Arc<Whole>>> {
    let whole = match whole(context, query, analysed) {
        Ok(whole) => whole,
        refused => return Ok(refused),
    };
    if whole.is_of_one_role_and_server() && context.pushdown {
        return Ok(match ship::whole::known_target(context, &whole) {
            Ok(Err(reason)) => Err(reason),
            Ok(Ok(_)) | Err(_) => Ok(whole),
        });
    }
    Ok(ship::whole::known_target(context, &whole)?.map(|_| whole))
}

/// What a query means, in this session.
fn analyse(context: &QueryContext, query: &Query, parameters: Parameters) -> Result<Analysed> {
    let names = medley_analyze::Context::new(
        &context.snapshot,
        &context.search_path,
        context.role,
        &context.style,
        context.facts.database(),
    );
    Ok(medley_analyze::query(&names, &query.ast, parameters)?)
}

/// The plan of a query that is computed here, over what remotes send.
fn plan(
    context: &QueryContext,
    planner: &Arc<Planner>,
    analysed: &Analysed,
    parameters: &[Parameter],
) -> Result<LogicalPlan> {
    let lowering = Lowering::new(context, Arc::clone(planner), Some(parameters));
    let plan = lowering.plan(&analysed.query)?;
    check_handlers(&plan)?;
    Ok(plan)
}

/// The batches, or 57014 as soon as the statement is cancelled.
fn until_cancelled(
    batches: BoxStream<'static, Result<Batch>>,
    context: &QueryContext,
) -> BoxStream<'static, Result<Batch>> {
    let cancel = context.cancel.clone();
    futures::stream::unfold(Some((batches, cancel)), |state| async move {
        let (mut batches, cancel) = state?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Some((Err(Error::Cancelled), None)),
            next = batches.next() => match next? {
                Ok(batch) => Some((Ok(batch), Some((batches, cancel)))),
                // What it stopped may be heard of first.
                Err(_) if cancel.is_cancelled() => Some((Err(Error::Cancelled), None)),
                Err(error) => Some((Err(error), None)),
            },
        }
    })
    .boxed()
}
