//! The text of dates and times under each `DateStyle`.
use bytes::BytesMut;

use super::line::Line;
use crate::calendar::{Civil, DAY_US, HOUR_US, MINUTE_US, SECOND_US, civil_from_days, weekday};
use crate::style::{DateFormat, DateOrder, DateStyle};
use crate::time_zone::{Offset, TimeZone};

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Of a zone's abbreviation no more than this is written.
const MAX_ABBREVIATION: usize = 10;

/// Days since 1970-01-01.
pub(super) fn date(days: i32, style: DateStyle, out: &mut BytesMut) {
    if let Some(text) = infinity(days, i32::MIN, i32::MAX) {
        return out.extend_from_slice(text);
    }
    let civil = civil_from_days(i64::from(days));
    let mut line = Line::new();
    match style.format {
        DateFormat::Postgres => numeric_date(&mut line, civil, b'-', style.order),
        _ => date_part(&mut line, civil, style),
    }
    era(&mut line, civil);
    line.flush(out);
}

/// Microseconds since midnight.
pub(super) fn time(microseconds: i64, out: &mut BytesMut) {
    let mut line = Line::new();
    time_part(&mut line, microseconds);
    line.flush(out);
}

/// Microseconds since 1970-01-01.
pub(super) fn timestamp(microseconds: i64, style: DateStyle, out: &mut BytesMut) {
    if let Some(text) = infinity(microseconds, i64::MIN, i64::MAX) {
        return out.extend_from_slice(text);
    }
    let mut line = Line::new();
    let civil = local(&mut line, microseconds.into(), style);
    era(&mut line, civil);
    line.flush(out);
}

/// Microseconds since 1970-01-01 UTC.
pub(super) fn timestamptz(
    microseconds: i64,
    style: DateStyle,
    zone: &TimeZone,
    out: &mut BytesMut,
) {
    if let Some(text) = infinity(microseconds, i64::MIN, i64::MAX) {
        return out.extend_from_slice(text);
    }
    let unix_s = microseconds.div_euclid(SECOND_US);
    let mut line = Line::new();
    let shown = |east_s: i32| i128::from(microseconds) + i128::from(east_s) * i128::from(SECOND_US);
    let civil = match style.format {
        DateFormat::Iso => {
            let east_s = zone.east_at(unix_s);
            let civil = local(&mut line, shown(east_s), style);
            numeric_offset(&mut line, east_s);
            civil
        }
        _ => {
            let offset = zone.offset_at(unix_s);
            let civil = local(&mut line, shown(offset.east_s), style);
            abbreviation(&mut line, &offset);
            civil
        }
    };
    era(&mut line, civil);
    line.flush(out);
}

fn infinity<T: PartialEq>(value: T, minus: T, plus: T) -> Option<&'static [u8]> {
    match value {
        value if value == plus => Some(b"infinity"),
        value if value == minus => Some(b"-infinity"),
        _ => None,
    }
}

/// Date and time of day. The sum with an offset may be beyond `i64`.
fn local(line: &mut Line, microseconds: i128, style: DateStyle) -> Civil {
    let days = microseconds.div_euclid(i128::from(DAY_US)) as i64;
    let time = microseconds.rem_euclid(i128::from(DAY_US)) as i64;
    let civil = civil_from_days(days);
    if style.format == DateFormat::Postgres {
        line.str(WEEKDAYS[weekday(days)]).byte(b' ');
        day_and_month(line, civil, style.order);
        line.byte(b' ');
        time_part(line, time);
        line.byte(b' ').year(year_of_era(civil));
    } else {
        date_part(line, civil, style);
        line.byte(b' ');
        time_part(line, time);
    }
    civil
}

fn date_part(line: &mut Line, civil: Civil, style: DateStyle) {
    match style.format {
        DateFormat::Sql => numeric_date(line, civil, b'/', style.order),
        DateFormat::German => numeric_date(line, civil, b'.', DateOrder::Dmy),
        DateFormat::Iso | DateFormat::Postgres => {
            line.year(year_of_era(civil)).byte(b'-').two(civil.month).byte(b'-').two(civil.day);
        }
    }
}

fn numeric_date(line: &mut Line, civil: Civil, separator: u8, order: DateOrder) {
    let (first, second) = match order {
        DateOrder::Dmy => (civil.day, civil.month),
        DateOrder::Mdy | DateOrder::Ymd => (civil.month, civil.day),
    };
    line.two(first).byte(separator).two(second).byte(separator).year(year_of_era(civil));
}

fn day_and_month(line: &mut Line, civil: Civil, order: DateOrder) {
    let month = MONTHS[civil.month as usize - 1];
    match order {
        DateOrder::Dmy => line.two(civil.day).byte(b' ').str(month),
        DateOrder::Mdy | DateOrder::Ymd => line.str(month).byte(b' ').two(civil.day),
    };
}

fn time_part(line: &mut Line, microseconds: i64) {
    line.two((microseconds / HOUR_US) as u32)
        .byte(b':')
        .two((microseconds / MINUTE_US % 60) as u32)
        .byte(b':')
        .two((microseconds / SECOND_US % 60) as u32)
        .fraction((microseconds % SECOND_US) as u32);
}

/// There is no year 0: the one before 1 is 1 BC.
fn year_of_era(civil: Civil) -> i64 {
    if civil.year > 0 { civil.year } else { 1 - civil.year }
}

fn era(line: &mut Line, civil: Civil) {
    if civil.year <= 0 {
        line.str(" BC");
    }
}

fn numeric_offset(line: &mut Line, east_s: i32) {
    let seconds = east_s.unsigned_abs();
    line.byte(if east_s < 0 { b'-' } else { b'+' }).hours(u64::from(seconds / 3600));
    if !seconds.is_multiple_of(3600) {
        line.byte(b':').two(seconds / 60 % 60);
    }
    if !seconds.is_multiple_of(60) {
        line.byte(b':').two(seconds % 60);
    }
}

fn abbreviation(line: &mut Line, offset: &Offset) {
    line.byte(b' ');
    for byte in offset.abbreviation.bytes().take(MAX_ABBREVIATION) {
        line.byte(byte);
    }
}
