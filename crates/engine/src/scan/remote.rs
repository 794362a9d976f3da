//! The ExecutionPlan over a remote.
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};
use futures::StreamExt as _;
use medley_catalog::ids::{RoleOid, ServerOid};
use medley_fdw::Query;
use medley_foreign::{Access, Remote};

use crate::error::{Error, Result};

/// What the remote is asked to do.
pub(crate) enum Work {
    /// A query in its SQL.
    Query(String),
    /// A read with quals.
    Scan {
        table: medley_fdw::Options,
        columns: Vec<medley_fdw::Options>,
        quals: Vec<medley_fdw::Qual>,
        limit: Option<u64>,
    },
}

/// Reads a foreign table as one role; the mapping is resolved when it runs.
#[derive(Clone)]
pub(crate) struct ForeignScan {
    /// Schema and name.
    name: (String, String),
    server: ServerOid,
    check_as: RoleOid,
    work: Arc<Work>,
    access: Arc<Access>,
    properties: Arc<PlanProperties>,
}

impl ForeignScan {
    pub fn new(
        name: (String, String),
        server: ServerOid,
        check_as: RoleOid,
        schema: SchemaRef,
        work: Work,
        access: Arc<Access>,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            name,
            server,
            check_as,
            work: Arc::new(work),
            access,
            properties: Arc::new(properties),
        }
    }

    /// The mapping that counts, found anew at each execution.
    pub fn resolve(&self) -> Result<Remote> {
        Ok(self.access.resolve(self.server, self.check_as)?)
    }

    /// Whose mapping would count now and why, or why none; nothing where none is looked up.
    pub fn mapping(&self) -> Option<String> {
        let shown = |choice: medley_foreign::Choice| {
            let user = self.access.snapshot().user_name(choice.mapping.user);
            format!("{user} ({})", choice.why)
        };
        let choice = self.access.choose(self.server, self.check_as);
        choice.map_or_else(|error| Some(format!("none ({error})")), |choice| choice.map(shown))
    }

    /// Schema and name of the foreign table.
    pub fn relation_name(&self) -> (&str, &str) {
        (&self.name.0, &self.name.1)
    }

    /// The query that is sent, if it is one.
    pub fn remote_sql(&self) -> Option<&str> {
        match self.work.as_ref() {
            Work::Query(sql) => Some(sql),
            Work::Scan { .. } => None,
        }
    }

    fn batches(&self) -> Result<medley_foreign::Batches> {
        let (schema, table) = self.relation_name();
        let remote = self.resolve()?.reading([format!("{schema}.{table}")]);
        let schema = self.schema();
        Ok(match self.work.as_ref() {
            Work::Query(sql) => {
                let query = Query { sql: sql.clone(), schema, parameters: Vec::new() };
                self.access.query(remote, query)
            }
            Work::Scan { table, columns, quals, limit } => {
                let scan = medley_foreign::Scan {
                    table: copy(table),
                    columns: columns.iter().map(copy).collect(),
                    schema,
                    quals: quals.clone(),
                    limit: *limit,
                };
                self.access.scan(remote, scan)
            }
        })
    }
}

/// Table and column options hold no secrets.
fn copy(options: &medley_fdw::Options) -> medley_fdw::Options {
    let mut copy = medley_fdw::Options::default();
    options.iter().for_each(|(name, value)| copy.set(name, value));
    copy
}

impl fmt::Debug for ForeignScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignScan({}.{} as {})", self.name.0, self.name.1, self.check_as)
    }
}

impl DisplayAs for ForeignScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignScan on {}.{}", self.name.0, self.name.1)
    }
}

impl ExecutionPlan for ForeignScan {
    fn name(&self) -> &str {
        "ForeignScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> PlanResult<TreeNodeRecursion>,
    ) -> PlanResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
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

    fn execute(
        &self,
        _partition: usize,
        _context: Arc<TaskContext>,
    ) -> PlanResult<SendableRecordBatchStream> {
        let rows = self
            .batches()?
            .map(|batch| batch.map_err(|error| DataFusionError::from(Error::from(error))));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}
