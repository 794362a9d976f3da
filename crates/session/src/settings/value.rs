//! Reading a setting's value and writing it as SHOW does.
use std::fmt::Display;

use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_types::{DateStyle, TimeZone};

use super::table::{Kind, Setting, Unit};

/// Judges a value, and gives it as SHOW prints it. `now` is what it is now: a DateStyle may leave
/// a part of it as it is.
pub fn read(setting: &Setting, text: &str, now: &str) -> Result<String, Report> {
    match setting.kind {
        Kind::Bool => read_bool(setting, text),
        Kind::Integer { min, max, unit } => read_integer(setting, text, (min, max), unit),
        Kind::Real { min, max } => read_real(setting, text, (min, max)),
        Kind::Enum(words) => read_enum(setting, text, words),
        Kind::Text | Kind::NameList => Ok(text.to_owned()),
        Kind::DateStyle => read_date_style(setting, text, now),
        Kind::TimeZone => {
            TimeZone::parse(text).map(|zone| zone.to_string()).map_err(|_| invalid(setting, text))
        }
        Kind::ClientEncoding => read_encoding(setting, text),
        Kind::AsciiName => Ok(text
            .bytes()
            .map(|byte| if (0x20..0x7f).contains(&byte) { char::from(byte) } else { '?' })
            .collect()),
    }
}

/// `invalid value for parameter "x": "v"`.
pub fn invalid(setting: &Setting, text: &str) -> Report {
    let message = format!("invalid value for parameter \"{}\": \"{text}\"", setting.name);
    Report::error(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn read_bool(setting: &Setting, text: &str) -> Result<String, Report> {
    match parse_bool(text) {
        Some(true) => Ok("on".to_owned()),
        Some(false) => Ok("off".to_owned()),
        None => Err(Report::error(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("parameter \"{}\" requires a Boolean value", setting.name),
        )),
    }
}

/// As PostgreSQL reads a Boolean: unambiguous beginnings of true, false, yes, no, on, off; 1, 0.
fn parse_bool(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |word: &str| !text.is_empty() && word.starts_with(&text);
    match text.as_str() {
        "1" | "on" => Some(true),
        "0" | "of" | "off" => Some(false),
        _ if begins("true") || begins("yes") => Some(true),
        _ if begins("false") || begins("no") => Some(false),
        _ => None,
    }
}

fn read_date_style(setting: &Setting, text: &str, now: &str) -> Result<String, Report> {
    let now = DateStyle::parse(now, DateStyle::default()).unwrap_or_default();
    DateStyle::parse(text, now).map(|style| style.to_string()).map_err(|error| {
        let invalid = invalid(setting, text);
        match error.detail() {
            Some(detail) => invalid.with_detail(detail),
            None => invalid,
        }
    })
}

fn read_enum(setting: &Setting, text: &str, words: &[&str]) -> Result<String, Report> {
    match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        Some(word) => Ok((*word).to_owned()),
        None => {
            Err(invalid(setting, text)
                .with_hint(format!("Available values: {}.", words.join(", "))))
        }
    }
}

fn read_encoding(setting: &Setting, text: &str) -> Result<String, Report> {
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    match plain.as_str() {
        "utf8" | "unicode" => Ok("UTF8".to_owned()),
        plain if !OTHER_ENCODINGS.contains(&plain) => Err(invalid(setting, text)),
        _ => Err(Report::unsupported(format!("client encoding \"{text}\""))
            .with_hint("Set client_encoding to UTF8.")),
    }
}

/// What PostgreSQL has besides, without dashes and underscores.
const OTHER_ENCODINGS: &[&str] = &[
    "alt",
    "big5",
    "euccn",
    "eucjis2004",
    "eucjp",
    "euckr",
    "euctw",
    "gb18030",
    "gbk",
    "iso88591",
    "iso885910",
    "iso885913",
    "iso885914",
    "iso885915",
    "iso885916",
    "iso88592",
    "iso88593",
    "iso88594",
    "iso88595",
    "iso88596",
    "iso88597",
    "iso88598",
    "iso88599",
    "johab",
    "koi8",
    "koi8r",
    "koi8u",
    "latin1",
    "latin10",
    "latin2",
    "latin3",
    "latin4",
    "latin5",
    "latin6",
    "latin7",
    "latin8",
    "latin9",
    "muleinternal",
    "mskanji",
    "shiftjis",
    "shiftjis2004",
    "sjis",
    "sqlascii",
    "tcvn",
    "tcvn5712",
    "uhc",
    "vscii",
    "win",
    "win1250",
    "win1251",
    "win1252",
    "win1253",
    "win1254",
    "win1255",
    "win1256",
    "win1257",
    "win1258",
    "win866",
    "win874",
    "win932",
    "win936",
    "win949",
    "win950",
    "windows1250",
    "windows1251",
    "windows1252",
    "windows1253",
    "windows1254",
    "windows1255",
    "windows1256",
    "windows1257",
    "windows1258",
    "windows866",
    "windows874",
    "windows932",
    "windows936",
    "windows949",
    "windows950",
    "abc",
];

/// How many of the base unit one of these is.
fn units(unit: Unit) -> &'static [(&'static str, f64)] {
    match unit {
        Unit::None => &[],
        Unit::Milliseconds => &[
            ("us", 0.001),
            ("ms", 1.0),
            ("s", 1000.0),
            ("min", 60_000.0),
            ("h", 3_600_000.0),
            ("d", 86_400_000.0),
        ],
        Unit::Kilobytes => &[
            ("B", 1.0 / 1024.0),
            ("kB", 1.0),
            ("MB", 1024.0),
            ("GB", 1_048_576.0),
            ("TB", 1_073_741_824.0),
        ],
        Unit::Blocks => &[
            ("B", 1.0 / 8192.0),
            ("kB", 1.0 / 8.0),
            ("MB", 128.0),
            ("GB", 131_072.0),
            ("TB", 134_217_728.0),
        ],
    }
}

