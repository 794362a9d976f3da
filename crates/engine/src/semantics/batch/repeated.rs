//! Functions of days and moments: a column has few different ones beside its rows, so that each
//! is computed once, by the kernel of rows.
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, UInt32Array};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use medley_types::Form;

use super::Table;
use crate::semantics::call::{Frame, RowFn};
use crate::semantics::datum::{Datum, Reader, Writer};
use crate::semantics::kernels::{DAY, kernel};

/// Each is its kernel of rows.
macro_rules! computed_once {
    ($($source:literal in $unit:ident)*) => {
        &[$((&[$source], |f, c, n| computed_once($source, $unit, f, c, n))),*]
    };
}

pub(super) const KERNELS: Table = computed_once! {
    "date_timestamptz" in itself
    "timestamptz_date" in itself
    "timestamptz_timestamp" in itself
    "timestamp_timestamptz" in itself
    "timestamp_zone" in itself
    "timestamptz_zone" in itself
    "date_pl_interval" in itself
    "date_mi_interval" in itself
    "interval_pl_date.sql" in itself
    "timestamp_pl_interval" in itself
    "timestamp_mi_interval" in itself
    "interval_pl_timestamp.sql" in itself
    "timestamptz_pl_interval" in itself
    "timestamptz_mi_interval" in itself
    "interval_pl_timestamptz.sql" in itself
    "extract_date" in itself
    "date_part.sql" in itself
    "extract_timestamp" in unit
    "timestamp_part" in unit
    "timestamp_trunc" in unit
    "timestamptz_trunc" in itself
};

/// Of one column and constants.
fn computed_once(
    source: &str,
    unit: fn(&Datum<'_>) -> i64,
    frame: &Frame<'_>,
    columns: &[ArrayRef],
    rows: usize,
) -> Option<ArrayRef> {
    let mut call = OneColumn::of(kernel(source)?, frame, columns, rows)?;
    let unit = call.datums.first().map_or(1, unit);
    let moments = cast(&columns[call.varying], &DataType::Int64).ok()?;
    let mut known = Known::default();
    let mut writer = Writer::new(frame.result, 64);
    let mut places = Vec::with_capacity(rows);
    for moment in moments.as_primitive::<Int64Type>() {
        let Some(moment) = moment.map(|moment| begin(moment, unit)) else {
            places.push(None);
            continue;
        };
        let place = known.place(moment);
        if place.is_none() {
            writer.push(&call.result(moment)?).ok()?;
        }
        places.push(Some(place.unwrap_or_else(|| known.add(moment))));
    }
    let values = writer.finish().ok()?;
    take(&values, &UInt32Array::from(places), None).ok()
}

/// A call of which one argument is a column, and the others are constants.
struct OneColumn<'a> {
    row: RowFn,
    frame: &'a Frame<'a>,
    varying: usize,
    datums: Vec<Datum<'static>>,
    datum: fn(i64) -> Datum<'static>,
}

impl<'a> OneColumn<'a> {
    fn of(row: RowFn, frame: &'a Frame<'a>, columns: &[ArrayRef], rows: usize) -> Option<Self> {
        let varying = columns.iter().position(|column| column.len() == rows)?;
        let datum = match Form::of(frame.arguments[varying]) {
            Form::Date => |day| Datum::Date(day as i32),
            Form::Timestamp | Form::Timestamptz => Datum::Timestamp,
            _ => return None,
        };
        let mut datums = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let constant = match index == varying {
                true => Datum::Null,
                false if column.len() == rows => return None,
                false => Reader::new(frame.arguments[index], Arc::clone(column))
                    .get(0)
                    .ok()?
                    .into_owned(),
            };
            if constant.is_null() && index != varying {
                return None;
            }
            datums.push(constant);
        }
        Some(Self { row, frame, varying, datums, datum })
    }

    fn result(&mut self, moment: i64) -> Option<Datum<'static>> {
        self.datums[self.varying] = (self.datum)(moment);
        (self.row)(self.frame, &self.datums).ok()
    }
}

/// Each moment has a result of its own.
fn itself(_: &Datum<'_>) -> i64 {
    1
}

/// What a field, or a moment that is cut to it, is the same within: microseconds.
fn unit(field: &Datum<'_>) -> i64 {
    let Datum::Text(word) = field else { return 1 };
    match word.to_ascii_lowercase().trim_end_matches('s') {
        "year" | "quarter" | "month" | "week" | "day" | "dow" | "doy" => DAY,
        "hour" | "minute" => 60_000_000,
        _ => 1,
    }
}

/// The beginning of the unit; what has no end is itself.
fn begin(moment: i64, unit: i64) -> i64 {
    match moment {
        i64::MAX | i64::MIN => moment,
        _ => moment.checked_sub(moment.rem_euclid(unit)).unwrap_or(moment),
    }
}

/// What was computed last of all that share a slot, and as which.
struct Known {
    slots: Vec<Option<(i64, u32)>>,
    count: u32,
}

impl Default for Known {
    fn default() -> Self {
        Self { slots: vec![None; Self::SLOTS], count: 0 }
    }
}

impl Known {
    const SLOTS: usize = 1 << 12;

    /// Days that follow each other have slots of their own, as numbers and as midnights.
    fn slot(moment: i64) -> usize {
        (moment ^ (moment / DAY)) as usize % Self::SLOTS
    }

    fn place(&self, moment: i64) -> Option<u32> {
        self.slots[Self::slot(moment)].filter(|(known, _)| *known == moment).map(|(_, place)| place)
    }

    fn add(&mut self, moment: i64) -> u32 {
        let place = self.count;
        self.slots[Self::slot(moment)] = Some((moment, place));
        self.count += 1;
        place
    }
}
