//! RETURNING, and the conditions of views on new rows: computed here, over the rows that were
//! changed.
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::common::{Column as PlanColumn, TableReference};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr as PlanExpr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use medley_analyze::tree::{
    BoolOp, Change, ChangeKind, ColumnRef, Expr, ExprKind, Query, Target, TruthTest, ViewCheck,
};
use medley_catalog::acl::Privileges;
use medley_diagnostic::{Report, SqlState};
use medley_types::{PgType, arrow_type};

use super::parameters::Texts;
use super::plan::{Source, returned_columns};
use super::table::Table;
use super::with::Changed;
use crate::context::QueryContext;
use crate::engine::Parameter;
use crate::error::{Error, Result};
use crate::lower::{Known, Lowering};
use crate::rows::Batch;
use crate::scan::Planner;

/// How the rows that were changed are read: what the remote returned of each, then what stood
/// beside it.
pub(super) struct Returning<'a> {
    pub context: &'a QueryContext,
    pub planner: &'a Arc<Planner>,
    pub parameters: &'a [Parameter],
    pub changed: &'a Changed,
    pub table: &'a Table,
    pub change: &'a Change,
    pub source: Option<&'a Source>,
}

impl Returning<'_> {
    /// What RETURNING comes to.
    pub async fn rows(&self, query: &Query, rows: Vec<RecordBatch>) -> Result<Vec<Batch>> {
        match self.plan(query, rows)? {
            Some(plan) => self.run(&plan).await,
            None => Ok(Vec::new()),
        }
    }

    /// Whether views take the new rows.
    pub async fn check(&self, rows: &[RecordBatch]) -> Result<()> {
        for check in &self.change.checks {
            self.check_one(check, rows.to_vec()).await?;
        }
        Ok(())
    }

    async fn check_one(&self, check: &ViewCheck, rows: Vec<RecordBatch>) -> Result<()> {
        let Some(plan) = self.plan_of_violations(check, rows)? else { return Ok(()) };
        for batch in self.run(&plan).await? {
            if let Batch::Columns(batch) = batch
                && batch.num_rows() > 0
            {
                return Err(self.violated(check, &batch)?);
            }
        }
        Ok(())
    }

    fn lowering(&self) -> Lowering<'_> {
        let lowering = Lowering::new(self.context, Arc::clone(self.planner), Some(self.parameters));
        lowering.reading_changed(self.changed)
    }

    fn plan(&self, query: &Query, rows: Vec<RecordBatch>) -> Result<Option<LogicalPlan>> {
        let Some((plan, columns)) = self.table_of(rows)? else { return Ok(None) };
        let lowering = self.lowering();
        let ranges = self.ranges(&lowering, query, &columns)?;
        lowering.over(query, plan, ranges).map(Some)
    }

    fn plan_of_violations(
        &self,
        check: &ViewCheck,
        rows: Vec<RecordBatch>,
    ) -> Result<Option<LogicalPlan>> {
        let Some((plan, columns)) = self.table_of(rows)? else { return Ok(None) };
        let lowering = self.lowering();
        // What nobody asked the remote for is shown as NULL.
        let mut known = self.nulls()?;
        known.extend(self.changed_row(&lowering, &columns)?);
        lowering.over(&self.violations(check), plan, vec![Some(known)]).map(Some)
    }

    /// The new rows that a condition does not hold for.
    fn violations(&self, check: &ViewCheck) -> Query {
        let holds = ExprKind::TruthTest(TruthTest::True, Box::new(check.condition.clone()));
        let holds = Expr::new(holds, PgType::BOOL, None);
        let fails = Expr::new(ExprKind::Bool(BoolOp::Not, vec![holds]), PgType::BOOL, None);
        let target = |column: &medley_catalog::objects::Column| {
            let of_table = ColumnRef { levels_up: 0, range: Change::TABLE, number: column.number };
            let expr = Expr::new(ExprKind::Column(of_table), column.pg_type, None);
            Target { name: column.name.clone(), expr, junk: false }
        };
        let targets = self.table.relation.live_columns().map(target).collect();
        Query { ranges: Vec::new(), filter: Some(fails), targets, ..Query::default() }
    }

    fn violated(&self, check: &ViewCheck, rows: &RecordBatch) -> Result<Error> {
        let message = format!("new row violates check option for view \"{}\"", check.view);
        let mut report = Report::error(SqlState::WITH_CHECK_OPTION_VIOLATION, message);
        let columns: Vec<_> = self.table.relation.live_columns().collect();
        let actor = self.context.snapshot.actor(self.context.role);
        let may_see = columns.iter().all(|column| {
            actor.has_on_column(&self.table.relation, column.number, Privileges::SELECT)
        });
        if may_see {
            let typed = columns.iter().zip(rows.columns());
            let typed: Vec<_> = typed.map(|(it, array)| (it.pg_type, Arc::clone(array))).collect();
            let row = Texts::new(&typed)?.row(0)?;
            let values = row.into_iter().map(|value| value.unwrap_or_else(|| "null".to_owned()));
            let values: Vec<_> = values.map(cut).collect();
            report = report.with_detail(format!("Failing row contains ({}).", values.join(", ")));
        }
        Ok(report.into())
    }

    async fn run(&self, plan: &LogicalPlan) -> Result<Vec<Batch>> {
        let plan = self.planner.surveyed_physical(plan).await?;
        self.planner.reserve(&plan).await?;
        let mut batches = self.planner.rows(plan)?;
        let mut all = Vec::new();
        while let Some(batch) = batches.next().await {
            all.push(Batch::Columns(batch?));
        }
        Ok(all)
    }

    /// The rows as a table; none where there is no row.
    fn table_of(&self, rows: Vec<RecordBatch>) -> Result<Option<(LogicalPlan, Vec<PlanExpr>)>> {
        let rows: Vec<_> = rows.into_iter().filter(|batch| batch.num_rows() > 0).collect();
        let Some(first) = rows.first() else { return Ok(None) };
        let schema = first.schema();
        let fields: Vec<_> =
            schema.fields().iter().map(|it| it.as_ref().clone().with_nullable(true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let again = rows.into_iter().map(|batch| {
            RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec())
                .map_err(|error| Error::Internal(error.to_string()))
        });
        let rows = again.collect::<Result<Vec<_>>>()?;
        let table = Arc::new(MemTable::try_new(Arc::clone(&schema), vec![rows])?);
        let name = TableReference::bare("*CHANGED*");
        let plan = LogicalPlanBuilder::scan(name.clone(), provider_as_source(table), None)?;
        let columns = schema.fields().iter().map(|field| {
            PlanExpr::Column(PlanColumn::new(Some(name.clone()), field.name().clone()))
        });
        Ok(Some((plan.build()?, columns.collect())))
    }

    /// Where the columns of RETURNING's ranges are.
    fn ranges(
        &self,
        lowering: &Lowering<'_>,
        query: &Query,
        columns: &[PlanExpr],
    ) -> Result<Vec<Option<Known>>> {
        let mut ranges: Vec<Option<Known>> = vec![Some(Known::new()); query.ranges.len()];
        let changed = self.changed_row(lowering, columns)?;
        let nulls = self.nulls()?;
        let (old, new) = (Change::old_row(query), Change::new_row(query));
        let (of_old, of_new) = match self.change.kind {
            ChangeKind::Insert => (nulls, changed.clone()),
            ChangeKind::Update => (Known::new(), changed.clone()),
            ChangeKind::Delete => (changed.clone(), nulls),
        };
        ranges[Change::TABLE] = Some(changed);
        ranges[old] = Some(of_old);
        ranges[new] = Some(of_new);
        let first = self.returned()?.len();
        let beside = self.source.map(|source| source.beside.as_slice()).unwrap_or_default();
        for (it, column) in beside.iter().zip(columns.get(first..).unwrap_or_default()) {
            if let Some(known) = ranges.get_mut(it.range).and_then(Option::as_mut) {
                known.insert(it.number, column.clone());
            }
        }
        if self.change.kind == ChangeKind::Update
            && let Some(known) = ranges[old].as_mut()
            && !known.is_empty()
        {
            self.add_table_oid(known);
            lowering.add_virtual_columns(&self.table.relation, known)?;
        }
        Ok(ranges)
    }

    fn returned(&self) -> Result<Vec<&medley_catalog::objects::Column>> {
        returned_columns(self.table, self.change)
    }

    fn add_table_oid(&self, known: &mut Known) {
        known.insert(ColumnRef::TABLE_OID, lit(self.table.relation.oid.0));
    }

    /// The row as the remote returned it; what was not asked for is not there.
    fn changed_row(&self, lowering: &Lowering<'_>, columns: &[PlanExpr]) -> Result<Known> {
        let returned = self.returned()?;
        let mut known: Known =
            returned.iter().map(|it| it.number).zip(columns.iter().cloned()).collect();
        self.add_table_oid(&mut known);
        lowering.add_virtual_columns(&self.table.relation, &mut known)?;
        Ok(known)
    }

    /// A row that is not there.
    fn nulls(&self) -> Result<Known> {
        let null = |t: PgType| -> Result<PlanExpr> {
            Ok(PlanExpr::Literal(ScalarValue::try_from(&arrow_type(t))?, None))
        };
        let columns = self.table.relation.live_columns();
        let mut known =
            columns.map(|it| Ok((it.number, null(it.pg_type)?))).collect::<Result<Known>>()?;
        known.insert(ColumnRef::TABLE_OID, null(PgType::OID)?);
        Ok(known)
    }
}

/// As long as messages show values.
fn cut(value: String) -> String {
    const MOST: usize = 64;
    match value.char_indices().nth(MOST) {
        Some((end, _)) if value.len() > MOST => format!("{}...", &value[..end]),
        _ => value,
    }
}
