//! Aggregates of which a few numbers are kept for each group: all groups at once.
//!
//! What an aggregate means is said by `state`, which takes row by row; this computes the same.
use std::cmp::Ordering;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, Decimal256Array,
    Float32Array, Float64Array, Int64Array, PrimitiveArray, StringArray, UInt32Array,
    new_empty_array,
};
use datafusion::arrow::compute::{concat, take};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, i256,
};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::scalar::ScalarValue;
use medley_types::{Form, PgType, arrow_type};
use num_bigint::BigInt;

use super::state::{Kind, add_float, combine, of_float};
use crate::error::{Error, Result};
use crate::semantics::datum::Writer;
use crate::semantics::numeric::{FewDigits, Numeric};

/// What is settled for all groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub kind: Kind,
    pub argument: PgType,
    pub result: PgType,
}

/// What is kept of each group, by its number.
#[derive(Debug)]
enum Kept {
    /// Sums of the digits of numbers that all have one scale.
    Exact { sums: Sums, counts: Vec<i64> },
    /// Sums of numbers that each have a scale of their own.
    Loose { sums: Vec<Sum>, counts: Vec<i64> },
    /// Count, sum, and sum of squared differences.
    Float(Vec<(i64, f64, f64)>),
    /// The least float, or the greatest.
    Extreme { values: Vec<Option<f64>>, wanted: Ordering },
    /// All, or any.
    Logical { values: Vec<Option<bool>>, and: bool },
    /// The first value that was met of each: as many as there are groups.
    First { values: Vec<ArrayRef>, groups: usize },
}

#[derive(Debug)]
enum Sums {
    /// Nobody can add up so many that this overflows.
    Narrow(Vec<i128>),
    Wide(Vec<i256>),
}

/// A sum of texts, which has few digits nearly always.
#[derive(Clone, Debug)]
enum Sum {
    Few(FewDigits),
    Many(Numeric),
}

impl Sum {
    fn add(&mut self, text: &str) -> Result<()> {
        let few = match (&*self, FewDigits::read(text)) {
            (Self::Few(sum), Some(number)) => sum.add(number),
            _ => None,
        };
        *self = match few {
            Some(sum) => Self::Few(sum),
            None => {
                let number: std::result::Result<Numeric, _> = text.parse();
                let number = number.map_err(|_| Error::Internal("no number".to_owned()))?;
                Self::Many(self.number().add(&number)?)
            }
        };
        Ok(())
    }

    fn number(&self) -> Numeric {
        match self {
            Self::Few(sum) => Numeric::from(*sum),
            Self::Many(sum) => sum.clone(),
        }
    }
}

impl Sums {
    fn resize(&mut self, groups: usize) {
        match self {
            Self::Narrow(sums) => sums.resize(groups, 0),
            Self::Wide(sums) => sums.resize(groups, i256::ZERO),
        }
    }

    fn forget(&mut self, groups: usize) {
        match self {
            Self::Narrow(sums) => drop(sums.drain(..groups)),
            Self::Wide(sums) => drop(sums.drain(..groups)),
        }
    }

    fn number(&self, group: usize, scale: u32) -> Numeric {
        let digits = match self {
            Self::Narrow(sums) => BigInt::from(sums[group]),
            Self::Wide(sums) => BigInt::from_signed_bytes_le(&sums[group].to_le_bytes()),
        };
        Numeric::new(digits, scale)
    }
}

