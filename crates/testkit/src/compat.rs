//! The scripts of `tests/pg_compat`, run on a real PostgreSQL and on Medley, which must print the same.
//!
//! Each script runs through psql on a fresh cluster and on a fresh Medley. What is printed is cut
//! statement by statement and compared, after the little that must differ was made equal
//! ([`Normal`]). A difference that is meant stands in `differences.toml` beside the scripts, with
//! its reason and what Medley says; it is an error when it is gone.
//!
//! What PostgreSQL has and Medley has not yet, stands in `gaps.toml`, with what Medley says instead:
//! always `0A000`.
//!
//! What Medley still answers wrongly, or not at all, stands in `defects.toml`, which
//! [`Suite::record_defects`] writes: so that each other difference is noticed at once.
//!
//! PostgreSQL 18 is the measure. Where an older one must do, what 18 answered differently is read
//! from `before_18.toml`, which [`Suite::record`] writes when both are there.
//!
//! A script's first line is a comment, `-- SECTIONS: subject`, and it cleans nothing up. One that
//! names psql's variable `remote_port` gets a PostgreSQL of its own to reach as a remote. Its
//! variable `files` is the folder that psql runs in, where both servers may read.
//!
//! A [`Matrix`], of `tests/pg_compat/matrices`, is a script that is written as a table of actors and
//! statements; what is answered
//! is kept as a table that people can read.
mod answers;
mod matrix;
mod normal;
mod report;
mod script;
mod sides;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};

pub use matrix::Matrix;
pub use report::{Difference, Report};
pub use script::{Script, Statement};

use answers::{Answered, Differences, Intended, Key, Recorded};
use normal::Normal;
use sides::Side;

/// The major version that is the measure.
const MEASURE: u32 = 18;
/// Differences that are meant.
const INTENDED: &str = "differences.toml";
/// What Medley has not.
const GAPS: &str = "gaps.toml";
/// The folder of the matrices.
const MATRICES: &str = "matrices";
/// What Medley answers, and should not.
const DEFECTS: &str = "defects.toml";
/// What 18 answers where an older version answers otherwise.
const RECORDED: &str = "before_18.toml";

/// The scripts, and what is known of their answers.
#[derive(Debug)]
pub struct Suite {
    folder: PathBuf,
    scripts: Vec<Script>,
    differences: Differences,
    gaps: Vec<Intended>,
    recorded: Vec<Recorded>,
    defects: Vec<Recorded>,
    /// Are these all the scripts there are?
    is_whole: bool,
}

/// What one side answered: a text for each statement of each script.
type Answers = Vec<Vec<String>>;

impl Suite {
    /// Reads `folder`; `name` is a part of the names of the scripts to run, empty for all.
    pub fn read(folder: &Path, name: &str) -> Result<Self> {
        let mut scripts = Vec::new();
        for (file, path) in files(folder)? {
            if file.ends_with(".sql") && file.contains(name) {
                scripts.push(Script::parse(&file, &text(&path)?)?);
            }
        }
        for (file, path) in files(&folder.join(MATRICES))? {
            if file.contains(name) {
                scripts.push(Matrix::script(&file, &text(&path)?)?);
            }
        }
        ensure!(!scripts.is_empty(), "no script of {} is called so", folder.display());
        let mut differences: Differences = answers::read(&folder.join(INTENDED))?;
        let mut recorded = answers::read::<Answered>(&folder.join(RECORDED))?.statement;
        let mut defects = answers::read::<Answered>(&folder.join(DEFECTS))?.statement;
        let mut gaps = answers::read::<Differences>(&folder.join(GAPS))?.statement;
        let is_run = |key: &Key| key.script.contains(name);
        gaps.retain(|entry| is_run(&entry.at));
        defects.retain(|entry| is_run(&entry.at));
        differences.statement.retain(|entry| is_run(&entry.at));
        recorded.retain(|entry| is_run(&entry.at));
        let (folder, is_whole) = (folder.to_owned(), name.is_empty());
        Ok(Self { folder, scripts, differences, gaps, recorded, defects, is_whole })
    }

    /// The scripts, in the order of their names.
    pub fn scripts(&self) -> &[Script] {
        &self.scripts
    }

