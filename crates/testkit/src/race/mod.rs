//! Races: what several sessions are told whose statements meet, for `tests/races`.
//!
//! A script runs step by step, on Medley and on a real PostgreSQL. After each step stands what
//! the sessions said, and both sides must say it:
//!
//! ```text
//! # A line before the first race holds for each race of the file.
//! before: CREATE FOREIGN DATA WRAPPER w
//! after: DROP FOREIGN DATA WRAPPER w CASCADE
//!
//! race: the second who drops a server finds it gone
//! before: CREATE SERVER s FOREIGN DATA WRAPPER w
//! one: BEGIN
//! one: DROP SERVER s
//! two: DROP SERVER s
//! > two: waits
//! one: COMMIT
//! > two: 42704: server "s" does not exist
//! ```
//!
//! `before` and `after` run apart from the sessions and must succeed. A session is logged in as
//! the superuser when it is first named. A statement that has not ended when the next step begins
//! is said to wait, and what it is told stands under the step after which it went on (`done` where
//! it is told nothing). `cancel: two` sends a cancel request to a session, `end: two` cuts its
//! connection.
//!
//! A race with a line `since: 18` is run on such a PostgreSQL alone, for older ones say otherwise.
//!
//! What only Medley says begins with `M>`, what only PostgreSQL says with `P>`; a race that has
//! such lines gives the reason in a line `because:`. Oids, process ids and the like are `<n>`.
mod normal;
mod script;
mod sessions;

use anyhow::{Context, Result};
use tokio_postgres::Config;

pub use script::{Race, Script, Side, Step, StepKind};

use crate::script::{Rows, Session};
use sessions::Sessions;

/// What a side said otherwise than a script has it.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The race's title.
    pub race: String,
    /// The step's line, from one.
    pub line: usize,
    /// Who.
    pub side: Side,
    /// What it should have said.
    pub expected: Vec<String>,
    /// What it said.
    pub actual: Vec<String>,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { race, line, side, expected, actual } = self;
        let (expected, actual) = (expected.join("\n"), actual.join("\n"));
        write!(
            f,
            "line {line} ({race}), {side:?}:\n---- expected\n{expected}\n---- actual\n{actual}\n"
        )
    }
}

/// Runs all races of a script on one side; `record` goes by the clock alone where the script would
/// say what to wait for. Returns what was said at each step of each race; of one that is not for
/// this version of PostgreSQL, nothing.
pub async fn run(
    script: &Script,
    side: Side,
    server: &Config,
    record: bool,
) -> Result<Vec<Vec<Vec<String>>>> {
    let version = version(server).await?;
    let mut said = Vec::new();
    for race in &script.races {
        if !record && side == Side::Postgres && race.since.is_some_and(|since| since > version) {
            said.push(Vec::new());
            continue;
        }
        let mut steps = Vec::new();
        for _ in 0..attempts(side) {
            let place = || format!("line {} ({})", race.line, race.title);
            steps = run_race(script, race, side, server, record).await.with_context(place)?;
            if record || mismatches(race, side, &steps).is_empty() {
                break;
            }
        }
        said.push(steps);
    }
    Ok(said)
}

/// What PostgreSQL says of two GRANTs on one table, say, depends on what its caches hold: now and
/// then it says something else than it nearly always does.
fn attempts(side: Side) -> u32 {
    match side {
        Side::Medley => 1,
        Side::Postgres => 3,
    }
}

/// The server's major version.
async fn version(server: &Config) -> Result<u32> {
    let session = Session::open(server).await?;
    let said = session.run("SHOW server_version_num", Rows::AsTheyCome).await.text();
    Ok(said.parse::<u32>().with_context(|| format!("the server's version is {said:?}"))? / 10_000)
}

async fn run_race(
    script: &Script,
    race: &Race,
    side: Side,
    server: &Config,
    record: bool,
) -> Result<Vec<Vec<String>>> {
    sessions::prepare(server, script.before.iter().chain(&race.before)).await?;
    let mut sessions = Sessions::new(server);
    let mut said = Vec::new();
    for step in &race.steps {
        let expected = (!record).then(|| step.expected(side));
        let heard = sessions.step(step, expected.as_deref()).await;
        said.push(heard.with_context(|| format!("line {}", step.line))?);
    }
    sessions.end().await;
    sessions::prepare(server, race.after.iter().chain(&script.after)).await?;
    Ok(said)
}

/// Compares what a side said with the script.
pub fn compare(script: &Script, side: Side, said: &[Vec<Vec<String>>]) -> Vec<Mismatch> {
    let races = script.races.iter().zip(said);
    races.flat_map(|(race, said)| mismatches(race, side, said)).collect()
}

fn mismatches(race: &Race, side: Side, said: &[Vec<String>]) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    for (step, actual) in race.steps.iter().zip(said) {
        let expected = step.expected(side);
        if expected != *actual {
            let (race, line, actual) = (race.title.clone(), step.line, actual.clone());
            mismatches.push(Mismatch { race, line, side, expected, actual });
        }
    }
    mismatches
}
