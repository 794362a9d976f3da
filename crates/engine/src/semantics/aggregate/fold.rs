//! Our aggregates as DataFusion's.
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, GroupsAccumulator, Signature, TypeSignature, Volatility,
};
use datafusion::scalar::ScalarValue;
use medley_types::{PgType, arrow_type};

use super::groups::{Call, Groups, One};
use super::state::{Kind, State};
use crate::error::{Error, Result};
use crate::semantics::call::Env;
use crate::semantics::datum::{Datum, Reader, Writer};
use crate::semantics::key::push_key;

/// The direction of a sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sorting {
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST.
    pub nulls_first: bool,
}

impl Sorting {
    /// A sort key as SQL has it.
    pub(super) fn sql(self, key: &str) -> String {
        let order = match (self.descending, self.nulls_first) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        };
        format!("{key}{order}")
    }
}

/// What is settled for all groups.
#[derive(Clone)]
struct Plan {
    kind: Kind,
    /// The arguments', then the sort keys'.
    types: Vec<PgType>,
    /// How many of them are arguments.
    arguments: usize,
    order: Vec<Sorting>,
    result: PgType,
    distinct: bool,
}

impl Plan {
    fn collects(&self) -> bool {
        self.distinct || !self.order.is_empty() || self.kind.collects()
    }

    fn argument(&self) -> PgType {
        self.types[0]
    }

    /// What all groups are computed by at once, if they can be.
    fn call(&self) -> Option<Call> {
        let (kind, argument, result) = (self.kind, self.argument(), self.result);
        (!self.distinct && self.order.is_empty()).then_some(Call { kind, argument, result })
    }
}

/// An aggregate function, settled for one call.
pub struct Fold {
    name: String,
    plan: Arc<Plan>,
    signature: Signature,
}

impl Fold {
    pub fn new(
        kind: Kind,
        arguments: &[PgType],
        result: PgType,
        distinct: bool,
        order: &[(PgType, Sorting)],
        _env: &Arc<Env>,
    ) -> Self {
        let types: Vec<_> =
            arguments.iter().copied().chain(order.iter().map(|(t, _)| *t)).collect();
        let order: Vec<_> = order.iter().map(|(_, sorting)| *sorting).collect();
        let shown: Vec<_> = types.iter().map(|t| format!("{}:{}", t.oid.0, t.typmod)).collect();
        let signature = TypeSignature::Exact(types.iter().map(|t| arrow_type(*t)).collect());
        Self {
            name: format!(
                "{kind:?}[{}]{}:{}{}{order:?}",
                shown.join(","),
                result.oid.0,
                result.typmod,
                if distinct { "distinct" } else { "" }
            ),
            plan: Arc::new(Plan {
                kind,
                arguments: arguments.len(),
                types,
                order,
                result,
                distinct,
            }),
            signature: Signature::new(signature, Volatility::Immutable),
        }
    }

    pub(super) fn is_single(&self) -> bool {
        self.plan.kind == Kind::Single
    }

    /// What it was made of.
    pub(super) fn shape(&self) -> super::Shape {
        let Plan { kind, types, arguments, order, result, distinct } = self.plan.as_ref().clone();
        super::Shape { kind, types, arguments, order, result, distinct }
    }

    fn row_by_row(&self) -> Box<dyn Accumulator> {
        let plan = Arc::clone(&self.plan);
        match plan.collects() {
            true => Box::new(Collecting { columns: vec![Vec::new(); plan.types.len()], plan }),
            false => Box::new(Folding { state: State::new(plan.kind), plan }),
        }
    }

    /// How it is printed.
    pub(super) fn shown(&self) -> super::Shown {
        super::Shown {
            name: self.plan.kind.name().map(str::to_owned),
            distinct: self.plan.distinct,
            arguments: self.plan.arguments,
            order: self.plan.order.clone(),
        }
    }
}

impl fmt::Debug for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Fold {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Fold {}

impl Hash for Fold {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl AggregateUDFImpl for Fold {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> PlanResult<DataType> {
        Ok(arrow_type(self.plan.result))
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> PlanResult<Box<dyn Accumulator>> {
        match self.plan.call().and_then(One::new) {
            Some(one) => Ok(Box::new(one)),
            None => Ok(self.row_by_row()),
        }
    }

