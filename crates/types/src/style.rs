//! How values are written and read in a session: what its settings say.
use std::fmt;

use crate::TimeZone;
use crate::error::{Error, Result};

/// The settings that shape the text of values. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// `DateStyle`.
    pub date_style: DateStyle,
    /// `IntervalStyle`.
    pub interval_style: IntervalStyle,
    /// `TimeZone`.
    pub time_zone: TimeZone,
    /// `extra_float_digits`: above 0 the shortest exact text, else digits added to the type's.
    pub extra_float_digits: i32,
    /// `bytea_output`.
    pub bytea_output: ByteaOutput,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            date_style: DateStyle::default(),
            interval_style: IntervalStyle::Postgres,
            time_zone: TimeZone::default(),
            extra_float_digits: 1,
            bytea_output: ByteaOutput::Hex,
        }
    }
}

/// `DateStyle`: a format for output and an order of fields for both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DateStyle {
    /// How dates are written.
    pub format: DateFormat,
    /// How `1/2/3` is read, and in some formats written.
    pub order: DateOrder,
}

/// The format of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DateFormat {
    /// `1997-12-17 07:37:16-08`.
    #[default]
    Iso,
    /// `12/17/1997 07:37:16.00 PST`.
    Sql,
    /// `Wed Dec 17 07:37:16 1997 PST`.
    Postgres,
    /// `17.12.1997 07:37:16.00 PST`.
    German,
}

/// The order of day, month and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// Month, day, year.
    #[default]
    Mdy,
    /// Day, month, year.
    Dmy,
    /// Year, month, day.
    Ymd,
}

impl DateStyle {
    /// Reads what `SET DateStyle` is given; a part that is not named stays as it is in `current`.
    pub fn parse(value: &str, current: Self) -> Result<Self> {
        let (mut format, mut order) = (None, None);
        for word in value.split(',').map(|word| word.trim().trim_matches('"')) {
            let consistent = match DateWord::of(word) {
                Some(DateWord::Format(f)) => agree(&mut format, f),
                Some(DateWord::Order(o)) => agree(&mut order, o),
                Some(DateWord::Default) => {
                    let plain = Self::default();
                    format.get_or_insert(plain.format);
                    order.get_or_insert(plain.order);
                    true
                }
                None => {
                    let detail = format!("Unrecognized key word: \"{word}\".");
                    return Err(invalid("DateStyle", value).with_detail(detail));
                }
            };
            if !consistent {
                let detail = "Conflicting \"DateStyle\" specifications.".to_owned();
                return Err(invalid("DateStyle", value).with_detail(detail));
            }
        }
        // German dates begin with the day unless the order is given.
        let implied = (format == Some(DateFormat::German)).then_some(DateOrder::Dmy);
        Ok(Self {
            format: format.unwrap_or(current.format),
            order: order.or(implied).unwrap_or(current.order),
        })
    }
}

fn agree<T: Copy + PartialEq>(slot: &mut Option<T>, value: T) -> bool {
    *slot.get_or_insert(value) == value
}

/// A word that `DateStyle` knows.
enum DateWord {
    Format(DateFormat),
    Order(DateOrder),
    Default,
}

impl DateWord {
    fn of(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        Some(match word.as_str() {
            "iso" => Self::Format(DateFormat::Iso),
            "sql" => Self::Format(DateFormat::Sql),
            "german" => Self::Format(DateFormat::German),
            "ymd" => Self::Order(DateOrder::Ymd),
            "dmy" => Self::Order(DateOrder::Dmy),
            "mdy" | "us" => Self::Order(DateOrder::Mdy),
            "default" => Self::Default,
            _ if word.starts_with("postgres") => Self::Format(DateFormat::Postgres),
            _ if word.starts_with("euro") => Self::Order(DateOrder::Dmy),
            _ if word.starts_with("noneuro") => Self::Order(DateOrder::Mdy),
            _ => return None,
        })
    }
}

/// As `SHOW DateStyle` prints it.
impl fmt::Display for DateStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.format {
            DateFormat::Iso => "ISO",
            DateFormat::Sql => "SQL",
            DateFormat::Postgres => "Postgres",
            DateFormat::German => "German",
        };
        let order = match self.order {
            DateOrder::Mdy => "MDY",
            DateOrder::Dmy => "DMY",
            DateOrder::Ymd => "YMD",
        };
        write!(f, "{format}, {order}")
    }
}

