//! DataFusion as one statement uses it.
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::Schema;
use datafusion::common::DFSchema;
use datafusion::execution::context::SessionState;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SessionStateBuilder, TaskContext};
use datafusion::logical_expr::{ColumnarValue, Expr, LogicalPlan, lit};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::async_func::AsyncFuncExec;
use datafusion::prelude::SessionConfig;
use datafusion::scalar::ScalarValue;
use futures::stream::BoxStream;
use medley_fdw::{Estimate, RemoteTable, TableName};
use medley_foreign::{Access, Remote, Survey};
use tokio_util::sync::CancellationToken;

use super::survey::{ScanName, Surveys};
use super::{ForeignScan, filter_pushdown};
use crate::context::QueryContext;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::semantics::Env;
use crate::ship::whole::NotShipped;
use crate::ship::{self, Place, Shipped};
use crate::stoppable;
use crate::system::Session;

/// Parts of a table for each of its readers.
const PARTS_PER_READER: usize = 4;

/// Plans and runs for one statement.
pub(crate) struct Planner {
    /// For statements that read remotes, whose rows are worked on in parallel.
    parallel: LazyState,
    /// For those that read none: what is here is soon read, and threads cost more than they bring.
    serial: LazyState,
    reads_remotes: AtomicBool,
    env: Arc<Env>,
    access: Arc<Access>,
    pushdown: bool,
    parallelism: usize,
    surveys: Surveys,
    names: AtomicUsize,
    cancel: CancellationToken,
}

impl Planner {
    pub fn new(engine: &Engine, context: &QueryContext) -> Arc<Self> {
        let env = Env {
            style: context.style.clone(),
            session: Session::of(context),
            listing: Session::listing(context),
            statement_time: context.statement_time,
            transaction_time: context.transaction_time,
        };
        let runtime = engine.runtime(context.role, context.memory);
        Arc::new(Self {
            parallel: lazy_state(&runtime, engine.limits.parallelism),
            serial: lazy_state(&runtime, 1),
            reads_remotes: AtomicBool::new(false),
            env: Arc::new(env),
            access: Arc::clone(&context.access),
            pushdown: context.pushdown,
            parallelism: engine.limits.parallelism,
            surveys: Surveys::default(),
            names: AtomicUsize::new(0),
            cancel: context.cancel.clone(),
        })
    }

    fn state(&self) -> &SessionState {
        match self.reads_remotes.load(Ordering::Relaxed) {
            true => &self.parallel,
            false => &self.serial,
        }
    }

    /// The statement reads a remote.
    pub fn note_remote(&self) {
        self.reads_remotes.store(true, Ordering::Relaxed);
    }

    pub fn env(&self) -> Arc<Env> {
        Arc::clone(&self.env)
    }

    pub fn access(&self) -> &Arc<Access> {
        &self.access
    }

    pub fn pushdown(&self) -> bool {
        self.pushdown
    }

    pub fn task(&self) -> Arc<TaskContext> {
        self.state().task_ctx()
    }

    /// The rows of a plan, whose work ends with them and with the statement.
    pub fn rows(
        &self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<BoxStream<'static, datafusion::error::Result<RecordBatch>>> {
        Ok(stoppable::rows(plan, self.task(), &self.cancel)?)
    }

    /// How many readers a table may have at once.
    pub fn readers(&self) -> usize {
        self.parallelism
    }

    /// How many parts a table is cut into: more than there are readers, so that none has to wait
    /// long for the last.
    pub fn parts(&self) -> usize {
        if self.parallelism > 1 { self.parallelism * PARTS_PER_READER } else { 1 }
    }

    /// What is known of a scan.
    pub fn surveyed(&self, scan: &ScanName) -> Survey {
        self.surveys.get(scan)
    }

    /// A name that nothing else in the statement has.
    pub fn unique(&self, base: &str) -> String {
        format!("{base}#{}", self.names.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Whether a table is so big that it matters how it is read.
    pub fn is_big(&self, place: Place, table: &TableName) -> bool {
        self.surveys.is_big(place, table)
    }

    /// What a table is at the remote, as far as that is known.
    pub fn described(&self, place: Place, table: &TableName) -> Option<Option<Arc<RemoteTable>>> {
        self.surveys.described(place, table)
    }

    /// What the remote expects of a query.
    pub fn estimate(&self, place: Place, sql: &str) -> Option<Estimate> {
        self.surveys.estimate(place, sql)
    }

    /// The plan without asking remotes for anything.
    pub async fn physical(&self, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self.state().create_physical_plan(plan).await?)
    }

    /// The plan that EXPLAIN shows, without asking remotes for anything; and why no more of it is
    /// shipped.
    pub async fn explained_physical(
        self: &Arc<Self>,
        plan: &LogicalPlan,
    ) -> Result<(Arc<dyn ExecutionPlan>, Vec<NotShipped>)> {
        let state = self.state();
        let plan = state.optimize(plan)?;
        self.surveys.recall(&self.access, ship::questions(&plan, self)?);
        let Shipped { plan, reasons } = ship::ship(plan, self)?;
        Ok((state.query_planner().create_physical_plan(&plan, state).await?, reasons))
    }

    /// The plan that runs, by what remotes say of their tables.
    pub async fn surveyed_physical(
        self: &Arc<Self>,
        plan: &LogicalPlan,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self.analyzed_physical(plan).await?.0)
    }

    /// The same, and why no more of it is shipped.
    pub async fn analyzed_physical(
        self: &Arc<Self>,
        plan: &LogicalPlan,
    ) -> Result<(Arc<dyn ExecutionPlan>, Vec<NotShipped>)> {
        let plan = self.surveyed_logical(plan).await?;
        self.shipped_physical(plan).await
    }

