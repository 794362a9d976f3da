//! Casts: the functions of `pg_cast`, types' input and output, and what cuts to a declaration.
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::logical_expr::Expr;
use medley_types::{ColumnBuilder, ColumnWriter, Form, PgType, TypeOid, arrow_type};

use super::call::{Call, Env, Frame, Kernel, RowFn};
use super::datum::{Datum, Interval};
use super::decimal::Decimal;
use super::kernels::kernel;
use super::resolve::{Context, Pathway, pathway};
use crate::error::{Error, Result};

/// What a cast's function is called where it has no `pg_proc` entry of its own.
pub const RELABEL: &str = "relabel";
/// A cast by the types' input and output functions.
pub const BY_TEXT: &str = "cast_by_text";
/// A cast of each element.
pub const ELEMENTS: &str = "cast_elements";
/// Cuts, pads or rounds to what the type declares.
pub const FIT: &str = "fit";

/// The conversion of an expression; `None` if there is no such cast in this context.
pub fn convert(
    expr: Expr,
    from: PgType,
    to: PgType,
    context: Context,
    env: &Arc<Env>,
) -> Result<Option<Expr>> {
    if to.oid == PgType::NUMERIC.oid
        && let Some(number) = Decimal::of_integer(&expr, from, env)
    {
        return Ok(Some(match to.typmod {
            ..0 => number.widened(env),
            _ => fit(number.t(), to, context)?.call(env).on(vec![number.expr]),
        }));
    }
    let Some(steps) = steps(from, to, context)? else { return Ok(None) };
    let mut expr = expr;
    for step in steps {
        expr = step.call(env).on(vec![expr]);
    }
    Ok(Some(expr))
}

/// One function on the way from a type to another.
struct Step {
    source: &'static str,
    kernel: Kernel,
    from: PgType,
    to: PgType,
}

impl Step {
    fn call(&self, env: &Arc<Env>) -> Call {
        Call::new(self.source, self.kernel.clone(), vec![self.from], self.to, env)
    }
}

fn steps(from: PgType, to: PgType, context: Context) -> Result<Option<Vec<Step>>> {
    let Some(way) = pathway(from.oid, to.oid, context) else { return Ok(None) };
    let plain = untyped(to);
    let mut steps = Vec::new();
    match way {
        Pathway::Relabel => relabel(from, to, &mut steps),
        Pathway::Function(function) => {
            let found = kernel(function.source).ok_or_else(|| unsupported(from, to))?;
            steps.push(Step {
                source: function.source,
                kernel: Kernel::Row(found),
                from,
                to: plain,
            });
        }
        Pathway::Text => {
            let names = from.element().filter(|element| needs_catalog(element.oid));
            let texts = names.and_then(|_| PgType::TEXT.array());
            steps.extend(texts.map(|texts| elements(from, texts, Context::Explicit)).transpose()?);
            steps.push(by_text(texts.unwrap_or(from), plain)?);
        }
        Pathway::Elements => steps.push(elements(from, to, context)?),
    }
    let at = steps.last().map_or(from, |step| step.to);
    if to.typmod >= 0 && (from.oid != to.oid || from.typmod != to.typmod) && at != to {
        steps.push(fit(at, to, context)?);
    }
    Ok(Some(steps))
}

fn unsupported(from: PgType, to: PgType) -> Error {
    Error::unsupported(format_args!("the cast from type {from} to {to}"))
}

fn untyped(t: PgType) -> PgType {
    PgType::plain(t.oid.0).with_collation(t.collation)
}

/// The same value; its Arrow form may be another.
fn relabel(from: PgType, to: PgType, steps: &mut Vec<Step>) {
    let plain = untyped(to);
    let same_form = arrow_type(from) == arrow_type(plain);
    if from.oid == to.oid && (from.typmod == to.typmod || to.typmod >= 0) {
        return;
    }
    if !same_form {
        let is_decimal = matches!(Form::of(from), Form::Decimal128 { .. });
        let kernel = match is_decimal && Form::of(plain) == Form::NumericText {
            true => Kernel::Batch(Arc::new(printed)),
            false => Kernel::Row(relabelled),
        };
        steps.push(Step { source: RELABEL, kernel, from, to: plain });
    }
}

/// The row's kernel of [`RELABEL`].
pub fn relabelled<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(match (&args[0], Form::of(frame.result)) {
        (Datum::Int4(value), Form::Oid) => Datum::Oid(*value as u32),
        (Datum::Oid(value), Form::Int4) => Datum::Int4(*value as i32),
        (value, _) => value.clone(),
    })
}

/// The types whose text needs the catalog; `system` converts them, or they are refused.
pub fn needs_catalog(oid: TypeOid) -> bool {
    matches!(oid.0, 24 | 2202..=2206 | 3734 | 3769 | 4089 | 4096 | 4191)
}

/// Whether what the type reads are names of the catalog.
pub fn is_read_by_catalog(oid: TypeOid) -> bool {
    needs_catalog(oid) || super::kernels::registered_input(oid).is_some()
}

