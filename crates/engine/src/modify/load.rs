//! COPY FROM: rows that are here go into a foreign table.
use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::{Column as PlanColumn, DFSchema};
use datafusion::logical_expr::{Expr as PlanExpr, lit};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use medley_analyze::tree::{Change, ColumnRef};
use medley_catalog::ids::RelationOid;
use medley_sql::Expression;
use medley_types::arrow_type;

use super::change::{check_read_only, checked};
use super::plan::{Source, source};
use super::rows::{self, Changer, Rows};
use super::table::Table;
use crate::context::QueryContext;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::lower::{Known, Lowering};
use crate::scan::Planner;

/// What is loaded by COPY FROM.
#[derive(Clone, Copy, Debug)]
pub struct Loaded<'a> {
    /// Into which table.
    pub table: RelationOid,
    /// The numbers of the columns that the rows have.
    pub columns: &'a [i16],
    /// WHERE: the rows that it does not hold for are left out.
    pub filter: Option<&'a Expression>,
}

impl Engine {
    /// Loads rows into a foreign table, as COPY FROM does: `batches` have the columns that were
    /// said, in their types' forms. How many rows it was.
    pub async fn load(
        &self,
        context: &QueryContext,
        loaded: Loaded<'_>,
        batches: Rows,
    ) -> Result<u64> {
        let names = medley_analyze::Context::new(
            &context.snapshot,
            &context.search_path,
            context.role,
            &context.style,
            context.facts.database(),
        );
        let filter = loaded.filter.map(|filter| filter.ast.as_ref());
        let change = medley_analyze::load(&names, loaded.table, loaded.columns, filter)?;
        let table = checked(context, &change)?;
        check_read_only(context, "COPY FROM")?;
        let remote = table.resolve(context)?;
        context.access.will_write(&remote)?;
        let source = source(&change, None);
        let planner = Planner::new(self, context);
        let whole = Whole::new(context, &planner, (&table, &change, &source))?;
        let rows = batches.map(move |batch| whole.rows(&batch?));
        let changer = Changer::new(context, &table, &remote, &change, &source)?;
        Ok(changer.insert(rows.boxed(), true).await?.count)
    }
}

/// Makes whole rows of those that come: what is not told of them is the columns' defaults.
struct Whole {
    defaults: Vec<ScalarValue>,
    filter: Option<Arc<dyn PhysicalExpr>>,
}

impl Whole {
    fn new(
        context: &QueryContext,
        planner: &Arc<Planner>,
        (table, change, source): (&Table, &Change, &Source),
    ) -> Result<Self> {
        let lowering = Lowering::new(context, Arc::clone(planner), None);
        let defaults = source.query.outputs().map(|target| match target.expr.is_volatile() {
            true => Err(Error::unsupported("COPY FROM with a volatile default")),
            false => lowering.constant_value(&target.expr),
        });
        let defaults = defaults.collect::<Result<_>>()?;
        let Some(filter) = &source.query.filter else { return Ok(Self { defaults, filter: None }) };
        let columns = change.columns.iter().map(|number| table.column(*number));
        let types = columns.map(|column| Ok(arrow_type(column?.pg_type)));
        let schema = rows::unnamed_schema(types.collect::<Result<_>>()?);
        let schema = DFSchema::try_from(schema)?;
        let condition = lowering.over_row(filter, row(table, change)?)?;
        let filter = Some(planner.physical_expr(condition, &schema)?);
        Ok(Self { defaults, filter })
    }

    fn rows(&self, told: &RecordBatch) -> Result<RecordBatch> {
        let defaults = self.defaults.iter().map(|it| it.to_array_of_size(told.num_rows()));
        let defaults = defaults.collect::<datafusion::error::Result<Vec<_>>>()?;
        let columns = [told.columns(), &defaults].concat();
        let all = rows::unnamed(columns, told.num_rows())?;
        let Some(filter) = &self.filter else { return Ok(all) };
        let holds = filter.evaluate(&all)?.into_array(all.num_rows())?;
        filter_record_batch(&all, as_boolean_array(&holds)?)
            .map_err(|error| Error::Internal(error.to_string()))
    }
}

/// The columns of a row before it is inserted: those that have a value are where the source has
/// them, the others are NULL.
fn row(table: &Table, change: &Change) -> Result<Known> {
    let mut known: Known = HashMap::new();
    for column in table.relation.live_columns() {
        let null = ScalarValue::try_from(&arrow_type(column.pg_type))?;
        known.insert(column.number, PlanExpr::Literal(null, None));
    }
    for (place, number) in change.columns.iter().enumerate() {
        let column = PlanColumn::new_unqualified(rows::unnamed_column(place));
        known.insert(*number, PlanExpr::Column(column));
    }
    known.insert(ColumnRef::TABLE_OID, lit(table.relation.oid.0));
    Ok(known)
}
