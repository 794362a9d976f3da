//! What must hold after each step.
use std::sync::Arc;

use anyhow::{Result, ensure};
use medley_catalog::{Catalog, Snapshot};
use medley_testkit::invariants::{Contents, Epochs, History, check, contents};

/// Watches the states that are committed, and what must not be in them.
pub struct Watch {
    catalog: Arc<Catalog>,
    last: Arc<Snapshot>,
    history: History,
    undone: Vec<String>,
}

/// What a session has done and not committed.
#[derive(Default)]
pub struct Pending {
    in_block: bool,
    failed: bool,
    marks: Vec<String>,
    /// How many there were at the savepoint.
    savepoint: Option<usize>,
}

impl Watch {
    pub fn new(catalog: &Arc<Catalog>) -> Self {
        let last = catalog.snapshot();
        let history = History::new(&last);
        Self { catalog: Arc::clone(catalog), last, history, undone: Vec::new() }
    }

    /// After a statement of a session, and what it was told.
    pub fn after(
        &mut self,
        pending: &mut Pending,
        statement: &str,
        said: &str,
        saw: Option<Contents>,
    ) -> Result<()> {
        let outcome = Outcome::of(said)?;
        let is_told_late = statement == "commit;" && outcome == Outcome::Failed;
        ensure!(!is_told_late, "COMMIT fails, for locks did not keep others away: {said}");
        let may_commit = pending.advance(statement, outcome, &mut self.undone);
        let now = self.catalog.snapshot();
        let has_changed = now.version() != self.last.version();
        ensure!(!has_changed || may_commit, "{statement:?} has changed what others see");
        if has_changed {
            check(&now)?;
            self.history.observe(&now)?;
            let as_seen = saw.is_none_or(|saw| saw == contents(&now, Epochs::Hidden));
            ensure!(as_seen, "what is committed is not what the session saw before");
            self.last = now;
        }
        Ok(())
    }

    /// Nothing is left of what was undone.
    pub fn check_undone(&self) -> Result<()> {
        let all = format!("{:?}", contents(&self.last, Epochs::Hidden));
        let left = self.undone.iter().find(|mark| all.contains(mark.as_str()));
        ensure!(left.is_none(), "{left:?} was undone, and is there");
        Ok(())
    }

    pub fn last(&self) -> &Arc<Snapshot> {
        &self.last
    }
}

/// What became of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// COMMIT of a block that had failed.
    RolledBack,
    Failed,
}

/// What may go wrong inside, when two sessions meet: PostgreSQL says no better.
const INTERNAL: [&str; 6] = [
    "tuple concurrently updated",
    "tuple concurrently deleted",
    "tuple already updated by self",
    "cache lookup failed for user mapping ",
    "could not find tuple for role ",
    "could not find tuple for default ACL ",
];

impl Outcome {
    pub fn of(said: &str) -> Result<Self> {
        let error = said.lines().find_map(|line| line.strip_prefix("ERROR:  "));
        let Some(error) = error else {
            let rolled_back = said.lines().last() == Some("ROLLBACK");
            return Ok(if rolled_back { Self::RolledBack } else { Self::Done });
        };
        if let Some(internal) = error.strip_prefix("XX000: ") {
            let known = INTERNAL.iter().any(|known| internal.starts_with(known));
            ensure!(known, "a session is told {error:?}");
        }
        Ok(Self::Failed)
    }
}

impl Pending {
    /// Follows a statement; true if it may have committed.
    fn advance(&mut self, statement: &str, outcome: Outcome, undone: &mut Vec<String>) -> bool {
        if outcome == Outcome::Failed {
            undone.extend(mark(statement));
            self.fail(undone);
            return false;
        }
        match statement {
            "begin;" => self.in_block = true,
            "savepoint a;" => self.savepoint = Some(self.marks.len()),
            "release a;" => self.savepoint = None,
            "rollback to a;" => {
                undone.extend(self.marks.drain(self.savepoint.unwrap_or(0)..));
                self.failed = false;
            }
            "rollback;" => self.end(undone),
            "commit;" if outcome == Outcome::RolledBack => self.end(undone),
            "commit;" => {
                self.marks.clear();
                self.end(undone);
                return true;
            }
            statement if self.in_block => self.marks.extend(mark(statement)),
            _ => return true,
        }
        false
    }

    fn fail(&mut self, undone: &mut Vec<String>) {
        if self.in_block && !self.failed {
            self.failed = true;
            undone.extend(self.marks.drain(self.savepoint.unwrap_or(0)..));
        }
    }

    fn end(&mut self, undone: &mut Vec<String>) {
        undone.append(&mut self.marks);
        *self = Self::default();
    }
}

/// The mark in a statement: `m1x7x`.
fn mark(statement: &str) -> Option<String> {
    let start = statement
        .match_indices('m')
        .map(|(start, _)| start)
        .find(|start| statement[start + 1..].starts_with(|c: char| c.is_ascii_digit()))?;
    let end = statement[start..].match_indices('x').nth(1)?.0;
    Some(statement[start..=start + end].to_owned())
}