    fn create_sliding_accumulator(
        &self,
        _: AccumulatorArgs<'_>,
    ) -> PlanResult<Box<dyn Accumulator>> {
        Ok(self.row_by_row())
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        self.plan.call().and_then(Groups::new).is_some()
    }

    fn create_groups_accumulator(
        &self,
        _: AccumulatorArgs<'_>,
    ) -> PlanResult<Box<dyn GroupsAccumulator>> {
        let groups = self.plan.call().and_then(Groups::new);
        let groups = groups.ok_or_else(|| Error::Internal("an aggregate of rows".to_owned()))?;
        Ok(Box::new(groups))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> PlanResult<Vec<FieldRef>> {
        let at_once = self.plan.call().and_then(Call::state_types);
        let types: Vec<DataType> = match self.plan.collects() {
            _ if let Some(types) = at_once => types,
            true => {
                let list = |t: &PgType| DataType::new_list(arrow_type(*t), true);
                self.plan.types.iter().map(list).collect()
            }
            false => {
                let types = self.plan.kind.state_types(self.plan.argument());
                types.into_iter().map(arrow_type).collect()
            }
        };
        let field = |(index, t)| Arc::new(Field::new(format!("{}[{index}]", args.name), t, true));
        Ok(types.into_iter().enumerate().map(field).collect())
    }
}

fn readers<'a>(types: &'a [PgType], columns: &'a [ArrayRef]) -> Vec<Reader> {
    types.iter().zip(columns).map(|(t, column)| Reader::new(*t, Arc::clone(column))).collect()
}

fn scalar(t: PgType, datum: &Datum<'_>) -> PlanResult<ScalarValue> {
    let mut writer = Writer::new(t, 1);
    writer.push(datum)?;
    ScalarValue::try_from_array(&writer.finish()?, 0)
}

fn row_of<'a>(readers: &'a [Reader], row: usize) -> Result<Vec<Datum<'a>>> {
    readers.iter().map(|reader| reader.get_at(row)).collect()
}

/// Folds rows as they come.
#[derive(Debug)]
struct Folding {
    plan: Arc<Plan>,
    state: State,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl Accumulator for Folding {
    fn update_batch(&mut self, values: &[ArrayRef]) -> PlanResult<()> {
        let readers = readers(&self.plan.types, values);
        for row in 0..values.first().map_or(0, |column| column.len()) {
            self.state.add(self.plan.argument(), &row_of(&readers, row)?)?;
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        self.plan.kind.forgets()
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> PlanResult<()> {
        let readers = readers(&self.plan.types, values);
        for row in 0..values.first().map_or(0, |column| column.len()) {
            self.state.remove(&row_of(&readers, row)?)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> PlanResult<ScalarValue> {
        let plan = &self.plan;
        let value = self.state.value(plan.kind, plan.argument(), plan.result)?;
        scalar(plan.result, &value)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> PlanResult<Vec<ScalarValue>> {
        let types = self.plan.kind.state_types(self.plan.argument());
        let parts = self.state.dismantle(self.plan.argument());
        types.into_iter().zip(&parts).map(|(t, part)| scalar(t, part)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> PlanResult<()> {
        let types = self.plan.kind.state_types(self.plan.argument());
        let readers = readers(&types, states);
        for row in 0..states.first().map_or(0, |column| column.len()) {
            self.state.merge(self.plan.argument(), &row_of(&readers, row)?)?;
        }
        Ok(())
    }
}

/// Keeps all rows, and folds them at the end.
#[derive(Debug)]
struct Collecting {
    plan: Arc<Plan>,
    /// For each argument and sort key: batches of it.
    columns: Vec<Vec<ArrayRef>>,
}

impl Collecting {
    fn whole(&self) -> Result<Vec<ArrayRef>> {
        let join = |(parts, t): (&Vec<ArrayRef>, &PgType)| {
            let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
            match parts.as_slice() {
                [] => Ok(datafusion::arrow::array::new_empty_array(&arrow_type(*t))),
                parts => datafusion::arrow::compute::concat(parts)
                    .map_err(|error| Error::Internal(error.to_string())),
            }
        };
        self.columns.iter().zip(&self.plan.types).map(join).collect()
    }

    fn fold(&self) -> Result<Datum<'static>> {
        let plan = &self.plan;
        let columns = self.whole()?;
        let readers = readers(&plan.types, &columns);
        let mut state = State::new(plan.kind);
        for row in self.sequence(&readers, columns.first().map_or(0, |column| column.len()))? {
            let values = row_of(&readers, row)?;
            state.add(plan.argument(), &values[..plan.arguments])?;
        }
        state.value(plan.kind, plan.argument(), plan.result)
    }

    /// The rows to fold, in the order to fold them in.
    fn sequence(&self, readers: &[Reader], rows: usize) -> Result<Vec<usize>> {
        let plan = &self.plan;
        let mut sequence: Vec<usize> = (0..rows).collect();
        if plan.distinct {
            self.deduplicate(readers, &mut sequence)?;
        }
        if !plan.order.is_empty() {
            let mut keyed = Vec::with_capacity(sequence.len());
            for row in sequence {
                keyed.push((self.keys(readers, row)?, row));
            }
            keyed.sort_by(|(a, _), (b, _)| compare(a, b, &plan.order));
            sequence = keyed.into_iter().map(|(_, row)| row).collect();
        }
        Ok(sequence)
    }

    /// PostgreSQL sorts to find doubles, so that what is left is sorted.
    fn deduplicate(&self, readers: &[Reader], sequence: &mut Vec<usize>) -> Result<()> {
        let mut seen = HashSet::new();
        let mut kept = Vec::new();
        for row in sequence.drain(..) {
            let mut key = Vec::new();
            for (reader, t) in readers.iter().zip(&self.plan.types).take(self.plan.arguments) {
                push_key(*t, &reader.get_at(row)?, &mut key)?;
            }
            if seen.insert(key.clone()) {
                kept.push((key, row));
            }
        }
        kept.sort();
        sequence.extend(kept.into_iter().map(|(_, row)| row));
        Ok(())
    }

    fn keys(&self, readers: &[Reader], row: usize) -> Result<Vec<Option<Vec<u8>>>> {
        let types = &self.plan.types[self.plan.arguments..];
        let keys = readers[self.plan.arguments..].iter().zip(types);
        keys.map(|(reader, t)| {
            let value = reader.get_at(row)?;
            if value.is_null() {
                return Ok(None);
            }
            let mut key = Vec::new();
            push_key(*t, &value, &mut key)?;
            Ok(Some(key))
        })
        .collect()
    }
}

fn compare(a: &[Option<Vec<u8>>], b: &[Option<Vec<u8>>], order: &[Sorting]) -> Ordering {
    let pairs = a.iter().zip(b).zip(order);
    let each = pairs.map(|((a, b), sorting)| match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) if sorting.nulls_first => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) if sorting.nulls_first => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) if sorting.descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
    });
    each.fold(Ordering::Equal, Ordering::then)
}

impl Accumulator for Collecting {
    fn update_batch(&mut self, values: &[ArrayRef]) -> PlanResult<()> {
        for (column, values) in self.columns.iter_mut().zip(values) {
            column.push(Arc::clone(values));
        }
        Ok(())
    }

    fn evaluate(&mut self) -> PlanResult<ScalarValue> {
        scalar(self.plan.result, &self.fold()?)
    }

    fn size(&self) -> usize {
        // The values of groups are slices of one array: each counts its own share of it.
        let share = |array: &ArrayRef| array.to_data().get_slice_memory_size().unwrap_or_default();
        size_of_val(self) + self.columns.iter().flatten().map(share).sum::<usize>()
    }

    fn state(&mut self) -> PlanResult<Vec<ScalarValue>> {
        let whole = self.whole()?;
        let list = |(values, t): (ArrayRef, &PgType)| {
            let field = Arc::new(Field::new_list_field(arrow_type(*t), true));
            let offsets = datafusion::arrow::buffer::OffsetBuffer::from_lengths([values.len()]);
            let list = datafusion::arrow::array::ListArray::try_new(field, offsets, values, None)?;
            Ok(ScalarValue::List(Arc::new(list)))
        };
        whole.into_iter().zip(&self.plan.types).map(list).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> PlanResult<()> {
        for (column, lists) in self.columns.iter_mut().zip(states) {
            column.extend(lists.as_list::<i32>().iter().flatten());
        }
        Ok(())
    }
}
