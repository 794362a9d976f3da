//! A query of several tables of a remote, as DataFusion plans with it.
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use medley_foreign::Survey;
use medley_types::{field, type_of_arrow};

use super::Planner;
use super::remote::{ForeignScan, Reading, Work};
use crate::ship::{Place, RemoteQuery, Select};

/// A query that stands for a part of a plan.
pub(crate) struct ShippedQuery {
    place: Place,
    tables: Vec<(String, String)>,
    /// What comes out, by the plan's names as far as they are unique.
    schema: SchemaRef,
    reading: Arc<Work>,
    /// How many rows are expected.
    rows: Option<f64>,
    planner: Arc<Planner>,
}

impl ShippedQuery {
    /// A query with the columns of such a plan, in their order.
    pub fn new(
        schema: &DFSchema,
        query: &RemoteQuery,
        select: Select,
        rows: Option<f64>,
        planner: &Arc<Planner>,
    ) -> Self {
        let mut names = HashSet::new();
        let fields = schema.fields().iter().zip(query.types()).enumerate();
        let fields = fields.map(|(index, (of, t))| {
            let name = match names.insert(of.name()) {
                true => of.name().clone(),
                false => format!("{}#{}", of.name(), index + 1),
            };
            // What is never NULL is the remote's promise, not ours.
            field(name, t.unwrap_or_else(|| type_of_arrow(of.data_type())), true)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let reading = Reading {
            table: None,
            columns: query.keys(),
            dialect: query.dialect,
            takes_keys: planner.pushdown() && query.takes_keys,
            select,
            items: query.items(),
        };
        Self {
            place: query.place,
            tables: query.tables(),
            schema,
            reading: Arc::new(Work::Query(reading)),
            rows,
            planner: Arc::clone(planner),
        }
    }

    /// What its columns are called.
    pub fn names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }
}

impl fmt::Debug for ShippedQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShippedQuery(at {} as {})", self.place.server, self.place.check_as)
    }
}

#[async_trait]
impl TableProvider for ShippedQuery {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        debug_assert!(projection.is_none(), "the optimizer has run by now");
        let scan = ForeignScan::new(
            self.tables.clone(),
            self.place.server,
            self.place.check_as,
            Arc::clone(&self.schema),
            Arc::clone(&self.reading),
            Survey { rows: self.rows, ..Survey::default() },
            &self.planner,
        );
        Ok(Arc::new(scan))
    }
}
