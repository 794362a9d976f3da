//! Dates and times from their text: the well-known ones of PostgreSQL's spellings; what is not
//! known is refused, never guessed.
mod fields;
mod tokens;
mod words;

use crate::calendar::{
    Civil, DAY_S, DAY_US, EPOCH_US, SECOND_US, UNIX_EPOCH_JULIAN, days_from_civil,
};
use crate::error::{Error, Result};
use crate::{PgType, Style};

use fields::{Fields, Moment, Zone};

/// Digits after the point of a second, in microseconds.
pub(super) fn micros(digits: &str) -> Option<i64> {
    fields::micros(digits).ok()
}

/// The first day of all: Julian day 0.
const FIRST_DAY: i64 = -UNIX_EPOCH_JULIAN;
/// The day after the last date, 5874897-12-31.
const END_OF_DATES: i64 = days_from_civil(Civil { year: 5_874_898, month: 1, day: 1 });
/// The day after the last timestamp, 294276-12-31.
const END_OF_TIMESTAMPS: i64 = days_from_civil(Civil { year: 294_277, month: 1, day: 1 });

/// Days since 1970-01-01.
pub(super) fn date(text: &str, style: &Style) -> Result<i32> {
    let days = match (Reader { text, t: PgType::DATE }).moment(style)? {
        Moment::Infinity => return Ok(i32::MAX),
        Moment::MinusInfinity => return Ok(i32::MIN),
        Moment::At(fields) => fields.days,
    };
    match (FIRST_DAY..END_OF_DATES).contains(&days) {
        true => Ok(days as i32),
        false => Err(Error::DatetimeRange { kind: "date", input: text.to_owned() }),
    }
}

/// Microseconds since midnight.
pub(super) fn time(text: &str, t: PgType, style: &Style) -> Result<i64> {
    let microseconds = Reader { text, t }.time(style)?;
    Ok(round(microseconds, t))
}

/// Microseconds since 1970-01-01; a zone in the text does not count.
pub(super) fn timestamp(text: &str, t: PgType, style: &Style) -> Result<i64> {
    let reader = Reader { text, t };
    match reader.moment(style)? {
        Moment::Infinity => Ok(i64::MAX),
        Moment::MinusInfinity => Ok(i64::MIN),
        Moment::At(at) => reader.instant(at.days, at.time, 0),
    }
}

/// Microseconds since 1970-01-01 UTC; a text without a zone is in the session's.
pub(super) fn timestamptz(text: &str, t: PgType, style: &Style) -> Result<i64> {
    let reader = Reader { text, t };
    match reader.moment(style)? {
        Moment::Infinity => Ok(i64::MAX),
        Moment::MinusInfinity => Ok(i64::MIN),
        Moment::At(at) => {
            let local_s = at.days * DAY_S + at.time.div_euclid(SECOND_US);
            let east_s = match &at.zone {
                Some(Zone::Fixed(east_s)) => *east_s,
                Some(Zone::Named(zone)) => zone.east_of_local(local_s),
                None => style.time_zone.east_of_local(local_s),
            };
            reader.instant(at.days, at.time, east_s)
        }
    }
}

/// Rounds to the declared precision, half away from 2000-01-01.
fn round(microseconds: i64, t: PgType) -> i64 {
    const FULL: i32 = 6;
    let precision @ 0..FULL = t.typmod else { return microseconds };
    let unit = 10i64.pow((FULL - precision) as u32);
    let rounded = (microseconds.abs() + unit / 2) / unit * unit;
    if microseconds < 0 { -rounded } else { rounded }
}

/// A text, and the type that it should be of.
struct Reader<'a> {
    text: &'a str,
    t: PgType,
}

impl Reader<'_> {
    fn invalid(&self) -> Error {
        let type_name = self.t.plain_name();
        // Here PostgreSQL does not say what the type has not.
        let type_name = type_name.trim_end_matches(" without time zone").to_owned();
        Error::InvalidDatetime { type_name, input: self.text.to_owned() }
    }

    fn error(&self, reason: fields::Reason) -> Error {
        use fields::Reason;
        let text = self.text.to_owned();
        match reason {
            Reason::Format => self.invalid(),
            Reason::Field => Error::DatetimeField(text),
            Reason::MonthOrDay => Error::DatetimeMonthOrDay(text),
            Reason::Zone(name) => Error::UnrecognizedZone(name),
            Reason::Displacement => Error::ZoneDisplacement(text),
            Reason::Clock(word) => Error::Unsupported(format!("date/time value \"{word}\"")),
        }
    }

    fn fields(&self, style: &Style, time_only: bool) -> Result<Fields> {
        let tokens = tokens::split(self.text).ok_or_else(|| self.invalid())?;
        let mut fields = Fields::new(style.date_style.order, time_only);
        fields.read(&tokens).map_err(|reason| self.error(reason))?;
        Ok(fields)
    }

    fn moment(&self, style: &Style) -> Result<Moment> {
        self.fields(style, false)?.moment().map_err(|reason| self.error(reason))
    }

    fn time(&self, style: &Style) -> Result<i64> {
        self.fields(style, true)?.time_of_day().map_err(|reason| self.error(reason))
    }

    /// Microseconds since 1970-01-01 UTC of a local time, rounded to the type's precision.
    fn instant(&self, days: i64, time: i64, east_s: i32) -> Result<i64> {
        let range = || Error::DatetimeRange { kind: "timestamp", input: self.text.to_owned() };
        if !(FIRST_DAY..=END_OF_TIMESTAMPS).contains(&days) {
            return Err(range());
        }
        let since_1970 = i128::from(days) * i128::from(DAY_US) + i128::from(time)
            - i128::from(east_s) * i128::from(SECOND_US);
        // The rounding is relative to 2000, from where every legal timestamp fits.
        let since_2000 = i64::try_from(since_1970 - i128::from(EPOCH_US)).map_err(|_| range())?;
        let rounded = round(since_2000, self.t);
        let legal = (FIRST_DAY * DAY_US - EPOCH_US)..(END_OF_TIMESTAMPS - 10_957) * DAY_US;
        if !legal.contains(&rounded) {
            return Err(range());
        }
        rounded.checked_add(EPOCH_US).ok_or_else(|| Error::Unrepresentable {
            type_name: self.t.plain_name(),
            value: self.text.to_owned(),
        })
    }
}
