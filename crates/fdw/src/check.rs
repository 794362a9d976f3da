//! Judging the options of a statement by a wrapper's table of options.
use medley_diagnostic::Report;

use crate::{Error, Kind, OptionSpec, Result, Scope, Wrapper};

/// For whom options are judged.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The current user is a superuser.
    pub superuser: bool,
}

/// An option as it will be stored.
#[derive(Clone, Copy, Debug)]
pub struct GivenOption<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, unless it is a secret.
    pub value: GivenValue<'a>,
}

/// A value as a validator may see it.
#[derive(Clone, Copy, Debug)]
pub enum GivenValue<'a> {
    /// No secret.
    Plain(&'a str),
    /// A secret, new or sealed long ago: nobody looks at it.
    Secret,
}

/// Judges the complete resulting list of an object's options, in its order, as PostgreSQL calls
/// a validator; the first offending option decides the error. Warnings go to `notices`.
pub fn check(
    wrapper: &dyn Wrapper,
    scope: Scope,
    options: &[GivenOption<'_>],
    actor: Actor,
    notices: &mut Vec<Report>,
) -> Result<()> {
    for option in options {
        let spec = spec(wrapper.options(), scope, option.name)?;
        if let GivenValue::Plain(value) = option.value {
            check_kind(spec, value)?;
        }
        wrapper.check_option(scope, option, actor, notices)?;
    }
    wrapper.check_all(scope, options, actor)
}

/// The declaration of this option, or what is said of one that does not exist.
pub(crate) fn spec<'a>(
    specs: &'a [OptionSpec],
    scope: Scope,
    name: &str,
) -> Result<&'a OptionSpec> {
    let mut here = specs.iter().filter(|spec| spec.scope == scope).peekable();
    if here.peek().is_none() {
        return Err(Error::NoOptionsHere(name.to_owned()));
    }
    let names = here.clone().map(|spec| spec.name);
    here.find(|spec| spec.name == name).ok_or_else(|| Error::UnknownOption {
        name: name.to_owned(),
        closest: closest(name, names),
    })
}

fn check_kind(spec: &OptionSpec, value: &str) -> Result<()> {
    let name = || spec.name.to_owned();
    let value_of = || value.to_owned();
    match spec.kind {
        Kind::Text | Kind::Secret => Ok(()),
        Kind::Bool => parse_bool(value).map(drop).ok_or_else(|| Error::NotBoolean(name())),
        Kind::PositiveInteger => match parse_integer(value) {
            None => Err(Error::NotInteger { name: name(), value: value_of() }),
            Some(number) if number <= 0 => Err(Error::NotPositive(name())),
            Some(_) => Ok(()),
        },
        Kind::NonNegativeReal => match parse_real(value) {
            None => Err(Error::NotReal { name: name(), value: value_of() }),
            Some(number) if number < 0.0 => Err(Error::Negative(name())),
            Some(_) => Ok(()),
        },
        Kind::OneOf(words) if words.contains(&value) => Ok(()),
        Kind::OneOf(_) => Err(Error::NotOneOf { name: name(), value: value_of() }),
        Kind::NameList if is_name_list(value) => Ok(()),
        Kind::NameList => Err(Error::NotNameList(name())),
    }
}

/// As `defGetBoolean` reads a string.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match () {
        () if is("true") || is("on") => Some(true),
        () if is("false") || is("off") => Some(false),
        () => None,
    }
}

/// As `parse_int` reads a setting without a unit: octal, hexadecimal, and reals, which are
/// rounded.
pub(crate) fn parse_integer(text: &str) -> Option<i32> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let whole = if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        i64::from_str_radix(hex, 16).ok().map(|n| n as f64)
    } else if digits.len() > 1
        && digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit())
    {
        i64::from_str_radix(digits, 8).ok().map(|n| n as f64)
    } else if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        digits.parse().ok()
    } else {
        None
    }?;
    let number = (if negative { -whole } else { whole }).round_ties_even();
    (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number).then_some(number as i32)
}

/// As `parse_real` reads a setting without a unit.
fn parse_real(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    if let Some(number) = parse_integer(text).filter(|_| text.contains(['x', 'X'])) {
        return Some(f64::from(number));
    }
    text.parse().ok().filter(|number: &f64| !number.is_nan())
}

fn is_name_list(text: &str) -> bool {
    let is_name = |name: &str| match name.strip_prefix('"') {
        Some(rest) => rest.len() > 1 && rest.ends_with('"'),
        None => {
            let mut chars = name.chars();
            chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
                && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '$')
        }
    };
    text.trim().is_empty() || text.split(',').all(|name| is_name(name.trim()))
}

/// The nearest name by Levenshtein's distance, if it is near enough for PostgreSQL to suggest it:
/// at most 4, and at most half of what was written.
fn closest(given: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    const MAX_DISTANCE: usize = 4;
    let limit = MAX_DISTANCE.min(given.len() / 2);
    names
        .map(|name| (levenshtein(given.as_bytes(), name.as_bytes()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn levenshtein(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, byte) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(byte != other);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested() {
        const SERVER: [&str; 6] = ["service", "passfile", "dbname", "host", "hostaddr", "sslcert"];
        let check = |given, expected| assert_eq!(closest(given, SERVER.into_iter()), expected);
        check("hst", Some("host"));
        check("password", Some("passfile"));
        check("user", None);
        check("HOST", None);
        check("db", None);
        check("sslcrt", Some("sslcert"));
    }

    #[test]
    fn integers_are_read_as_settings_are() {
        let check = |text, expected| assert_eq!(parse_integer(text), expected, "{text}");
        check(" 10 ", Some(10));
        check("1e2", Some(100));
        check("100.4", Some(100));
        check("0.6", Some(1));
        check("0x10", Some(16));
        check("010", Some(8));
        check("10 kB", None);
        check("2147483648", None);
        check("", None);
        check("abc", None);
    }

    #[test]
    fn reals_are_read_as_settings_are() {
        assert_eq!(parse_real("inf"), Some(f64::INFINITY));
        assert_eq!(parse_real("0x10"), Some(16.0));
        assert_eq!(parse_real("nan"), None);
        assert_eq!(parse_real("1s"), None);
    }
}
