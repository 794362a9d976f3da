//! Rows of a plan whose work ends with them.
//!
//! A task that is aborted goes on to where it waits next, and a join that compares many rows with
//! many need not wait for minutes: nobody could stop it, and if one runs on each thread of the
//! process, nobody would be heard. So the conditions of joins are errors as soon as nobody wants the
//! rows, those of each row with each are computed beside the threads that serve others, and joins
//! let others have their turn.
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, ExecutionPlan, ReplaceChildrenOptions, execute_stream,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio_util::sync::CancellationToken;

type Plan = Arc<dyn ExecutionPlan>;

/// The rows of a plan. Its work ends when they are dropped, and when it is `stop`ped.
pub(crate) fn rows(
    plan: Plan,
    task: Arc<TaskContext>,
    stop: &CancellationToken,
) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    let stop = stop.child_token();
    let rows = match stoppable(&plan, &stop)? {
        // Who waits for the rows is not to compute them, so as to hear that they are not wanted.
        Some(plan) if plan.properties().output_partitioning().partition_count() == 1 => {
            apart(plan.execute(0, task)?)
        }
        Some(plan) => execute_stream(plan, task)?,
        None => execute_stream(plan, task)?,
    };
    let dropped = stop.drop_guard();
    let rows = rows.inspect(move |_| {
        let _until_then = &dropped;
    });
    Ok(rows.boxed())
}

/// The same rows, which a task of their own computes.
fn apart(mut rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let mut apart = RecordBatchReceiverStreamBuilder::new(rows.schema(), 1);
    let sender = apart.tx();
    apart.spawn(async move {
        while let Some(batch) = rows.next().await {
            if sender.send(batch).await.is_err() {
                break;
            }
        }
        Ok(())
    });
    apart.build()
}

/// The plan with joins that can be stopped; `None` if there are none.
fn stoppable(plan: &Plan, stop: &CancellationToken) -> Result<Option<Plan>> {
    let mut changed = false;
    let mut children = Vec::new();
    for child in plan.children() {
        let stoppable = stoppable(child, stop)?;
        changed |= stoppable.is_some();
        children.push(stoppable.unwrap_or_else(|| Arc::clone(child)));
    }
    let plan = match changed {
        true => {
            let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
            Arc::clone(plan).replace_children(children, options)?
        }
        false => Arc::clone(plan),
    };
    let join = stoppable_join(&plan, stop)?;
    let join = join.map(|join| Arc::new(CooperativeExec::new(join)) as Plan);
    Ok(join.or_else(|| changed.then_some(plan)))
}

/// A join as one that can be stopped; `None` if it is none.
fn stoppable_join(plan: &Plan, stop: &CancellationToken) -> Result<Option<Plan>> {
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        let filter = join.filter().map(|filter| stoppable_filter(filter, stop, false));
        return Ok(Some(match filter {
            Some(filter) => join.builder().with_filter(Some(filter)).build_exec()?,
            None => Arc::clone(plan),
        }));
    }
    if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
        let (left, right) = (Arc::clone(join.left()), Arc::clone(join.right()));
        let filter = join.filter().map(|filter| stoppable_filter(filter, stop, true));
        let join = NestedLoopJoinExecBuilder::new(left, right, *join.join_type())
            .with_projection_ref(join.projection().clone())
            .with_filter(filter)
            .build()?;
        return Ok(Some(Arc::new(join)));
    }
    Ok(plan.is::<CrossJoinExec>().then(|| Arc::clone(plan)))
}

fn stoppable_filter(filter: &JoinFilter, stop: &CancellationToken, is_long: bool) -> JoinFilter {
    let inner = Arc::clone(filter.expression());
    let expression = Arc::new(Stoppable { inner, stop: stop.clone(), is_long });
    let columns = filter.column_indices().to_vec();
    JoinFilter::new(expression, columns, Arc::clone(filter.schema()))
}

/// A condition that is an error once nobody wants to know.
#[derive(Debug)]
struct Stoppable {
    inner: Arc<dyn PhysicalExpr>,
    stop: CancellationToken,
    /// Many are computed in one turn.
    is_long: bool,
}

impl PartialEq for Stoppable {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for Stoppable {}

impl Hash for Stoppable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for Stoppable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PhysicalExpr for Stoppable {
    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if self.stop.is_cancelled() {
            return Err(DataFusionError::Execution("nobody wants the rows".to_owned()));
        }
        match self.is_long {
            true => beside_others(|| self.inner.evaluate(batch)),
            false => self.inner.evaluate(batch),
        }
    }

    fn data_type(&self, schema: &Schema) -> Result<DataType> {
        self.inner.data_type(schema)
    }

    fn nullable(&self, schema: &Schema) -> Result<bool> {
        self.inner.nullable(schema)
    }

    fn return_field(&self, schema: &Schema) -> Result<FieldRef> {
        self.inner.return_field(schema)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let inner = children.pop().unwrap_or_else(|| Arc::clone(&self.inner));
        Ok(Arc::new(Self { inner, stop: self.stop.clone(), is_long: self.is_long }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}

/// Computes something while another thread takes over what this one serves: for the first of
/// several in one turn; then there is nothing left to take over.
fn beside_others<T>(compute: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(compute),
        _ => compute(),
    }
}
