//! Time zones: IANA's, fixed offsets, and POSIX's `UTC+3`.
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Offset as _, TimeZone as _};
use chrono_tz::{OffsetName as _, TZ_VARIANTS, Tz};

use crate::calendar::{Civil, DAY_S, civil_from_days, days_from_civil, is_leap, weekday};
use crate::error::{Error, Result};

/// The farthest that an offset may be from UTC, exclusive.
const MAX_OFFSET_S: i32 = 168 * 3600;

/// A time zone as `SET TIME ZONE` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone {
    rule: Rule,
    /// As `SHOW` prints it.
    name: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Fixed { east_s: i32, abbreviation: Arc<str> },
    Named(Tz),
}

/// How far local time is from UTC, and what that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Seconds east of UTC.
    pub east_s: i32,
    /// `CEST`, say.
    pub abbreviation: Arc<str>,
}

impl Default for TimeZone {
    fn default() -> Self {
        Self { rule: Rule::Named(Tz::UTC), name: "Etc/UTC".into() }
    }
}

impl TimeZone {
    /// Reads what `SET TIME ZONE` is given: hours east of UTC, an IANA name in any case, or
    /// POSIX's name and hours *west* of UTC.
    pub fn parse(text: &str) -> Result<Self> {
        let unknown = || Error::UnknownTimeZone(text.to_owned());
        if let Ok(hours) = text.trim().parse::<f64>() {
            return Self::from_hours(hours).ok_or_else(unknown);
        }
        Self::named(text).or_else(|| Self::posix(text)).ok_or_else(unknown)
    }

    /// The zone that IANA calls so, in any case.
    pub(crate) fn named(text: &str) -> Option<Self> {
        static BY_NAME: LazyLock<HashMap<String, Tz>> = LazyLock::new(|| {
            TZ_VARIANTS.iter().map(|tz| (tz.name().to_ascii_lowercase(), *tz)).collect()
        });
        let tz = *BY_NAME.get(&text.to_ascii_lowercase())?;
        Some(Self { rule: Rule::Named(tz), name: tz.name().into() })
    }

    /// Hours east of UTC, as `SET TIME ZONE -3` gives them.
    fn from_hours(hours: f64) -> Option<Self> {
        let east_s = (hours * 3600.0) as i32;
        Self::fixed(east_s)
    }

    /// So many seconds east of UTC; `SHOW` prints PostgreSQL's POSIX spelling of it.
    pub fn fixed(east_s: i32) -> Option<Self> {
        if !(-MAX_OFFSET_S < east_s && east_s < MAX_OFFSET_S) {
            return None;
        }
        let abbreviation = clock(east_s, true);
        let name = format!("<{abbreviation}>{}", clock(-east_s, true));
        let rule = Rule::Fixed { east_s, abbreviation: abbreviation.into() };
        Some(Self { rule, name: name.into() })
    }

    /// POSIX's `EST5` or `<+03>-3`: a name, then what must be added to local time to get UTC.
    pub(crate) fn posix(text: &str) -> Option<Self> {
        let (abbreviation, offset) = match text.strip_prefix('<') {
            Some(rest) => rest.split_once('>')?,
            None => text.split_at(text.find(|c: char| !c.is_ascii_alphabetic())?),
        };
        if abbreviation.is_empty() {
            return None;
        }
        let east_s = -posix_offset(offset)?;
        let abbreviation = abbreviation.to_ascii_uppercase();
        Some(Self {
            rule: Rule::Fixed { east_s, abbreviation: abbreviation.into() },
            name: text.to_ascii_uppercase().into(),
        })
    }

    /// What local time is at an instant, given as seconds since 1970-01-01 UTC.
    pub fn offset_at(&self, unix_s: i64) -> Offset {
        match &self.rule {
            Rule::Fixed { east_s, abbreviation } => {
                Offset { east_s: *east_s, abbreviation: abbreviation.clone() }
            }
            Rule::Named(tz) => {
                let offset = tz.offset_from_utc_datetime(&instant(unix_s));
                let east_s = offset.fix().local_minus_utc();
                let abbreviation = match offset.abbreviation() {
                    Some(name) => name.into(),
                    None => clock(east_s, false).into(),
                };
                Offset { east_s, abbreviation }
            }
        }
    }

    /// Seconds east of UTC at an instant.
    pub fn east_at(&self, unix_s: i64) -> i32 {
        match &self.rule {
            Rule::Fixed { east_s, .. } => *east_s,
            Rule::Named(Tz::UTC) => 0,
            Rule::Named(tz) => {
                tz.offset_from_utc_datetime(&instant(unix_s)).fix().local_minus_utc()
            }
        }
    }

    /// Seconds east of UTC where clocks show this, given as seconds since 1970-01-01 local time.
    ///
    /// A time that clocks skip is read as if they had not been set forward yet; of two instants
    /// that clocks show alike, the later is meant: both as PostgreSQL does.
    pub fn east_of_local(&self, local_s: i64) -> i32 {
        let before = self.east_at(local_s.saturating_sub(DAY_S));
        let after = self.east_at(local_s.saturating_add(DAY_S));
        if before == after {
            // A zone may leave and return within two days; then the middle decides.
            return self.east_at(local_s - i64::from(before));
        }
        let holds = |east: i32| self.east_at(local_s - i64::from(east)) == east;
        if holds(after) { after } else { before }
    }
}

