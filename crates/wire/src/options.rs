//! The `options` of a start-up packet: a command line of settings.
use medley_diagnostic::{Report, SqlState};

/// The settings of `-c name=value -cname=value --name=value`, in order.
pub(crate) fn settings(options: &str) -> Result<Vec<(String, String)>, Report> {
    let mut words = split(options).into_iter();
    let mut settings = Vec::new();
    while let Some(word) = words.next() {
        settings.push(match (word.strip_prefix("--"), word.strip_prefix("-c")) {
            (Some(setting), _) => pair("--", setting)?,
            (None, Some("")) => pair("-c ", &words.next().ok_or_else(|| invalid(&word))?)?,
            (None, Some(setting)) => pair("-c ", setting)?,
            (None, None) => return Err(invalid(&word)),
        });
    }
    Ok(settings)
}

/// Words between white space; a backslash takes the next character as it is.
fn split(options: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut characters = options.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' => words.extend(word.take()),
            '\\' => word.get_or_insert_default().extend(characters.next()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// A dash in a name is an underscore.
fn pair(switch: &str, setting: &str) -> Result<(String, String), Report> {
    let (name, value) = setting.split_once('=').ok_or_else(|| {
        Report::fatal(SqlState::SYNTAX_ERROR, format!("{switch}{setting} requires a value"))
    })?;
    Ok((name.replace('-', "_"), value.to_owned()))
}

fn invalid(word: &str) -> Report {
    Report::fatal(
        SqlState::SYNTAX_ERROR,
        format!("invalid command-line argument for server process: {word}"),
    )
    .with_hint("Try \"-c name=value\".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(options: &str, expected: &str) {
        let found = match settings(options) {
            Ok(settings) => {
                let pairs = settings.into_iter().map(|(name, value)| format!("{name}=[{value}]"));
                pairs.collect::<Vec<_>>().join(" ")
            }
            Err(report) => format!("{} {report}", report.sqlstate),
        };
        assert_eq!(found, expected, "{options}");
    }

    #[test]
    fn three_spellings() {
        check("-c a=1 -cb=2  --c-d=3", "a=[1] b=[2] c_d=[3]");
        check("", "");
        check(" ", "");
    }

    #[test]
    fn a_backslash_keeps_white_space() {
        check(r"-c search_path=a,\ b\\c", r"search_path=[a, b\c]");
        check(r"-c a=1\", "a=[1]");
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        check("-c a", "42601 -c a requires a value");
        check("--a", "42601 --a requires a value");
        check("-c", "42601 invalid command-line argument for server process: -c");
        check("-B 5", "42601 invalid command-line argument for server process: -B");
    }
}