/// The types that are kept as PostgreSQL prints them, and whose text is looked at here: jsonb,
/// inet, cidr.
fn is_read_here(oid: TypeOid) -> bool {
    matches!(oid.0, 3802 | 869 | 650)
}

fn by_text(from: PgType, to: PgType) -> Result<Step> {
    let kernel = if needs_catalog(from.oid) {
        Kernel::Row(
            super::kernels::registered_output(from.oid).ok_or_else(|| unsupported(from, to))?,
        )
    } else if let Some(input) = super::kernels::registered_input(to.oid) {
        Kernel::Row(input)
    } else if needs_catalog(to.oid) || Form::of(to) == Form::Printed && !is_read_here(to.oid) {
        return Err(unsupported(from, to));
    } else if Form::of(to) == Form::Text && to.oid != PgType::JSON.oid {
        Kernel::Batch(Arc::new(printed))
    } else {
        Kernel::Batch(Arc::new(read_all))
    };
    Ok(Step { source: BY_TEXT, kernel, from, to })
}

/// Each value as its type's output function prints it.
pub fn printed(frame: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let column = &columns[0];
    let writer = ColumnWriter::text(frame.arguments[0], column, &frame.env.style)?;
    let mut out = datafusion::arrow::array::StringBuilder::with_capacity(rows, rows * 8);
    let mut text = bytes::BytesMut::new();
    for row in 0..column.len() {
        if writer.is_null(row) {
            out.append_null();
            continue;
        }
        text.clear();
        writer.write(row, &mut text)?;
        let printed = std::str::from_utf8(&text)
            .map_err(|_| Error::Internal("an output function wrote no text".to_owned()))?;
        out.append_value(printed);
    }
    Ok(Arc::new(out.finish()))
}

fn read_all(frame: &Frame<'_>, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let texts = columns[0]
        .as_string_opt::<i32>()
        .ok_or_else(|| Error::Internal("a cast by text of what is none".to_owned()))?;
    let mut builder = ColumnBuilder::new(frame.result, rows);
    for text in texts {
        match text {
            Some(text) => builder.append_text(text, &frame.env.style)?,
            None => builder.append_null(),
        }
    }
    Ok(builder.finish())
}

fn elements(from: PgType, to: PgType, context: Context) -> Result<Step> {
    let (Some(from_element), Some(to_element)) = (from.element(), to.element()) else {
        return Err(unsupported(from, to));
    };
    let inner = steps(from_element, to_element, context)?.ok_or_else(|| unsupported(from, to))?;
    let kernel = Kernel::Batch(Arc::new(move |frame: &Frame<'_>, columns: &[ArrayRef], _| {
        each_element(&inner, frame, &columns[0])
    }));
    Ok(Step { source: ELEMENTS, kernel, from, to })
}

fn each_element(steps: &[Step], frame: &Frame<'_>, column: &ArrayRef) -> Result<ArrayRef> {
    let lists = column
        .as_list_opt::<i32>()
        .ok_or_else(|| Error::Internal("a cast of elements of what is no array".to_owned()))?;
    let mut values = Arc::clone(lists.values());
    for step in steps {
        let inner = Frame { env: frame.env, arguments: &[step.from], result: step.to };
        let rows = values.len();
        values = match &step.kernel {
            Kernel::Row(row) => super::call::run_rows(*row, &inner, &[values], rows, true)?,
            Kernel::Batch(batch) => batch(&inner, &[values], rows)?,
        };
    }
    let field = match arrow_type(frame.result) {
        datafusion::arrow::datatypes::DataType::List(field) => field,
        other => return Err(Error::Internal(format!("{other} is no list"))),
    };
    let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
    let list = datafusion::arrow::array::ListArray::try_new(field, offsets, values, nulls);
    Ok(Arc::new(list.map_err(|error| Error::Internal(error.to_string()))?))
}

/// What cuts a value to its declaration: an explicit cast cuts text in silence.
fn fit(from: PgType, to: PgType, context: Context) -> Result<Step> {
    let explicit = context == Context::Explicit;
    let row: RowFn = match to.oid {
        oid if oid == PgType::NUMERIC.oid => fit_numeric,
        oid if oid == PgType::VARCHAR.oid && explicit => cut_varchar,
        oid if oid == PgType::VARCHAR.oid => fit_varchar,
        oid if oid == PgType::BPCHAR.oid && explicit => cut_bpchar,
        oid if oid == PgType::BPCHAR.oid => fit_bpchar,
        oid if oid == PgType::TIMESTAMP.oid || oid == PgType::TIMESTAMPTZ.oid => round_timestamp,
        oid if oid == PgType::TIME.oid => round_time,
        oid if oid == PgType::INTERVAL.oid => round_interval,
        _ => {
            return Err(Error::unsupported(format_args!("a conversion to {to}")));
        }
    };
    Ok(Step { source: FIT, kernel: Kernel::Row(row), from, to })
}

