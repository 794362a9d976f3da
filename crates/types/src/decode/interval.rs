//! Intervals from their text: PostgreSQL's units, SQL's `1-2 3 4:05:06`, ISO 8601's durations.
use arrow_buffer::IntervalMonthDayNano;

use super::datetime::micros;
use crate::PgType;
use crate::calendar::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use crate::error::{Error, Result};
use crate::interval::{INFINITY, MINUS_INFINITY};
use crate::style::IntervalStyle;

/// Why a text is no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Format,
    Range,
}

type Read<T> = std::result::Result<T, Reason>;

/// Reads an interval, and keeps of it what the type declares.
pub(super) fn parse(text: &str, t: PgType, style: IntervalStyle) -> Result<IntervalMonthDayNano> {
    let trimmed = super::text::trim(text);
    match trimmed.to_ascii_lowercase().as_str() {
        "infinity" | "+infinity" => return Ok(INFINITY),
        "-infinity" => return Ok(MINUS_INFINITY),
        _ => (),
    }
    let declared = Declared::of(t);
    let read = match trimmed.strip_prefix('P') {
        Some(duration) => iso_8601(duration),
        None => verbose(trimmed, declared, style),
    };
    let sum = read.and_then(|sum| declared.apply(sum)).map_err(|reason| match reason {
        Reason::Format => {
            Error::InvalidDatetime { type_name: "interval".into(), input: text.to_owned() }
        }
        Reason::Range => Error::IntervalField(text.to_owned()),
    })?;
    let nanoseconds = sum.time.checked_mul(1000).ok_or_else(|| Error::Unrepresentable {
        type_name: "interval".to_owned(),
        value: text.to_owned(),
    })?;
    Ok(IntervalMonthDayNano { months: sum.months, days: sum.days, nanoseconds })
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Decade,
    Century,
    Millennium,
}

#[rustfmt::skip]
const UNITS: &[(&[&str], Unit)] = &[
    (&["us", "usec", "usecs", "usecond", "useconds", "microsecond", "microseconds"], Unit::Microsecond),
    (&["ms", "msec", "msecs", "msecond", "mseconds", "millisecond", "milliseconds"], Unit::Millisecond),
    (&["s", "sec", "secs", "second", "seconds"], Unit::Second),
    (&["m", "min", "mins", "minute", "minutes"], Unit::Minute),
    (&["h", "hr", "hrs", "hour", "hours"], Unit::Hour),
    (&["d", "day", "days"], Unit::Day),
    (&["w", "week", "weeks"], Unit::Week),
    (&["mon", "mons", "month", "months"], Unit::Month),
    (&["y", "yr", "yrs", "year", "years"], Unit::Year),
    (&["dec", "decs", "decade", "decades"], Unit::Decade),
    (&["c", "cent", "century", "centuries"], Unit::Century),
    (&["mil", "mils", "millennium", "millennia"], Unit::Millennium),
];

fn unit(word: &str) -> Option<Unit> {
    UNITS.iter().find(|(names, _)| names.contains(&word)).map(|(_, unit)| *unit)
}

/// What has been read so far.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    months: i32,
    days: i32,
    /// Microseconds.
    time: i64,
}

impl Sum {
    fn add_months(&mut self, value: i64, per_unit: i64) -> Read<()> {
        let months = value.checked_mul(per_unit).and_then(|m| i32::try_from(m).ok());
        let sum = months.and_then(|months| self.months.checked_add(months));
        self.months = sum.ok_or(Reason::Range)?;
        Ok(())
    }

    fn add_days(&mut self, value: i64, per_unit: i64) -> Read<()> {
        let days = value.checked_mul(per_unit).and_then(|d| i32::try_from(d).ok());
        let sum = days.and_then(|days| self.days.checked_add(days));
        self.days = sum.ok_or(Reason::Range)?;
        Ok(())
    }

    fn add_time(&mut self, value: i64, per_unit: i64) -> Read<()> {
        let time = value.checked_mul(per_unit);
        let sum = time.and_then(|time| self.time.checked_add(time));
        self.time = sum.ok_or(Reason::Range)?;
        Ok(())
    }

    /// A part of a unit: whole days of it are days.
    fn add_part_of_days(&mut self, part: f64, days_per_unit: f64) -> Read<()> {
        let days = part * days_per_unit;
        self.add_days(days.trunc() as i64, 1)?;
        self.add_part_of_time(days.fract(), DAY_US)
    }

