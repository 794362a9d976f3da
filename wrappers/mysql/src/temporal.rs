//! Dates and times, as the binary protocol writes them, and as PostgreSQL's receive functions and
//! input functions read them.
use std::fmt::Write;

use crate::protocol::Body;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// 2000-01-01, from which PostgreSQL counts, in days since 1970-01-01.
const POSTGRES_EPOCH_DAYS: i64 = 10_957;

/// A value of DATE, DATETIME or TIMESTAMP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub micros: u32,
}

impl Moment {
    /// Reads one: what is zero at the end is left out.
    pub fn read(body: &mut Body<'_>) -> Option<Self> {
        let count = usize::from(body.u8()?);
        let mut body = Body(body.bytes(count)?);
        let mut moment = Self::default();
        if count >= 4 {
            moment.year = body.u16()?;
            moment.month = body.u8()?;
            moment.day = body.u8()?;
        }
        if count >= 7 {
            moment.hour = body.u8()?;
            moment.minute = body.u8()?;
            moment.second = body.u8()?;
        }
        if count >= 11 {
            moment.micros = body.u32()?;
        }
        Some(moment)
    }

    /// It has a part that is zero, which no date has.
    pub fn is_zero(&self) -> bool {
        self.year == 0 || self.month == 0 || self.day == 0
    }

    /// Days since 2000-01-01, if there is such a day.
    pub fn days(&self) -> Option<i64> {
        let exists = !self.is_zero() && self.day <= month_length(self.year, self.month)?;
        exists.then(|| days_from_civil(self.year, self.month, self.day) - POSTGRES_EPOCH_DAYS)
    }

    /// Microseconds since 2000-01-01, if there is such a day.
    pub fn micros_since_epoch(&self) -> Option<i64> {
        let of_day = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60;
        let seconds = self.days()? * SECONDS_PER_DAY + of_day + i64::from(self.second);
        Some(seconds * MICROS_PER_SECOND + i64::from(self.micros))
    }

    /// As the server prints a date.
    pub fn date_text(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// As the server prints a moment with so many digits after the second.
    pub fn text(&self, digits: u8) -> String {
        let (hour, minute, second) = (self.hour, self.minute, self.second);
        let mut text = format!("{} {hour:02}:{minute:02}:{second:02}", self.date_text());
        fraction(self.micros, digits, &mut text);
        text
    }
}

/// A value of TIME: a length of time, below or above zero, or a time of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub is_negative: bool,
    pub hours: u32,
    pub minute: u8,
    pub second: u8,
    pub micros: u32,
}

impl Span {
    /// Reads one: what is zero at the end is left out.
    pub fn read(body: &mut Body<'_>) -> Option<Self> {
        let count = usize::from(body.u8()?);
        let mut body = Body(body.bytes(count)?);
        let mut span = Self::default();
        if count >= 8 {
            span.is_negative = body.u8()? != 0;
            let days = body.u32()?;
            span.hours = days.checked_mul(24)?.checked_add(body.u8()?.into())?;
            span.minute = body.u8()?;
            span.second = body.u8()?;
        }
        if count >= 12 {
            span.micros = body.u32()?;
        }
        Some(span)
    }

    /// Microseconds since midnight, if it is a time of the day.
    pub fn micros_of_day(&self) -> Option<i64> {
        let seconds =
            i64::from(self.hours) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let micros = seconds * MICROS_PER_SECOND + i64::from(self.micros);
        let is_of_day = micros <= SECONDS_PER_DAY * MICROS_PER_SECOND;
        (is_of_day && (!self.is_negative || micros == 0)).then_some(micros)
    }

    /// As the server prints it with so many digits after the second.
    pub fn text(&self, digits: u8) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        let (hours, minute, second) = (self.hours, self.minute, self.second);
        let mut text = format!("{sign}{hours:02}:{minute:02}:{second:02}");
        fraction(self.micros, digits, &mut text);
        text
    }
}

fn fraction(micros: u32, digits: u8, text: &mut String) {
    let digits = usize::from(digits.min(6));
    if digits > 0 {
        let all = format!("{micros:06}");
        let _ = write!(text, ".{}", &all[..digits.min(all.len())]);
    }
}

fn month_length(year: u16, month: u8) -> Option<u8> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if is_leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar: years begin in March, so that the
/// leap day is a year's last.
fn days_from_civil(year: u16, month: u8, day: u8) -> i64 {
    let month = i64::from(month);
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(year: u16, month: u8, day: u8) -> Moment {
        Moment { year, month, day, ..Moment::default() }
    }

    #[test]
    fn days_are_counted_from_2000() {
        let check = |year, month, day, expected| {
            assert_eq!(moment(year, month, day).days(), expected, "{year}-{month}-{day}");
        };
        check(2000, 1, 1, Some(0));
        check(1999, 12, 31, Some(-1));
        check(2000, 3, 1, Some(60));
        check(1, 1, 1, Some(-730_119));
        check(9999, 12, 31, Some(2_921_939));
        check(2023, 2, 29, None);
        check(2024, 2, 29, Some(8_825));
        check(0, 1, 1, None);
        check(2024, 0, 1, None);
        check(2024, 13, 1, None);
    }

    #[test]
    fn what_is_zero_at_the_end_is_left_out() {
        let read = |bytes: &[u8]| Moment::read(&mut Body(bytes)).map(|it| it.text(6));
        assert_eq!(read(&[0]).as_deref(), Some("0000-00-00 00:00:00.000000"));
        assert_eq!(read(&[4, 0xe8, 7, 2, 29]).as_deref(), Some("2024-02-29 00:00:00.000000"));
        assert_eq!(read(&[4, 0xe8, 7, 2]), None);
        let time = Span::read(&mut Body(&[8, 1, 34, 0, 0, 0, 22, 59, 59])).expect("whole");
        assert_eq!(time.text(0), "-838:59:59");
        assert_eq!(time.micros_of_day(), None);
        let noon = Span { hours: 24, ..Span::default() };
        assert_eq!(noon.micros_of_day(), Some(86_400_000_000));
    }
}
