//! A correlated subquery: a plan that is run for rows' values of outer columns, all at once if its
//! form allows it ([`at_once`]), else anew for each.
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, AsArray, Int64Array, ListArray, RecordBatch, StructArray, UInt32Array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::ParamValues;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl,
    Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;

use super::Planner;
use super::at_once::{AtOnce, OfNothing, Outer, at_once};
use crate::error::{Error, Result};
use crate::semantics::aggregate::more_than_one_row;

/// What is asked of the subquery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The one value of its one row.
    Value,
    /// Whether it has rows.
    Exists,
    /// Whether one of its values is the last argument.
    In,
    /// All its rows, as a list of structs; NULL for none if they are to be kept by a NULL.
    Rows {
        /// None is NULL.
        or_null: bool,
    },
}

/// The subquery as a function of the outer columns that it names.
pub(crate) struct SubPlan {
    name: String,
    plan: LogicalPlan,
    /// The placeholders that stand for the arguments.
    ids: Vec<String>,
    result: DataType,
    answer: Answer,
    planner: Arc<Planner>,
    signature: Signature,
}

impl SubPlan {
    pub fn new(
        name: String,
        plan: LogicalPlan,
        ids: Vec<String>,
        arguments: usize,
        result: DataType,
        answer: Answer,
        planner: Arc<Planner>,
    ) -> Self {
        // The key that IN compares by may have a form of its own.
        let signature = Signature::any(arguments, Volatility::Volatile);
        Self { name, plan, ids, result, answer, planner, signature }
    }

    /// The expression.
    pub fn on(self, arguments: Vec<Expr>) -> Expr {
        AsyncScalarUDF::new(Arc::new(self)).into_scalar_udf().call(arguments)
    }

    async fn results(&self, rows: &[Vec<ScalarValue>]) -> Result<Vec<ScalarValue>> {
        let width = self.outer_ids().len();
        let mut places: HashMap<&[ScalarValue], usize> = HashMap::new();
        let mut distinct = Vec::new();
        let mut place_of = Vec::with_capacity(rows.len());
        for row in rows {
            let outer = row.get(..width).unwrap_or(row);
            let place = *places.entry(outer).or_insert_with(|| {
                distinct.push(outer);
                distinct.len() - 1
            });
            place_of.push(place);
        }
        let found = self.found(&distinct).await?;
        let answers = rows.iter().zip(place_of).map(|(row, place)| self.answer(&found[place], row));
        answers.collect()
    }

    /// The subquery's rows for each row of outer values.
    async fn found(&self, outer: &[&[ScalarValue]]) -> Result<Vec<RecordBatch>> {
        if outer.len() > 1
            && let Some(found) = self.run_at_once(outer).await?
        {
            return Ok(found);
        }
        let mut found = Vec::with_capacity(outer.len());
        for row in outer {
            found.push(self.run(row).await?);
        }
        Ok(found)
    }

    /// Its rows for one row of outer values.
    async fn run(&self, row: &[ScalarValue]) -> Result<RecordBatch> {
        let values = self.outer_ids().iter().map(|id| id.trim_start_matches('$').to_owned());
        let values: HashMap<String, ScalarValue> = values.zip(row.iter().cloned()).collect();
        let plan = self.plan.clone().with_param_values(ParamValues::from(values))?;
        self.collected(&plan).await
    }

    async fn collected(&self, plan: &LogicalPlan) -> Result<RecordBatch> {
        let plan = self.planner.physical(plan).await?;
        let schema = plan.schema();
        let batches: Vec<_> = self.planner.rows(plan)?.try_collect().await?;
        Ok(concat_batches(&schema, &batches)?)
    }

    /// Its rows for each of several rows of outer values, by one plan; none where it takes one for
    /// each.
    async fn run_at_once(&self, outer: &[&[ScalarValue]]) -> Result<Option<Vec<RecordBatch>>> {
        let Some(rows) = outer_rows(&self.name, self.outer_ids(), outer)? else { return Ok(None) };
        let Some(AtOnce { plan, of_nothing }) = at_once(&self.plan, &rows)? else {
            return Ok(None);
        };
        let mut found = by_outer_row(self.collected(&plan).await?, outer.len())?;
        let mut same: Option<RecordBatch> = None;
        for (rows, outer) in found.iter_mut().zip(outer) {
            if rows.num_rows() > 0 || of_nothing == OfNothing::NoRows {
                continue;
            }
            *rows = match &same {
                Some(same) => same.clone(),
                None => self.run(outer).await?,
            };
            if of_nothing == OfNothing::Same {
                same = Some(rows.clone());
            }
        }
        Ok(Some(found))
    }

    /// The placeholders that the plan has: what IN looks for is not among them.
    fn outer_ids(&self) -> &[String] {
        match self.answer {
            Answer::In => self.ids.split_last().map(|(_, ids)| ids).unwrap_or_default(),
            Answer::Value | Answer::Exists | Answer::Rows { .. } => &self.ids,
        }
    }

