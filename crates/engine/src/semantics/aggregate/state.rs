//! What aggregates keep between rows.
use std::cmp::Ordering;
use std::sync::Arc;

use medley_types::PgType;

use crate::error::{Error, Result};
use crate::semantics::datum::{Datum, Writer};
use crate::semantics::key::push_key;
use crate::semantics::numeric::Numeric;

/// How rows become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Count,
    SumInteger,
    SumNumeric,
    SumFloat,
    AverageNumeric,
    AverageFloat,
    VarianceSample,
    VariancePopulation,
    DeviationSample,
    DeviationPopulation,
    Min,
    Max,
    BoolAnd,
    BoolOr,
    BitAnd,
    BitOr,
    StringAgg,
    ArrayAgg,
    Collect,
    Single,
    First,
}

impl Kind {
    /// What PostgreSQL calls it; `None` where it picks a value as it is.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Count => "count",
            Self::SumInteger | Self::SumNumeric | Self::SumFloat => "sum",
            Self::AverageNumeric | Self::AverageFloat => "avg",
            Self::VarianceSample => "var_samp",
            Self::VariancePopulation => "var_pop",
            Self::DeviationSample => "stddev_samp",
            Self::DeviationPopulation => "stddev_pop",
            Self::Min => "min",
            Self::Max => "max",
            Self::BoolAnd => "bool_and",
            Self::BoolOr => "bool_or",
            Self::BitAnd => "bit_and",
            Self::BitOr => "bit_or",
            Self::StringAgg => "string_agg",
            Self::ArrayAgg | Self::Collect => "array_agg",
            Self::Single | Self::First => return None,
        })
    }

    /// Whether its state is all of its rows.
    pub fn collects(self) -> bool {
        matches!(
            self,
            Self::StringAgg | Self::ArrayAgg | Self::Collect | Self::Single | Self::First
        )
    }

    /// Whether a row can be taken back out of a state, exactly.
    pub fn forgets(self) -> bool {
        matches!(self, Self::Count | Self::SumInteger)
    }

    /// What a state is kept as.
    pub fn state_types(self, argument: PgType) -> Vec<PgType> {
        match self {
            Self::Count => vec![PgType::INT8],
            Self::SumInteger | Self::SumNumeric | Self::AverageNumeric => {
                vec![PgType::NUMERIC, PgType::INT8]
            }
            Self::SumFloat
            | Self::AverageFloat
            | Self::VarianceSample
            | Self::VariancePopulation
            | Self::DeviationSample
            | Self::DeviationPopulation => vec![PgType::FLOAT8, PgType::FLOAT8, PgType::INT8],
            _ => vec![argument],
        }
    }
}

/// The state of one group.
#[derive(Debug)]
pub enum State {
    Count(i64),
    Exact {
        sum: Numeric,
        count: i64,
    },
    /// Count, sum, and sum of squared differences, as Youngs and Cramer have it.
    Float {
        n: i64,
        sx: f64,
        sxx: f64,
    },
    Best {
        key: Vec<u8>,
        value: Datum<'static>,
        wanted: Ordering,
    },
    Logical {
        value: Option<bool>,
        and: bool,
    },
    Bits {
        value: Option<i64>,
        and: bool,
    },
    Joined(Option<String>),
    Elements(Vec<Datum<'static>>),
    Only(Option<Datum<'static>>, bool),
}

impl State {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Count => Self::Count(0),
            Kind::SumInteger | Kind::SumNumeric | Kind::AverageNumeric => {
                Self::Exact { sum: Numeric::from(0), count: 0 }
            }
            Kind::SumFloat
            | Kind::AverageFloat
            | Kind::VarianceSample
            | Kind::VariancePopulation
            | Kind::DeviationSample
            | Kind::DeviationPopulation => Self::Float { n: 0, sx: 0.0, sxx: 0.0 },
            Kind::Min => best(Ordering::Less),
            Kind::Max => best(Ordering::Greater),
            Kind::BoolAnd => Self::Logical { value: None, and: true },
            Kind::BoolOr => Self::Logical { value: None, and: false },
            Kind::BitAnd => Self::Bits { value: None, and: true },
            Kind::BitOr => Self::Bits { value: None, and: false },
            Kind::StringAgg => Self::Joined(None),
            Kind::ArrayAgg | Kind::Collect => Self::Elements(Vec::new()),
            Kind::Single => Self::Only(None, true),
            Kind::First => Self::Only(None, false),
        }
    }