fn declared(frame: &Frame<'_>) -> usize {
    frame.result.declared_length().unwrap_or(usize::MAX)
}

/// What `Decimal128` holds is fitted when it is written.
fn fit_numeric<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let declared = frame.result.precision_and_scale();
    match (Form::of(frame.result), declared, &args[0]) {
        (Form::NumericText, Some((precision, scale)), Datum::Numeric(value)) => {
            Ok(Datum::Numeric(value.fit(precision, scale)?))
        }
        (_, _, value) => Ok(value.clone()),
    }
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

fn too_long(frame: &Frame<'_>) -> Error {
    medley_types::Error::TooLong(frame.result.to_string()).into()
}

fn cut_varchar<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::of_text(first_chars(args[0].text()?, declared(frame))))
}

fn fit_varchar<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let text = args[0].text()?;
    let cut = first_chars(text, declared(frame));
    match text[cut.len()..].bytes().all(|b| b == b' ') {
        true => Ok(Datum::of_text(cut)),
        false => Err(too_long(frame)),
    }
}

fn pad(text: &str, length: usize) -> Datum<'static> {
    let missing = length.saturating_sub(text.chars().count());
    Datum::of_text(format!("{text}{}", " ".repeat(missing)))
}

fn cut_bpchar<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let length = declared(frame);
    Ok(pad(first_chars(args[0].text()?, length), length))
}

fn fit_bpchar<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let length = declared(frame);
    let text = args[0].text()?;
    let cut = first_chars(text, length);
    match text[cut.len()..].bytes().all(|b| b == b' ') {
        true => Ok(pad(cut, length)),
        false => Err(too_long(frame)),
    }
}

/// Half away from zero, as `AdjustTimestampForTypmod` does.
fn round_micros(micros: i64, digits: i32) -> Option<i64> {
    let unit = 10i64.pow(u32::try_from(6 - digits.clamp(0, 6)).ok()?);
    let half = unit / 2;
    Some(match micros >= 0 {
        true => micros.checked_add(half)? / unit * unit,
        false => -((micros.checked_neg()?.checked_add(half)?) / unit * unit),
    })
}

fn round_timestamp<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    /// PostgreSQL counts from 2000, so that "away from zero" is away from there.
    const EPOCH: i64 = 946_684_800_000_000;
    let value = args[0].timestamp()?;
    if value == i64::MAX || value == i64::MIN {
        return Ok(args[0].clone());
    }
    let rounded = value
        .checked_sub(EPOCH)
        .and_then(|micros| round_micros(micros, frame.result.typmod))
        .and_then(|micros| micros.checked_add(EPOCH));
    rounded.map(Datum::Timestamp).ok_or_else(|| Error::numeric_overflow("timestamp out of range"))
}

fn round_time<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let rounded = round_micros(args[0].time()?, frame.result.typmod);
    rounded.map(Datum::Time).ok_or_else(|| Error::numeric_overflow("time out of range"))
}

fn round_interval<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    const FULL_PRECISION: i32 = 0xffff;
    let typmod = frame.result.typmod;
    let value = args[0].interval()?;
    if value.months.abs_diff(0) >= i32::MAX as u32 {
        // Infinite.
        return Ok(args[0].clone());
    }
    let value = within_fields(value, typmod >> 16 & ALL_FIELDS);
    if typmod & FULL_PRECISION == FULL_PRECISION {
        return Ok(Datum::Interval(value));
    }
    let micros = round_micros(value.micros, typmod & FULL_PRECISION)
        .ok_or_else(|| Error::numeric_overflow("interval out of range"))?;
    Ok(Datum::Interval(Interval { micros, ..value }))
}

/// All the fields that an interval can be declared with.
const ALL_FIELDS: i32 = 0x7fff;

/// Cuts what is smaller than the smallest declared field.
fn within_fields(value: Interval, fields: i32) -> Interval {
    const YEAR: i32 = 1 << 2;
    const MONTH: i32 = 1 << 1;
    const DAY: i32 = 1 << 3;
    const HOUR: i32 = 1 << 10;
    const MINUTE: i32 = 1 << 11;
    const SECOND: i32 = 1 << 12;
    const MINUTE_US: i64 = 60_000_000;
    let has = |field: i32| fields & field != 0;
    let cut = |unit: i64| value.micros / unit * unit;
    match () {
        () if fields == ALL_FIELDS || has(SECOND) => value,
        () if has(MINUTE) => Interval { micros: cut(MINUTE_US), ..value },
        () if has(HOUR) => Interval { micros: cut(60 * MINUTE_US), ..value },
        () if has(DAY) => Interval { micros: 0, ..value },
        () if has(MONTH) => Interval { days: 0, micros: 0, ..value },
        () if has(YEAR) => Interval { months: value.months / 12 * 12, days: 0, micros: 0 },
        () => value,
    }
}