    /// What of `docs/differences.md` the differences that are meant refer to, and is not there.
    pub fn undocumented<'a>(&'a self, document: &str) -> Vec<&'a str> {
        let Differences { statement, everywhere } = &self.differences;
        let everywhere = everywhere.iter().map(|entry| entry.documented.as_str());
        without_a_row(document, everywhere.chain(documented(statement)))
    }

    /// What of `docs/gaps.md` the gaps refer to, and is not there.
    pub fn undocumented_gaps<'a>(&'a self, document: &str) -> Vec<&'a str> {
        without_a_row(document, documented(&self.gaps))
    }

    /// Gaps that are none: Medley says no `0A000`.
    pub fn answered_gaps(&self) -> Vec<&str> {
        let answered = self.gaps.iter().filter(|entry| !entry.medley.contains("ERROR:  0A000: "));
        answered.map(|entry| entry.at.statement.as_str()).collect()
    }

    /// Runs the scripts on the PostgreSQL of the folder `postgres` (else the one that tests use),
    /// and on the program `medley`.
    pub fn run(&self, postgres: Option<&Path>, medley: &Path) -> Result<Report> {
        let version = sides::postgres_version(postgres)?;
        let (expected, actual) = thread::scope(|scope| {
            let expected = scope.spawn(|| self.answers(&Side::Postgres(postgres)));
            let actual = self.answers(&Side::Medley(medley, postgres));
            (expected.join().expect("no panic"), actual)
        });
        Ok(self.compare(version, expected?, &actual?))
    }

    /// Writes down what 18 answers otherwise than `older`; returns how many answers that are, and
    /// the tables of the matrices.
    pub fn record(&self, measure: &Path, older: &Path) -> Result<(usize, Vec<Table>)> {
        let expected = self.answers(&Side::Postgres(Some(measure)))?;
        let other = self.answers(&Side::Postgres(Some(older)))?;
        let mut recorded = Vec::new();
        for (script, (expected, other)) in self.scripts.iter().zip(expected.iter().zip(&other)) {
            for (index, answer) in expected.iter().enumerate() {
                if *answer != other[index] {
                    recorded.push(Recorded { at: script.key(index), answer: answer.clone() });
                }
            }
        }
        let (count, head) =
            (recorded.len(), "--record`: what 18 answers, and the installed one not.");
        answers::write(&self.folder.join(RECORDED), head, &Answered { statement: recorded })?;
        Ok((count, self.tables(&expected)))
    }

    /// The tables of the matrices, out of PostgreSQL's answers.
    fn tables(&self, expected: &Answers) -> Vec<Table> {
        let filled = self.scripts.iter().zip(expected).filter_map(|(script, answers)| {
            let matrix = script.matrix.as_ref()?;
            let text = matrix.document(answers, |index| self.is_listed(&script.key(index)));
            Some(Table { file: script.file.replace(".toml", ".md"), text })
        });
        filled.collect()
    }

    /// Is it known that Medley answers otherwise?
    fn is_listed(&self, key: &Key) -> bool {
        let listed = self.differences.statement.iter().chain(&self.gaps).map(|entry| &entry.at);
        listed.chain(self.defects.iter().map(|entry| &entry.at)).any(|at| at == key)
    }

    /// Writes down what Medley answers where it differs and should not.
    pub fn record_defects(mut self, postgres: Option<&Path>, medley: &Path) -> Result<Report> {
        self.defects.clear();
        let mut report = self.run(postgres, medley)?;
        let differences = std::mem::take(&mut report.differences).into_iter();
        let defects: Vec<_> = differences
            .map(|difference| Recorded { at: difference.at, answer: difference.actual })
            .collect();
        report.defects = defects.len();
        let head = "--defects`: what Medley answers, and PostgreSQL does not. To be mended.";
        answers::write(&self.folder.join(DEFECTS), head, &Answered { statement: defects })?;
        Ok(report)
    }

    /// Runs all scripts on one side, as many at once as there are processors.
    fn answers(&self, side: &Side<'_>) -> Result<Answers> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut answers = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(script) = self.scripts.get(index) else { return answers };
                answers.push((index, side.answers(script)));
            }
        };
        let mut answers: Vec<_> = thread::scope(|scope| {
            let count = thread::available_parallelism().map_or(1, usize::from);
            let workers: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
        });
        answers.sort_by_key(|(index, _)| *index);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}

/// A matrix that was filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its file's name.
    pub file: String,
    /// What the file says.
    pub text: String,
}

fn documented(entries: &[Intended]) -> impl Iterator<Item = &str> {
    entries.iter().map(|entry| entry.documented.as_str())
}

fn without_a_row<'a>(document: &str, rows: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    rows.filter(|row| !document.contains(&format!("\n| {row} |"))).collect()
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let named = entries.map(|entry| {
        let entry = entry?;
        Ok((entry.file_name().to_string_lossy().into_owned(), entry.path()))
    });
    let mut files = named.collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}
