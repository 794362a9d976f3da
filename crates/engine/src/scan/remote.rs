//! The ExecutionPlan over a remote.
use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Statistics;
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::DynamicFilterPhysicalExpr;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, EmptyRecordBatchStream, ExecutionPlan,
    Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::StreamExt as _;
use medley_catalog::ids::{RoleOid, ServerOid};
use medley_fdw::{Dialect, Query, TableName};
use medley_foreign::{Access, Queries, Remote, Survey};
use parking_lot::{Mutex, MutexGuard};

use super::Planner;
use super::file::{FileReading, FileWork, read_files};
use crate::error::{Error, Result};
use crate::ship::{KeyColumn, Select, key_conditions};

/// What the remote is asked to do.
pub(crate) enum Work {
    /// A query in its SQL.
    Query(Reading),
    /// A read with quals.
    Scan {
        table: medley_fdw::Options,
        columns: Vec<medley_fdw::Options>,
        quals: Vec<medley_fdw::Qual>,
        limit: Option<u64>,
    },
    /// A read of files.
    Files(FileWork),
    /// A query that somebody wrote for it.
    Written(Written),
}

/// What `medley_remote_query` asks.
pub(crate) struct Written {
    pub sql: String,
    /// The columns as the statement calls them, in SQL.
    pub items: Vec<String>,
    /// The transaction is read only.
    pub read_only: bool,
}

/// What is read by a query.
pub(crate) struct Reading {
    /// None where it is a query of several.
    pub table: Option<TableName>,
    pub columns: Vec<Option<KeyColumn>>,
    pub dialect: &'static Dialect,
    /// The remote may be told which values the other side of a join has.
    pub takes_keys: bool,
    pub select: Select,
    /// What comes out, in the remote's SQL, where it is a query of several tables.
    pub items: Vec<String>,
}

/// Reads a foreign table as one role; the mapping is resolved when it runs.
#[derive(Clone)]
pub(crate) struct ForeignScan {
    /// Schema and name of each foreign table that it reads.
    tables: Arc<[(String, String)]>,
    server: ServerOid,
    check_as: RoleOid,
    work: Arc<Work>,
    access: Arc<Access>,
    properties: Arc<PlanProperties>,
    survey: Survey,
    /// What joins will know of the rows when they have read their other side.
    keys: Vec<Arc<dyn PhysicalExpr>>,
    parts: Arc<Parts>,
}

impl ForeignScan {
    pub fn new(
        tables: Vec<(String, String)>,
        server: ServerOid,
        check_as: RoleOid,
        schema: SchemaRef,
        work: Arc<Work>,
        survey: Survey,
        planner: &Planner,
    ) -> Self {
        let readers = match work.as_ref() {
            Work::Files(files) if files.stored => planner.readers(),
            _ => survey.splits.len().min(planner.readers()).max(1),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(readers),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            tables: tables.into(),
            server,
            check_as,
            work,
            access: Arc::clone(planner.access()),
            properties: Arc::new(properties),
            survey,
            keys: Vec::new(),
            parts: Arc::default(),
        }
    }

    /// The mapping that counts, found anew at each execution.
    pub fn resolve(&self) -> Result<Remote> {
        Ok(self.access.resolve(self.server, self.check_as)?)
    }

    /// Whose mapping would count now and why, or why none; nothing where none is looked up.
    pub fn mapping(&self) -> Option<String> {
        mapping(&self.access, self.server, self.check_as)
    }

    /// Schema and name of each foreign table that it reads.
    pub fn tables(&self) -> &[(String, String)] {
        &self.tables
    }

    /// What its columns are in the remote's SQL, where it is a query of its own.
    pub fn items(&self) -> Option<&[String]> {
        match self.work.as_ref() {
            Work::Query(reading) if reading.table.is_none() => Some(&reading.items),
            Work::Written(written) => Some(&written.items),
            Work::Query(_) | Work::Scan { .. } | Work::Files(_) => None,
        }
    }

    /// It is the read of one table, not a query of its own.
    pub fn is_of_table(&self) -> bool {
        match self.work.as_ref() {
            Work::Query(reading) => reading.table.is_some(),
            Work::Scan { .. } | Work::Files(_) => true,
            Work::Written(_) => false,
        }
    }

