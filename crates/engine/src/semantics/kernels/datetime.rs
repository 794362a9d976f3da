//! Dates, times and intervals.
use medley_diagnostic::SqlState;
use medley_types::PgType;

use super::Table;
use crate::error::{Error, Result};
use crate::semantics::call::Frame;
use crate::semantics::datum::{Datum, Interval};
use crate::semantics::numeric::Numeric;

/// Microseconds.
pub const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;
const SECOND: i64 = 1_000_000;
/// 4714-11-24 BC, the first day of the Julian count.
const FIRST_DAY: i64 = -2_440_588;
/// 5874898-06-03, the last that PostgreSQL has a date for.
const LAST_DAY: i64 = 2_145_042_905;
/// 2000-01-01, which PostgreSQL counts from.
#[cfg(test)]
const POSTGRES_EPOCH_DAYS: i64 = 10_957;

#[rustfmt::skip]
pub const KERNELS: Table = &[
    ("date_pli", |_, a| date(i64::from(a[0].date()?), i64::from(a[1].int4()?))),
    ("date_mii", |_, a| date(i64::from(a[0].date()?), -i64::from(a[1].int4()?))),
    ("date_mi", date_difference),
    ("date_pl_interval", |_, a| shifted(midnight(a[0].date()?)?, a[1].interval()?)),
    ("date_mi_interval", |_, a| shifted(midnight(a[0].date()?)?, negated(a[1].interval()?)?)),
    ("timestamp_pl_interval", |_, a| shifted(a[0].timestamp()?, a[1].interval()?)),
    ("timestamp_mi_interval", |_, a| shifted(a[0].timestamp()?, negated(a[1].interval()?)?)),
    ("timestamptz_pl_interval", |f, a| shifted_zoned(f, a[0].timestamp()?, a[1].interval()?)),
    ("timestamptz_mi_interval", |f, a| shifted_zoned(f, a[0].timestamp()?, negated(a[1].interval()?)?)),
    ("interval_pl_date.sql", |_, a| shifted(midnight(a[1].date()?)?, a[0].interval()?)),
    ("interval_pl_timestamp.sql", |_, a| shifted(a[1].timestamp()?, a[0].interval()?)),
    ("interval_pl_timestamptz.sql", |f, a| shifted_zoned(f, a[1].timestamp()?, a[0].interval()?)),
    ("timestamp_mi", timestamp_difference),
    ("interval_pl", |_, a| added(a[0].interval()?, a[1].interval()?)),
    ("interval_mi", |_, a| added(a[0].interval()?, negated(a[1].interval()?)?)),
    ("interval_um", |_, a| negated(a[0].interval()?).map(Datum::Interval)),
    ("time_pl_interval", |_, a| time_of_day(a[0].time()?, finite(a[1].interval()?, "add", "to")?.micros)),
    ("time_mi_interval", |_, a| time_of_day(a[0].time()?, -(finite(a[1].interval()?, "subtract", "from")?.micros % DAY))),
    ("time_mi_time", |_, a| Ok(Datum::Interval(Interval { micros: a[0].time()? - a[1].time()?, ..Interval::default() }))),
    ("datetime_timestamp", |_, a| day_and_time(a[0].date()?, a[1].time()?)),
    ("timedate_pl.sql", |_, a| day_and_time(a[1].date()?, a[0].time()?)),
    ("date_timestamp", |_, a| midnight(a[0].date()?).map(Datum::Timestamp)),
    ("date_timestamptz", |f, a| Ok(Datum::Timestamp(to_utc(f, midnight(a[0].date()?)?)))),
    ("timestamp_date", |_, a| day_of(a[0].timestamp()?)),
    ("timestamptz_date", |f, a| day_of(to_local(f, a[0].timestamp()?))),
    ("timestamp_time", |_, a| clock_of(a[0].timestamp()?)),
    ("timestamptz_time", |f, a| clock_of(to_local(f, a[0].timestamp()?))),
    ("timestamp_timestamptz", |f, a| Ok(Datum::Timestamp(to_utc(f, a[0].timestamp()?)))),
    ("timestamptz_timestamp", |f, a| Ok(Datum::Timestamp(to_local(f, a[0].timestamp()?)))),
    ("interval_time", |_, a| time_of_day(0, finite(a[0].interval()?, "convert", "to")?.micros)),
    ("time_interval", |_, a| Ok(Datum::Interval(Interval { micros: a[0].time()?, ..Interval::default() }))),
    ("timestamp_zone", |_, a| in_zone(a, zoned_to_utc)),
    ("timestamptz_zone", |_, a| in_zone(a, zoned_to_local)),
    ("date_finite", |_, a| { let d = a[0].date()?; Ok(Datum::Bool(d != i32::MAX && d != i32::MIN)) }),
    ("timestamp_finite", |_, a| { let t = a[0].timestamp()?; Ok(Datum::Bool(!endless(t))) }),
    ("extract_date", |_, a| extract(a, Source::Date(a[1].date()?))),
    ("extract_timestamp", |_, a| extract(a, Source::Timestamp(a[1].timestamp()?))),
    ("extract_time", |_, a| extract(a, Source::Time(a[1].time()?))),
    ("extract_interval", |_, a| extract(a, Source::Interval(a[1].interval()?))),
    ("date_part.sql", |_, a| part(a, Source::Timestamp(midnight(a[1].date()?)?))),
    ("timestamp_part", |_, a| part(a, Source::Timestamp(a[1].timestamp()?))),
    ("time_part", |_, a| part(a, Source::Time(a[1].time()?))),
    ("interval_part", |_, a| part(a, Source::Interval(a[1].interval()?))),
    ("timestamp_trunc", |_, a| truncated(a[0].text()?, a[1].timestamp()?, PgType::TIMESTAMP).map(Datum::Timestamp)),
    ("timestamptz_trunc", |f, a| {
        let local = to_local(f, a[1].timestamp()?);
        Ok(Datum::Timestamp(to_utc(f, truncated(a[0].text()?, local, PgType::TIMESTAMPTZ)?)))
    }),
    ("make_date", |_, a| make_date(a[0].int4()?, a[1].int4()?, a[2].int4()?)),
    ("float8_timestamptz", |_, a| {
        let seconds = a[0].float8()?;
        let micros = (seconds * 1e6).round_ties_even();
        match micros.is_finite() && micros.abs() < 9e18 {
            true => Ok(Datum::Timestamp(micros as i64)),
            false => Err(Error::unsupported("to_timestamp of such a number")),
        }
    }),
    ("interval_justify_days", |_, a| justified(a[0].interval()?, justified_days)),
    ("interval_justify_hours", |_, a| justified(a[0].interval()?, justified_hours)),
];