impl Call {
    fn kept(self) -> Option<Kept> {
        let t = Form::of(self.argument);
        let is_float = matches!(t, Form::Float4 | Form::Float8);
        Some(match self.kind {
            Kind::SumNumeric | Kind::AverageNumeric if t == Form::NumericText => {
                Kept::Loose { sums: Vec::new(), counts: Vec::new() }
            }
            Kind::SumInteger | Kind::SumNumeric | Kind::AverageNumeric => {
                let sums = match t {
                    Form::Int2 | Form::Int4 | Form::Int8 => Sums::Narrow(Vec::new()),
                    Form::Decimal128 { precision: ..=19, scale: 0.. } => Sums::Narrow(Vec::new()),
                    Form::Decimal128 { scale: 0.., .. } => Sums::Wide(Vec::new()),
                    _ => return None,
                };
                Kept::Exact { sums, counts: Vec::new() }
            }
            Kind::SumFloat
            | Kind::AverageFloat
            | Kind::VarianceSample
            | Kind::VariancePopulation
            | Kind::DeviationSample
            | Kind::DeviationPopulation => Kept::Float(Vec::new()),
            Kind::Min if is_float => Kept::Extreme { values: Vec::new(), wanted: Ordering::Less },
            Kind::Max if is_float => {
                Kept::Extreme { values: Vec::new(), wanted: Ordering::Greater }
            }
            Kind::BoolAnd => Kept::Logical { values: Vec::new(), and: true },
            Kind::BoolOr => Kept::Logical { values: Vec::new(), and: false },
            Kind::First => Kept::First { values: Vec::new(), groups: 0 },
            _ => return None,
        })
    }

    /// The forms in which a group's state is handed on; none if rows are taken one by one.
    pub fn state_types(self) -> Option<Vec<DataType>> {
        Some(match self.kept()? {
            Kept::Exact { sums: Sums::Narrow(_), .. } => {
                vec![DataType::Decimal128(38, 0), DataType::Int64]
            }
            Kept::Exact { sums: Sums::Wide(_), .. } => {
                vec![DataType::Decimal256(76, 0), DataType::Int64]
            }
            Kept::Loose { .. } => vec![DataType::Utf8, DataType::Int64],
            Kept::Float(_) => vec![DataType::Int64, DataType::Float64, DataType::Float64],
            Kept::Extreme { .. } => vec![DataType::Float64],
            Kept::Logical { .. } => vec![DataType::Boolean],
            Kept::First { .. } => vec![arrow_type(self.argument)],
        })
    }

    /// The scale of what is added up.
    fn scale(self) -> u32 {
        match Form::of(self.argument) {
            Form::Decimal128 { scale, .. } => u32::try_from(scale).unwrap_or_default(),
            _ => 0,
        }
    }
}

/// An aggregate over groups.
#[derive(Debug)]
pub(super) struct Groups {
    call: Call,
    kept: Kept,
}

/// Rows of groups, of which some may not count.
struct Rows<'a> {
    groups: &'a [usize],
    filter: Option<&'a BooleanArray>,
}

impl Rows<'_> {
    /// The rows that count and have a value, with their groups.
    fn each<T: ArrowPrimitiveType>(
        &self,
        values: &PrimitiveArray<T>,
        mut take: impl FnMut(usize, T::Native) -> Result<()>,
    ) -> Result<()> {
        if self.filter.is_none() && values.null_count() == 0 {
            for (group, value) in self.groups.iter().zip(values.values()) {
                take(*group, *value)?;
            }
            return Ok(());
        }
        for (row, group) in self.groups.iter().enumerate() {
            if values.is_valid(row) && self.counts(row) {
                take(*group, values.value(row))?;
            }
        }
        Ok(())
    }

    fn counts(&self, row: usize) -> bool {
        self.filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
    }
}

fn primitive<T: ArrowPrimitiveType>(column: &ArrayRef) -> Result<&PrimitiveArray<T>> {
    column.as_primitive_opt::<T>().ok_or_else(|| misformed(column))
}

fn misformed(column: &ArrayRef) -> Error {
    Error::Internal(format!("an aggregate of {}", column.data_type()))
}

impl Groups {
    /// None if rows are taken one by one.
    pub fn new(call: Call) -> Option<Self> {
        Some(Self { call, kept: call.kept()? })
    }

    fn resize(&mut self, groups: usize) {
        match &mut self.kept {
            Kept::Exact { sums, counts } => {
                sums.resize(groups);
                counts.resize(groups, 0);
            }
            Kept::Loose { sums, counts } => {
                sums.resize(groups, Sum::Few(FewDigits::ZERO));
                counts.resize(groups, 0);
            }
            Kept::Float(all) => all.resize(groups, (0, 0.0, 0.0)),
            Kept::Extreme { values, .. } => values.resize(groups, None),
            Kept::Logical { values, .. } => values.resize(groups, None),
            Kept::First { .. } => {}
        }
    }

