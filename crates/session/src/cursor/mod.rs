//! Cursors: DECLARE, FETCH, MOVE, CLOSE.
mod declare;
mod fetch;
mod sink;
mod tape;

pub(crate) use declare::check_declared;

use std::sync::Arc;
use std::time::SystemTime;

use medley_diagnostic::{Report, SqlState};
use medley_engine::CursorRow;
use medley_sql::FetchDirection;
use medley_types::{Column, Style};
use tokio_util::sync::CancellationToken;

use self::sink::Sink;
use self::tape::Tape;
use crate::Session;
use crate::login::micros;

/// An open cursor: its query runs as the role that declared it, as far as its rows are asked for.
pub(crate) struct Cursor {
    pub(crate) columns: Arc<[Column]>,
    /// The text that it was declared in.
    text: Arc<str>,
    binary: bool,
    scroll: bool,
    created: SystemTime,
    hold: bool,
    /// It has outlived the transaction that declared it.
    held: bool,
    /// The settings of then.
    style: Arc<Style>,
    /// How many savepoints there were when it was declared.
    level: usize,
    state: State,
    tape: Tape,
}

/// Whether a cursor can be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Where it stands, as PostgreSQL counts.
    At(Position),
    /// It has failed: it can only be closed.
    Failed,
}

/// Both ends at once is where a cursor over nothing is that was asked for a row.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Position {
    /// Before the first row.
    at_start: bool,
    /// Behind the last row.
    at_end: bool,
    /// Of the row that it is on, from 1; at the end, of the last row.
    number: u64,
}

impl Position {
    const START: Self = Self { at_start: true, at_end: false, number: 0 };
}

/// A cursor at work.
struct Mover<'a, 'b> {
    cursor: &'a mut Cursor,
    position: Position,
    token: &'a CancellationToken,
    sink: &'a mut Sink<'b>,
}

/// How far: `None` is to the end.
type Count = Option<u64>;

impl Cursor {
    /// Moves, and tells the rows that it passes, or those asked for: how many.
    async fn go(
        &mut self,
        name: &str,
        direction: FetchDirection,
        token: &CancellationToken,
        sink: &mut Sink<'_>,
    ) -> Result<u64, Report> {
        let State::At(position) = self.state else {
            let message = format!("portal \"{name}\" cannot be run");
            return Err(Report::error(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message));
        };
        // Unless it comes to its end, something has failed on the way.
        self.state = State::Failed;
        let mut mover = Mover { cursor: self, position, token, sink };
        let moved = mover.go(direction).await?;
        self.state = State::At(mover.position);
        Ok(moved)
    }

    /// Whether it stays when the transaction is undone down to so many savepoints.
    pub(crate) fn outlives_rollback(&self, level: Option<usize>) -> bool {
        self.held || level.is_some_and(|level| self.level <= level)
    }

    /// Savepoints are released, so that so many are left.
    pub(crate) fn release(&mut self, level: usize) {
        self.level = self.level.min(level);
    }
}

/// As PostgreSQL's `DoPortalRunFetch` and what it calls do.
impl Mover<'_, '_> {
    async fn go(&mut self, direction: FetchDirection) -> Result<u64, Report> {
        use FetchDirection::{Absolute, Backward, Forward, Relative};
        match direction {
            Forward(count) => self.along(count.unwrap_or(i64::MAX)).await,
            Backward(None) => self.back_along(None).await,
            Backward(Some(count)) => match count {
                1.. => self.back_along(Some(count.unsigned_abs())).await,
                0 => self.stay(false).await,
                _ => self.run(true, Some(count.unsigned_abs()), true).await,
            },
            Absolute(number) => self.seek(number).await,
            Relative(0) => self.stay(true).await,
            Relative(count) => {
                let (forward, count) = (count > 0, count.unsigned_abs());
                if count > 1 {
                    self.run(forward, Some(count - 1), false).await?;
                }
                self.run(forward, Some(1), true).await
            }
        }
    }

    async fn along(&mut self, count: i64) -> Result<u64, Report> {
        match count {
            i64::MAX => self.run(true, None, true).await,
            1.. => self.run(true, Some(count.unsigned_abs()), true).await,
            0 => self.stay(true).await,
            _ => self.back_along(Some(count.unsigned_abs())).await,
        }
    }

    /// MOVE BACKWARD ALL is a rewind, which is allowed where nothing was read.
    async fn back_along(&mut self, count: Count) -> Result<u64, Report> {
        if count.is_none() && matches!(self.sink, Sink::Nobody) {
            let Position { number, at_end, .. } = self.position;
            self.rewind()?;
            return Ok(if number > 0 && !at_end { number - 1 } else { number });
        }
        self.run(false, count, true).await
    }

    /// The row that it is on, once more.
    async fn stay(&mut self, forward: bool) -> Result<u64, Report> {
        let is_on_row = !self.position.at_start && !self.position.at_end;
        match (&self.sink, is_on_row) {
            (Sink::Nobody, _) => Ok(u64::from(is_on_row)),
            (Sink::Client(_), true) => {
                self.run(false, Some(1), false).await?;
                self.run(true, Some(1), true).await
            }
            (Sink::Client(_), false) => self.run(forward, Some(0), true).await,
        }
    }