fn endless(micros: i64) -> bool {
    micros == i64::MAX || micros == i64::MIN
}

/// A moment without end is the same in every zone, be it one that nobody knows.
fn in_zone<'a>(
    args: &[Datum<'a>],
    convert: fn(&medley_types::TimeZone, i64) -> i64,
) -> Result<Datum<'a>> {
    let moment = args[1].timestamp()?;
    if endless(moment) {
        return Ok(Datum::Timestamp(moment));
    }
    Ok(Datum::Timestamp(convert(&zone(args[0].text()?)?, moment)))
}

fn out_of_range(what: &str) -> Error {
    Error::at(SqlState::DATETIME_FIELD_OVERFLOW, format!("{what} out of range"), None)
}

/// A date, if PostgreSQL has one for the day.
fn date<'a>(days: i64, more: i64) -> Result<Datum<'a>> {
    if days == i64::from(i32::MAX) || days == i64::from(i32::MIN) {
        return Ok(Datum::Date(days as i32));
    }
    let sum = days + more;
    match (FIRST_DAY..=LAST_DAY).contains(&sum) {
        true => i32::try_from(sum).map(Datum::Date).map_err(|_| out_of_range("date")),
        false => Err(out_of_range("date")),
    }
}

fn date_difference<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = (args[0].date()?, args[1].date()?);
    if [a, b].iter().any(|d| *d == i32::MAX || *d == i32::MIN) {
        return Err(Error::at(
            SqlState::DATETIME_FIELD_OVERFLOW,
            "cannot subtract infinite dates",
            None,
        ));
    }
    Ok(Datum::Int4(a - b))
}

/// A day as a moment of type `result`, to be compared: what no timestamp is as late as comes
/// after all of them, and before infinity.
pub fn compared_day<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let local = midnight(args[0].date()?).unwrap_or(i64::MAX - 1);
    Ok(Datum::Timestamp(match frame.result == PgType::TIMESTAMPTZ && local < i64::MAX - 1 {
        true => to_utc(frame, local),
        false => local,
    }))
}

fn midnight(days: i32) -> Result<i64> {
    match days {
        i32::MAX => Ok(i64::MAX),
        i32::MIN => Ok(i64::MIN),
        days => i64::from(days).checked_mul(DAY).ok_or_else(|| {
            Error::at(SqlState::DATETIME_FIELD_OVERFLOW, "date out of range for timestamp", None)
        }),
    }
}

