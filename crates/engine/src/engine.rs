//! The engine: one a process.
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::physical_plan::execute_stream;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use medley_sql::Query;
use medley_types::{Column, PgType};

use crate::context::QueryContext;
use crate::error::{Error, Result};
use crate::explain::ExplainOptions;
use crate::names::{Binder, BoundQuery, Star, check_privileges};
use crate::rows::Rows;
use crate::scan::Planner;

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
    /// What each `*` stands for.
    pub stars: Vec<Star>,
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
        let planner = Planner::new(self, context);
        let binder = Binder::new(context, planner, parameter_types.to_vec(), None);
        let bound = binder.bind(query)?;
        Ok(Prepared {
            columns: bound.columns,
            parameter_types: bound.parameter_types,
            stars: bound.stars,
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
        let bound = bind(context, &planner, query, parameters)?;
        check_privileges(&context.snapshot, &bound.reads)?;
        let plan = planner.physical(&bound.plan).await?;
        planner.reserve(&plan).await?;
        let batches = execute_stream(plan, planner.task())?;
        Ok(Rows { columns: bound.columns, batches: until_cancelled(batches, context) })
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
        let bound = bind(context, &planner, query, parameters)?;
        check_privileges(&context.snapshot, &bound.reads)?;
        let plan = planner.physical(&bound.plan).await?;
        Ok(crate::explain::lines(&plan, options))
    }
}

fn bind(
    context: &QueryContext,
    planner: &Arc<Planner>,
    query: &Query,
    parameters: &[Parameter],
) -> Result<BoundQuery> {
    let types = parameters.iter().map(|parameter| Some(parameter.pg_type)).collect();
    Binder::new(context, Arc::clone(planner), types, Some(parameters)).bind(query)
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