    /// To a row counted from the start, or from the end.
    async fn seek(&mut self, number: i64) -> Result<u64, Report> {
        match number {
            1.. => {
                self.approach(number.unsigned_abs()).await?;
                self.run(true, Some(1), true).await
            }
            0 => {
                self.rewind()?;
                self.run(true, Some(0), true).await
            }
            _ => {
                self.run(true, None, false).await?;
                let back = number.unsigned_abs() - 1;
                if back > 0 {
                    self.run(false, Some(back), false).await?;
                }
                self.run(false, Some(1), true).await
            }
        }
    }

    async fn approach(&mut self, number: u64) -> Result<(), Report> {
        let at = self.position.number;
        if number - 1 <= at / 2 {
            self.rewind()?;
            if number > 1 {
                self.run(true, Some(number - 1), false).await?;
            }
            return Ok(());
        }
        let at = at + u64::from(self.position.at_end);
        if number <= at {
            self.run(false, Some(at - number + 1), false).await?;
        } else if number > at + 1 {
            self.run(true, Some(number - at - 1), false).await?;
        }
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), Report> {
        if self.position.at_start && !self.position.at_end {
            return Ok(());
        }
        self.check_may_go_back()?;
        self.cursor.tape.rewind();
        self.position = Position::START;
        Ok(())
    }

    fn check_may_go_back(&self) -> Result<(), Report> {
        if self.cursor.scroll {
            return Ok(());
        }
        let message = "cursor can only scan forward";
        Err(Report::error(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
            .with_hint("Declare it with SCROLL option to enable backward scan."))
    }

    /// Passes so many rows, told or not.
    async fn run(&mut self, forward: bool, count: Count, told: bool) -> Result<u64, Report> {
        if !forward {
            self.check_may_go_back()?;
        }
        let nobody = &mut Sink::Nobody;
        let sink = if told { &mut *self.sink } else { nobody };
        let stands = if forward { self.position.at_end } else { self.position.at_start };
        if stands || count == Some(0) {
            return Ok(0);
        }
        let tape = &mut self.cursor.tape;
        match forward {
            true => {
                let passed = tape.forward(count, self.token, sink).await?;
                self.has_gone_forward(count, passed);
                Ok(passed)
            }
            false => {
                let passed = tape.backward(count, sink).await?;
                self.has_gone_back(count, passed);
                Ok(passed)
            }
        }
    }

    fn has_gone_forward(&mut self, count: Count, passed: u64) {
        self.position.at_start &= passed == 0;
        self.position.at_end |= count.is_none_or(|count| passed < count);
        self.position.number += passed;
    }

    fn has_gone_back(&mut self, count: Count, passed: u64) {
        if passed > 0 && self.position.at_end {
            self.position.at_end = false;
            self.position.number += 1;
        }
        match count.is_none_or(|count| passed < count) {
            true => {
                self.position.at_start = true;
                self.position.number = 0;
            }
            false => self.position.number -= passed,
        }
    }
}

impl Session {
    /// As `pg_cursors` lists them.
    pub(crate) fn cursor_rows(&self) -> Vec<CursorRow> {
        let row = |(name, cursor): (&String, &Cursor)| CursorRow {
            name: name.clone(),
            statement: Arc::clone(&cursor.text),
            is_holdable: cursor.hold,
            is_binary: cursor.binary,
            is_scrollable: cursor.scroll,
            created: micros(cursor.created),
        };
        let mut rows: Vec<_> = self.cursors.iter().map(row).collect();
        rows.sort_by_key(|row| row.created);
        rows
    }

    /// Lets go of the cursors that do not outlive that the transaction is undone, down to so many
    /// savepoints if any of it stays.
    pub(crate) fn drop_cursors(&mut self, level: Option<usize>) {
        self.cursors.retain(|_, cursor| cursor.outlives_rollback(level));
        self.portals.retain(|_, portal| level.is_some_and(|level| portal.level <= level));
    }

    /// The transaction is about to commit: cursors that outlive it read what is left of their
    /// queries, and the others are closed.
    pub(crate) async fn hold_cursors(&mut self) -> Result<(), Report> {
        self.cursors.retain(|_, it| it.held || it.hold && it.state != State::Failed);
        if self.cursors.values().all(|cursor| cursor.held) {
            return Ok(());
        }
        let bounds = self.bounds();
        let _timer = bounds.start();
        let (engine, role) = (&self.instance.engine, self.identity.current_user());
        for cursor in self.cursors.values_mut().filter(|cursor| !cursor.held) {
            let held = cursor.tape.hold(|| engine.row_store(role), &bounds.token).await;
            if let Err(report) = held {
                return Err(self.explain(&bounds, report));
            }
            (cursor.held, cursor.level) = (true, 0);
        }
        Ok(())
    }

    /// Rows are about to be changed: queries of open cursors that have not begun begin now, so that
    /// they do not see the change.
    pub(crate) async fn begin_cursors(&mut self, token: &CancellationToken) -> Result<(), Report> {
        for cursor in self.cursors.values_mut().filter(|cursor| cursor.tape.is_new()) {
            cursor.tape.begin(token).await?;
        }
        Ok(())
    }
}