fn day_and_time<'a>(days: i32, time: i64) -> Result<Datum<'a>> {
    let midnight = midnight(days)?;
    if endless(midnight) {
        return Ok(Datum::Timestamp(midnight));
    }
    let moment = midnight.checked_add(time).filter(is_moment);
    moment.map(Datum::Timestamp).ok_or_else(|| out_of_range("timestamp"))
}

fn negated(value: Interval) -> Result<Interval> {
    match value {
        Interval::INFINITY => return Ok(Interval::NEGATIVE_INFINITY),
        Interval::NEGATIVE_INFINITY => return Ok(Interval::INFINITY),
        _ => {}
    }
    let negate = || {
        Some(Interval {
            months: value.months.checked_neg()?,
            days: value.days.checked_neg()?,
            micros: value.micros.checked_neg()?,
        })
    };
    negate().ok_or_else(|| out_of_range("interval"))
}

fn added<'a>(a: Interval, b: Interval) -> Result<Datum<'a>> {
    match (a.is_finite(), b.is_finite()) {
        (true, true) => {}
        (false, false) if a != b => return Err(out_of_range("interval")),
        (false, _) => return Ok(Datum::Interval(a)),
        (true, false) => return Ok(Datum::Interval(b)),
    }
    let sum = || {
        Some(Interval {
            months: a.months.checked_add(b.months)?,
            days: a.days.checked_add(b.days)?,
            micros: a.micros.checked_add(b.micros)?,
        })
    };
    sum().map(Datum::Interval).ok_or_else(|| out_of_range("interval"))
}

/// Months first, the day cut to the month's length; then days; then the rest.
fn shift(local: i64, by: Interval) -> Option<i64> {
    let (mut days, clock) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    if by.months != 0 {
        let (year, month, day) = civil(days);
        let months = year * 12 + i64::from(month) - 1 + i64::from(by.months);
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) as u32 + 1);
        days = days_of(year, month, day.min(month_length(year, month)));
    }
    days.checked_add(i64::from(by.days))?
        .checked_mul(DAY)?
        .checked_add(clock)?
        .checked_add(by.micros)
}

/// What comes of a moment or an interval without end; none where both have one.
fn shifted_endlessly(moment: i64, by: Interval) -> Option<Result<i64>> {
    let end = match by {
        Interval::INFINITY => i64::MAX,
        Interval::NEGATIVE_INFINITY => i64::MIN,
        _ => return endless(moment).then_some(Ok(moment)),
    };
    let opposed = endless(moment) && moment != end;
    Some(if opposed { Err(out_of_range("timestamp")) } else { Ok(end) })
}

/// PostgreSQL has no moment before 4714-11-24 BC.
fn is_moment(micros: &i64) -> bool {
    const FIRST: i64 = FIRST_DAY * DAY;
    *micros >= FIRST && !endless(*micros)
}

fn shifted<'a>(local: i64, by: Interval) -> Result<Datum<'a>> {
    if let Some(moment) = shifted_endlessly(local, by) {
        return moment.map(Datum::Timestamp);
    }
    let moved = shift(local, by).filter(is_moment);
    moved.map(Datum::Timestamp).ok_or_else(|| out_of_range("timestamp"))
}

/// Months and days on the clock of the session's zone, the rest on the world's.
fn shifted_zoned<'a>(frame: &Frame<'_>, utc: i64, by: Interval) -> Result<Datum<'a>> {
    if let Some(moment) = shifted_endlessly(utc, by) {
        return moment.map(Datum::Timestamp);
    }
    let whole = Interval { micros: 0, ..by };
    let moved = match whole == Interval::default() {
        true => Some(utc),
        false => shift(to_local(frame, utc), whole).map(|local| to_utc(frame, local)),
    };
    let sum = moved.and_then(|moved| moved.checked_add(by.micros)).filter(is_moment);
    sum.map(Datum::Timestamp).ok_or_else(|| out_of_range("timestamp"))
}

fn zoned_to_local(zone: &medley_types::TimeZone, utc: i64) -> i64 {
    match endless(utc) {
        true => utc,
        false => utc + i64::from(zone.east_at(utc.div_euclid(SECOND))) * SECOND,
    }
}

fn zoned_to_utc(zone: &medley_types::TimeZone, local: i64) -> i64 {
    match endless(local) {
        true => local,
        false => local - i64::from(zone.east_of_local(local.div_euclid(SECOND))) * SECOND,
    }
}

