//! The text of intervals under each `IntervalStyle`.
use arrow_buffer::IntervalMonthDayNano;
use bytes::BytesMut;

use super::line::Line;
use crate::calendar::{HOUR_US, MINUTE_US, SECOND_US};
use crate::interval::{INFINITY, MINUS_INFINITY, microseconds};
use crate::style::IntervalStyle;

/// An interval's fields; those of the time have one sign.
#[derive(Clone, Copy)]
struct Fields {
    years: i64,
    months: i64,
    days: i64,
    hours: i64,
    minutes: i64,
    seconds: i64,
    fraction: i64,
}

impl Fields {
    fn of(value: IntervalMonthDayNano) -> Self {
        let time = microseconds(value);
        let months = i64::from(value.months);
        Self {
            years: months / 12,
            months: months % 12,
            days: i64::from(value.days),
            hours: time / HOUR_US,
            minutes: time / MINUTE_US % 60,
            seconds: time / SECOND_US % 60,
            fraction: time % SECOND_US,
        }
    }

    fn all(&self) -> [i64; 7] {
        let Self { years, months, days, hours, minutes, seconds, fraction } = *self;
        [years, months, days, hours, minutes, seconds, fraction]
    }

    fn time(&self) -> [i64; 4] {
        [self.hours, self.minutes, self.seconds, self.fraction]
    }

    fn has_time(&self) -> bool {
        self.time().iter().any(|field| *field != 0)
    }

    fn time_is_negative(&self) -> bool {
        self.time().iter().any(|field| *field < 0)
    }

    fn is_zero(&self) -> bool {
        self.all().iter().all(|field| *field == 0)
    }
}

/// As `interval_out` prints it.
pub(super) fn text(value: IntervalMonthDayNano, style: IntervalStyle, out: &mut BytesMut) {
    match value {
        INFINITY => return out.extend_from_slice(b"infinity"),
        MINUS_INFINITY => return out.extend_from_slice(b"-infinity"),
        _ => (),
    }
    let fields = Fields::of(value);
    let mut line = Line::new();
    match style {
        IntervalStyle::Postgres => postgres(&mut line, &fields),
        IntervalStyle::PostgresVerbose => verbose(&mut line, &fields),
        IntervalStyle::SqlStandard => sql_standard(&mut line, &fields),
        IntervalStyle::Iso8601 => iso_8601(&mut line, &fields),
    }
    line.flush(out);
}

/// `04:05:06.7`, without a sign.
fn clock(line: &mut Line, fields: &Fields, pad_hours: bool) {
    let hours = fields.hours.unsigned_abs();
    if pad_hours {
        line.hours(hours);
    } else {
        line.str(itoa::Buffer::new().format(hours));
    }
    line.byte(b':')
        .two(fields.minutes.unsigned_abs() as u32)
        .byte(b':')
        .two(fields.seconds.unsigned_abs() as u32)
        .fraction(fields.fraction.unsigned_abs() as u32);
}

/// `6.7`, without a sign.
fn seconds(line: &mut Line, fields: &Fields) {
    line.str(itoa::Buffer::new().format(fields.seconds.unsigned_abs()))
        .fraction(fields.fraction.unsigned_abs() as u32);
}

fn postgres(line: &mut Line, fields: &Fields) {
    let mut empty = true;
    let mut after_negative = false;
    for (value, unit) in [(fields.years, "year"), (fields.months, "mon"), (fields.days, "day")] {
        if value == 0 {
            continue;
        }
        if !empty {
            line.byte(b' ');
        }
        // A plus is written only where a reader would carry the minus on.
        if after_negative && value > 0 {
            line.byte(b'+');
        }
        line.int(value).byte(b' ').str(unit).str(if value == 1 { "" } else { "s" });
        after_negative = value < 0;
        empty = false;
    }
    if empty || fields.has_time() {
        if !empty {
            line.byte(b' ');
        }
        if fields.time_is_negative() {
            line.byte(b'-');
        } else if after_negative {
            line.byte(b'+');
        }
        clock(line, fields, true);
    }
}

fn verbose(line: &mut Line, fields: &Fields) {
    line.byte(b'@');
    if fields.is_zero() {
        line.str(" 0");
        return;
    }
    // The first field decides whether all of it is "ago".
    let first = fields.all().into_iter().find(|field| *field != 0);
    let ago = first.is_some_and(|field| field < 0);
    let units = [
        (fields.years, "year"),
        (fields.months, "mon"),
        (fields.days, "day"),
        (fields.hours, "hour"),
        (fields.minutes, "min"),
    ];
    for (value, unit) in units.into_iter().filter(|(value, _)| *value != 0) {
        let value = if ago { -value } else { value };
        line.byte(b' ').int(value).byte(b' ').str(unit).str(if value == 1 { "" } else { "s" });
    }
    if fields.seconds != 0 || fields.fraction != 0 {
        line.byte(b' ');
        if (fields.seconds < 0 || fields.fraction < 0) != ago {
            line.byte(b'-');
        }
        seconds(line, fields);
        let one = fields.seconds.abs() == 1 && fields.fraction == 0;
        line.str(if one { " sec" } else { " secs" });
    }
    if ago {
        line.str(" ago");
    }
}

fn sql_standard(line: &mut Line, fields: &Fields) {
    let negative = fields.all().iter().any(|field| *field < 0);
    let positive = fields.all().iter().any(|field| *field > 0);
    let has_year_month = fields.years != 0 || fields.months != 0;
    let has_day_time = fields.days != 0 || fields.has_time();
    if !negative && !positive {
        line.byte(b'0');
    } else if (negative && positive) || (has_year_month && has_day_time) {
        mixed_signs(line, fields);
    } else {
        if negative {
            line.byte(b'-');
        }
        if has_year_month {
            year_month(line, fields);
        } else {
            if fields.days != 0 {
                line.str(itoa::Buffer::new().format(fields.days.unsigned_abs())).byte(b' ');
            }
            clock(line, fields, false);
        }
    }
}

fn year_month(line: &mut Line, fields: &Fields) {
    line.int(fields.years.abs()).byte(b'-').int(fields.months.abs());
}

/// What SQL's own spelling cannot say: each part with its sign.
fn mixed_signs(line: &mut Line, fields: &Fields) {
    let sign = |negative: bool| if negative { b'-' } else { b'+' };
    line.byte(sign(fields.years < 0 || fields.months < 0));
    year_month(line, fields);
    line.byte(b' ').byte(sign(fields.days < 0));
    line.str(itoa::Buffer::new().format(fields.days.unsigned_abs()));
    line.byte(b' ').byte(sign(fields.time_is_negative()));
    clock(line, fields, false);
}

fn iso_8601(line: &mut Line, fields: &Fields) {
    if fields.is_zero() {
        line.str("PT0S");
        return;
    }
    let part = |line: &mut Line, value: i64, unit: u8| {
        if value != 0 {
            line.int(value).byte(unit);
        }
    };
    line.byte(b'P');
    part(line, fields.years, b'Y');
    part(line, fields.months, b'M');
    part(line, fields.days, b'D');
    if fields.has_time() {
        line.byte(b'T');
    }
    part(line, fields.hours, b'H');
    part(line, fields.minutes, b'M');
    if fields.seconds != 0 || fields.fraction != 0 {
        if fields.seconds < 0 || fields.fraction < 0 {
            line.byte(b'-');
        }
        seconds(line, fields);
        line.byte(b'S');
    }
}
