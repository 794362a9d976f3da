//! One session runs at a time.
use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use medley_catalog::Catalog;
use medley_testkit::invariants::{Contents, Epochs, check_no_locks, contents};

use super::plan::{Case, SESSIONS, SET_UP};
use super::watch::{Outcome, Pending, Watch};
use super::worker::{Event, Worker};
use crate::runner::{Session, Template};

/// Longer than anybody who may go on takes to.
const PATIENCE: Duration = Duration::from_secs(10);

/// In how many of a hundred steps somebody who waits is cancelled.
const CANCELS: u64 = 3;

/// What happened, over all cases.
#[derive(Debug, Default)]
pub struct Statistics {
    cases: usize,
    done: usize,
    failed: usize,
    waits: usize,
    deadlocks: usize,
    cancels: usize,
    commits: u64,
}

impl Statistics {
    pub fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.done += other.done;
        self.failed += other.failed;
        self.waits += other.waits;
        self.deadlocks += other.deadlocks;
        self.cancels += other.cancels;
        self.commits += other.commits;
    }

    /// Sessions meet, and much of what they do succeeds.
    pub fn shows_enough(&self) -> bool {
        self.waits > self.cases && self.deadlocks > 0 && self.done > self.failed
    }
}

/// Plays a case to its end.
pub fn play(case: &Case) -> Result<Statistics> {
    let mut player = Player::new(case);
    let played = player.play().map_err(|error| error.context(player.log.join("\n")));
    played?;
    player.finish()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Waits,
    MayGoOn,
}

struct Actor {
    worker: Worker,
    state: State,
    statement: String,
    rest: VecDeque<String>,
    pending: Pending,
}

struct Player {
    superuser: Session,
    actors: Vec<Actor>,
    events: Receiver<(usize, Event)>,
    choices: VecDeque<u64>,
    watch: Watch,
    statistics: Statistics,
    log: Vec<String>,
}

impl Player {
    fn new(case: &Case) -> Self {
        static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::new(SET_UP));
        let superuser = Session::like(&TEMPLATE, folder());
        let (sender, events) = channel();
        let actor = |number: usize| Actor {
            worker: Worker::start(&superuser, number, sender.clone()),
            state: State::Idle,
            statement: String::new(),
            rest: case.sessions[number].iter().flatten().cloned().collect(),
            pending: Pending::default(),
        };
        let actors = (0..SESSIONS).map(actor).collect();
        let watch = Watch::new(superuser.catalog());
        let choices = case.choices.iter().copied().collect();
        let statistics = Statistics { cases: 1, ..Statistics::default() };
        Self { superuser, actors, events, choices, watch, statistics, log: Vec::new() }
    }

    fn play(&mut self) -> Result<()> {
        loop {
            let choice = self.choices.pop_front().unwrap_or_default();
            if (choice >> 32) % 100 < CANCELS
                && let Some(number) = self.actors.iter().position(|it| it.state == State::Waits)
            {
                self.cancel(number)?;
            }
            let ready: Vec<_> = (0..SESSIONS).filter(|number| self.is_ready(*number)).collect();
            if ready.is_empty() {
                let stuck = self.actors.iter().position(|actor| actor.state != State::Idle);
                ensure!(stuck.is_none(), "session {stuck:?} waits for nobody who could go on");
                return Ok(());
            }
            self.step(ready[(choice & 0xffff) as usize % ready.len()])?;
            self.settle()?;
        }
    }

    fn is_ready(&self, number: usize) -> bool {
        let actor = &self.actors[number];
        match actor.state {
            State::Idle => !actor.rest.is_empty(),
            State::Waits => false,
            State::MayGoOn => true,
        }
    }

    /// Lets a session run until it is done or waits.
    fn step(&mut self, number: usize) -> Result<()> {
        let actor = &mut self.actors[number];
        match actor.state {
            State::MayGoOn => {
                self.log.push(format!("{number}: (goes on)"));
                actor.worker.let_go_on();
            }
            _ => {
                actor.statement = actor.rest.pop_front().unwrap_or_default();
                self.log.push(format!("{number}: {}", actor.statement));
                actor.worker.run(&actor.statement);
            }
        }
        match self.next_of(number)? {
            Event::Done { said, saw } => self.done(number, &said, saw),
            Event::Waits => {
                self.log.push("   waits".to_owned());
                self.statistics.waits += 1;
                self.actors[number].state = State::Waits;
                Ok(())
            }
            Event::MayGoOn => bail!("session {number} goes on without a wait"),
        }
    }

    /// What a session tells next. Whom it lets go on may know before it has ended its statement.
    fn next_of(&mut self, number: usize) -> Result<Event> {
        loop {
            let (from, event) = self.events.recv_timeout(PATIENCE).context("no end")?;
            match event {
                event if from == number => return Ok(event),
                Event::MayGoOn => self.actors[from].state = State::MayGoOn,
                event => bail!("session {from} runs out of its turn: {event:?}"),
            }
        }
    }

    fn done(&mut self, number: usize, said: &str, saw: Option<Contents>) -> Result<()> {
        self.log.push(format!("   {}", said.trim_end().replace('\n', "\n   ")));
        match Outcome::of(said)? {
            Outcome::Failed => self.statistics.failed += 1,
            _ => self.statistics.done += 1,
        }
        self.statistics.deadlocks += usize::from(said.contains("40P01"));
        let actor = &mut self.actors[number];
        actor.state = State::Idle;
        self.watch.after(&mut actor.pending, &actor.statement, said, saw)
    }

    /// Waits until all whose wait is over have come to know it.
    fn settle(&mut self) -> Result<()> {
        let catalog = Arc::clone(self.superuser.catalog());
        let is_over = |actor: &Actor| {
            actor.state == State::Waits && catalog.blocking(actor.worker.process_id).is_empty()
        };
        let over = self.actors.iter().filter(|actor| is_over(actor)).count();
        for _ in 0..over {
            let (from, event) =
                self.events.recv_timeout(PATIENCE).context("somebody is not woken")?;
            ensure!(matches!(event, Event::MayGoOn), "session {from}: {event:?}");
            self.actors[from].state = State::MayGoOn;
        }
        Ok(())
    }

    fn cancel(&mut self, number: usize) -> Result<()> {
        self.log.push(format!("{number}: (is cancelled)"));
        self.statistics.cancels += 1;
        self.actors[number].worker.cancel();
        let event = self.next_of(number)?;
        ensure!(matches!(event, Event::MayGoOn), "session {number}: {event:?}");
        self.actors[number].state = State::MayGoOn;
        self.settle()
    }

    /// After the last step: nothing is left over, and the store has what was published.
    fn finish(self) -> Result<Statistics> {
        let Self { superuser, actors, watch, mut statistics, .. } = self;
        check_no_locks(superuser.catalog())?;
        watch.check_undone()?;
        drop(actors);
        statistics.commits = watch.last().version();
        let published = contents(watch.last(), Epochs::Shown);
        let folder = superuser.into_folder();
        drop(watch);
        ensure!(
            published == reopened(&folder.path().join("data"))?,
            "the store has something else"
        );
        Ok(statistics)
    }
}

fn reopened(folder: &Path) -> Result<Contents> {
    let catalog = Catalog::open(folder)?;
    Ok(contents(&catalog.snapshot(), Epochs::Shown))
}

/// In memory where that is possible: a disk is asked to sync at each commit.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let builder = tempfile::Builder::new();
    let made = if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() };
    made.unwrap()
}
