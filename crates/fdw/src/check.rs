//! Judging the options of a statement by a wrapper's table of options.
use medley_diagnostic::Report;

use crate::ours::{self, Declared};
use crate::{Error, Kind, Meant, OptionSpec, Result, Scope, Wrapper};

/// For whom options are judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Actor {
    /// The current user is a superuser.
    pub superuser: bool,
    /// The current user has the privileges of `pg_read_server_files`.
    pub reads_files: bool,
    /// The current user has the privileges of `pg_execute_server_program`.
    pub runs_programs: bool,
}

impl Actor {
    /// A superuser, who may do everything.
    pub const SUPERUSER: Self = Self { superuser: true, reads_files: true, runs_programs: true };
    /// Somebody without any of these rights.
    pub const ORDINARY: Self = Self { superuser: false, reads_files: false, runs_programs: false };
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
        let declared = match spec(wrapper, scope, option.name) {
            Err(Error::UnknownOption { .. }) if wrapper.takes_any_option() => continue,
            declared => declared?,
        };
        if let GivenValue::Plain(value) = option.value {
            check_declared(declared, value)?;
        }
        if let Declared::Own(_) = declared {
            wrapper.check_option(scope, option, actor, notices)?;
        }
    }
    ours::check_pairs(wrapper.options(), scope, options)?;
    wrapper.check_all(scope, options, actor)
}

/// Judges a value by what its option is.
pub(crate) fn check_declared(declared: Declared, value: &str) -> Result<()> {
    match declared {
        Declared::Own(spec) => check_kind(spec, value),
        Declared::Ours(spec) => {
            check_kind(spec, value).map_err(|error| match (error, spec.kind) {
                (Error::NotOneOf { name, .. }, Kind::OneOf(words)) => {
                    Error::NotOurWord { name, words }
                }
                (error, _) => error,
            })?;
            ours::check_ours(spec, value)
        }
        Declared::Reference(spec) => ours::check_reference(spec, value).map(drop),
    }
}

/// The declaration of this option, or what is said of one that does not exist.
fn spec(wrapper: &dyn Wrapper, scope: Scope, name: &str) -> Result<Declared> {
    let here = || wrapper.options().iter().filter(|spec| spec.scope == scope);
    ours::declared(wrapper.options(), scope, name).ok_or_else(|| Error::UnknownOption {
        name: name.to_owned(),
        meant: meant(scope, name, here().map(|spec| spec.name)),
        sqlstate: wrapper.unknown_option_state(),
    })
}

/// IMPORT FOREIGN SCHEMA gives no hints.
fn meant(scope: Scope, given: &str, names: impl Iterator<Item = &'static str>) -> Meant {
    let mut names = names.peekable();
    match scope {
        Scope::Import => Meant::Unclear,
        _ if names.peek().is_none() => Meant::NoneHere,
        _ => closest(given, names).map_or(Meant::Unclear, Meant::Closest),
    }
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
        Kind::NameList if name_list(value).is_some() => Ok(()),
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
    let number = match c_integer(text) {
        (_, rest) if rest.starts_with(['.', 'e', 'E']) => text.parse::<f64>().ok()?,
        (Some(whole), "") => whole,
        _ => return None,
    }
    .round_ties_even();
    (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number).then_some(number as i32)
}

/// As C's `strtol` reads a number whose base its prefix tells, and what is left of the text.
fn c_integer(text: &str) -> (Option<f64>, &str) {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let hexadecimal = unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X"));
    let (base, digits) = match hexadecimal {
        Some(digits) => (16, digits),
        None if unsigned.starts_with('0') => (8, unsigned),
        None => (10, unsigned),
    };
    let end = digits.find(|c: char| !c.is_digit(base)).unwrap_or(digits.len());
    let values = digits[..end].chars().filter_map(|c| c.to_digit(base));
    let whole = values.fold(0.0, |whole, digit| whole * f64::from(base) + f64::from(digit));
    ((end > 0).then_some(sign * whole), &digits[end..])
}

/// As `parse_real` reads a setting without a unit.
fn parse_real(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    if let Some(number) = parse_integer(text).filter(|_| text.contains(['x', 'X'])) {
        return Some(f64::from(number));
    }
    let number: f64 = text.parse().ok()?;
    let too_large = number.is_infinite() && text.contains(|c: char| c.is_ascii_digit());
    (!number.is_nan() && !too_large).then_some(number)
}

/// The names of a comma-separated list, as `SplitIdentifierString` reads it: unquoted ones in
/// lower case; `None` when it is not one.
pub fn name_list(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return Some(names);
    }
    loop {
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_name(quoted)?,
            None => plain_name(rest)?,
        };
        names.push(name);
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(names);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

fn plain_name(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| c == ',' || c.is_ascii_whitespace()).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_lowercase(), &text[end..]))
}

/// After the opening quote; a doubled quote stands for one.
fn quoted_name(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        rest = match after.strip_prefix('"') {
            Some(after) => after,
            None => return Some((name, after)),
        };
        name.push('"');
    }
}

/// The nearest name by Levenshtein's distance, if it is near enough for PostgreSQL to suggest it:
/// at most 4, and at most half of the bytes that were written. Of equally near ones the first.
fn closest(given: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    const MAX_DISTANCE: usize = 4;
    let limit = MAX_DISTANCE.min(given.len() / 2);
    names
        .map(|name| (levenshtein(given, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// In characters.
fn levenshtein(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, char) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(char != other);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[row.len() - 1]
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
        check("-7", Some(-7));
        check("0", Some(0));
        check("0.4", Some(0));
        check("08.5", None);
        check("089", None);
        check("1e", None);
        check("- 5", None);
        check("99999999999999999999999", None);
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
        assert_eq!(parse_real("1e400"), None);
    }

    #[test]
    fn lists_of_names_are_split_as_identifiers() {
        let check = |text, expected: Option<&[&str]>| {
            let expected = expected.map(|names| names.iter().map(|&n| n.to_owned()).collect());
            assert_eq!(name_list(text), expected, "{text}");
        };
        check("", Some(&[]));
        check(" Cube , postgis-3", Some(&["cube", "postgis-3"]));
        check(r#""A ""b"", c",d"#, Some(&[r#"A "b", c"#, "d"]));
        check("a b", None);
        check("a,", None);
        check(",a", None);
        check(r#""a"#, None);
    }
}