    fn add_part_of_time(&mut self, part: f64, per_unit: i64) -> Read<()> {
        let microseconds = part * per_unit as f64;
        let up = match microseconds.fract() {
            rest if rest > 0.5 => 1,
            rest if rest < -0.5 => -1,
            _ => 0,
        };
        self.add_time(microseconds.trunc() as i64 + up, 1)
    }

    fn add_years(&mut self, number: Number, years: i64) -> Read<()> {
        self.add_months(number.whole, years * 12)?;
        self.add_months((number.part * years as f64 * 12.0).round_ties_even() as i64, 1)
    }

    fn add(&mut self, number: Number, unit: Unit) -> Read<()> {
        let Number { whole, part } = number;
        let time = |sum: &mut Self, per_unit| {
            sum.add_time(whole, per_unit)?;
            sum.add_part_of_time(part, per_unit)
        };
        match unit {
            Unit::Microsecond => time(self, 1),
            Unit::Millisecond => time(self, 1000),
            Unit::Second => time(self, SECOND_US),
            Unit::Minute => time(self, MINUTE_US),
            Unit::Hour => time(self, HOUR_US),
            Unit::Day => {
                self.add_days(whole, 1)?;
                self.add_part_of_time(part, DAY_US)
            }
            Unit::Week => {
                self.add_days(whole, 7)?;
                self.add_part_of_days(part, 7.0)
            }
            Unit::Month => {
                self.add_months(whole, 1)?;
                self.add_part_of_days(part, 30.0)
            }
            Unit::Year => self.add_years(number, 1),
            Unit::Decade => self.add_years(number, 10),
            Unit::Century => self.add_years(number, 100),
            Unit::Millennium => self.add_years(number, 1000),
        }
    }

    fn negated(self) -> Read<Self> {
        let negated = || {
            Some(Self {
                months: self.months.checked_neg()?,
                days: self.days.checked_neg()?,
                time: self.time.checked_neg()?,
            })
        };
        negated().ok_or(Reason::Range)
    }
}

/// A number with its fraction, of one sign.
#[derive(Clone, Copy, Debug)]
struct Number {
    whole: i64,
    part: f64,
}

impl Number {
    /// `-1.5`, `.5`.
    fn read(text: &str) -> Read<Self> {
        let (negative, digits) = unsigned(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() == 0 {
            return Err(Reason::Format);
        }
        let whole: i64 =
            if whole.is_empty() { 0 } else { whole.parse().map_err(|_| Reason::Range)? };
        let part: f64 = format!("0.{fraction}0").parse().map_err(|_| Reason::Format)?;
        Ok(if negative { Self { whole: -whole, part: -part } } else { Self { whole, part } })
    }

    fn negative(self) -> Self {
        Self { whole: -self.whole.abs(), part: -self.part.abs() }
    }
}

fn unsigned(text: &str) -> (bool, &str) {
    match text.as_bytes() {
        [b'-', ..] => (true, text[1..].trim_start()),
        [b'+', ..] => (false, text[1..].trim_start()),
        _ => (false, text),
    }
}

/// A piece of an interval: a number or a time with its sign, or a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Number(&'a str),
    Word(&'a str),
}

fn split(text: &str) -> Read<Vec<Token<'_>>> {
    let mut tokens = Vec::with_capacity(8);
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| matches!(c, ' ' | ',' | '@' | '\t'..='\r'));
        let Some(first) = rest.bytes().next() else { return Ok(tokens) };
        let of_number = |b: &u8| matches!(b, b'0'..=b'9' | b':' | b'.' | b'-');
        let length = match first {
            b'+' | b'-' => {
                let blanks = rest.bytes().skip(1).take_while(|b| *b == b' ').count();
                1 + blanks + rest.bytes().skip(1 + blanks).take_while(|b| of_number(b)).count()
            }
            b'0'..=b'9' | b'.' => rest.bytes().take_while(|b| of_number(b)).count(),
            b'a'..=b'z' | b'A'..=b'Z' => rest.bytes().take_while(u8::is_ascii_alphabetic).count(),
            _ => return Err(Reason::Format),
        };
        let (token, tail) = rest.split_at(length);
        tokens.push(match first.is_ascii_alphabetic() {
            true => Token::Word(token),
            false => Token::Number(token),
        });
        rest = tail;
    }
}

