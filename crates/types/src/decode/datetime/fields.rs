//! From tokens to year, month, day, time and zone.
use super::tokens::Token;
use super::words::{self, Word};
use crate::calendar::{
    Civil, DAY_US, HOUR_US, MINUTE_US, SECOND_US, UNIX_EPOCH_JULIAN, days_from_civil, days_in_month,
};
use crate::style::DateOrder;
use crate::time_zone::TimeZone;

/// Why a text is no date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It does not look like one.
    Format,
    /// A field is beyond its range.
    Field,
    /// Month or day is; perhaps they were meant in another order.
    MonthOrDay,
    /// The zone is too far from UTC.
    Displacement,
    /// There is no zone of this name.
    Zone(String),
    /// It needs to know the time, which is not known here.
    Clock(String),
}

type Read<T> = Result<T, Reason>;

/// A zone that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    /// By its rules.
    Named(TimeZone),
}

/// What a text says.
pub(super) enum Moment {
    Infinity,
    MinusInfinity,
    At(At),
}

/// A local date and time.
pub(super) struct At {
    /// Days since 1970-01-01.
    pub(super) days: i64,
    /// Microseconds since midnight, up to 24 hours.
    pub(super) time: i64,
    pub(super) zone: Option<Zone>,
}

/// The fields that have been found.
pub(super) struct Fields {
    order: DateOrder,
    time_only: bool,
    year: Option<i64>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    julian_day: Option<i64>,
    time: Option<i64>,
    zone: Option<Zone>,
    bc: Option<bool>,
    pm: Option<bool>,
    special: Option<Word>,
    /// The year was given as two digits.
    short_year: bool,
    /// The month was given by its name.
    named_month: bool,
    /// What the next number is.
    announced: Option<Word>,
}

/// Sets a field that must not be set yet.
fn set<T>(field: &mut Option<T>, value: T) -> Read<()> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(Reason::Format),
    }
}

fn number<T: std::str::FromStr>(digits: &str) -> Read<T> {
    digits.parse().map_err(|_| Reason::Field)
}

impl Fields {
    pub(super) fn new(order: DateOrder, time_only: bool) -> Self {
        Self {
            order,
            time_only,
            year: None,
            month: None,
            day: None,
            day_of_year: None,
            julian_day: None,
            time: None,
            zone: None,
            bc: None,
            pm: None,
            special: None,
            short_year: false,
            named_month: false,
            announced: None,
        }
    }

