//! A correlated subquery: a plan that is run anew for each row's values of outer columns.
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ListArray, RecordBatch, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ParamValues;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl,
    Signature, Volatility,
};
use datafusion::physical_plan::collect;
use datafusion::scalar::ScalarValue;

use super::Planner;
use super::grouped::grouped;
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
        let is_one_value = !matches!(self.answer, Answer::Rows { .. });
        if rows.len() > 1
            && is_one_value
            && let Some(results) = self.run_at_once(rows).await?
        {
            return Ok(results);
        }
        let mut known: HashMap<&[ScalarValue], ScalarValue> = HashMap::new();
        let mut results = Vec::with_capacity(rows.len());
        for row in rows {
            let result = match known.get(row.as_slice()) {
                Some(result) => result.clone(),
                None => self.run(row).await?,
            };
            known.insert(row, result.clone());
            results.push(result);
        }
        Ok(results)
    }

    /// The answer for one row of outer values.
    async fn run(&self, row: &[ScalarValue]) -> Result<ScalarValue> {
        let values = self.ids.iter().map(|id| id.trim_start_matches('$').to_owned());
        let values: HashMap<String, ScalarValue> = values.zip(row.iter().cloned()).collect();
        let plan = self.plan.clone().with_param_values(ParamValues::from(values))?;
        let plan = self.planner.physical(&plan).await?;
        let batches = collect(plan, self.planner.task()).await?;
        match self.answer {
            Answer::Rows { or_null } => self.rows(&batches, or_null),
            _ => self.answer(&first_column(&batches)?, row),
        }
    }

    /// The answers for all rows by one plan; none where it takes one for each.
    async fn run_at_once(&self, rows: &[Vec<ScalarValue>]) -> Result<Option<Vec<ScalarValue>>> {
        let place = |id: &str| self.ids.iter().position(|known| known == id);
        let values = |id: &str| {
            let place = place(id);
            rows.iter().filter_map(|row| row.get(place?).cloned()).collect::<Vec<_>>()
        };
        let Some(grouped) = grouped(&self.plan, self.outer_ids(), &values)? else {
            return Ok(None);
        };
        let plan = self.planner.physical(&grouped.plan).await?;
        let batches = collect(plan, self.planner.task()).await?;
        let groups = groups(&batches, grouped.ids.len())?;
        let places: Vec<_> = grouped.ids.iter().filter_map(|id| place(id)).collect();
        let answers = rows.iter().map(|row| {
            let key: Vec<_> = places.iter().map(|place| row[*place].clone()).collect();
            let found = groups.get(&key).filter(|_| !key.iter().any(ScalarValue::is_null));
            self.answer(found.map(Vec::as_slice).unwrap_or_default(), row)
        });
        answers.collect::<Result<Vec<_>>>().map(Some)
    }

    /// The placeholders that the plan has: what IN looks for is not among them.
    fn outer_ids(&self) -> &[String] {
        match self.answer {
            Answer::In => self.ids.split_last().map(|(_, ids)| ids).unwrap_or_default(),
            Answer::Value | Answer::Exists | Answer::Rows { .. } => &self.ids,
        }
    }

    /// What follows from the values of the subquery's first column.
    fn answer(&self, values: &[ScalarValue], row: &[ScalarValue]) -> Result<ScalarValue> {
        match self.answer {
            Answer::Exists => Ok(ScalarValue::from(!values.is_empty())),
            Answer::Value => match values {
                [] => Ok(ScalarValue::try_from(&self.result)?),
                [value] => Ok(value.clone()),
                _ => Err(more_than_one_row()),
            },
            Answer::Rows { .. } => Err(Error::Internal("rows are more than a column".to_owned())),
            Answer::In => {
                let wanted = row.last().ok_or_else(|| Error::Internal("IN nothing".to_owned()))?;
                Ok(ScalarValue::Boolean(contains(values, wanted)))
            }
        }
    }

    /// Rows as one list.
    fn rows(&self, batches: &[RecordBatch], or_null: bool) -> Result<ScalarValue> {
        let (DataType::List(field), Some(first)) = (&self.result, batches.first()) else {
            return Ok(ScalarValue::try_from(&self.result)?);
        };
        let rows = concat_batches(&first.schema(), batches)?;
        if rows.num_rows() == 0 && or_null {
            return Ok(ScalarValue::try_from(&self.result)?);
        }
        let DataType::Struct(fields) = field.data_type() else {
            return Err(Error::Internal("rows that are no structs".to_owned()));
        };
        let count = rows.num_rows();
        let rows = StructArray::try_new(fields.clone(), rows.columns().to_vec(), None)?;
        let offsets = OffsetBuffer::from_lengths([count]);
        let list = ListArray::try_new(Arc::clone(field), offsets, Arc::new(rows), None)?;
        Ok(ScalarValue::List(Arc::new(list)))
    }
}

fn first_column(batches: &[RecordBatch]) -> Result<Vec<ScalarValue>> {
    let mut values = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            values.push(match batch.columns().first() {
                Some(column) => ScalarValue::try_from_array(column, row)?,
                None => ScalarValue::Null,
            });
        }
    }
    Ok(values)
}

/// The values of the first column by those of the last `keys` columns.
fn groups(
    batches: &[RecordBatch],
    keys: usize,
) -> Result<HashMap<Vec<ScalarValue>, Vec<ScalarValue>>> {
    let mut groups: HashMap<Vec<ScalarValue>, Vec<ScalarValue>> = HashMap::new();
    for batch in batches {
        let (own, last) = batch.columns().split_at(batch.num_columns() - keys);
        for row in 0..batch.num_rows() {
            let key = last.iter().map(|column| ScalarValue::try_from_array(column, row));
            let value = match own.first() {
                Some(column) => ScalarValue::try_from_array(column, row)?,
                None => ScalarValue::Null,
            };
            groups.entry(key.collect::<PlanResult<_>>()?).or_default().push(value);
        }
    }
    Ok(groups)
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
