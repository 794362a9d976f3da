use anyhow::{Context, Result, bail, ensure};

/// Whom a script runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Us.
    Medley,
    /// The measure.
    Postgres,
}

/// The races of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Run before each race.
    pub before: Vec<String>,
    /// Run after each race.
    pub after: Vec<String>,
    /// The races.
    pub races: Vec<Race>,
}

/// Sessions that meet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Race {
    /// What it shows.
    pub title: String,
    /// Its line, from one.
    pub line: usize,
    /// The first major version of PostgreSQL that says so; none where all do.
    pub since: Option<u32>,
    /// Why the sides do not say the same.
    pub because: Option<String>,
    /// Run before it.
    pub before: Vec<String>,
    /// Run after it.
    pub after: Vec<String>,
    /// What the sessions do.
    pub steps: Vec<Step>,
}

/// What one session does, and what is heard then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its line, from one.
    pub line: usize,
    /// Which session.
    pub session: String,
    /// What it does.
    pub kind: StepKind,
    /// What is heard; on one side alone where a side is named.
    said: Vec<(Option<Side>, String)>,
}

/// What a session does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Runs SQL.
    Run(String),
    /// Is asked to cancel what it runs.
    Cancel,
    /// Goes away without a word.
    End,
}

impl Step {
    /// What a side should say.
    pub fn expected(&self, side: Side) -> Vec<String> {
        let counts = |of: &Option<Side>| of.is_none_or(|of| of == side);
        self.said.iter().filter(|(of, _)| counts(of)).map(|(_, line)| line.clone()).collect()
    }
}

impl Script {
    /// Reads a script.
    pub fn parse(text: &str) -> Result<Self> {
        let mut script = Self::default();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            script.take(number, line).with_context(|| format!("line {number}: {line:?}"))?;
        }
        ensure!(!script.races.is_empty(), "there is no race in it");
        Ok(script)
    }

    /// The races whose sides differ without a reason, or have one and do not differ.
    pub fn unexplained(&self) -> impl Iterator<Item = &Race> {
        self.races.iter().filter(|race| {
            let mut said = race.steps.iter().flat_map(|step| &step.said);
            said.any(|(side, _)| side.is_some()) != race.because.is_some()
        })
    }

    fn take(&mut self, number: usize, line: &str) -> Result<()> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some((side, text)) = said(line) {
            let step = self.races.last_mut().and_then(|race| race.steps.last_mut());
            step.context("nothing was done yet")?.said.push((side, text.to_owned()));
            return Ok(());
        }
        let (word, rest) = line.split_once(": ").context("a line is `WORD: TEXT`")?;
        let rest = rest.to_owned();
        match (word, self.races.last_mut()) {
            ("race", _) => {
                self.races.push(Race { title: rest, line: number, ..Race::default() });
            }
            ("before", None) => self.before.push(rest),
            ("after", None) => self.after.push(rest),
            ("before", Some(race)) => race.before.push(rest),
            ("after", Some(race)) => race.after.push(rest),
            ("since", Some(race)) => race.since = Some(rest.parse()?),
            ("because", Some(race)) => race.because = Some(rest),
            (word, Some(race)) => race.steps.push(step(number, word, rest)?),
            (_, None) => bail!("there is no race yet"),
        }
        Ok(())
    }

    /// The text with what both sides said in place of what they should have said, for an author
    /// to read through. A race that differs then may want its `because:`.
    pub fn updated(
        &self,
        text: &str,
        medley: &[Vec<Vec<String>>],
        postgres: &[Vec<Vec<String>>],
    ) -> String {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let steps = self.races.iter().flat_map(|race| &race.steps);
        let heard = medley.iter().flatten().zip(postgres.iter().flatten());
        for (step, (medley, postgres)) in steps.zip(heard).collect::<Vec<_>>().into_iter().rev() {
            let end = step.line + step.said.len();
            lines.splice(step.line..end, merged(medley, postgres));
        }
        lines.join("\n") + "\n"
    }
}

fn merged(medley: &[String], postgres: &[String]) -> Vec<String> {
    if medley == postgres {
        return medley.iter().map(|line| format!("> {line}")).collect();
    }
    let ours = medley.iter().map(|line| format!("M> {line}"));
    ours.chain(postgres.iter().map(|line| format!("P> {line}"))).collect()
}

fn said(line: &str) -> Option<(Option<Side>, &str)> {
    let (mark, text) = line.split_once("> ")?;
    let side = match mark {
        "" => None,
        "M" => Some(Side::Medley),
        "P" => Some(Side::Postgres),
        _ => return None,
    };
    Some((side, text))
}

fn step(line: usize, word: &str, rest: String) -> Result<Step> {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase());
    let (session, kind) = match word {
        "cancel" => (rest, StepKind::Cancel),
        "end" => (rest, StepKind::End),
        name => (name.to_owned(), StepKind::Run(rest)),
    };
    ensure!(is_name(&session), "a session is named by small letters");
    Ok(Step { line, session, kind, said: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# About.\nbefore: A\n\nrace: one and two\nbecause: of 19\nbefore: B\n\
                        one: C: d\n> one: waits\nP> two: done\ncancel: one\n";

    #[test]
    fn a_script_is_read() {
        let script = Script::parse(TEXT).unwrap();
        assert_eq!(script.before, ["A"]);
        let race = &script.races[0];
        assert_eq!(
            (race.title.as_str(), race.line, &race.before[..]),
            ("one and two", 4, &["B".to_owned()][..])
        );
        assert_eq!(race.steps[0].kind, StepKind::Run("C: d".into()));
        assert_eq!(race.steps[0].expected(Side::Medley), ["one: waits"]);
        assert_eq!(race.steps[0].expected(Side::Postgres), ["one: waits", "two: done"]);
        assert_eq!(race.steps[1].kind, StepKind::Cancel);
    }

    #[test]
    fn what_is_no_script_is_refused() {
        let texts = ["", "one: A", "race: a\n> one: b", "race: a\nA", "race: a\nO: b"];
        for text in texts {
            Script::parse(text).unwrap_err();
        }
    }

    #[test]
    fn a_difference_has_its_reason() {
        let count = |text: &str| Script::parse(text).unwrap().unexplained().count();
        assert_eq!(count(TEXT), 0);
        assert_eq!(count(&TEXT.replace("because: of 19\n", "")), 1);
        assert_eq!(count(&TEXT.replace("P> two: done\n", "")), 1);
    }

    #[test]
    fn an_update_changes_what_was_said_alone() {
        let script = Script::parse(TEXT).unwrap();
        let same = [vec![vec!["one: waits".to_owned()], vec!["one: 57014: no".to_owned()]]];
        let expected = TEXT.replace("P> two: done\n", "") + "> one: 57014: no\n";
        assert_eq!(script.updated(TEXT, &same, &same), expected);
        let other = [vec![vec!["one: waits".to_owned()], vec![]]];
        let both = TEXT.replace("P> two: done\n", "") + "M> one: 57014: no\n";
        assert_eq!(script.updated(TEXT, &same, &other), both);
    }
}
