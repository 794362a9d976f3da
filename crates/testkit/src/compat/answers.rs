use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where a statement stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Key {
    /// The script's file name.
    pub script: String,
    /// The statement, whole.
    pub statement: String,
    /// Which one, when the script has it more than once.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub nth: usize,
}

/// A difference that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Intended {
    /// The statement.
    #[serde(flatten)]
    pub at: Key,
    /// What Medley answers instead.
    pub medley: String,
    /// A row of `docs/differences.md`: the text of its first column.
    pub documented: String,
}

/// A difference that is meant wherever it is met: what follows the same words of a line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Everywhere {
    /// How the rest of PostgreSQL's line begins.
    pub postgres: String,
    /// The rest of Medley's line, whole.
    pub medley: String,
    /// A row of `docs/differences.md`: the text of its first column.
    pub documented: String,
}

/// An answer that was given: the measure's that older versions do not give, or a defect.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Recorded {
    /// The statement.
    #[serde(flatten)]
    pub at: Key,
    /// Made normal.
    pub answer: String,
}

/// The differences that are meant: `differences.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differences {
    /// At one statement each.
    #[serde(default)]
    pub statement: Vec<Intended>,
    /// In any answer.
    #[serde(default)]
    pub everywhere: Vec<Everywhere>,
}

/// Answers that the runner has written down: `before_18.toml`, `defects.toml`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// At one statement each.
    #[serde(default)]
    pub statement: Vec<Recorded>,
}

impl Everywhere {
    /// Makes PostgreSQL's answer of Medley's in the lines that it is about; none when there is none.
    pub fn apply(&self, expected: &str, actual: &str) -> Option<String> {
        let lines = expected.lines().zip(actual.lines());
        let count = expected.lines().count();
        let mut is_met = false;
        let made: Vec<_> = lines
            .map(|(expected, actual)| {
                let same = actual.strip_suffix(&self.medley);
                let rest = same.and_then(|same| expected.strip_prefix(same));
                let is_meant = rest.is_some_and(|rest| rest.starts_with(&self.postgres));
                is_met |= is_meant && expected != actual;
                if is_meant { actual } else { expected }
            })
            .collect();
        (is_met && made.len() == count).then(|| made.join("\n"))
    }
}

fn first() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_first(nth: &usize) -> bool {
    *nth == 1
}

/// Reads a file of entries; one that is not there has none.
pub fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    if !path.exists() {
        return Ok(T::default());
    }
    let text = fs::read_to_string(path)?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}

/// Writes what the runner has found, marked as its own work.
pub fn write(path: &Path, head: &str, answered: &Answered) -> Result<()> {
    let text = toml::to_string_pretty(answered)?;
    fs::write(path, format!("# Written by `cargo xtask compat {head}\n\n{text}"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: &str, actual: &str, is_met: bool) {
        let [postgres, medley] = ["near \"", "near \"'***'\""].map(str::to_owned);
        let everywhere = Everywhere { postgres, medley, documented: String::new() };
        let made = everywhere.apply(expected, actual);
        assert_eq!(made.as_deref() == Some(actual), is_met);
    }

    #[test]
    fn a_difference_is_met_where_the_rest_is_the_same() {
        check("ERROR: x near \"'a'\"\nLINE 1", "ERROR: x near \"'***'\"\nLINE 1", true);
        check("ERROR: y near \"'a'\"\nLINE 1", "ERROR: x near \"'***'\"\nLINE 1", false);
        check("ERROR: x near \"'a'\"\nLINE 1", "ERROR: x near \"'***'\"\nLINE 2", false);
        check("ERROR: x near \"'a'\"\nLINE 1", "ERROR: x near \"'***'\"", false);
        check("ERROR: x", "ERROR: x near \"'***'\"", false);
        check("near \"'***'\"", "near \"'***'\"", false);
    }
}