    /// Takes a row's arguments.
    pub fn add(&mut self, t: PgType, arguments: &[Datum<'_>]) -> Result<()> {
        let value = &arguments[0];
        match self {
            Self::Elements(elements) => elements.push(value.clone().into_owned()),
            Self::Only(Some(_), true) => return Err(super::more_than_one_row()),
            Self::Only(Some(_), false) => {}
            Self::Only(only, _) => *only = Some(value.clone().into_owned()),
            _ if value.is_null() => {}
            Self::Count(count) => *count += 1,
            Self::Exact { sum, count } => {
                *sum = sum.add(&exact(value)?)?;
                *count += 1;
            }
            Self::Float { n, sx, sxx } => add_float(n, sx, sxx, double(value)?)?,
            Self::Best { .. } => self.offer(t, value)?,
            Self::Logical { value: kept, and } => {
                let next = value.bool()?;
                *kept = Some(kept.map_or(next, |k| if *and { k && next } else { k || next }));
            }
            Self::Bits { value: kept, and } => {
                let next = bits(value)?;
                *kept = Some(kept.map_or(next, |k| if *and { k & next } else { k | next }));
            }
            Self::Joined(joined) => {
                let delimiter = match arguments.get(1) {
                    Some(Datum::Null) | None => "",
                    Some(delimiter) => delimiter.text()?,
                };
                match joined {
                    Some(all) => {
                        all.push_str(delimiter);
                        all.push_str(value.text()?);
                    }
                    None => *joined = Some(value.text()?.to_owned()),
                }
            }
        }
        Ok(())
    }

    fn offer(&mut self, t: PgType, value: &Datum<'_>) -> Result<()> {
        let Self::Best { key, value: kept, wanted } = self else { return Ok(()) };
        let mut next = Vec::new();
        push_key(t, value, &mut next)?;
        if kept.is_null() || next.as_slice().cmp(key.as_slice()) == *wanted {
            *key = next;
            *kept = value.clone().into_owned();
        }
        Ok(())
    }

    /// Forgets a row that it has added; only where [`Kind::forgets`].
    pub fn remove(&mut self, arguments: &[Datum<'_>]) -> Result<()> {
        let value = &arguments[0];
        match self {
            _ if value.is_null() => {}
            Self::Count(count) => *count -= 1,
            Self::Exact { sum, count } => {
                *sum = sum.subtract(&exact(value)?)?;
                *count -= 1;
            }
            _ => return Err(Error::Internal("an aggregate that cannot forget".to_owned())),
        }
        Ok(())
    }

    /// As it is handed to another that merges it.
    pub fn dismantle(&self, t: PgType) -> Vec<Datum<'static>> {
        match self {
            Self::Count(count) => vec![Datum::Int8(*count)],
            Self::Exact { sum, count } => vec![Datum::Numeric(sum.clone()), Datum::Int8(*count)],
            Self::Float { n, sx, sxx } => {
                vec![Datum::Float8(*sx), Datum::Float8(*sxx), Datum::Int8(*n)]
            }
            Self::Best { value, .. } => vec![value.clone()],
            Self::Logical { value, .. } => vec![value.map_or(Datum::Null, Datum::Bool)],
            Self::Bits { value, .. } => vec![value.map_or(Datum::Null, |v| of_bits(t, v))],
            Self::Joined(_) | Self::Elements(_) | Self::Only(..) => Vec::new(),
        }
    }

    /// Takes what another dismantled.
    pub fn merge(&mut self, t: PgType, parts: &[Datum<'_>]) -> Result<()> {
        match self {
            Self::Count(count) => *count += parts[0].int8()?,
            Self::Exact { sum, count } => {
                *sum = sum.add(&parts[0].numeric()?)?;
                *count += parts[1].int8()?;
            }
            Self::Float { n, sx, sxx } => {
                let other = (parts[2].int8()?, parts[0].float8()?, parts[1].float8()?);
                (*n, *sx, *sxx) = combine((*n, *sx, *sxx), other)?;
            }
            _ => self.add(t, parts)?,
        }
        Ok(())
    }

    /// What came of it all.
    pub fn value(&self, kind: Kind, t: PgType, result: PgType) -> Result<Datum<'static>> {
        Ok(match self {
            Self::Count(count) => Datum::Int8(*count),
            Self::Exact { count: 0, .. } => Datum::Null,
            Self::Exact { sum, count } => match kind {
                Kind::SumInteger => {
                    let whole = sum.to_integer().and_then(|sum| i64::try_from(sum).ok());
                    Datum::Int8(whole.ok_or_else(|| Error::out_of_range("bigint"))?)
                }
                Kind::SumNumeric => Datum::Numeric(sum.clone()),
                _ => Datum::Numeric(sum.divide(&Numeric::from(*count))?),
            },
            Self::Float { n, sx, sxx } => of_float(kind, *n, *sx, *sxx, result),
            Self::Best { value, .. } => value.clone(),
            Self::Logical { value, .. } => value.map_or(Datum::Null, Datum::Bool),
            Self::Bits { value, .. } => value.map_or(Datum::Null, |v| of_bits(t, v)),
            Self::Joined(joined) => joined.clone().map_or(Datum::Null, Datum::of_text),
            Self::Elements(elements) if elements.is_empty() && kind == Kind::ArrayAgg => {
                Datum::Null
            }
            Self::Elements(elements) => list(t, elements)?,
            Self::Only(only, _) => only.clone().unwrap_or(Datum::Null),
        })
    }
}

fn list(t: PgType, elements: &[Datum<'static>]) -> Result<Datum<'static>> {
    let mut writer = Writer::new(t, elements.len());
    elements.iter().try_for_each(|element| writer.push(element))?;
    Ok(Datum::List(Arc::clone(&writer.finish()?)))
}

fn best(wanted: Ordering) -> State {
    State::Best { key: Vec::new(), value: Datum::Null, wanted }
}

fn exact(value: &Datum<'_>) -> Result<Numeric> {
    Ok(match value {
        Datum::Int2(value) => Numeric::from(i64::from(*value)),
        Datum::Int4(value) => Numeric::from(i64::from(*value)),
        Datum::Int8(value) => Numeric::from(*value),
        value => value.numeric()?,
    })
}

fn double(value: &Datum<'_>) -> Result<f64> {
    match value {
        Datum::Float4(value) => Ok(f64::from(*value)),
        value => value.float8(),
    }
}

fn bits(value: &Datum<'_>) -> Result<i64> {
    match value {
        Datum::Int2(value) => Ok(i64::from(*value)),
        Datum::Int4(value) => Ok(i64::from(*value)),
        value => value.int8(),
    }
}

fn of_bits(t: PgType, value: i64) -> Datum<'static> {
    match t.oid {
        oid if oid == PgType::INT2.oid => Datum::Int2(value as i16),
        oid if oid == PgType::INT4.oid => Datum::Int4(value as i32),
        _ => Datum::Int8(value),
    }
}

fn overflow() -> Error {
    Error::numeric_overflow("value out of range: overflow")
}

/// `float8_accum`.
pub(super) fn add_float(n: &mut i64, sx: &mut f64, sxx: &mut f64, value: f64) -> Result<()> {
    let (old_n, old_sx) = (*n, *sx);
    *n += 1;
    *sx += value;
    if old_n > 0 {
        let count = *n as f64;
        let difference = value * count - *sx;
        *sxx += difference * difference / (count * (count - 1.0));
        if sx.is_infinite() && !old_sx.is_infinite() && !value.is_infinite() {
            return Err(overflow());
        }
        if sx.is_infinite() || sxx.is_infinite() {
            *sxx = f64::NAN;
        }
    } else if value.is_nan() || value.is_infinite() {
        *sxx = f64::NAN;
    }
    Ok(())
}

/// `float8_combine`.
pub(super) fn combine(a: (i64, f64, f64), b: (i64, f64, f64)) -> Result<(i64, f64, f64)> {
    if a.0 == 0 {
        return Ok(b);
    }
    if b.0 == 0 {
        return Ok(a);
    }
    let n = a.0 + b.0;
    let sx = a.1 + b.1;
    if sx.is_infinite() && !a.1.is_infinite() && !b.1.is_infinite() {
        return Err(overflow());
    }
    let difference = a.1 / a.0 as f64 - b.1 / b.0 as f64;
    let sxx = a.2 + b.2 + a.0 as f64 * b.0 as f64 * difference * difference / n as f64;
    Ok((n, sx, sxx))
}

pub(super) fn of_float(kind: Kind, n: i64, sx: f64, sxx: f64, result: PgType) -> Datum<'static> {
    let count = n as f64;
    let sample = matches!(kind, Kind::VarianceSample | Kind::DeviationSample);
    if n == 0 || (sample && n == 1) {
        return Datum::Null;
    }
    Datum::Float8(match kind {
        Kind::SumFloat if result.oid == PgType::FLOAT4.oid => return Datum::Float4(sx as f32),
        Kind::SumFloat => sx,
        Kind::AverageFloat => sx / count,
        Kind::VarianceSample => sxx / (count - 1.0),
        Kind::DeviationSample => (sxx / (count - 1.0)).sqrt(),
        Kind::DeviationPopulation => (sxx / count).sqrt(),
        _ => sxx / count,
    })
}