/// Units named, or SQL's fields.
fn verbose(text: &str, declared: Declared, style: IntervalStyle) -> Read<Sum> {
    let lowercase = text.to_ascii_lowercase();
    let mut tokens = split(&lowercase)?;
    let ago = tokens.pop_if(|token| *token == Token::Word("ago")).is_some();
    let numbers = || {
        tokens.iter().filter_map(|token| match token {
            Token::Number(text) => Some(*text),
            Token::Word(_) => None,
        })
    };
    // In SQL's style one minus at the beginning is for all that follows.
    let all_negative = style == IntervalStyle::SqlStandard
        && numbers().next().is_some_and(|first| first.starts_with('-'))
        && !numbers().skip(1).any(|other| other.starts_with(['-', '+']));
    let mut reader = Reader { sum: Sum::default(), seen: Vec::new(), declared, all_negative };
    reader.read(&tokens)?;
    if ago { reader.sum.negated() } else { Ok(reader.sum) }
}

/// Reads from the end: a unit is known before its number, and a time tells that days precede it.
struct Reader {
    sum: Sum,
    seen: Vec<Unit>,
    declared: Declared,
    all_negative: bool,
}

impl Reader {
    fn read(&mut self, tokens: &[Token<'_>]) -> Read<()> {
        let mut unit_of_next: Option<Unit> = None;
        let mut unit_waits = false;
        for token in tokens.iter().rev() {
            match token {
                Token::Word(_) if unit_waits => return Err(Reason::Format),
                Token::Word(word) => {
                    unit_of_next = Some(unit(word).ok_or(Reason::Format)?);
                    unit_waits = true;
                }
                Token::Number(text) if text.contains(':') && !unit_waits => {
                    self.time(text)?;
                    unit_of_next = Some(Unit::Day);
                }
                Token::Number(text) => {
                    let unit = unit_of_next.unwrap_or(self.declared.unit());
                    unit_of_next = Some(self.number(text, unit)?);
                    unit_waits = false;
                }
            }
        }
        match self.seen.is_empty() || unit_waits {
            true => Err(Reason::Format),
            false => Ok(()),
        }
    }

    fn see(&mut self, unit: Unit) -> Read<()> {
        if self.seen.contains(&unit) {
            return Err(Reason::Format);
        }
        self.seen.push(unit);
        Ok(())
    }

    /// A time or a fraction of a second leaves nothing to be added by smaller units.
    fn see_all_of_seconds(&mut self) -> Read<()> {
        self.see(Unit::Second)?;
        self.see(Unit::Millisecond)?;
        self.see(Unit::Microsecond)
    }

    fn number(&mut self, text: &str, unit: Unit) -> Read<Unit> {
        let (negative, digits) = unsigned(text);
        if let Some((years, months)) = digits.split_once('-') {
            self.year_month(negative, years, months)?;
            return Ok(Unit::Month);
        }
        let number = Number::read(text)?;
        match unit {
            Unit::Second if number.part != 0.0 => self.see_all_of_seconds()?,
            unit => self.see(unit)?,
        }
        self.sum.add(if self.all_negative { number.negative() } else { number }, unit)?;
        Ok(unit)
    }

    /// SQL's `1-2`.
    fn year_month(&mut self, negative: bool, years: &str, months: &str) -> Read<()> {
        self.see(Unit::Month)?;
        let years = years.parse::<i64>().map_err(|_| Reason::Format)?;
        let months = months.parse::<i64>().map_err(|_| Reason::Format)?;
        if !(0..12).contains(&months) {
            return Err(Reason::Range);
        }
        let all = years.checked_mul(12).and_then(|all| all.checked_add(months));
        let all = all.ok_or(Reason::Range)?;
        self.sum.add_months(if negative || self.all_negative { -all } else { all }, 1)
    }

    /// `4:05:06.7`, `4:05`; two fields with a fraction are minutes and seconds.
    fn time(&mut self, text: &str) -> Read<()> {
        self.see(Unit::Hour)?;
        self.see(Unit::Minute)?;
        self.see_all_of_seconds()?;
        let (negative, digits) = unsigned(text);
        let (digits, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let parts: Vec<&str> = digits.split(':').collect();
        let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
            true => text.parse::<i64>().map_err(|_| Reason::Range),
            false => Err(Reason::Format),
        };
        let short_is_minutes = !fraction.is_empty() || self.declared.is_minute_to_second();
        let (hours, minutes, seconds) = match parts[..] {
            [minutes, seconds] if short_is_minutes => (0, number(minutes)?, number(seconds)?),
            [hours, minutes] => (number(hours)?, number(minutes)?, 0),
            [hours, minutes, seconds] => (number(hours)?, number(minutes)?, number(seconds)?),
            _ => return Err(Reason::Format),
        };
        if minutes > 59 || seconds > 60 {
            return Err(Reason::Range);
        }
        let small =
            minutes * MINUTE_US + seconds * SECOND_US + micros(fraction).ok_or(Reason::Format)?;
        let sign = if negative || self.all_negative { -1 } else { 1 };
        self.sum.add_time(hours, sign * HOUR_US)?;
        self.sum.add_time(small, sign)
    }
}

/// `1Y2M3DT4H5M6S`, or `0001-02-03T04:05:06`.
fn iso_8601(text: &str) -> Read<Sum> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, time),
        None if text.is_empty() => return Err(Reason::Format),
        None => (text, ""),
    };
    let mut sum = Sum::default();
    let date_unit = |c| match c {
        'Y' => Some(Unit::Year),
        'M' => Some(Unit::Month),
        'W' => Some(Unit::Week),
        'D' => Some(Unit::Day),
        _ => None,
    };
    let time_unit = |c| match c {
        'H' => Some(Unit::Hour),
        'M' => Some(Unit::Minute),
        'S' => Some(Unit::Second),
        _ => None,
    };
    designated(&mut sum, date, '-', &[Unit::Year, Unit::Month, Unit::Day], date_unit)?;
    designated(&mut sum, time, ':', &[Unit::Hour, Unit::Minute, Unit::Second], time_unit)?;
    Ok(sum)
}