    pub(super) fn read(&mut self, tokens: &[Token<'_>]) -> Read<()> {
        for token in tokens {
            let announced = self.announced.take();
            match (*token, announced) {
                (Token::Number(text), Some(Word::JulianFollows)) => {
                    set(&mut self.julian_day, number(text)?)?;
                }
                (Token::Number(text), Some(Word::TimeFollows)) => self.clock_digits(text)?,
                (Token::Time(text), Some(Word::TimeFollows)) => self.clock(text)?,
                (_, Some(_)) => return Err(Reason::Format),
                (Token::Time(text), None) => self.clock(text)?,
                (Token::Date(text), None) => self.date(text)?,
                (Token::Number(text), None) => self.number_token(text)?,
                (Token::Offset(text), None) => self.offset(text)?,
                (Token::Word(text), None) => self.word(text)?,
            }
        }
        match self.announced {
            None => Ok(()),
            Some(_) => Err(Reason::Format),
        }
    }

    fn clock(&mut self, text: &str) -> Read<()> {
        set(&mut self.time, time(text)?)
    }

    fn has_date(&self) -> bool {
        let civil = self.month.is_some() && self.day.is_some();
        self.julian_day.is_some() || (self.year.is_some() && (civil || self.day_of_year.is_some()))
    }

    fn has_part_of_date(&self) -> bool {
        self.year.is_some() || self.month.is_some() || self.day.is_some() || self.has_date()
    }

    /// Parts joined by separators; a name among them is the month.
    fn date(&mut self, text: &str) -> Read<()> {
        let is_name = |part: &&str| part.starts_with(|c: char| c.is_ascii_alphabetic());
        let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
        if let (true, Some((time, zone))) = (self.has_date(), text.split_once('-')) {
            // `040506-08`, without colons.
            self.clock_digits(time)?;
            return self.offset(&text[text.len() - zone.len() - 1..]);
        }
        // A time comes before a date only where the month is a word by itself.
        let after_time = self.time.is_some() && !self.time_only;
        if after_time || self.has_date() || parts.iter().any(|part| part.is_empty()) {
            return Err(Reason::Format);
        }
        for name in parts.iter().filter(|part| is_name(part)) {
            match words::look_up(name) {
                Some(Word::Month(month)) => self.set_named_month(month)?,
                _ => return Err(Reason::Format),
            }
        }
        parts.iter().filter(|part| !is_name(part)).try_for_each(|part| self.date_number(part))
    }

    fn set_named_month(&mut self, month: u32) -> Read<()> {
        // A number taken for the month was the day.
        if let (Some(taken), None, false) = (self.month, self.day, self.named_month) {
            self.day = Some(taken);
            self.month = None;
        }
        self.named_month = true;
        set(&mut self.month, month)
    }

    /// A number in a date: which field it is depends on those found before and on the style.
    fn date_number(&mut self, text: &str) -> Read<()> {
        let long = text.len() >= 3;
        let year_first = long || self.order == DateOrder::Ymd;
        match (self.year, self.month, self.day) {
            (Some(_), None, None) if text.len() == 3 => {
                let day: u32 = number(text)?;
                match (1..=366).contains(&day) {
                    true => set(&mut self.day_of_year, day),
                    false => set(&mut self.month, day),
                }
            }
            (None, None, None) if year_first => self.set_year(text),
            (None, None, None) if self.order == DateOrder::Dmy => set(&mut self.day, number(text)?),
            (None, None, None) | (Some(_), None, None) | (None, None, Some(_)) => {
                set(&mut self.month, number(text)?)
            }
            (None, Some(_), None) if self.named_month && year_first => self.set_year(text),
            (Some(year), Some(_), None) if self.named_month && long && self.short_year => {
                // What was taken for the year was the day.
                self.year = None;
                self.day = Some(year as u32);
                self.set_year(text)
            }
            (_, Some(_), None) => set(&mut self.day, number(text)?),
            (None, Some(_), Some(_)) => self.set_year(text),
            (Some(_), _, Some(_)) => Err(Reason::Format),
        }
    }

    fn set_year(&mut self, text: &str) -> Read<()> {
        self.short_year = text.len() <= 2;
        set(&mut self.year, number(text)?)
    }

    /// A number by itself.
    fn number_token(&mut self, text: &str) -> Read<()> {
        let whole = text.find('.').unwrap_or(text.len());
        if self.time_only {
            return self.clock_digits(text);
        }
        match whole < text.len() {
            true if !self.has_part_of_date() => self.date(text),
            true if whole > 2 && self.has_date() => self.clock_digits(text),
            true => Err(Reason::Format),
            false if whole >= 6 && !self.has_part_of_date() => self.date_digits(text),
            false if self.has_date() => self.clock_digits(text),
            false => self.date_number(text),
        }
    }

    /// `20240131`: the last four digits are month and day.
    fn date_digits(&mut self, text: &str) -> Read<()> {
        let (rest, day) = text.split_at(text.len() - 2);
        let (year, month) = rest.split_at(rest.len() - 2);
        self.set_year(year)?;
        set(&mut self.month, number(month)?)?;
        set(&mut self.day, number(day)?)
    }

    /// `040506.789` or `0405`.
    fn clock_digits(&mut self, text: &str) -> Read<()> {
        let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
        let (hours, minutes, seconds) = match digits.len() {
            6 => (&digits[..2], &digits[2..4], &digits[4..]),
            4 if fraction.is_empty() => (&digits[..2], &digits[2..], "0"),
            _ => return Err(Reason::Format),
        };
        let time = clock(number(hours)?, number(minutes)?, number(seconds)?, fraction)?;
        set(&mut self.time, time)
    }

    /// `+05:30`, `-0800`, `+2`.
    fn offset(&mut self, text: &str) -> Read<()> {
        let (negative, digits) = (text.starts_with('-'), &text[1..]);
        let mut parts = digits.split(':');
        let first = parts.next().unwrap_or_default();
        if let Some((hours, _)) = first.split_once('.') {
            let far = number::<i32>(hours)? > 15;
            return Err(if far { Reason::Displacement } else { Reason::Format });
        }
        let (hours, minutes) = match (parts.next(), first.len()) {
            (Some(minutes), _) => (number(first)?, number(minutes)?),
            (None, ..=2) => (number(first)?, 0),
            (None, 3..=4) => {
                let joined: i32 = number(first)?;
                (joined / 100, joined % 100)
            }
            (None, _) => return Err(Reason::Displacement),
        };
        let seconds = parts.next().map_or(Ok(0), number::<i32>)?;
        if parts.next().is_some() {
            return Err(Reason::Format);
        }
        if hours > 15 || minutes > 59 || seconds > 59 {
            return Err(Reason::Displacement);
        }
        let east_s = hours * 3600 + minutes * 60 + seconds;
        // A zone makes sense after a time only; PostgreSQL takes it after a date as well.
        set(&mut self.zone, Zone::Fixed(if negative { -east_s } else { east_s }))
    }

    fn word(&mut self, text: &str) -> Read<()> {
        let unknown = || match text.contains('/') {
            true => Reason::Zone(text.to_ascii_lowercase()),
            false => Reason::Format,
        };
        match words::look_up(text).ok_or_else(unknown)? {
            Word::Month(month) => self.set_named_month(month),
            Word::Weekday | Word::Filler => Ok(()),
            Word::Meridian { pm } => set(&mut self.pm, pm),
            Word::Era { bc } => set(&mut self.bc, bc),
            // The offset of a zone with rules depends on the date.
            Word::Zone(Zone::Named(_)) if !self.has_date() && !self.time_only => {
                Err(Reason::Format)
            }
            Word::Zone(zone) => set(&mut self.zone, zone),
            Word::Clock => Err(Reason::Clock(text.to_ascii_lowercase())),
            word @ Word::TimeFollows if self.has_date() || self.time_only => {
                self.announced = Some(word);
                Ok(())
            }
            Word::TimeFollows => Err(Reason::Format),
            word @ Word::JulianFollows => {
                self.announced = Some(word);
                Ok(())
            }
            word @ (Word::Epoch | Word::Infinity { .. }) => set(&mut self.special, word),
        }
    }

    /// What the fields say together.
    pub(super) fn moment(self) -> Read<Moment> {
        if let Some(word) = &self.special {
            // `epoch` and its like stand alone.
            if self.has_part_of_date() || self.time.is_some() {
                return Err(Reason::Format);
            }
            return Ok(match word {
                Word::Infinity { negative: false } => Moment::Infinity,
                Word::Infinity { negative: true } => Moment::MinusInfinity,
                _ => Moment::At(At { days: 0, time: 0, zone: Some(Zone::Fixed(0)) }),
            });
        }
        let time = self.time_of_day_or(0)?;
        let days = self.days()?;
        Ok(Moment::At(At { days, time, zone: self.zone }))
    }

    /// The time, of a text that must have one.
    pub(super) fn time_of_day(self) -> Read<i64> {
        match (&self.special, self.time) {
            (None, Some(_)) => {
                if self.has_part_of_date() {
                    self.days()?;
                }
                self.time_of_day_or(0)
            }
            _ => Err(Reason::Format),
        }
    }

    fn time_of_day_or(&self, default: i64) -> Read<i64> {
        const NOON: i64 = 12 * HOUR_US;
        match (self.time.unwrap_or(default), self.pm) {
            (time, None) => Ok(time),
            (time, Some(_)) if time >= NOON + HOUR_US => Err(Reason::Field),
            (time, Some(pm)) => Ok(time % NOON + if pm { NOON } else { 0 }),
        }
    }

    fn days(&self) -> Read<i64> {
        if let Some(day) = self.julian_day {
            return Ok(day - UNIX_EPOCH_JULIAN);
        }
        let year = self.astronomical_year()?;
        if let Some(day) = self.day_of_year {
            let first = days_from_civil(Civil { year, month: 1, day: 1 });
            return Ok(first + i64::from(day) - 1);
        }
        let (Some(month), Some(day)) = (self.month, self.day) else { return Err(Reason::Format) };
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(Reason::MonthOrDay);
        }
        if day > days_in_month(year, month) {
            return Err(Reason::Field);
        }
        Ok(days_from_civil(Civil { year, month, day }))
    }