    /// What follows from the subquery's rows for one row.
    fn answer(&self, found: &RecordBatch, row: &[ScalarValue]) -> Result<ScalarValue> {
        match self.answer {
            Answer::Exists => Ok(ScalarValue::from(found.num_rows() > 0)),
            Answer::Value => match first_column(found)?.as_slice() {
                [] => Ok(ScalarValue::try_from(&self.result)?),
                [value] => Ok(value.clone()),
                _ => Err(more_than_one_row()),
            },
            Answer::Rows { or_null } => self.rows(found, or_null),
            Answer::In => {
                let wanted = row.last().ok_or_else(|| Error::Internal("IN nothing".to_owned()))?;
                Ok(ScalarValue::Boolean(contains(&first_column(found)?, wanted)))
            }
        }
    }

    /// Rows as one list.
    fn rows(&self, rows: &RecordBatch, or_null: bool) -> Result<ScalarValue> {
        let DataType::List(field) = &self.result else {
            return Ok(ScalarValue::try_from(&self.result)?);
        };
        if rows.num_rows() == 0 && or_null {
            return Ok(ScalarValue::try_from(&self.result)?);
        }
        let DataType::Struct(fields) = field.data_type() else {
            return Err(Error::Internal("rows that are no structs".to_owned()));
        };
        let count = rows.num_rows();
        let columns = rows.columns().iter().take(fields.len()).cloned().collect();
        let rows = StructArray::try_new(fields.clone(), columns, None)?;
        let offsets = OffsetBuffer::from_lengths([count]);
        let list = ListArray::try_new(Arc::clone(field), offsets, Arc::new(rows), None)?;
        Ok(ScalarValue::List(Arc::new(list)))
    }
}

fn first_column(rows: &RecordBatch) -> Result<Vec<ScalarValue>> {
    let value = |row| match rows.columns().first() {
        Some(column) => ScalarValue::try_from_array(column, row),
        None => Ok(ScalarValue::Null),
    };
    Ok((0..rows.num_rows()).map(value).collect::<PlanResult<_>>()?)
}

/// Outer values as a relation; none where there are none.
fn outer_rows<'a>(
    name: &str,
    ids: &'a [String],
    rows: &[&[ScalarValue]],
) -> Result<Option<Outer<'a>>> {
    if ids.is_empty() {
        return Ok(None);
    }
    let numbers = Int64Array::from_iter_values(0..rows.len() as i64);
    let mut columns = vec![(format!("{name} row"), Arc::new(numbers) as ArrayRef)];
    for (place, id) in ids.iter().enumerate() {
        let values = rows.iter().map(|row| row[place].clone());
        columns.push((format!("{name} {id}"), ScalarValue::iter_to_array(values)?));
    }
    let columns = columns.into_iter().map(|(name, values)| (name, values, true));
    let rows = RecordBatch::try_from_iter_with_nullable(columns)?;
    Ok(Some(Outer { name: format!("{name} outer"), ids, rows }))
}

/// The rows for each of `count` rows of outer values, in their order; the last column has the
/// numbers of those.
fn by_outer_row(rows: RecordBatch, count: usize) -> Result<Vec<RecordBatch>> {
    let numbers = rows.columns().last().and_then(|it| it.as_primitive_opt::<Int64Type>());
    let numbers = numbers.ok_or_else(|| Error::Internal("rows without numbers".to_owned()))?;
    let mut order: Vec<u32> = (0..rows.num_rows() as u32).collect();
    order.sort_by_key(|row| numbers.value(*row as usize));
    let numbers: Vec<_> = order.iter().map(|row| numbers.value(*row as usize)).collect();
    let sorted = take_record_batch(&rows, &UInt32Array::from(order))?;
    let mut from = 0;
    let slices = (0..count as i64).map(|number| {
        let length = numbers[from..].iter().take_while(|it| **it == number).count();
        from += length;
        sorted.slice(from - length, length)
    });
    Ok(slices.collect())
}

/// `IN`: NULL if it is not found and a NULL is among them, or is looked for among any.
fn contains(values: &[ScalarValue], wanted: &ScalarValue) -> Option<bool> {
    if values.is_empty() {
        return Some(false);
    }
    if wanted.is_null() {
        return None;
    }
    if values.contains(wanted) {
        return Some(true);
    }
    if values.iter().any(ScalarValue::is_null) { None } else { Some(false) }
}

impl fmt::Debug for SubPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Names are unique within a statement.
impl PartialEq for SubPlan {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for SubPlan {}

impl Hash for SubPlan {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for SubPlan {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> PlanResult<DataType> {
        Ok(self.result.clone())
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs<'_>) -> PlanResult<FieldRef> {
        Ok(Arc::new(Field::new(self.name.clone(), self.result.clone(), true)))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> PlanResult<ColumnarValue> {
        Err(Error::unsupported("a correlated subquery in this place").into())
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for SubPlan {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> PlanResult<ColumnarValue> {
        let columns = args.args.iter().map(|arg| arg.to_array(args.number_rows));
        let columns = columns.collect::<PlanResult<Vec<_>>>()?;
        let row = |row| columns.iter().map(move |it| ScalarValue::try_from_array(it, row));
        let rows = (0..args.number_rows).map(|at| row(at).collect::<PlanResult<Vec<_>>>());
        let rows = rows.collect::<PlanResult<Vec<_>>>()?;
        let results = self.results(&rows).await?;
        if results.is_empty() {
            let empty = datafusion::arrow::array::new_empty_array(&self.result);
            return Ok(ColumnarValue::Array(empty));
        }
        Ok(ColumnarValue::Array(ScalarValue::iter_to_array(results)?))
    }
}