fn read_integer(
    setting: &Setting,
    text: &str,
    (min, max): (i32, i32),
    unit: Unit,
) -> Result<String, Report> {
    let number = parse_with_unit(text, unit).ok_or_else(|| {
        let invalid = invalid(setting, text);
        match unit_hint(unit) {
            Some(hint) if text.trim_start().starts_with(|c: char| c.is_ascii_digit()) => {
                invalid.with_hint(hint)
            }
            _ => invalid,
        }
    })?;
    let number = number.round_ties_even();
    if !(f64::from(min)..=f64::from(max)).contains(&number) {
        let counted = |number: &dyn Display| format!("{number}{}", unit_name(unit));
        let (number, min, max) = (counted(&number), counted(&min), counted(&max));
        return Err(out_of_range(setting, &number, (&min, &max)));
    }
    Ok(show(number as i64, unit))
}

fn out_of_range(setting: &Setting, number: &str, (min, max): (&str, &str)) -> Report {
    let name = setting.name;
    let message =
        format!("{number} is outside the valid range for parameter \"{name}\" ({min} .. {max})");
    Report::error(SqlState::INVALID_PARAMETER_VALUE, message)
}

/// What an integer of the range is followed by.
fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::None => "",
        Unit::Milliseconds => " ms",
        Unit::Kilobytes => " kB",
        Unit::Blocks => " 8kB",
    }
}

fn unit_hint(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::None => None,
        Unit::Milliseconds => Some(
            "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".",
        ),
        Unit::Kilobytes | Unit::Blocks => {
            Some("Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".")
        }
    }
}

fn parse_with_unit(text: &str, unit: Unit) -> Option<f64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let suffix = text[digits..].trim();
    if suffix.is_empty() {
        return Some(number);
    }
    let (_, factor) = units(unit).iter().find(|(name, _)| *name == suffix)?;
    Some(number * factor)
}

/// In the greatest unit that divides it.
fn show(number: i64, unit: Unit) -> String {
    let divides = |factor: f64| factor >= 1.0 && (number as f64) % factor == 0.0;
    match units(unit).iter().rev().find(|(_, factor)| number > 0 && divides(*factor)) {
        Some((name, factor)) => format!("{}{name}", (number as f64 / factor) as i64),
        None if number > 0 && unit == Unit::Blocks => format!("{}kB", number * 8),
        None => number.to_string(),
    }
}

fn read_real(setting: &Setting, text: &str, (min, max): (f64, f64)) -> Result<String, Report> {
    let number: f64 = text.trim().parse().map_err(|_| invalid(setting, text))?;
    if !(min..=max).contains(&number) {
        return Err(out_of_range(setting, text.trim(), (&min.to_string(), &max.to_string())));
    }
    Ok(number.to_string())
}

/// An integer that SHOW printed, without its unit.
pub fn in_base_unit(shown: &str, unit: Unit) -> String {
    match parse_with_unit(shown, unit) {
        Some(number) => (number as i64).to_string(),
        None => shown.to_owned(),
    }
}

/// The milliseconds of a value that SHOW printed.
pub fn milliseconds(shown: &str) -> u64 {
    parse_with_unit(shown, Unit::Milliseconds).map_or(0, |number| number.max(0.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::super::table::find;
    use super::*;

    fn check(name: &str, given: &str, expected: Result<&str, &str>) {
        let setting = find(name).unwrap();
        let read = read(setting, given, setting.default);
        let read = read.map_err(|report| report.message);
        assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn values_are_shown_as_postgresql_shows_them() {
        check("statement_timeout", "90s", Ok("90s"));
        check("statement_timeout", "1500", Ok("1500ms"));
        check("statement_timeout", "1.5 min", Ok("90s"));
        check("statement_timeout", "0", Ok("0"));
        check("work_mem", "64MB", Ok("64MB"));
        check("work_mem", "1000", Ok("1000kB"));
        check("extra_float_digits", "-15", Ok("-15"));
        check("row_security", "of", Ok("off"));
        check("row_security", "YES", Ok("on"));
        check("application_name", "é", Ok("??"));
        check("client_encoding", "utf-8", Ok("UTF8"));
        check("transaction_isolation", "SERIALIZABLE", Ok("serializable"));
    }

    #[test]
    fn wrong_values_are_refused_in_postgresqls_words() {
        check(
            "extra_float_digits",
            "99",
            Err("99 is outside the valid range for parameter \"extra_float_digits\" (-15 .. 3)"),
        );
        check(
            "statement_timeout",
            "5 zz",
            Err("invalid value for parameter \"statement_timeout\": \"5 zz\""),
        );
        check(
            "standard_conforming_strings",
            "zz",
            Err("parameter \"standard_conforming_strings\" requires a Boolean value"),
        );
        check("TimeZone", "zz/zz", Err("invalid value for parameter \"TimeZone\": \"zz/zz\""));
    }
}