/// Numbers before their units' letters, or in a fixed order with separators.
fn designated(
    sum: &mut Sum,
    mut text: &str,
    separator: char,
    order: &[Unit],
    unit_of: impl Fn(char) -> Option<Unit>,
) -> Read<()> {
    if text.is_empty() {
        return Ok(());
    }
    if !text.contains(|c: char| c.is_ascii_alphabetic()) {
        let parts: Vec<&str> = text.split(separator).collect();
        if parts.len() > order.len() {
            return Err(Reason::Format);
        }
        let mut pairs = parts.iter().zip(order);
        return pairs.try_for_each(|(part, unit)| sum.add(Number::read(part)?, *unit));
    }
    while let Some(at) = text.find(|c: char| c.is_ascii_alphabetic()) {
        let letter = char::from(text.as_bytes()[at]);
        sum.add(Number::read(&text[..at])?, unit_of(letter).ok_or(Reason::Format)?)?;
        text = &text[at + 1..];
    }
    if text.is_empty() { Ok(()) } else { Err(Reason::Format) }
}

/// What `interval day to second(3)` says: which fields, and how many digits of a second.
#[derive(Clone, Copy)]
struct Declared {
    fields: i32,
    precision: i32,
}

impl Declared {
    const YEAR: i32 = 1 << 2;
    const MONTH: i32 = 1 << 1;
    const DAY: i32 = 1 << 3;
    const HOUR: i32 = 1 << 10;
    const MINUTE: i32 = 1 << 11;
    const SECOND: i32 = 1 << 12;
    const ALL: i32 = 0x7fff;

    fn of(t: PgType) -> Self {
        match t.typmod {
            ..0 => Self { fields: Self::ALL, precision: 6 },
            typmod => Self { fields: typmod >> 16 & 0x7fff, precision: typmod & 0xffff },
        }
    }

    fn is_minute_to_second(self) -> bool {
        self.fields == Self::MINUTE | Self::SECOND
    }

    /// The unit of a number that names none: the smallest declared.
    fn unit(self) -> Unit {
        let units = [
            (Self::SECOND, Unit::Second),
            (Self::MINUTE, Unit::Minute),
            (Self::HOUR, Unit::Hour),
            (Self::DAY, Unit::Day),
            (Self::MONTH, Unit::Month),
            (Self::YEAR, Unit::Year),
        ];
        let smallest = units.iter().find(|(bit, _)| self.fields & bit != 0);
        smallest.map_or(Unit::Second, |(_, unit)| *unit)
    }

    /// Cuts what is smaller than the smallest declared field, and rounds the seconds.
    fn apply(self, mut sum: Sum) -> Read<Sum> {
        if self.fields != Self::ALL {
            match self.unit() {
                Unit::Year => sum = Sum { months: sum.months / 12 * 12, days: 0, time: 0 },
                Unit::Month => sum = Sum { days: 0, time: 0, ..sum },
                Unit::Day => sum.time = 0,
                Unit::Hour => sum.time = sum.time / HOUR_US * HOUR_US,
                Unit::Minute => sum.time = sum.time / MINUTE_US * MINUTE_US,
                _ => (),
            }
        }
        if let precision @ 0..6 = self.precision {
            let unit = 10i64.pow((6 - precision) as u32);
            let half = if sum.time < 0 { -unit / 2 } else { unit / 2 };
            let rounded = sum.time.checked_add(half).ok_or(Reason::Range)?;
            sum.time = rounded / unit * unit;
        }
        Ok(sum)
    }
}