    fn len(&self) -> usize {
        match &self.kept {
            Kept::Exact { counts, .. } | Kept::Loose { counts, .. } => counts.len(),
            Kept::Float(all) => all.len(),
            Kept::Extreme { values, .. } => values.len(),
            Kept::Logical { values, .. } => values.len(),
            Kept::First { groups, .. } => *groups,
        }
    }

    fn take(&mut self, column: &ArrayRef, rows: &Rows<'_>) -> Result<()> {
        match &mut self.kept {
            Kept::Exact { sums, counts } => match Form::of(self.call.argument) {
                Form::Int2 => add(sums, counts, primitive::<Int16Type>(column)?, rows),
                Form::Int4 => add(sums, counts, primitive::<Int32Type>(column)?, rows),
                Form::Int8 => add(sums, counts, primitive::<Int64Type>(column)?, rows),
                _ => add(sums, counts, primitive::<Decimal128Type>(column)?, rows),
            },
            Kept::Loose { sums, counts } => {
                let texts = column.as_string_opt::<i32>().ok_or_else(|| misformed(column))?;
                for (row, group) in rows.groups.iter().enumerate() {
                    if texts.is_valid(row) && rows.counts(row) {
                        sums[*group].add(texts.value(row))?;
                        counts[*group] += 1;
                    }
                }
                Ok(())
            }
            Kept::Float(all) => doubles(column, rows, |group, value| {
                let (n, sx, sxx) = &mut all[group];
                add_float(n, sx, sxx, value)
            }),
            Kept::Extreme { values, wanted } => doubles(column, rows, |group, value| {
                offer(&mut values[group], value, *wanted);
                Ok(())
            }),
            Kept::Logical { values, and } => {
                let truths = column.as_boolean_opt().ok_or_else(|| misformed(column))?;
                for (row, group) in rows.groups.iter().enumerate() {
                    if truths.is_valid(row) && rows.counts(row) {
                        let (next, kept) = (truths.value(row), &mut values[*group]);
                        *kept = Some(kept.map_or(next, |it| joined(it, next, *and)));
                    }
                }
                Ok(())
            }
            Kept::First { values, groups } => {
                let mut firsts = Vec::new();
                for (row, group) in rows.groups.iter().enumerate() {
                    // Groups are numbered in the order in which they are met.
                    if *group == *groups {
                        *groups += 1;
                        firsts.push(row as u32);
                    }
                }
                if !firsts.is_empty() {
                    values.push(taken(column, firsts)?);
                }
                Ok(())
            }
        }
    }

    fn merge(&mut self, states: &[ArrayRef], rows: &Rows<'_>) -> Result<()> {
        match &mut self.kept {
            Kept::Exact { sums, counts } => {
                match sums {
                    Sums::Narrow(sums) => {
                        rows.each(primitive::<Decimal128Type>(&states[0])?, |group, value| {
                            sums[group] += value;
                            Ok(())
                        })?;
                    }
                    Sums::Wide(sums) => {
                        rows.each(primitive::<Decimal256Type>(&states[0])?, |group, value| {
                            sums[group] = sums[group].wrapping_add(value);
                            Ok(())
                        })?;
                    }
                }
                rows.each(primitive::<Int64Type>(&states[1])?, |group, value| {
                    counts[group] += value;
                    Ok(())
                })
            }
            Kept::Loose { sums, counts } => {
                let texts = states[0].as_string_opt::<i32>();
                let texts = texts.ok_or_else(|| misformed(&states[0]))?;
                for (row, group) in rows.groups.iter().enumerate() {
                    sums[*group].add(texts.value(row))?;
                }
                rows.each(primitive::<Int64Type>(&states[1])?, |group, value| {
                    counts[group] += value;
                    Ok(())
                })
            }
            Kept::Float(all) => {
                let counts = primitive::<Int64Type>(&states[0])?;
                let sums = primitive::<Float64Type>(&states[1])?;
                let squares = primitive::<Float64Type>(&states[2])?;
                for (row, group) in rows.groups.iter().enumerate() {
                    let state = (counts.value(row), sums.value(row), squares.value(row));
                    all[*group] = combine(all[*group], state)?;
                }
                Ok(())
            }
            Kept::Extreme { .. } | Kept::Logical { .. } | Kept::First { .. } => {
                self.take(&states[0], rows)
            }
        }
    }

