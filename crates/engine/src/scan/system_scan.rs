//! The ExecutionPlan over a system relation.
//!
//! Its rows are made when it runs, and only the columns that are asked for. What the build side of
//! a hash join has found by then comes as a dynamic filter, and becomes keys like those of the
//! query's own conditions: so a join looks up what it needs, and no table is built for it.
use std::any::Any;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Statistics, project_schema};
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, DynamicFilterPhysicalExpr, InListExpr, Literal,
};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};
use datafusion::scalar::ScalarValue;
use medley_types::PgType;

use crate::error::Result;
use crate::semantics::Env;
use crate::system::{Keys, RowCount, RowSink, SystemRelation};

/// Makes a system relation's rows for the statement's session.
#[derive(Clone)]
pub(crate) struct SystemScan {
    relation: &'static dyn SystemRelation,
    /// The columns that come out, by index, `tableoid` after the others.
    columns: Arc<[usize]>,
    /// What the query's own conditions admit.
    keys: Arc<Keys>,
    /// What is known to be needed only once the plan runs.
    filters: Vec<Arc<dyn PhysicalExpr>>,
    count: RowCount,
    env: Arc<Env>,
    properties: Arc<PlanProperties>,
}

impl SystemScan {
    pub fn new(
        relation: &'static dyn SystemRelation,
        schema: &SchemaRef,
        projection: Option<&Vec<usize>>,
        keys: Keys,
        env: Arc<Env>,
    ) -> Result<Self> {
        let columns = projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect());
        let properties = PlanProperties::new(
            EquivalenceProperties::new(project_schema(schema, projection)?),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Ok(Self {
            count: relation.row_count(&env.listing, &keys)?,
            relation,
            columns: columns.into(),
            keys: Arc::new(keys),
            filters: Vec::new(),
            env,
            properties: Arc::new(properties),
        })
    }

    fn batch(&self) -> Result<RecordBatch> {
        let mut keys = Keys::clone(&self.keys);
        for filter in &self.filters {
            add_keys(filter, &|name| self.type_of(name), &mut keys)?;
        }
        let types = self.relation.columns().iter().map(|column| column.pg_type);
        let types: Vec<_> = types.chain([PgType::OID]).collect();
        let mut out = RowSink::new(self.schema(), &types, &self.columns, self.relation.oid());
        self.relation.rows(&self.env.listing, &keys, &mut out)?;
        out.finish()
    }

    fn type_of(&self, name: &str) -> Option<PgType> {
        self.relation.columns().iter().find(|c| c.name == name).map(|c| c.pg_type)
    }
}

/// What a condition of AND, `column IN (…)` and `(column, …) IN (…)` admits; the rest is left to
/// those who made it.
fn add_keys(
    filter: &Arc<dyn PhysicalExpr>,
    type_of: &dyn Fn(&str) -> Option<PgType>,
    keys: &mut Keys,
) -> Result<()> {
    let any: &dyn Any = filter.as_ref();
    if let Some(dynamic) = any.downcast_ref::<DynamicFilterPhysicalExpr>() {
        return add_keys(&dynamic.current()?, type_of, keys);
    }
    if let Some(both) = any.downcast_ref::<BinaryExpr>()
        && *both.op() == Operator::And
    {
        add_keys(both.left(), type_of, keys)?;
        return add_keys(both.right(), type_of, keys);
    }
    if let Some(list) = any.downcast_ref::<InListExpr>()
        && !list.negated()
    {
        let values = list.list().iter().map(literal).collect::<Option<Vec<_>>>();
        let Some(values) = values.filter(|values| !values.is_empty()) else { return Ok(()) };
        let values = ScalarValue::iter_to_array(values)?;
        admit(list.expr(), &values, type_of, keys);
    }
    Ok(())
}

fn literal(expr: &Arc<dyn PhysicalExpr>) -> Option<ScalarValue> {
    let any: &dyn Any = expr.as_ref();
    any.downcast_ref::<Literal>().map(|literal| literal.value().clone())
}

/// Values of one column, or of several side by side.
fn admit(
    expr: &Arc<dyn PhysicalExpr>,
    values: &ArrayRef,
    type_of: &dyn Fn(&str) -> Option<PgType>,
    keys: &mut Keys,
) {
    let any: &dyn Any = expr.as_ref();
    if let Some(column) = any.downcast_ref::<Column>() {
        if let Some(t) = type_of(column.name())
            && values.data_type().equals_datatype(&medley_types::arrow_type(t))
        {
            let present = (0..values.len()).filter(|at| values.is_valid(*at));
            keys.admit(column.name(), t, present.map(|at| values.slice(at, 1)).collect());
        }
        return;
    }
    if let (Some(row), Some(rows)) =
        (any.downcast_ref::<ScalarFunctionExpr>(), values.as_struct_opt())
        && row.fun().name() == "struct"
    {
        for (field, values) in row.args().iter().zip(rows.columns()) {
            admit(field, values, type_of, keys);
        }
    }
}

impl fmt::Debug for SystemScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemScan({})", self.relation.name())
    }
}

impl DisplayAs for SystemScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemScan on {}", self.relation.name())
    }
}

impl ExecutionPlan for SystemScan {
    fn name(&self) -> &str {
        "SystemScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> PlanResult<TreeNodeRecursion>,
    ) -> PlanResult<TreeNodeRecursion> {
        super::apply_each(&self.filters, f)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        _: &StatisticsArgs,
    ) -> PlanResult<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        statistics.num_rows = match self.count {
            RowCount::Exactly(rows) => Precision::Exact(rows),
            RowCount::About(rows) => Precision::Inexact(rows),
        };
        Ok(Arc::new(statistics))
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> PlanResult<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let none = || result.parent_filters.iter().map(|_| PushedDown::No).collect();
        if phase == FilterPushdownPhase::Pre {
            return Ok(FilterPushdownPropagation::with_parent_pushdown_result(none()));
        }
        let filters = result.parent_filters.iter().map(|it| Arc::clone(&it.filter));
        let filters = self.filters.iter().cloned().chain(filters).collect();
        let taught = Self { filters, ..self.clone() };
        let propagation = FilterPushdownPropagation::with_parent_pushdown_result(none());
        Ok(propagation.with_updated_node(Arc::new(taught)))
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> PlanResult<SendableRecordBatchStream> {
        let scan = self.clone();
        let rows =
            futures::stream::once(async move { scan.batch().map_err(DataFusionError::from) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}
