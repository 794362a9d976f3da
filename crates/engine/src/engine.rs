//! The engine: one a process.
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use medley_analyze::{Analysed, Parameters};
use medley_diagnostic::{Diagnostic as _, SqlState};
use medley_sql::Query;
use medley_types::{Column, PgType};

use crate::context::QueryContext;
use crate::error::{Error, Result};
use crate::explain::ExplainOptions;
use crate::lower::Lowering;
use crate::privileges;
use crate::rows::Rows;
use crate::scan::{Planner, check_handlers};

/// What the engine may use of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory for sorting, grouping and joining, in bytes, of all statements together; beyond
    /// it they spill to disk, or end with 53200.
    pub memory_bytes: usize,
    /// How many threads' worth of work a statement is cut into.
    pub parallelism: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let parallelism = std::thread::available_parallelism().map_or(4, usize::from);
        Self { memory_bytes: 1 << 30, parallelism }
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
    pub(crate) runtime: Arc<RuntimeEnv>,
    pub(crate) limits: Limits,
}

impl Engine {
    /// Within these limits.
    pub fn new(limits: Limits) -> Result<Self> {
        let pool = Arc::new(FairSpillPool::new(limits.memory_bytes));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc()?;
        Ok(Self { runtime, limits })
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
        // What cannot be planned is refused here already.
        Lowering::new(context, Planner::new(self, context), None).plan(&analysed.query)?;
        Ok(Prepared {
            columns: analysed.query.columns(),
            parameter_types: analysed.parameter_types,
        })
    }

    /// Plans a query, checks privileges, and starts it. Rows come as they are asked for.
    pub async fn run(
        &self,
        context: &QueryContext,
        query: &Query,
        parameters: &[Parameter],
    ) -> Result<Rows> {
        let planner = Planner::new(self, context);
        let (columns, plan) = plan(context, &planner, query, parameters)?;
        let plan = planner.surveyed_physical(&plan).await?;
        planner.reserve(&plan).await?;
        let batches = execute_stream(plan, planner.task())?;
        Ok(Rows { columns, batches: until_cancelled(batches, context) })
    }

    /// What EXPLAIN prints, a line each.
    pub async fn explain(
        &self,
        context: &QueryContext,
        query: &Query,
        parameters: &[Parameter],
        options: &ExplainOptions,
    ) -> Result<Vec<String>> {
        if options.analyze {
            return Err(Error::unsupported("EXPLAIN ANALYZE"));
        }
        let planner = Planner::new(self, context);
        let (_, plan) = plan(context, &planner, query, parameters)?;
        let plan = planner.physical(&plan).await?;
        Ok(crate::explain::lines(&plan, options))
    }
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

/// The plan of a query that may read what it reads, and the columns that come out.
fn plan(
    context: &QueryContext,
    planner: &Arc<Planner>,
    query: &Query,
    parameters: &[Parameter],
) -> Result<(Vec<Column>, LogicalPlan)> {
    let types = parameters.iter().map(|parameter| Some(parameter.pg_type)).collect();
    let analysed = analyse(context, query, Parameters { types, complete: true })?;
    let lowering = Lowering::new(context, Arc::clone(planner), Some(parameters));
    let plan = lowering.plan(&analysed.query);
    // What is only not here yet is told to those who may have it.
    let is_missing = |error: &Error| error.sqlstate() == SqlState::FEATURE_NOT_SUPPORTED;
    if plan.as_ref().err().is_none_or(is_missing) {
        privileges::check(&context.snapshot, &medley_analyze::reads(&analysed.query))?;
        privileges::check_calls(context, &medley_analyze::calls(&analysed.query))?;
    }
    let plan = plan?;
    check_handlers(&plan)?;
    Ok((analysed.query.columns(), plan))
}

/// The batches, or 57014 as soon as the statement is cancelled.
fn until_cancelled(
    batches: SendableRecordBatchStream,
    context: &QueryContext,
) -> BoxStream<'static, Result<RecordBatch>> {
    let cancel = context.cancel.clone();
    futures::stream::unfold(Some((batches, cancel)), |state| async move {
        let (mut batches, cancel) = state?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Some((Err(Error::Cancelled), None)),
            next = batches.next() => match next? {
                Ok(batch) => Some((Ok(batch), Some((batches, cancel)))),
                Err(error) => Some((Err(error.into()), None)),
            },
        }
    })
    .boxed()
}