    /// What came of the first groups.
    fn values(&self, groups: usize) -> Result<ArrayRef> {
        let Call { kind, result, .. } = self.call;
        let scale = self.call.scale();
        Ok(match &self.kept {
            Kept::Exact { sums, counts } => match (kind, Form::of(result)) {
                (Kind::SumInteger, _) => {
                    let sum = |group: usize| match counts[group] {
                        0 => Ok(None),
                        _ => whole(sums, group).map(Some),
                    };
                    let sums = (0..groups).map(sum).collect::<Result<Int64Array>>()?;
                    Arc::new(sums)
                }
                (Kind::SumNumeric, Form::Decimal128 { .. }) => {
                    let Sums::Narrow(sums) = sums else {
                        return Err(Error::Internal("a sum that is no decimal".to_owned()));
                    };
                    let sum = |(sum, count): (&i128, &i64)| (*count > 0).then_some(*sum);
                    let sums = sums.iter().zip(counts).take(groups).map(sum);
                    let sums = sums.collect::<Decimal128Array>();
                    Arc::new(sums.with_data_type(arrow_type(result)))
                }
                _ => printed(kind, &counts[..groups], |group| sums.number(group, scale))?,
            },
            Kept::Loose { sums, counts } => {
                printed(kind, &counts[..groups], |group| sums[group].number())?
            }
            Kept::Float(all) => {
                let mut writer = Writer::new(result, groups);
                for (n, sx, sxx) in &all[..groups] {
                    writer.push(&of_float(kind, *n, *sx, *sxx, result))?;
                }
                writer.finish()?
            }
            Kept::Extreme { values, .. } if result.oid == PgType::FLOAT4.oid => {
                let narrow = values[..groups].iter().map(|value| value.map(|it| it as f32));
                Arc::new(narrow.collect::<Float32Array>())
            }
            Kept::Extreme { .. } | Kept::Logical { .. } | Kept::First { .. } => {
                self.states(groups)?.swap_remove(0)
            }
        })
    }