fn to_local(frame: &Frame<'_>, utc: i64) -> i64 {
    zoned_to_local(&frame.env.style.time_zone, utc)
}

fn to_utc(frame: &Frame<'_>, local: i64) -> i64 {
    zoned_to_utc(&frame.env.style.time_zone, local)
}

fn zone(name: &str) -> Result<medley_types::TimeZone> {
    if name.bytes().any(|b| b.is_ascii_digit() || b == b'+' || b == b'<') {
        return Err(Error::unsupported("AT TIME ZONE of an offset"));
    }
    medley_types::TimeZone::parse(name).map_err(|_| {
        let message = format!("time zone \"{name}\" not recognized");
        Error::invalid_parameter(message)
    })
}

fn timestamp_difference<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (a, b) = (args[0].timestamp()?, args[1].timestamp()?);
    if endless(a) || endless(b) {
        return Err(Error::unsupported("subtracting infinite timestamps"));
    }
    let micros = a.checked_sub(b).ok_or_else(|| out_of_range("interval"))?;
    justified(Interval { micros, ..Interval::default() }, justified_hours)
}

fn justified<'a>(value: Interval, justify: fn(Interval) -> Option<Interval>) -> Result<Datum<'a>> {
    if !value.is_finite() {
        return Ok(Datum::Interval(value));
    }
    justify(value).map(Datum::Interval).ok_or_else(|| out_of_range("interval"))
}

/// Whole days out of hours, all of one sign.
fn justified_hours(value: Interval) -> Option<Interval> {
    let mut days = i64::from(value.days) + value.micros / DAY;
    let mut micros = value.micros % DAY;
    if days > 0 && micros < 0 {
        (days, micros) = (days - 1, micros + DAY);
    } else if days < 0 && micros > 0 {
        (days, micros) = (days + 1, micros - DAY);
    }
    Some(Interval { months: value.months, days: i32::try_from(days).ok()?, micros })
}

/// Whole months of thirty days out of days, all of one sign.
fn justified_days(value: Interval) -> Option<Interval> {
    let mut months = value.months.checked_add(value.days / 30)?;
    let mut days = value.days % 30;
    if months > 0 && days < 0 {
        (months, days) = (months - 1, days + 30);
    } else if months < 0 && days > 0 {
        (months, days) = (months + 1, days - 30);
    }
    Some(Interval { months, days, micros: value.micros })
}

/// What may be added to a time.
fn finite(value: Interval, verb: &str, preposition: &str) -> Result<Interval> {
    if value.is_finite() {
        return Ok(value);
    }
    let message = format!("cannot {verb} infinite interval {preposition} time");
    Err(Error::at(SqlState::DATETIME_FIELD_OVERFLOW, message, None))
}

fn time_of_day<'a>(time: i64, by: i64) -> Result<Datum<'a>> {
    Ok(Datum::Time((time + by % DAY).rem_euclid(DAY)))
}

fn day_of<'a>(local: i64) -> Result<Datum<'a>> {
    Ok(Datum::Date(match local {
        i64::MAX => i32::MAX,
        i64::MIN => i32::MIN,
        local => i32::try_from(local.div_euclid(DAY)).map_err(|_| out_of_range("date"))?,
    }))
}

fn clock_of<'a>(local: i64) -> Result<Datum<'a>> {
    Ok(if endless(local) { Datum::Null } else { Datum::Time(local.rem_euclid(DAY)) })
}

