//! A foreign table as DataFusion plans with it.
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{
    Expr, LogicalPlan, TableProviderFilterPushDown, TableScan, TableType,
};
use datafusion::physical_plan::ExecutionPlan;
use medley_catalog::ids::{RoleOid, ServerOid};
use medley_catalog::objects::{Column, OptionValue, Relation};
use medley_fdw::ours::DYNAMIC_FILTERS;
use medley_fdw::{FileColumn, FileTable, Handler, Pushdown};
use medley_foreign::{Question, Survey};
use medley_types::field;

use super::file::FileWork;
use super::remote::{ForeignScan, Reading, Work};
use super::survey::Asked;
use super::{Planner, plain, plain_options};
use crate::error::{Error, Result};
use crate::ship::{self, Place, RemoteQuery, RemoteTable, TableRead};

/// A foreign table, read as one role.
pub(crate) struct ForeignTable {
    pub relation: Arc<Relation>,
    pub schema_name: String,
    pub check_as: RoleOid,
    pub server: ServerOid,
    /// What is read besides its columns, after them.
    hidden: Option<Column>,
    schema: SchemaRef,
    planner: Arc<Planner>,
}

/// Refuses what reads a table that nobody handles, also where none of its rows is asked for.
pub fn check_handlers(plan: &LogicalPlan) -> Result<()> {
    let mut unhandled = None;
    plan.apply_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = node else { return Ok(TreeNodeRecursion::Continue) };
        let provider = source_as_provider(&scan.source)?;
        let table = provider.downcast_ref::<ForeignTable>();
        unhandled = table.and_then(|table| table.check_handler().err());
        Ok(if unhandled.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    unhandled.map_or(Ok(()), Err)
}

impl ForeignTable {
    pub fn new(
        relation: Arc<Relation>,
        schema_name: String,
        check_as: RoleOid,
        planner: Arc<Planner>,
    ) -> Result<Self> {
        let server = relation.foreign_table().map(|table| table.server);
        let server = server
            .ok_or_else(|| Error::Internal(format!("\"{}\" is no foreign table", relation.name)))?;
        // NOT NULL is the remote's promise, not ours: nothing is concluded from it.
        let fields: Vec<_> =
            relation.live_columns().map(|c| field(c.name.clone(), c.pg_type, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        Ok(Self { relation, schema_name, check_as, server, hidden: None, schema, planner })
    }

    /// The same with one more column, by which its rows are found again.
    pub fn with_hidden(mut self, hidden: Option<Column>) -> Self {
        if let Some(column) = &hidden {
            let more = Arc::new(field(column.name.clone(), column.pg_type, true));
            let fields: Vec<_> = self.schema.fields().iter().cloned().chain([more]).collect();
            self.schema = Arc::new(Schema::new(fields));
        }
        Self { hidden, ..self }
    }

    fn check_handler(&self) -> Result<()> {
        self.planner.access().handler(self.server)?;
        Ok(())
    }

    fn remote<'a>(&'a self, wrapper: &'a dyn medley_fdw::SqlWrapper) -> RemoteTable<'a> {
        RemoteTable {
            relation: &self.relation,
            wrapper,
            schema_name: &self.schema_name,
            hidden: self.hidden.as_ref(),
        }
    }

    fn pushdown(&self, filter: &Expr) -> TableProviderFilterPushDown {
        use TableProviderFilterPushDown as P;
        if !self.planner.pushdown() {
            return P::Unsupported;
        }
        let Ok(handler) = self.planner.access().handler(self.server) else {
            return P::Unsupported;
        };
        match handler {
            Handler::Sql(wrapper) => {
                match ship::condition(&self.remote(wrapper.as_ref()), filter) {
                    Some(_) => P::Exact,
                    None => P::Unsupported,
                }
            }
            Handler::Scan(wrapper) => {
                let options = plain_options(&self.relation);
                let answer = ship::qual(&self.relation, filter)
                    .map_or(Pushdown::No, |qual| wrapper.pushdown(&options, &qual));
                match answer {
                    Pushdown::Exact => P::Exact,
                    Pushdown::Inexact => P::Inexact,
                    Pushdown::No => P::Unsupported,
                }
            }
            // Each is judged again here: they only leave out files, and rows of files.
            Handler::File(_) => match ship::qual(&self.relation, filter) {
                Some(_) => P::Inexact,
                None => P::Unsupported,
            },
        }
    }

    /// The server's option `dynamic_filters`: whether it may be told of values of other servers.
    fn takes_keys(&self) -> bool {
        let server = self.planner.access().snapshot().server(self.server);
        let option = server.and_then(|server| server.options.get(DYNAMIC_FILTERS));
        !matches!(option, Some(OptionValue::Plain(text))
            if text.eq_ignore_ascii_case("off") || text.eq_ignore_ascii_case("false"))
    }

    /// A scan as a query that can become part of a larger one; none where the remote does not
    /// speak SQL.
    pub fn remote_query(&self, alias: String, scan: &TableScan) -> Option<RemoteQuery> {
        let Ok(Handler::Sql(wrapper)) = self.planner.access().handler(self.server) else {
            return None;
        };
        let columns = self.columns(scan.projection.as_ref());
        RemoteQuery::of_table(&TableRead {
            table: self.remote(wrapper.as_ref()),
            relation: &self.relation,
            place: Place { server: self.server, check_as: self.check_as },
            alias,
            columns: columns.iter().map(|column| column.name.as_str()).collect(),
            filters: &scan.filters,
            fetch: scan.fetch,
            takes_keys: self.takes_keys(),
        })
    }

    /// What is known of such a scan, and how many may read it at once.
    pub fn known(&self, scan: &TableScan) -> (Survey, usize) {
        let asked = self.question(scan.projection.as_ref(), &scan.filters, scan.fetch);
        let survey = asked.map(|asked| self.planner.surveyed(&asked.scan)).unwrap_or_default();
        let readers = survey.splits.len().min(self.planner.readers()).max(1);
        (survey, readers)
    }

    /// The wanted columns: all, or those at these places.
    fn columns(&self, projection: Option<&Vec<usize>>) -> Vec<&Column> {
        let all: Vec<&Column> = self.relation.live_columns().chain(&self.hidden).collect();
        match projection {
            Some(chosen) => chosen.iter().filter_map(|index| all.get(*index).copied()).collect(),
            None => all,
        }
    }

    /// What is to be asked about this table before such a scan of it is planned.
    pub(super) fn question(
        &self,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Option<Asked> {
        let Ok(Work::Query(reading)) = self.work(&self.columns(projection), filters, limit) else {
            return None;
        };
        let table = reading.table.clone()?;
        let scan = (self.server, self.check_as, reading.select.sql(&[]));
        let filtered = reading.select.has_conditions().then(|| scan.2.clone());
        let parts = if reading.select.has_limit() { 1 } else { self.planner.parts() };
        let question = Question { table, filtered, parts };
        Some(Asked { scan, question })
    }

    fn file_table(&self, wanted: &[&Column], quals: Vec<medley_fdw::Qual>) -> FileTable {
        let column = |column: &Column| FileColumn {
            name: column.name.clone(),
            pg_type: column.pg_type,
            options: Arc::new(plain(&column.options)),
            wanted: wanted.iter().any(|it| it.name == column.name),
            has_default: column.default.is_some(),
        };
        FileTable {
            name: self.relation.name.clone(),
            options: Arc::new(plain_options(&self.relation)),
            columns: self.relation.live_columns().map(column).collect(),
            quals,
            style: (*self.planner.env().style).clone(),
        }
    }

    fn work(&self, columns: &[&Column], filters: &[Expr], limit: Option<usize>) -> Result<Work> {
        let limit = limit.filter(|_| self.planner.pushdown());
        match self.planner.access().handler(self.server)? {
            Handler::Sql(wrapper) => {
                let table = self.remote(wrapper.as_ref());
                let conditions: Option<Vec<_>> =
                    filters.iter().map(|filter| ship::condition(&table, filter)).collect();
                let conditions = conditions
                    .ok_or_else(|| Error::Internal("a filter that is not shippable".to_owned()))?;
                let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
                Ok(Work::Query(Reading {
                    table: Some(table.remote_name()),
                    columns: table.key_columns(&names),
                    dialect: table.dialect(),
                    takes_keys: self.planner.pushdown() && self.takes_keys(),
                    select: ship::select(&table, &names, conditions, limit),
                    items: Vec::new(),
                }))
            }
            Handler::Scan(_) => {
                let quals = filters.iter().filter_map(|filter| ship::qual(&self.relation, filter));
                Ok(Work::Scan {
                    table: plain_options(&self.relation),
                    columns: columns.iter().map(|column| plain(&column.options)).collect(),
                    quals: quals.collect(),
                    limit: limit.map(|limit| limit as u64),
                })
            }
            Handler::File(wrapper) => {
                let quals = filters.iter().filter_map(|filter| ship::qual(&self.relation, filter));
                Ok(Work::Files(FileWork {
                    table: self.file_table(columns, quals.collect()),
                    wanted: columns.iter().map(|column| column.name.clone()).collect(),
                    stored: wrapper.is_stored(&plain_options(&self.relation)),
                    readers: self.planner.readers(),
                    explained: wrapper.explain(&plain_options(&self.relation)),
                }))
            }
        }
    }
}

impl fmt::Debug for ForeignTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignTable({} as {})", self.relation.oid, self.check_as)
    }
}

#[async_trait]
impl TableProvider for ForeignTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> PlanResult<Vec<TableProviderFilterPushDown>> {
        Ok(filters.iter().map(|filter| self.pushdown(filter)).collect())
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let columns = self.columns(projection);
        let fields: Vec<_> =
            columns.iter().map(|c| field(c.name.clone(), c.pg_type, true)).collect();
        let work = self.work(&columns, filters, limit)?;
        let name = (self.schema_name.clone(), self.relation.name.clone());
        let survey = match &work {
            Work::Query(reading) => {
                self.planner.surveyed(&(self.server, self.check_as, reading.select.sql(&[])))
            }
            Work::Scan { .. } | Work::Files(_) | Work::Written(_) => Survey::default(),
        };
        let scan = ForeignScan::new(
            vec![name],
            self.server,
            self.check_as,
            Arc::new(Schema::new(fields)),
            Arc::new(work),
            survey,
            &self.planner,
        );
        Ok(Arc::new(scan))
    }
}