    /// The states of the first groups, for another that merges them.
    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(match &self.kept {
            Kept::Exact { sums, counts } => {
                let sums: ArrayRef = match sums {
                    Sums::Narrow(sums) => {
                        let sums = Decimal128Array::from(sums[..groups].to_vec());
                        Arc::new(sums.with_data_type(DataType::Decimal128(38, 0)))
                    }
                    Sums::Wide(sums) => {
                        let sums = Decimal256Array::from(sums[..groups].to_vec());
                        Arc::new(sums.with_data_type(DataType::Decimal256(76, 0)))
                    }
                };
                vec![sums, Arc::new(Int64Array::from(counts[..groups].to_vec()))]
            }
            Kept::Loose { sums, counts } => {
                let texts = sums[..groups].iter().map(|sum| sum.number().to_string());
                vec![
                    Arc::new(StringArray::from_iter_values(texts)),
                    Arc::new(Int64Array::from(counts[..groups].to_vec())),
                ]
            }
            Kept::Float(all) => {
                let all = &all[..groups];
                vec![
                    Arc::new(all.iter().map(|it| it.0).collect::<Int64Array>()),
                    Arc::new(Float64Array::from_iter_values(all.iter().map(|it| it.1))),
                    Arc::new(Float64Array::from_iter_values(all.iter().map(|it| it.2))),
                ]
            }
            Kept::Extreme { values, .. } => {
                vec![Arc::new(values[..groups].iter().copied().collect::<Float64Array>())]
            }
            Kept::Logical { values, .. } => {
                vec![Arc::new(values[..groups].iter().copied().collect::<BooleanArray>())]
            }
            Kept::First { values, .. } => vec![self.whole(values)?.slice(0, groups)],
        })
    }

    fn whole(&self, parts: &[ArrayRef]) -> Result<ArrayRef> {
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        match parts.is_empty() {
            true => Ok(new_empty_array(&arrow_type(self.call.argument))),
            false => concat(&parts).map_err(|error| Error::Internal(error.to_string())),
        }
    }

    /// Those that come after the first groups are the first from now on.
    fn forget(&mut self, first: usize) -> Result<()> {
        if let Kept::First { values, groups } = &self.kept {
            let rest = self.whole(values)?.slice(first, groups - first);
            self.kept = Kept::First { groups: rest.len(), values: vec![rest] };
            return Ok(());
        }
        match &mut self.kept {
            Kept::Exact { sums, counts } => {
                sums.forget(first);
                counts.drain(..first);
            }
            Kept::Loose { sums, counts } => {
                sums.drain(..first);
                counts.drain(..first);
            }
            Kept::Float(all) => drop(all.drain(..first)),
            Kept::Extreme { values, .. } => drop(values.drain(..first)),
            Kept::Logical { values, .. } => drop(values.drain(..first)),
            Kept::First { .. } => {}
        }
        Ok(())
    }

    fn emitted<T>(
        &mut self,
        emit_to: EmitTo,
        of: impl FnOnce(&Self, usize) -> Result<T>,
    ) -> PlanResult<T> {
        let groups = match emit_to {
            EmitTo::All => self.len(),
            EmitTo::First(groups) => groups,
        };
        let emitted = of(self, groups)?;
        self.forget(groups)?;
        Ok(emitted)
    }

    fn bytes(&self) -> usize {
        match &self.kept {
            Kept::Exact { sums, counts } => {
                let sums = match sums {
                    Sums::Narrow(sums) => sums.capacity() * size_of::<i128>(),
                    Sums::Wide(sums) => sums.capacity() * size_of::<i256>(),
                };
                sums + counts.capacity() * size_of::<i64>()
            }
            Kept::Loose { sums, counts } => {
                sums.capacity() * size_of::<Sum>() + counts.capacity() * size_of::<i64>()
            }
            Kept::Float(all) => all.capacity() * size_of::<(i64, f64, f64)>(),
            Kept::Extreme { values, .. } => values.capacity() * size_of::<Option<f64>>(),
            Kept::Logical { values, .. } => values.capacity() * size_of::<Option<bool>>(),
            Kept::First { values, .. } => {
                values.iter().map(|part| part.get_array_memory_size()).sum()
            }
        }
    }
}

/// Sums, or averages, of the groups that have any.
fn printed(kind: Kind, counts: &[i64], sum: impl Fn(usize) -> Numeric) -> Result<ArrayRef> {
    let value = |(group, count): (usize, &i64)| match (*count, kind) {
        (0, _) => Ok(None),
        (_, Kind::SumNumeric) => Ok(Some(sum(group).to_string())),
        (count, _) => Ok(Some(sum(group).divide(&Numeric::from(count))?.to_string())),
    };
    let values = counts.iter().enumerate().map(value).collect::<Result<StringArray>>()?;
    Ok(Arc::new(values))
}

fn add<T: ArrowPrimitiveType>(
    sums: &mut Sums,
    counts: &mut [i64],
    values: &PrimitiveArray<T>,
    rows: &Rows<'_>,
) -> Result<()>
where
    T::Native: Into<i128>,
{
    match sums {
        Sums::Narrow(sums) => rows.each(values, |group, value| {
            sums[group] += value.into();
            counts[group] += 1;
            Ok(())
        }),
        Sums::Wide(sums) => rows.each(values, |group, value| {
            sums[group] = sums[group].wrapping_add(i256::from_i128(value.into()));
            counts[group] += 1;
            Ok(())
        }),
    }
}

