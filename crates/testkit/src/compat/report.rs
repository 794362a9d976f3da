use std::fmt;

use super::answers::Key;
use super::{Answers, MEASURE, Script, Suite, Table};

/// What a run has shown.
#[derive(Debug)]
pub struct Report {
    /// PostgreSQL's.
    pub version: String,
    /// How many scripts were run.
    pub scripts: usize,
    /// How many statements they hold.
    pub statements: usize,
    /// How many differences are meant.
    pub intended: usize,
    /// How many statements Medley has not.
    pub gaps: usize,
    /// How many answers were taken from what 18 had said.
    pub recorded: usize,
    /// How many differences are known and to be mended.
    pub defects: usize,
    /// Differences that nobody means.
    pub differences: Vec<Difference>,
    /// Entries that say what is no longer so.
    pub stale: Vec<String>,
    /// The matrices, filled.
    pub tables: Vec<Table>,
}

/// A statement that is answered otherwise.
#[derive(Debug)]
pub struct Difference {
    /// The statement.
    pub(super) at: Key,
    /// Its line in the script.
    pub line: usize,
    /// PostgreSQL's answer, or the one that is listed as Medley's.
    pub expected: String,
    /// Medley's answer.
    pub actual: String,
}

impl Report {
    /// Is there nothing to mend?
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.stale.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at: Key { script, statement, .. }, line, expected, actual } = self;
        writeln!(f, "tests/pg_compat/{script}:{line}:\n{statement}")?;
        writeln!(f, "---- expected\n{expected}\n---- Medley\n{actual}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.differences {
            writeln!(f, "{difference}")?;
        }
        for stale in &self.stale {
            writeln!(f, "{stale}")?;
        }
        let Self { version, scripts, statements, intended, recorded, defects, gaps, .. } = self;
        write!(
            f,
            "
{statements} statements of {scripts} scripts on PostgreSQL {version} and Medley: "
        )?;
        write!(f, "{} differences, ", self.differences.len())?;
        write!(f, "{intended} intended, {gaps} gaps, {defects} known defects")?;
        if *recorded > 0 {
            write!(f, ", {recorded} judged by what PostgreSQL {MEASURE} had answered")?;
        }
        Ok(())
    }
}

impl Suite {
    /// Sets what Medley answered against what it should have.
    pub(super) fn compare(&self, version: String, expected: Answers, actual: &Answers) -> Report {
        let mut report = Report {
            version,
            scripts: self.scripts.len(),
            statements: 0,
            intended: 0,
            gaps: 0,
            recorded: 0,
            defects: 0,
            differences: Vec::new(),
            stale: self.lost(),
            tables: Vec::new(),
        };
        let expected = self.by_the_measure(&mut report, expected);
        report.tables = self.tables(&expected);
        let mut met = vec![false; self.differences.everywhere.len()];
        for (script, (expected, actual)) in
            self.scripts.iter().zip(expected.into_iter().zip(actual))
        {
            for (index, expected) in expected.into_iter().enumerate() {
                report.statements += script.statements[index].count;
                let expected = self.expected(&mut report, script, index, expected, &actual[index]);
                let expected = self.everywhere(&mut met, expected, &actual[index]);
                self.judge(&mut report, script, index, expected, &actual[index]);
            }
        }
        report.stale.extend(self.unmet(&met));
        report
    }

    /// PostgreSQL's answers, or what 18 had answered where it was an older one that was asked.
    fn by_the_measure(&self, report: &mut Report, mut answers: Answers) -> Answers {
        for (script, answers) in self.scripts.iter().zip(&mut answers) {
            for (index, answer) in answers.iter_mut().enumerate() {
                let recorded = self.answer_of_the_measure(&report.version, &script.key(index));
                if let Some(recorded) = recorded {
                    report.recorded += 1;
                    recorded.clone_into(answer);
                }
            }
        }
        answers
    }

    /// What Medley should answer to a statement to which PostgreSQL answered `said`.
    fn expected(
        &self,
        report: &mut Report,
        script: &Script,
        index: usize,
        said: String,
        actual: &str,
    ) -> String {
        let key = script.key(index);
        let intended = self.differences.statement.iter().find(|entry| entry.at == key);
        let gap = self.gaps.iter().find(|entry| entry.at == key);
        report.intended += usize::from(intended.is_some());
        report.gaps += usize::from(gap.is_some());
        let Some(entry) = intended.or(gap) else { return said };
        if said == actual {
            let Key { script, statement, .. } = key;
            report.stale.push(format!("no longer differs: {script}: {statement}"));
            return said;
        }
        entry.medley.trim_end().to_owned()
    }

    /// The same after the differences that are meant in any answer.
    fn everywhere(&self, met: &mut [bool], mut expected: String, actual: &str) -> String {
        for (entry, met) in self.differences.everywhere.iter().zip(met) {
            if let Some(made) = entry.apply(&expected, actual) {
                (*met, expected) = (true, made);
            }
        }
        expected
    }

    /// Sets Medley's answer to a statement against what it should be.
    fn judge(
        &self,
        report: &mut Report,
        script: &Script,
        index: usize,
        expected: String,
        actual: &str,
    ) {
        let (at, line) = (script.key(index), script.statements[index].line);
        let defect = self.defects.iter().find(|entry| entry.at == at);
        if expected == actual {
            let Key { script, statement, .. } = at;
            let mended = defect
                .map(|_| format!("mended, strike it out of defects.toml: {script}: {statement}"));
            report.stale.extend(mended);
        } else if defect.is_some_and(|defect| defect.answer.trim_end() == actual) {
            report.defects += 1;
        } else {
            report.differences.push(Difference { at, line, expected, actual: actual.to_owned() });
        }
    }

    /// Differences that are meant anywhere, and are nowhere.
    fn unmet(&self, met: &[bool]) -> Vec<String> {
        let entries = self.differences.everywhere.iter().zip(met);
        entries
            .filter(|(_, met)| self.is_whole && !**met)
            .map(|(entry, _)| format!("differs nowhere: {}", entry.medley))
            .collect()
    }

    /// What 18 had answered where the PostgreSQL that was run is older and answers otherwise.
    fn answer_of_the_measure(&self, version: &str, key: &Key) -> Option<&str> {
        let recorded = self.recorded.iter().find(|entry| entry.at == *key)?;
        (major(version) < MEASURE).then_some(recorded.answer.as_str())
    }

    /// Entries whose statement is in no script.
    fn lost(&self) -> Vec<String> {
        let keys: Vec<_> = self
            .scripts
            .iter()
            .flat_map(|script| (0..script.statements.len()).map(|index| script.key(index)))
            .collect();
        let intended = self.differences.statement.iter().chain(&self.gaps).map(|entry| &entry.at);
        intended
            .chain(self.recorded.iter().chain(&self.defects).map(|entry| &entry.at))
            .filter(|key| !keys.contains(key))
            .map(|key| format!("in no script: {}: {}", key.script, key.statement))
            .collect()
    }
}

fn major(version: &str) -> u32 {
    let digits = version.split(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(MEASURE)
}