    /// 1 BC is 0; two digits are of 1970 to 2069.
    fn astronomical_year(&self) -> Read<i64> {
        let year = self.year.ok_or(Reason::Format)?;
        let far = year > 10_000_000;
        match (self.bc == Some(true), self.short_year) {
            _ if far => Err(Reason::Field),
            (true, _) if year > 0 => Ok(1 - year),
            (false, true) if year < 70 => Ok(year + 2000),
            (false, true) => Ok(year + 1900),
            (false, false) if year > 0 => Ok(year),
            _ => Err(Reason::Field),
        }
    }
}

/// `04:05:06.789`, `04:05`.
fn time(text: &str) -> Read<i64> {
    let mut parts = text.splitn(3, ':');
    let mut next = || parts.next();
    let (Some(hours), Some(minutes)) = (next(), next()) else { return Err(Reason::Format) };
    let seconds = next().unwrap_or("0");
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let all = [hours, minutes, seconds, fraction];
    let well_formed = all.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    if !well_formed || minutes.is_empty() || seconds.is_empty() {
        return Err(Reason::Format);
    }
    clock(number(hours)?, number(minutes)?, number(seconds)?, fraction)
}

/// Microseconds since midnight; 24:00:00 is the end of the day, and a minute may have 60 seconds.
fn clock(hours: i64, minutes: i64, seconds: i64, fraction: &str) -> Read<i64> {
    if hours > 24 || minutes > 59 || seconds > 60 {
        return Err(Reason::Field);
    }
    let time = hours * HOUR_US + minutes * MINUTE_US + seconds * SECOND_US + micros(fraction)?;
    if time > DAY_US { Err(Reason::Field) } else { Ok(time) }
}

/// Digits after the point, rounded to microseconds.
pub(super) fn micros(digits: &str) -> Read<i64> {
    if digits.is_empty() {
        return Ok(0);
    }
    let fraction: f64 = format!("0.{digits}").parse().map_err(|_| Reason::Format)?;
    Ok((fraction * SECOND_US as f64).round_ties_even() as i64)
}