/// As `SHOW TimeZone` prints it.
impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The instant to ask the time zone database about, for one that it may not reach.
fn instant(unix_s: i64) -> chrono::NaiveDateTime {
    let days = unix_s.div_euclid(DAY_S);
    let seconds = equivalent_day(days) * DAY_S + unix_s.rem_euclid(DAY_S);
    DateTime::from_timestamp(seconds, 0).expect("an equivalent day is in range").naive_utc()
}

/// The database's transitions are spelled out up to 2099: later years are as the one of 2060 to
/// 2087 with the same calendar. (Morocco and Palestine, whose summer time follows the moon up to
/// 2087, are then off: PostgreSQL has their later years without it.) Before the first transition nothing changes.
fn equivalent_day(days: i64) -> i64 {
    const FIRST_DAY_TOLD: i64 = -100_000 * 365;
    const LAST_YEAR_TOLD: i64 = 2099;
    const REPEATED: std::ops::RangeInclusive<i64> = 2060..=2087;
    let Civil { year, month, day } = civil_from_days(days);
    if year <= LAST_YEAR_TOLD {
        return days.max(FIRST_DAY_TOLD);
    }
    let january = |year| days_from_civil(Civil { year, month: 1, day: 1 });
    let like = |candidate: &i64| {
        is_leap(*candidate) == is_leap(year)
            && weekday(january(*candidate)) == weekday(january(year))
    };
    let year = REPEATED
        .into_iter()
        .find(like)
        .expect("28 years in a row contain each of the 14 calendars");
    days_from_civil(Civil { year, month, day })
}

/// `+05`, `-03:30`, `+00:53:28`.
fn clock(seconds: i32, colons: bool) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (h, m, s) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    let colon = if colons { ":" } else { "" };
    match (m, s) {
        (0, 0) => format!("{sign}{h:02}"),
        (_, 0) => format!("{sign}{h:02}{colon}{m:02}"),
        _ => format!("{sign}{h:02}{colon}{m:02}{colon}{s:02}"),
    }
}

/// `3`, `+5:30`, `-03:00:00`: seconds.
fn posix_offset(text: &str) -> Option<i32> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut seconds = 0;
    let mut parts = digits.split(':');
    for (unit, limit) in [(3600, 167), (60, 59), (1, 59)] {
        let Some(part) = parts.next() else { break };
        let value = part.parse::<i32>().ok().filter(|v| part.len() <= 3 && *v <= limit)?;
        seconds += value * unit;
    }
    let complete = parts.next().is_none();
    complete.then_some(if negative { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(text: &str) -> TimeZone {
        TimeZone::parse(text).expect(text)
    }

    #[test]
    fn names_are_shown_as_postgresql_shows_them() {
        let check = |text: &str, shown: &str| assert_eq!(zone(text).to_string(), shown);
        check("utc", "UTC");
        check("europe/berlin", "Europe/Berlin");
        check("-3", "<-03>+03");
        check("5.5", "<+05:30>-05:30");
        check("utc+3", "UTC+3");
        check("<+03>-3", "<+03>-3");
        assert_eq!(TimeZone::default().to_string(), "Etc/UTC");
        assert!(TimeZone::parse("Mars/Olympus").is_err());
        assert!(TimeZone::parse("200").is_err());
        assert!(TimeZone::parse("").is_err());
    }

    #[test]
    fn offsets_follow_the_rules_beyond_the_database() {
        let check = |text: &str, civil: (i64, u32, u32), east_s: i32, abbreviation: &str| {
            let (year, month, day) = civil;
            let noon = days_from_civil(Civil { year, month, day }) * DAY_S + DAY_S / 2;
            let expected = Offset { east_s, abbreviation: abbreviation.into() };
            assert_eq!(zone(text).offset_at(noon), expected, "{text} {civil:?}");
            assert_eq!(zone(text).east_at(noon), east_s);
        };
        check("Europe/Berlin", (2024, 7, 1), 7200, "CEST");
        check("Europe/Berlin", (2024, 1, 1), 3600, "CET");
        check("Europe/Berlin", (1800, 1, 1), 3208, "LMT");
        check("Europe/Berlin", (2150, 7, 1), 7200, "CEST");
        check("Europe/Berlin", (290_000, 7, 1), 7200, "CEST");
        check("Europe/Berlin", (-290_000, 7, 1), 3208, "LMT");
        check("America/Sao_Paulo", (2024, 1, 1), -10800, "-03");
        check("Asia/Kolkata", (2024, 1, 1), 19800, "IST");
        check("utc+3", (2024, 1, 1), -10800, "UTC");
        check("7", (2024, 1, 1), 25200, "+07");
    }

    #[test]
    fn skipped_and_repeated_hours_are_read_as_postgresql_reads_them() {
        let berlin = zone("Europe/Berlin");
        let local = |month, day, hour: i64| {
            days_from_civil(Civil { year: 2024, month, day }) * DAY_S + hour * 3600 + 1800
        };
        assert_eq!(berlin.east_of_local(local(3, 31, 1)), 3600);
        assert_eq!(berlin.east_of_local(local(3, 31, 2)), 3600);
        assert_eq!(berlin.east_of_local(local(3, 31, 3)), 7200);
        assert_eq!(berlin.east_of_local(local(10, 27, 1)), 7200);
        assert_eq!(berlin.east_of_local(local(10, 27, 2)), 3600);
        assert_eq!(berlin.east_of_local(local(10, 27, 3)), 3600);
    }
}
