//! What a plan's nodes do while it runs: EXPLAIN ANALYZE.
//!
//! The plan that runs is a copy in which each node is inside one that counts what comes out of it;
//! the plan that is shown is the one without them.
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result as PlanResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::StreamExt;

type Plan = Arc<dyn ExecutionPlan>;

/// What came out of a node, all its partitions together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Actual {
    pub rows: u64,
    pub bytes: u64,
    /// From when it was asked first to its first row.
    pub first_us: u64,
    /// From when it was asked first to its end.
    pub total_us: u64,
    /// It was asked at all.
    pub ran: bool,
}

/// What is counted while a node runs; times are since the plan began, in microseconds.
struct Counters {
    began: Instant,
    rows: AtomicU64,
    bytes: AtomicU64,
    asked: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
}

const NEVER: u64 = u64::MAX;

impl Counters {
    fn new(began: Instant) -> Self {
        Self {
            began,
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            asked: AtomicU64::new(NEVER),
            first: AtomicU64::new(NEVER),
            last: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(NEVER - 1)
    }

    fn asked(&self) {
        self.asked.fetch_min(self.now(), Ordering::Relaxed);
    }

    fn came(&self, rows: usize, bytes: usize) {
        let now = self.now();
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.first.fetch_min(now, Ordering::Relaxed);
        self.last.fetch_max(now, Ordering::Relaxed);
    }

    fn ended(&self) {
        self.last.fetch_max(self.now(), Ordering::Relaxed);
    }

    fn actual(&self) -> Actual {
        let asked = self.asked.load(Ordering::Relaxed);
        let last = self.last.load(Ordering::Relaxed);
        let first = self.first.load(Ordering::Relaxed).min(last);
        Actual {
            rows: self.rows.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            first_us: first.saturating_sub(asked),
            total_us: last.saturating_sub(asked),
            ran: asked != NEVER,
        }
    }
}

/// What is known of each node of a plan that ran.
#[derive(Default)]
pub(crate) struct Measurements(HashMap<usize, Arc<Counters>>);

impl Measurements {
    /// Of this node of the plan that is shown.
    pub fn of(&self, plan: &Plan) -> Option<Actual> {
        self.0.get(&place(plan)).map(|counters| counters.actual())
    }
}

/// Where a node stands in memory.
fn place(plan: &Plan) -> usize {
    Arc::as_ptr(plan).cast::<()>() as usize
}

/// The plan to run in place of one that is to be shown.
pub(crate) fn measured(plan: &Plan) -> PlanResult<(Plan, Measurements)> {
    let mut measurements = Measurements::default();
    let plan = wrap(plan, Instant::now(), &mut measurements)?;
    Ok((plan, measurements))
}

fn wrap(plan: &Plan, began: Instant, measurements: &mut Measurements) -> PlanResult<Plan> {
    let children = plan.children().into_iter().map(|child| wrap(child, began, measurements));
    let children = children.collect::<PlanResult<Vec<_>>>()?;
    let inner = match children.is_empty() {
        true => Arc::clone(plan),
        false => {
            let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
            Arc::clone(plan).replace_children(children, options)?
        }
    };
    let counters = Arc::new(Counters::new(began));
    measurements.0.insert(place(plan), Arc::clone(&counters));
    Ok(Arc::new(Measured { inner, counters }))
}

/// A node that counts what comes out of another.
struct Measured {
    inner: Plan,
    counters: Arc<Counters>,
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Measured({:?})", self.inner)
    }
}

impl DisplayAs for Measured {
    fn fmt_as(&self, t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_as(t, f)
    }
}

impl ExecutionPlan for Measured {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.inner.properties()
    }

    fn children(&self) -> Vec<&Plan> {
        self.inner.children()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> PlanResult<TreeNodeRecursion>,
    ) -> PlanResult<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Plan>,
        options: ReplaceChildrenOptions,
    ) -> PlanResult<Plan> {
        let inner = Arc::clone(&self.inner).replace_children(children, options)?;
        Ok(Arc::new(Self { inner, counters: Arc::clone(&self.counters) }))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Plan>) -> PlanResult<Plan> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> PlanResult<SendableRecordBatchStream> {
        self.counters.asked();
        let rows = self.inner.execute(partition, context)?;
        let (schema, counters) = (rows.schema(), Arc::clone(&self.counters));
        let at_end = Arc::clone(&counters);
        let rows = rows.inspect(move |batch| {
            if let Ok(batch) = batch {
                counters.came(batch.num_rows(), bytes(batch));
            }
        });
        let end = futures::stream::poll_fn(move |_| {
            at_end.ended();
            std::task::Poll::Ready(None)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows.chain(end))))
    }
}

/// What the values of some rows take, as they stand here.
fn bytes(batch: &datafusion::arrow::array::RecordBatch) -> usize {
    let columns = batch.columns().iter();
    columns.map(|column| column.to_data().get_slice_memory_size().unwrap_or_default()).sum()
}
