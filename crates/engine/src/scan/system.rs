//! A system relation as DataFusion plans with it.
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{
    BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType,
};
use datafusion::physical_plan::ExecutionPlan;
use medley_types::{PgType, arrow_type, field};

use super::Planner;
use crate::error::Result;
use crate::system::{Keys, RowSink, SystemRelation};

/// A system relation, generated for the statement's session.
pub(crate) struct SystemTable {
    relation: &'static dyn SystemRelation,
    schema: SchemaRef,
    planner: Arc<Planner>,
}

impl SystemTable {
    pub fn new(relation: &'static dyn SystemRelation, planner: Arc<Planner>) -> Self {
        let fields = relation.columns().iter().map(|c| field(c.name, c.pg_type, true));
        let fields: Vec<_> = fields.chain([field("tableoid", PgType::OID, true)]).collect();
        Self { relation, schema: Arc::new(Schema::new(fields)), planner }
    }

    fn types(&self) -> Vec<PgType> {
        let types = self.relation.columns().iter().map(|column| column.pg_type);
        types.chain([PgType::OID]).collect()
    }

    fn keys(&self, filters: &[Expr]) -> Keys {
        let mut keys = Keys::default();
        for filter in filters {
            if let Some((column, t, values)) = self.equality(filter) {
                keys.admit(&column, t, values);
            }
        }
        keys
    }

    /// `column = constant` or `column IN (constants)`
    fn equality(&self, filter: &Expr) -> Option<(String, PgType, Vec<ArrayRef>)> {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
                let (column, value) = match (left.as_ref(), right.as_ref()) {
                    (Expr::Column(column), value) | (value, Expr::Column(column)) => {
                        (column, value)
                    }
                    _ => return None,
                };
                let t = self.type_of(&column.name)?;
                Some((column.name.clone(), t, vec![constant(value, t)?]))
            }
            Expr::InList(list) if !list.negated => {
                let Expr::Column(column) = list.expr.as_ref() else { return None };
                let t = self.type_of(&column.name)?;
                let values = list.list.iter().map(|item| constant(item, t));
                Some((column.name.clone(), t, values.collect::<Option<_>>()?))
            }
            _ => None,
        }
    }

    fn type_of(&self, name: &str) -> Option<PgType> {
        self.relation.columns().iter().find(|c| c.name == name).map(|c| c.pg_type)
    }

    fn rows(&self, filters: &[Expr]) -> Result<datafusion::arrow::array::RecordBatch> {
        let mut out = RowSink::new(Arc::clone(&self.schema), &self.types(), self.relation.oid());
        let env = self.planner.env();
        self.relation.rows(&env.listing, &self.keys(filters), &mut out)?;
        out.finish()
    }
}

fn constant(value: &Expr, t: PgType) -> Option<ArrayRef> {
    let Expr::Literal(value, _) = value else { return None };
    let fits = !value.is_null() && value.data_type().equals_datatype(&arrow_type(t));
    value.to_array().ok().filter(|_| fits)
}

impl fmt::Debug for SystemTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemTable({})", self.relation.name())
    }
}

#[async_trait]
impl TableProvider for SystemTable {
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
        let answer = |filter: &&Expr| match self.equality(filter) {
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let batch = self.rows(filters)?;
        let schema = Arc::clone(&self.schema);
        Ok(MemorySourceConfig::try_new_exec(&[vec![batch]], schema, projection.cloned())?)
    }
}
