//! A kernel of columns computes what the kernel of rows computes, and leaves errors to it.
use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use medley_analyze::builtin;
use medley_catalog::ids::RoleOid;
use medley_engine::semantics::{
    ColumnFn, Datum, Env, Frame, Interval, Numeric, RowFn, Writer, column_kernels, compared_day,
    convert, kernel, key, run_rows,
};
use medley_engine::system::Session;
use medley_types::{Form, PgType};

use crate::world::World;

/// Batches that each kernel is tried with.
const TRIALS: usize = 500;

/// Numbers that look as if nobody had chosen them.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

#[test]
fn columns_are_computed_as_rows_are() {
    let world = World::new();
    let session = Session::of(&world.context(RoleOid::BOOTSTRAP));
    let env = Env {
        style: session.style.clone(),
        listing: session.clone(),
        session,
        statement_time: 0,
        transaction_time: 0,
    };
    let mut chance = Chance(1);
    for (source, columns) in column_kernels() {
        let calls = calls(source);
        assert!(!calls.is_empty(), "{source} is the name of no kernel of rows");
        for (rows, arguments, result) in calls {
            let frame = Frame { env: &env, arguments: &arguments, result };
            let answered =
                (0..TRIALS).filter(|_| agree(source, &frame, columns, rows, &mut chance));
            assert!(answered.count() > 0, "{source} never answered for {arguments:?}");
        }
    }
}

/// Whether the kernel of columns had an answer for some batch.
fn agree(
    source: &str,
    frame: &Frame<'_>,
    columns: ColumnFn,
    rows: RowFn,
    chance: &mut Chance,
) -> bool {
    let count = 2 + chance.below(20);
    let arguments: Vec<_> = frame.arguments.iter().map(|t| column(*t, count, chance)).collect();
    let Some(found) = columns(frame, &arguments, count) else { return false };
    let expected = run_rows(rows, frame, &arguments, count, true)
        .unwrap_or_else(|error| panic!("{source}: {error}, of {arguments:?}"));
    assert_eq!(found.data_type(), expected.data_type(), "{source}");
    assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{source} of {arguments:?}");
    true
}

/// The kernels of rows of this name, with the types that they are called with.
fn calls(source: &str) -> Vec<(RowFn, Vec<PgType>, PgType)> {
    match source {
        "compared_day" => return vec![(compared_day, vec![PgType::DATE], PgType::TIMESTAMP)],
        key::BPCHAR_KEY => return vec![(key::bpchar_key, vec![PgType::BPCHAR], PgType::TEXT)],
        key::FLOAT_KEY => {
            let of = |t| (key::float_key as RowFn, vec![t], t);
            return vec![of(PgType::FLOAT4), of(PgType::FLOAT8)];
        }
        key::BYTES_KEY => return vec![(key::bytes_key, vec![PgType::NUMERIC], PgType::BYTEA)],
        convert::RELABEL => {
            let of = |t| (convert::relabelled as RowFn, vec![t], PgType::NUMERIC);
            return vec![of(PgType::numeric(10, 2)), of(PgType::numeric(38, 38))];
        }
        _ => {}
    }
    let Some(rows) = kernel(source) else { return Vec::new() };
    let plain = |oid: &medley_types::TypeOid| PgType::plain(oid.0);
    let known = builtin::all_functions().iter().filter(|function| function.source == source);
    let mut seen = HashSet::new();
    known
        .filter(|function| function.arguments.iter().all(|oid| has_values(plain(oid))))
        .map(|it| (it.arguments.iter().map(plain).collect::<Vec<_>>(), plain(&it.result)))
        .filter(|(arguments, _)| seen.insert(format!("{arguments:?}")))
        .map(|(arguments, result)| (rows, arguments, result))
        .collect()
}

/// Some values of a type in a column, or one as a constant. Not all have values at the ends of
/// what there is, so that not all are errors.
fn column(t: PgType, count: usize, chance: &mut Chance) -> ArrayRef {
    let all = values(t);
    let end = if chance.below(3) == 0 { all.len() } else { all.len() - all.len() / 2 };
    let length = if chance.below(3) == 0 { 1 } else { count };
    let mut writer = Writer::new(t, length);
    let with_nulls = chance.below(3) == 0;
    for _ in 0..length {
        let value = match with_nulls && chance.below(4) == 0 {
            true => &Datum::Null,
            false => &all[chance.below(end)],
        };
        writer.push(value).unwrap();
    }
    Arc::clone(&writer.finish().unwrap())
}

fn has_values(t: PgType) -> bool {
    !values(t).is_empty()
}

/// Values of a type, the usual ones first.
fn values(t: PgType) -> Vec<Datum<'static>> {
    const TEXTS: [&str; 28] = [
        "a%",
        "year",
        "UTC",
        "ab",
        "a%c",
        "%b%",
        "abc  ",
        "%",
        "b",
        "aBc b",
        "special requests",
        "%ab%c",
        "",
        "äöü",
        "_b",
        "a\\%",
        "day",
        "b%ü",
        "  ",
        "Months",
        "x\0y",
        "hour",
        "second",
        "Europe/Berlin",
        "A_C",
        "K\u{212a}ſ",
        "(b|a)+",
        "_%\\_",
    ];
    const DAYS: [i32; 8] = [0, 1, 10_957, -1, 59, -800_000, i32::MAX, i32::MIN];
    const TIMES: [i64; 6] = [0, 86_400_000_000, -1, 951_782_400_123_456, i64::MAX, i64::MIN];
    const SPANS: [Interval; 6] = [
        Interval { months: 1, days: 0, micros: 0 },
        Interval { months: 0, days: -3, micros: 0 },
        Interval { months: 0, days: 0, micros: 3_600_000_001 },
        Interval { months: -12, days: 31, micros: -1 },
        Interval::INFINITY,
        Interval { months: i32::MIN, days: 0, micros: i64::MIN / 1000 },
    ];
    const NUMBERS: [&str; 12] = [
        "0",
        "0.05",
        "-10.50",
        "1000",
        "1050.0",
        "-0.00",
        "123456789012345678901234567890.5",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e-20",
        "-1e30",
    ];
    let number = |text: &str| Datum::Numeric(text.parse().unwrap());
    const FLOATS: [f64; 12] = [
        0.0,
        1.0,
        -1.5,
        3.0,
        1e3,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e300,
        1e-300,
        -1e38,
    ];
    match Form::of(t) {
        Form::Int2 => [1, 2, -7, 0, i16::MAX, i16::MIN].map(Datum::Int2).into(),
        Form::Int4 => [1, 2, -7, 0, i32::MAX, i32::MIN].map(Datum::Int4).into(),
        Form::Int8 => [1, 2, -7, 0, i64::MAX, i64::MIN].map(Datum::Int8).into(),
        Form::Float4 => FLOATS.map(|value| Datum::Float4(value as f32)).into(),
        Form::Float8 => FLOATS.map(Datum::Float8).into(),
        Form::Date => DAYS.map(Datum::Date).into(),
        Form::Timestamp | Form::Timestamptz => TIMES.map(Datum::Timestamp).into(),
        Form::Interval => SPANS.map(Datum::Interval).into(),
        Form::NumericText => NUMBERS.map(number).into(),
        Form::Decimal128 { scale, .. } => {
            [0, 1, -5, 12_345, -100].map(|it| Datum::Numeric(Numeric::new(it, scale as u32))).into()
        }
        Form::Text | Form::Bpchar => TEXTS.map(|text| Datum::Text(text.into())).into(),
        _ => Vec::new(),
    }
}