fn whole(sums: &Sums, group: usize) -> Result<i64> {
    let sum = match sums {
        Sums::Narrow(sums) => i64::try_from(sums[group]).ok(),
        Sums::Wide(_) => None,
    };
    sum.ok_or_else(|| Error::out_of_range("bigint"))
}

fn doubles(
    column: &ArrayRef,
    rows: &Rows<'_>,
    mut take: impl FnMut(usize, f64) -> Result<()>,
) -> Result<()> {
    match column.as_primitive_opt::<Float32Type>() {
        Some(values) => rows.each(values, |group, value| take(group, f64::from(value))),
        None => rows.each(primitive::<Float64Type>(column)?, take),
    }
}

/// NaN is above all others, and both zeros are one.
fn offer(kept: &mut Option<f64>, value: f64, wanted: Ordering) {
    let is_better = kept.is_none_or(|kept| {
        let order = match (value.is_nan(), kept.is_nan()) {
            (false, false) => value.partial_cmp(&kept).unwrap_or(Ordering::Equal),
            (value, kept) => value.cmp(&kept),
        };
        order == wanted
    });
    if is_better {
        *kept = Some(value);
    }
}

fn joined(a: bool, b: bool, and: bool) -> bool {
    if and { a && b } else { a || b }
}

fn taken(column: &ArrayRef, rows: Vec<u32>) -> Result<ArrayRef> {
    if rows.len() == column.len() {
        return Ok(Arc::clone(column));
    }
    take(column, &UInt32Array::from(rows), None).map_err(|error| Error::Internal(error.to_string()))
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> PlanResult<()> {
        self.resize(total);
        Ok(self.take(&values[0], &Rows { groups, filter })?)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> PlanResult<ArrayRef> {
        self.emitted(emit_to, Self::values)
    }

    fn state(&mut self, emit_to: EmitTo) -> PlanResult<Vec<ArrayRef>> {
        self.emitted(emit_to, Self::states)
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        total: usize,
    ) -> PlanResult<()> {
        self.resize(total);
        Ok(self.merge(states, &Rows { groups, filter: None })?)
    }

    /// Each row is a group.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> PlanResult<Vec<ArrayRef>> {
        let rows = values[0].len();
        let groups: Vec<_> = (0..rows).collect();
        let kept = self.call.kept().ok_or_else(|| misformed(&values[0]))?;
        let mut each = Self { call: self.call, kept };
        each.update_batch(values, &groups, filter, rows)?;
        Ok(each.states(rows)?)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.bytes()
    }
}

/// The same of rows that are one group.
#[derive(Debug)]
pub(super) struct One {
    groups: Groups,
    /// The number of that group for each row.
    zeros: Vec<usize>,
}

impl One {
    pub fn new(call: Call) -> Option<Self> {
        let mut groups = Groups::new(call)?;
        groups.resize(1);
        Some(Self { groups, zeros: Vec::new() })
    }

    fn zeros(&mut self, rows: usize) -> Vec<usize> {
        let mut zeros = std::mem::take(&mut self.zeros);
        zeros.resize(rows, 0);
        zeros
    }
}

fn only(column: &ArrayRef) -> PlanResult<ScalarValue> {
    match column.is_empty() {
        true => ScalarValue::try_new_null(column.data_type()),
        false => ScalarValue::try_from_array(column, 0),
    }
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> PlanResult<()> {
        let zeros = self.zeros(values[0].len());
        let taken = self.groups.take(&values[0], &Rows { groups: &zeros, filter: None });
        self.zeros = zeros;
        Ok(taken?)
    }

    fn evaluate(&mut self) -> PlanResult<ScalarValue> {
        only(&self.groups.values(self.groups.len())?)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.groups.bytes() + self.zeros.capacity() * size_of::<usize>()
    }

    fn state(&mut self) -> PlanResult<Vec<ScalarValue>> {
        self.groups.states(self.groups.len())?.iter().map(only).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> PlanResult<()> {
        let zeros = self.zeros(states[0].len());
        let merged = self.groups.merge(states, &Rows { groups: &zeros, filter: None });
        self.zeros = zeros;
        Ok(merged?)
    }
}