    /// The query that is sent, if it is one.
    pub fn remote_sql(&self) -> Option<String> {
        match self.work.as_ref() {
            Work::Query(reading) => Some(reading.select.sql(&[])),
            Work::Written(written) => Some(written.sql.clone()),
            Work::Scan { .. } | Work::Files(_) => None,
        }
    }

    /// What EXPLAIN says of the files, if it reads some.
    pub fn files(&self) -> Option<&(&'static str, String)> {
        match self.work.as_ref() {
            Work::Files(files) => files.explained.as_ref(),
            Work::Query(_) | Work::Scan { .. } | Work::Written(_) => None,
        }
    }

    /// How many readers are of use.
    pub fn partitions(&self) -> usize {
        self.properties.partitioning.partition_count()
    }

    /// How many read it at once. Files are read by all partitions: nobody is logged in there
    /// meanwhile.
    pub fn readers(&self) -> usize {
        match self.work.as_ref() {
            Work::Files(_) => self.partitions(),
            Work::Query(_) | Work::Scan { .. } | Work::Written(_) => self.parts.readers(),
        }
    }

    /// It is read by connections that the statement reserves: of files there are none, and what
    /// somebody wrote has one of its own.
    pub fn reserves(&self) -> bool {
        match self.work.as_ref() {
            Work::Query(_) | Work::Scan { .. } => true,
            Work::Files(_) | Work::Written(_) => false,
        }
    }

    /// How many parts the table is cut into, if it is.
    pub fn splits(&self) -> Option<usize> {
        let splits = self.survey.splits.len();
        (splits > 1 && self.parts.readers() > 1).then_some(splits)
    }

    /// What the remote was told of the other side of joins, long lists cut short.
    pub fn told(&self) -> Vec<String> {
        const LONGEST: usize = 200;
        let Work::Query(reading) = self.work.as_ref() else { return Vec::new() };
        let keys = self.keys.iter();
        let keys = keys.flat_map(|it| key_conditions(reading.dialect, &reading.columns, it));
        let shown = keys.map(|key| match key.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &key[..end]),
            None => key,
        });
        shown.collect()
    }

    /// So many readers may read it. Of more partitions than that, the others are empty.
    pub fn grant(&self, readers: usize) {
        self.parts.grant(readers);
    }

    fn shown_tables(&self) -> String {
        let names: Vec<_> =
            self.tables.iter().map(|(schema, name)| format!("{schema}.{name}")).collect();
        names.join(", ")
    }

    fn batches(&self, partition: usize) -> Result<medley_foreign::Batches> {
        let tables = self.tables.iter().map(|(schema, table)| format!("{schema}.{table}"));
        let remote = self.resolve()?.reading(tables);
        let schema = self.schema();
        Ok(match self.work.as_ref() {
            Work::Query(_) => self.access.read(remote, self.queries(partition)),
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
            Work::Written(Written { sql, read_only, .. }) => {
                let query = Query { sql: sql.clone(), schema, parameters: Vec::new() };
                self.access.query_apart(remote, query, *read_only)
            }
            Work::Files(files) => {
                let reading = self.parts.files(partition);
                read_files(Arc::clone(&self.access), remote, files.clone(), schema, reading)
            }
        })
    }

    /// A query for each part that nobody reads yet, by what is known when it is read.
    fn queries(&self, partition: usize) -> Queries {
        let scan = self.clone();
        let splits = match self.parts.readers() > 1 {
            true => Arc::clone(&self.survey.splits),
            false => Arc::default(),
        };
        let next = self.parts.open(partition);
        Arc::new(move || {
            let part = next.fetch_add(1, Ordering::Relaxed);
            let split = splits.get(part).map(|split| split.condition.clone());
            let is_left = part < splits.len().max(1);
            let Work::Query(reading) = scan.work.as_ref() else { return None };
            is_left.then(|| scan.query(reading, split))
        })
    }

    fn query(&self, reading: &Reading, split: Option<String>) -> Query {
        let keys = self.keys.iter();
        let keys = keys.flat_map(|it| key_conditions(reading.dialect, &reading.columns, it));
        let conditions: Vec<_> = split.into_iter().chain(keys).collect();
        let sql = reading.select.sql(&conditions);
        Query { sql, schema: self.schema(), parameters: Vec::new() }
    }
}