/// Year, month and day of a day since 1970, by Howard Hinnant's arithmetic.
fn civil(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * month_index + 2) / 5 + 1) as u32;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_of(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_index = i64::from((month + 9) % 12);
    let of_year = (153 * month_index + 2) / 5 + i64::from(day) - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

fn month_length(year: i64, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn make_date<'a>(year: i32, month: i32, day: i32) -> Result<Datum<'a>> {
    let out_of_range = |what: &str, year: i64| {
        let message = format!("{what} out of range: {year}-{month:02}-{day:02}");
        Err(Error::at(SqlState::DATETIME_FIELD_OVERFLOW, message, None))
    };
    if year == i32::MIN {
        return out_of_range("date field value", i64::from(year));
    }
    // There is no year 0: -1 is the one before 1.
    let counted = i64::from(year) + i64::from(year < 0);
    let valid = year != 0
        && (1..=12).contains(&month)
        && day >= 1
        && day <= month_length(counted, month as u32) as i32;
    if !valid {
        return out_of_range("date field value", counted);
    }
    let days = days_of(counted, month as u32, day as u32);
    match (FIRST_DAY..=LAST_DAY).contains(&days) {
        true => Ok(Datum::Date(days as i32)),
        false => out_of_range("date", counted),
    }
}

/// What fields are taken from.
#[derive(Clone, Copy)]
enum Source {
    Date(i32),
    Timestamp(i64),
    Time(i64),
    Interval(Interval),
}

impl Source {
    fn type_name(self) -> &'static str {
        match self {
            Self::Date(_) => "date",
            Self::Timestamp(_) => "timestamp without time zone",
            Self::Time(_) => "time without time zone",
            Self::Interval(_) => "interval",
        }
    }
}

/// EXTRACT: exact.
fn extract<'a>(args: &[Datum<'a>], source: Source) -> Result<Datum<'a>> {
    let word = args[0].text()?.to_ascii_lowercase();
    if endless_field(&word, source)?.is_some_and(|grows| !grows) {
        return Ok(Datum::Null);
    }
    field(&word, source).map(Datum::Numeric)
}

/// `date_part`: as a double.
fn part<'a>(args: &[Datum<'a>], source: Source) -> Result<Datum<'a>> {
    let word = args[0].text()?.to_ascii_lowercase();
    if endless_field(&word, source)?.is_some_and(|grows| !grows) {
        return Ok(Datum::Null);
    }
    Ok(Datum::Float8(field(&word, source)?.to_f64()))
}

fn singular(word: &str) -> &str {
    match word {
        "years" => "year",
        "months" => "month",
        "days" => "day",
        "hours" => "hour",
        "minutes" => "minute",
        "seconds" => "second",
        "quarters" => "quarter",
        "milliseconds" => "millisecond",
        "microseconds" => "microsecond",
        word => word,
    }
}

/// Of an infinite interval: whether the field grows with it, or comes again and again, so that it
/// is none; none of what is finite.
fn endless_field(word: &str, source: Source) -> Result<Option<bool>> {
    match source {
        Source::Interval(value) if !value.is_finite() => {
            // What the interval does not have is an error first.
            interval_field(singular(word), Interval::default())
                .ok_or_else(|| unknown_unit(singular(word), source))?;
            Ok(Some(matches!(singular(word), "year" | "decade" | "day" | "hour" | "epoch")))
        }
        _ => Ok(None),
    }
}

fn field(word: &str, source: Source) -> Result<Numeric> {
    let word = singular(word);
    let found = match source {
        Source::Date(i32::MAX | i32::MIN) => {
            return Err(Error::unsupported("EXTRACT from an infinite date"));
        }
        Source::Timestamp(local) if endless(local) => {
            return Err(Error::unsupported("EXTRACT from an infinite timestamp"));
        }
        Source::Date(days) => match word {
            "epoch" => Some(Numeric::from(i64::from(days) * 86_400)),
            _ => day_field(word, i64::from(days)),
        },
        Source::Timestamp(local) => match word {
            "epoch" => Some(Numeric::new(local, 6)),
            _ => day_field(word, local.div_euclid(DAY))
                .or_else(|| clock_field(word, local.rem_euclid(DAY))),
        },
        Source::Time(time) => match word {
            "epoch" => Some(Numeric::new(time, 6)),
            _ => clock_field(word, time),
        },
        Source::Interval(Interval::INFINITY) => Some(Numeric::Infinity),
        Source::Interval(Interval::NEGATIVE_INFINITY) => Some(Numeric::NegativeInfinity),
        Source::Interval(value) => interval_field(word, value),
    };
    found.ok_or_else(|| unknown_unit(word, source))
}

fn unknown_unit(word: &str, source: Source) -> Error {
    let known = [
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "epoch",
        "quarter",
        "week",
        "dow",
        "doy",
        "isodow",
        "isoyear",
        "century",
        "decade",
        "millennium",
        "millisecond",
        "microsecond",
        "julian",
        "timezone",
        "timezone_hour",
        "timezone_minute",
    ];
    let (state, verb) = match known.contains(&word) {
        true => (SqlState::FEATURE_NOT_SUPPORTED, "supported"),
        false => (SqlState::INVALID_PARAMETER_VALUE, "recognized"),
    };
    let message = format!("unit \"{word}\" not {verb} for type {}", source.type_name());
    Error::at(state, message, None)
}