/// `IntervalStyle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IntervalStyle {
    /// `1 year 2 mons 3 days 04:05:06`.
    #[default]
    Postgres,
    /// `@ 1 year 2 mons 3 days 4 hours 5 mins 6 secs`.
    PostgresVerbose,
    /// `+1-2 +3 +4:05:06`.
    SqlStandard,
    /// `P1Y2M3DT4H5M6S`.
    Iso8601,
}

impl IntervalStyle {
    const NAMES: [(&'static str, Self); 4] = [
        ("postgres", Self::Postgres),
        ("postgres_verbose", Self::PostgresVerbose),
        ("sql_standard", Self::SqlStandard),
        ("iso_8601", Self::Iso8601),
    ];

    /// Reads what `SET IntervalStyle` is given.
    pub fn parse(value: &str) -> Result<Self> {
        one_of("IntervalStyle", value, &Self::NAMES)
    }
}

/// As `SHOW IntervalStyle` prints it.
impl fmt::Display for IntervalStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(*self, &Self::NAMES))
    }
}

/// `bytea_output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ByteaOutput {
    /// `\x0aff`.
    #[default]
    Hex,
    /// `\012\377`.
    Escape,
}

impl ByteaOutput {
    const NAMES: [(&'static str, Self); 2] = [("escape", Self::Escape), ("hex", Self::Hex)];

    /// Reads what `SET bytea_output` is given.
    pub fn parse(value: &str) -> Result<Self> {
        one_of("bytea_output", value, &Self::NAMES)
    }
}

/// As `SHOW bytea_output` prints it.
impl fmt::Display for ByteaOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(*self, &Self::NAMES))
    }
}

/// Reads what `SET extra_float_digits` is given.
pub fn parse_extra_float_digits(value: &str) -> Result<i32> {
    const NAME: &str = "extra_float_digits";
    let digits = value.trim().parse::<i32>().map_err(|_| invalid(NAME, value))?;
    match digits {
        -15..=3 => Ok(digits),
        _ => Err(Error::ParameterRange { name: NAME, value: digits, min: -15, max: 3 }),
    }
}

fn one_of<T: Copy>(name: &'static str, value: &str, names: &[(&str, T)]) -> Result<T> {
    let found = names.iter().find(|(candidate, _)| candidate.eq_ignore_ascii_case(value));
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let available: Vec<&str> = names.iter().map(|(candidate, _)| *candidate).collect();
        invalid(name, value).with_hint(format!("Available values: {}.", available.join(", ")))
    })
}

fn name_of<T: PartialEq>(choice: T, names: &[(&'static str, T)]) -> &'static str {
    names
        .iter()
        .find(|(_, candidate)| *candidate == choice)
        .map(|(name, _)| *name)
        .expect("each choice has a name in its table")
}

fn invalid(name: &'static str, value: &str) -> Error {
    Error::InvalidParameter { name, value: value.to_owned(), detail: None, hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_style_is_set_word_by_word() {
        let check = |value: &str, shown: &str| {
            let style = DateStyle::parse(value, DateStyle::default()).expect(value);
            assert_eq!(style.to_string(), shown, "{value}");
        };
        check("ISO, MDY", "ISO, MDY");
        check("german", "German, DMY");
        check("german, mdy", "German, MDY");
        check("SQL", "SQL, MDY");
        check("european", "ISO, DMY");
        check("Postgres, ymd", "Postgres, YMD");
        check("default", "ISO, MDY");
    }

    #[test]
    fn a_word_that_is_not_known_is_named() {
        use medley_diagnostic::Diagnostic;
        let error = DateStyle::parse("iso, foo", DateStyle::default()).unwrap_err();
        assert_eq!(error.to_string(), "invalid value for parameter \"DateStyle\": \"iso, foo\"");
        assert_eq!(error.detail().as_deref(), Some("Unrecognized key word: \"foo\"."));
        assert!(DateStyle::parse("iso, sql", DateStyle::default()).is_err());
    }

    #[test]
    fn choices_read_what_they_print() {
        for (name, style) in IntervalStyle::NAMES {
            assert_eq!(IntervalStyle::parse(&name.to_uppercase()), Ok(style));
            assert_eq!(style.to_string(), name);
        }
        assert!(ByteaOutput::parse("base64").is_err());
        assert_eq!(ByteaOutput::parse("escape").map(|b| b.to_string()), Ok("escape".to_owned()));
        assert_eq!(parse_extra_float_digits("-15"), Ok(-15));
        assert!(parse_extra_float_digits("4").is_err());
    }
}
