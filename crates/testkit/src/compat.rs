//! The scripts of `tests/pg_compat`, run on a real PostgreSQL and on Medley, which must print the same.
//!
//! Each script runs through psql on a fresh cluster and on a fresh Medley. What is printed is cut
//! statement by statement and compared, after the little that must differ was made equal
//! ([`Normal`]). A difference that is meant stands in `differences.toml` beside the scripts, with
//! its reason and what Medley says; it is an error when it is gone.
//!
//! What Medley still answers wrongly, or not at all, stands in `defects.toml`, which
//! [`Suite::record_defects`] writes: so that each other difference is noticed at once.
//!
//! PostgreSQL 18 is the measure. Where an older one must do, what 18 answered differently is read
//! from `before_18.toml`, which [`Suite::record`] writes when both are there.
//!
//! A script's first line is a comment, `-- SECTIONS: subject`, and it cleans nothing up.
mod answers;
mod normal;
mod report;
mod script;
mod sides;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};

pub use report::{Difference, Report};
pub use script::{Script, Statement};

use answers::{Answered, Differences, Key, Recorded};
use normal::Normal;
use sides::Side;

/// The major version that is the measure.
const MEASURE: u32 = 18;
/// Differences that are meant.
const INTENDED: &str = "differences.toml";
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
        for path in paths(folder)? {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if file.ends_with(".sql") && file.contains(name) {
                let text = fs::read_to_string(&path).with_context(|| file.clone())?;
                scripts.push(Script::parse(&file, &text)?);
            }
        }
        ensure!(!scripts.is_empty(), "no script of {} is called so", folder.display());
        let mut differences: Differences = answers::read(&folder.join(INTENDED))?;
        let mut recorded = answers::read::<Answered>(&folder.join(RECORDED))?.statement;
        let mut defects = answers::read::<Answered>(&folder.join(DEFECTS))?.statement;
        let is_run = |key: &Key| key.script.contains(name);
        defects.retain(|entry| is_run(&entry.at));
        differences.statement.retain(|entry| is_run(&entry.at));
        recorded.retain(|entry| is_run(&entry.at));
        let (folder, is_whole) = (folder.to_owned(), name.is_empty());
        Ok(Self { folder, scripts, differences, recorded, defects, is_whole })
    }

    /// The scripts, in the order of their names.
    pub fn scripts(&self) -> &[Script] {
        &self.scripts
    }

    /// What of `docs/differences.md` the differences that are meant refer to, and is not there.
    pub fn undocumented<'a>(&'a self, document: &str) -> Vec<&'a str> {
        let Differences { statement, everywhere } = &self.differences;
        let statements = statement.iter().map(|entry| entry.documented.as_str());
        statements
            .chain(everywhere.iter().map(|entry| entry.documented.as_str()))
            .filter(|row| !document.contains(&format!("\n| {row} |")))
            .collect()
    }

    /// Runs the scripts on the PostgreSQL of the folder `postgres` (else the one that tests use),
    /// and on the program `medley`.
    pub fn run(&self, postgres: Option<&Path>, medley: &Path) -> Result<Report> {
        let version = sides::postgres_version(postgres)?;
        let (expected, actual) = thread::scope(|scope| {
            let expected = scope.spawn(|| self.answers(&Side::Postgres(postgres)));
            let actual = self.answers(&Side::Medley(medley));
            (expected.join().expect("no panic"), actual)
        });
        Ok(self.compare(version, expected?, &actual?))
    }

    /// Writes down what 18 answers otherwise than `older`; returns how many answers that are.
    pub fn record(&self, measure: &Path, older: &Path) -> Result<usize> {
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
        Ok(count)
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

fn paths(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