fn day_field(word: &str, days: i64) -> Option<Numeric> {
    let (year, month, day) = civil(days);
    // There is no year 0.
    let shown = if year > 0 { year } else { year - 1 };
    let weekday = (days + 4).rem_euclid(7);
    Some(Numeric::from(match word {
        "year" => shown,
        "month" => i64::from(month),
        "day" => i64::from(day),
        "quarter" => i64::from((month - 1) / 3 + 1),
        "dow" => weekday,
        "isodow" => {
            if weekday == 0 {
                7
            } else {
                weekday
            }
        }
        "doy" => days - days_of(year, 1, 1) + 1,
        "week" => iso_week(days).1,
        "isoyear" => iso_week(days).0,
        "decade" => year.div_euclid(10),
        "century" => {
            if shown > 0 {
                (shown + 99) / 100
            } else {
                -((99 - (shown - 1)) / 100)
            }
        }
        "millennium" => {
            if shown > 0 {
                (shown + 999) / 1000
            } else {
                -((999 - (shown - 1)) / 1000)
            }
        }
        "julian" => days + 2_440_588,
        _ => return None,
    }))
}

/// The week that has the year's first Thursday is its first.
fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, ..) = civil(thursday);
    (year, (thursday - days_of(year, 1, 1)) / 7 + 1)
}

fn clock_field(word: &str, time: i64) -> Option<Numeric> {
    let in_minute = time % 60_000_000;
    Some(match word {
        "hour" => Numeric::from(time / HOUR),
        "minute" => Numeric::from(time / 60_000_000 % 60),
        "second" => Numeric::new(in_minute, 6),
        "millisecond" => Numeric::new(in_minute, 3),
        "microsecond" => Numeric::from(in_minute),
        _ => return None,
    })
}

fn interval_field(word: &str, value: Interval) -> Option<Numeric> {
    Some(match word {
        "year" => Numeric::from(i64::from(value.months / 12)),
        "month" => Numeric::from(i64::from(value.months % 12)),
        "day" => Numeric::from(i64::from(value.days)),
        "quarter" => Numeric::from(i64::from(value.months % 12 / 3 + 1)),
        "hour" => Numeric::from(value.micros / HOUR),
        "decade" => Numeric::from(i64::from(value.months / 12 / 10)),
        "epoch" => {
            // A year is 365.25 days here, a month thirty.
            let (years, months) = (i64::from(value.months / 12), i64::from(value.months % 12));
            let seconds = years * 31_557_600 + months * 2_592_000 + i64::from(value.days) * 86_400;
            Numeric::new(i128::from(seconds) * 1_000_000 + i128::from(value.micros), 6)
        }
        word => return clock_field(word, value.micros),
    })
}

fn truncated(word: &str, local: i64, t: PgType) -> Result<i64> {
    if endless(local) {
        return Ok(local);
    }
    let days = local.div_euclid(DAY);
    let (year, month, _) = civil(days);
    let from = |year, month| days_of(year, month, 1) * DAY;
    let by = |unit: i64| local.div_euclid(unit) * unit;
    Ok(match word.to_ascii_lowercase().as_str() {
        "microsecond" | "microseconds" => local,
        "millisecond" | "milliseconds" => by(1000),
        "second" | "seconds" => by(SECOND),
        "minute" | "minutes" => by(60 * SECOND),
        "hour" | "hours" => by(HOUR),
        "day" | "days" => by(DAY),
        "week" | "weeks" => (days - (days + 3).rem_euclid(7)) * DAY,
        "month" | "months" => from(year, month),
        "quarter" | "quarters" => from(year, (month - 1) / 3 * 3 + 1),
        "year" | "years" => from(year, 1),
        "decade" | "decades" if year > 0 => from(year / 10 * 10, 1),
        "century" | "centuries" if year > 0 => from((year - 1) / 100 * 100 + 1, 1),
        "millennium" | "millennia" if year > 0 => from((year - 1) / 1000 * 1000 + 1, 1),
        "decade" | "century" | "millennium" => {
            return Err(Error::unsupported("truncating a year before Christ so"));
        }
        other => {
            let message = format!("unit \"{other}\" not recognized for type {t}");
            return Err(Error::invalid_parameter(message));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        for days in [-800_000, -719_468, -1, 0, 59, 60, POSTGRES_EPOCH_DAYS, 2_932_896] {
            let (year, month, day) = civil(days);
            assert_eq!(days_of(year, month, day), days);
        }
        assert_eq!(civil(POSTGRES_EPOCH_DAYS), (2000, 1, 1));
    }
}