/// The parts of a table as readers take them.
#[derive(Default)]
struct Parts {
    /// Unknown where nothing was reserved: then it is one.
    readers: OnceLock<usize>,
    execution: Mutex<Execution>,
}

/// One reading of the table: each partition takes part in it once.
#[derive(Default)]
struct Execution {
    partitions: HashSet<usize>,
    /// The first part that nobody reads yet.
    next: Arc<AtomicUsize>,
    /// The files that are read, known when the first reader has begun.
    files: FileReading,
}

impl Parts {
    fn grant(&self, readers: usize) {
        self.readers.get_or_init(|| readers);
    }

    fn readers(&self) -> usize {
        self.readers.get().copied().unwrap_or(1)
    }

    fn open(&self, partition: usize) -> Arc<AtomicUsize> {
        Arc::clone(&self.execution(partition).next)
    }

    fn files(&self, partition: usize) -> FileReading {
        self.execution(partition).files.clone()
    }

    fn execution(&self, partition: usize) -> MutexGuard<'_, Execution> {
        let mut execution = self.execution.lock();
        if !execution.partitions.insert(partition) {
            let partitions = HashSet::from([partition]);
            *execution = Execution { partitions, ..Execution::default() };
        }
        execution
    }
}

/// Whose mapping would count now for a role at a server and why, or why none.
pub(crate) fn mapping(access: &Access, server: ServerOid, role: RoleOid) -> Option<String> {
    let shown = |choice: medley_foreign::Choice| {
        let user = access.snapshot().user_name(choice.mapping.user);
        format!("{user} ({})", choice.why)
    };
    let choice = access.choose(server, role);
    choice.map_or_else(|error| Some(format!("none ({error})")), |choice| choice.map(shown))
}

/// Table and column options hold no secrets.
fn copy(options: &medley_fdw::Options) -> medley_fdw::Options {
    let mut copy = medley_fdw::Options::default();
    options.iter().for_each(|(name, value)| copy.set(name, value));
    copy
}

impl fmt::Debug for ForeignScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignScan({} as {})", self.shown_tables(), self.check_as)
    }
}

impl DisplayAs for ForeignScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignScan on {}", self.shown_tables())
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
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> PlanResult<TreeNodeRecursion>,
    ) -> PlanResult<TreeNodeRecursion> {
        super::apply_each(&self.keys, f)
    }

    /// Joins decide about each row again: what is kept here only leaves out rows early.
    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> PlanResult<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let takes_keys = match self.work.as_ref() {
            Work::Query(reading) => reading.takes_keys && !reading.select.has_limit(),
            Work::Scan { .. } | Work::Files(_) | Work::Written(_) => false,
        };
        let is_key = |filter: &Arc<dyn PhysicalExpr>| {
            let any: &dyn std::any::Any = filter.as_ref();
            any.is::<DynamicFilterPhysicalExpr>()
        };
        let filters = result.parent_filters.iter().map(|it| &it.filter);
        let keys: Vec<_> = filters.filter(|it| is_key(it)).cloned().collect();
        let mut answer: FilterPushdownPropagation<Arc<dyn ExecutionPlan>> =
            FilterPushdownPropagation::if_all(result);
        if takes_keys && phase == FilterPushdownPhase::Post && !keys.is_empty() {
            let mut scan = self.clone();
            scan.keys.extend(keys);
            answer.updated_node = Some(Arc::new(scan));
        }
        Ok(answer)
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> PlanResult<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        if let Some(rows) = self.survey.rows {
            let share = if args.partition().is_some() { self.partitions() as f64 } else { 1.0 };
            statistics.num_rows = Precision::Inexact((rows / share).ceil() as usize);
        }
        statistics.calculate_total_byte_size(&self.schema());
        Ok(Arc::new(statistics))
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
        partition: usize,
        _context: Arc<TaskContext>,
    ) -> PlanResult<SendableRecordBatchStream> {
        if partition >= self.readers() {
            return Ok(Box::pin(EmptyRecordBatchStream::new(self.schema())));
        }
        let rows = self
            .batches(partition)?
            .map(|batch| batch.map_err(|error| DataFusionError::from(Error::from(error))));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}