    /// The plan optimized, and remotes asked about what it reads.
    async fn surveyed_logical(self: &Arc<Self>, plan: &LogicalPlan) -> Result<LogicalPlan> {
        let plan = self.state().optimize(plan)?;
        self.surveys.ask(&self.access, &plan).await?;
        let questions = ship::questions(&plan, self)?;
        self.surveys.ask_about(&self.access, questions).await?;
        Ok(plan)
    }

    async fn shipped_physical(
        self: &Arc<Self>,
        plan: LogicalPlan,
    ) -> Result<(Arc<dyn ExecutionPlan>, Vec<NotShipped>)> {
        let state = self.state();
        let Shipped { plan, reasons } = ship::ship(plan, self)?;
        Ok((state.query_planner().create_physical_plan(&plan, state).await?, reasons))
    }

    /// The plan that runs, if it is expected to cost less than the statement shipped as a whole, of
    /// which the remote expects this.
    pub async fn cheaper_physical(
        self: &Arc<Self>,
        plan: &LogicalPlan,
        whole: &Estimate,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let plan = self.surveyed_logical(plan).await?;
        let cost = ship::cost(&plan, self)?;
        let (whole, otherwise) = (cost.of_whole(whole), cost.least());
        tracing::debug!(whole, otherwise, "weighed");
        match otherwise {
            Some(otherwise) if otherwise < whole => Ok(Some(self.shipped_physical(plan).await?.0)),
            _ => Ok(None),
        }
    }

    /// Resolves the remotes of a plan and takes the right to a connection for each reader of each
    /// scan, all at once, or for fewer readers.
    pub async fn reserve(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<()> {
        self.reserve_with(plan, None).await
    }

    /// The same, and the right to a connection by which rows are changed.
    pub async fn reserve_with(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        writer: Option<&Remote>,
    ) -> Result<()> {
        let mut scans = Vec::new();
        collect_scans(plan, &mut scans);
        let wanted = scans.iter().map(|scan| Ok((scan.resolve()?, scan.partitions())));
        let mut wanted = wanted.collect::<Result<Vec<_>>>()?;
        wanted.extend(writer.map(|remote| (remote.clone(), 1)));
        if !wanted.is_empty() {
            let granted = self.access.reserve(&wanted, has_sub_plans(plan)).await?;
            scans.iter().zip(granted).for_each(|(scan, readers)| scan.grant(readers));
        }
        Ok(())
    }

    /// How often a plan reads at this remote; none where it is not known before it runs.
    pub fn reads_at(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        remote: &Remote,
    ) -> Result<Option<usize>> {
        if has_sub_plans(plan) {
            return Ok(None);
        }
        let mut scans = Vec::new();
        collect_scans(plan, &mut scans);
        let keys = scans.iter().map(|scan| Ok(*scan.resolve()?.key()));
        let keys = keys.collect::<Result<Vec<_>>>()?;
        Ok(Some(keys.iter().filter(|key| *key == remote.key()).count()))
    }

    /// An expression as it is computed over batches of this schema.
    pub fn physical_expr(&self, expr: Expr, schema: &DFSchema) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(self.state().create_physical_expr(expr, schema)?)
    }

    /// The value of an expression without columns.
    pub fn constant(&self, expr: Expr) -> Result<Expr> {
        if matches!(expr, Expr::Literal(..)) {
            return Ok(expr);
        }
        let physical = self.physical_expr(expr, &DFSchema::empty())?;
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let empty = Arc::new(Schema::empty());
        let row = RecordBatch::try_new_with_options(empty, vec![], &options)
            .map_err(|error| Error::Internal(error.to_string()))?;
        Ok(match physical.evaluate(&row)? {
            ColumnarValue::Scalar(value) => lit(value),
            ColumnarValue::Array(array) => lit(ScalarValue::try_from_array(&array, 0)?),
        })
    }
}

type LazyState = LazyLock<SessionState, Box<dyn FnOnce() -> SessionState + Send>>;

fn lazy_state(runtime: &Arc<RuntimeEnv>, parallelism: usize) -> LazyState {
    let runtime = Arc::clone(runtime);
    LazyLock::new(Box::new(move || {
        SessionStateBuilder::new()
            .with_config(config(parallelism))
            .with_runtime_env(runtime)
            .with_physical_optimizer_rules(filter_pushdown::rules())
            .build()
    }))
}

fn config(parallelism: usize) -> SessionConfig {
    let mut config =
        SessionConfig::new().with_target_partitions(parallelism).with_information_schema(false);
    let options = config.options_mut();
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.time_zone = Some("UTC".to_owned());
    // Constants are nullable in one of the two, which is all that it ever finds.
    options.execution.skip_physical_aggregate_schema_check = true;
    // What failed in a rule must fail the statement, not be left out in silence.
    options.optimizer.skip_failed_rules = false;
    // As many keys as a catalog may have objects: a look-up of each costs less than all rows.
    options.optimizer.hash_join_inlist_pushdown_max_distinct_values = 20_000;
    options.optimizer.hash_join_inlist_pushdown_max_size = 1 << 20;
    config
}

/// Subqueries that read for each row or each batch, while the statement runs.
fn has_sub_plans(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let any: &dyn std::any::Any = plan.as_ref();
    any.is::<AsyncFuncExec>() || plan.children().into_iter().any(has_sub_plans)
}

fn collect_scans(plan: &Arc<dyn ExecutionPlan>, found: &mut Vec<ForeignScan>) {
    let any: &dyn std::any::Any = plan.as_ref();
    if let Some(scan) = any.downcast_ref::<ForeignScan>() {
        found.extend(scan.reserves().then(|| scan.clone()));
    }
    plan.children().into_iter().for_each(|child| collect_scans(child, found));
}

impl fmt::Debug for Planner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planner").finish_non_exhaustive()
    }
}
