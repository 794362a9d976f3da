//! Those who ask the remote who they are, and write there.
mod cursors;
mod writing;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage, SimpleQueryRow, Statement};

use self::cursors::Cursor;
use self::writing::Written;
use super::{ROLES, World};
use crate::said;

/// What may be said to somebody whose role, right or connection goes away meanwhile.
const ALLOWED: &[&str] = &[
    "08",
    "22023",
    "25P02",
    "26000",
    "28000",
    // A remote that went away while it committed.
    "40003",
    "2F003",
    // A cursor that went with a savepoint.
    "34000",
    "42501",
    "42704",
    "53300",
    "57014",
    "57P01",
    "57P05",
    "XX000: tuple concurrently",
];

/// One session, and what it knows of itself.
struct Person {
    world: Arc<World>,
    client: Client,
    session_user: usize,
    /// The role of the last SET ROLE.
    current: usize,
    prepared: Statement,
    /// Writes a line.
    inserting: Statement,
    /// Whose view the prepared statement reads, beside the table.
    other: usize,
    dice: StdRng,
    /// Since when what was read may still count: the transaction's first statement.
    block: Option<Instant>,
    /// What it wrote since, or in the statement before.
    written: Vec<Written>,
    /// Lines that are there, as far as it knows.
    lines: Vec<String>,
    cursor: Option<Cursor>,
}

/// Logs in as one and another until the test is done.
pub async fn work(world: Arc<World>) {
    let mut dice = StdRng::from_os_rng();
    while !world.is_done() {
        let Some(mut person) = log_in(&world, &mut dice).await else { continue };
        for _ in 0..dice.random_range(5..60) {
            if world.is_done() || person.client.is_closed() {
                break;
            }
            person.act().await;
        }
    }
}

/// None where the role was renamed meanwhile.
async fn log_in(world: &Arc<World>, dice: &mut StdRng) -> Option<Person> {
    let session_user = dice.random_range(0..ROLES);
    let client = world.medley.connect(&world.truth.name(session_user), "").await.ok()?;
    let other = dice.random_range(0..ROLES);
    let sql = format!("SELECT w.account, v.account FROM whoami w, v{other} v");
    let prepared = client.prepare(&sql).await.unwrap();
    let inserting = client.prepare(writing::INSERT).await.unwrap();
    let own = format!(
        "PREPARE own AS SELECT account FROM whoami; PREPARE others AS SELECT account FROM v{other}; \
         PREPARE writing AS {}",
        writing::INSERT
    );
    client.batch_execute(&own).await.unwrap();
    let dice = StdRng::from_rng(dice);
    let world = Arc::clone(world);
    Some(Person {
        world,
        client,
        session_user,
        current: session_user,
        prepared,
        inserting,
        other,
        dice,
        block: None,
        written: Vec::new(),
        lines: Vec::new(),
        cursor: None,
    })
}

impl Person {
    async fn act(&mut self) {
        let (mine, theirs, third) = (self.current, self.any(), self.any());
        match self.dice.random_range(0..150) {
            100..135 => self.write().await,
            135.. => self.use_cursor().await,
            0..16 => self.ask("SELECT account FROM whoami", &[mine]).await,
            16..18 => self.copy("SELECT account FROM whoami", mine).await,
            18..20 => self.copy(&format!("SELECT account FROM v{theirs}"), theirs).await,
            20..30 => self.ask(&format!("SELECT account FROM v{theirs}"), &[theirs]).await,
            30..40 => {
                let sql = format!(
                    "SELECT w.account, v.account, u.account FROM whoami w, v{theirs} v, v{third} u"
                );
                self.ask(&sql, &[mine, theirs, third]).await;
            }
            40..46 => {
                let sql = format!(
                    "SELECT (SELECT account FROM v{theirs}), (SELECT account FROM v{third}), \
                     (SELECT account FROM whoami)"
                );
                self.ask(&sql, &[theirs, third, mine]).await;
            }
            46..58 => self.execute_prepared().await,
            58..62 => self.ask("EXECUTE own", &[mine]).await,
            62..66 => self.ask("EXECUTE others", &[self.other]).await,
            66..72 => self.ask("SELECT account FROM many LIMIT 1", &[mine]).await,
            72..75 => self.give_up().await,
            75..79 if self.block.is_none() => {
                // It is who it says there, and nobody's business afterwards.
                self.world.tally.statements.fetch_add(1, Ordering::Relaxed);
                let _ = self.run("SELECT account FROM naughty").await;
            }
            79..85 => self.set_role(theirs).await,
            85..88 => self.reset_role().await,
            88..94 => self.begin().await,
            _ => self.end().await,
        }
    }

    fn any(&mut self) -> usize {
        self.dice.random_range(0..ROLES)
    }

    /// Runs a query of one row, whose columns must be accounts of these roles.
    async fn ask(&mut self, sql: &str, roles: &[usize]) {
        let then = self.block.unwrap_or_else(Instant::now);
        if let Some(row) = self.run(sql).await {
            self.check(&row, roles, then, sql);
        }
    }

    fn check(&self, row: &[String], roles: &[usize], then: Instant, how: &str) {
        assert_eq!(row.len(), roles.len(), "{how}");
        for (account, role) in row.iter().zip(roles) {
            let who = format!("{how} of a session of r{} as r{}", self.session_user, self.current);
            self.world.truth.check(*role, account, then, &who);
        }
        self.world.tally.statements.fetch_add(1, Ordering::Relaxed);
        self.world.tally.accounts.fetch_add(row.len(), Ordering::Relaxed);
    }

    /// The first row, or None where it failed as it may.
    async fn run(&mut self, sql: &str) -> Option<Vec<String>> {
        match self.client.simple_query(sql).await {
            Ok(messages) => Some(first_row(&messages)),
            Err(error) => {
                self.failed(&error, sql).await;
                None
            }
        }
    }

    async fn failed(&mut self, error: &tokio_postgres::Error, sql: &str) {
        let said = said(error);
        assert!(ALLOWED.iter().any(|allowed| said.starts_with(allowed)), "{said} by {sql}");
        self.world.tally.errors.fetch_add(1, Ordering::Relaxed);
        self.world.tally.statements.fetch_add(1, Ordering::Relaxed);
        if self.block.take().is_some() {
            self.give_up_block().await;
        }
    }

    async fn give_up_block(&mut self) {
        let _ = self.client.batch_execute("ROLLBACK").await;
        self.cursor = None;
        self.look_at_lines().await;
        self.look_at_role().await;
    }

    async fn execute_prepared(&mut self) {
        let then = self.block.unwrap_or_else(Instant::now);
        match self.client.query(&self.prepared, &[]).await {
            Ok(rows) => {
                let row: Vec<String> = (0..2).map(|column| rows[0].get(column)).collect();
                self.check(&row, &[self.current, self.other], then, "a prepared statement");
            }
            Err(error) => self.failed(&error, "a prepared statement").await,
        }
    }

    /// A query of one account, by COPY.
    async fn copy(&mut self, query: &str, role: usize) {
        let then = self.block.unwrap_or_else(Instant::now);
        let sql = format!("COPY ({query}) TO STDOUT");
        let copied = async { self.client.copy_out(&*sql).await?.try_collect::<Vec<_>>().await };
        match copied.await {
            Ok(lines) => {
                let account = String::from_utf8(lines.concat()).unwrap();
                self.check(&[account.trim_end().to_owned()], &[role], then, &sql);
            }
            Err(error) => self.failed(&error, &sql).await,
        }
    }

    /// Cancels a statement that takes its time.
    async fn give_up(&mut self) {
        let cancel = self.client.cancel_token();
        let patience = Duration::from_millis(self.dice.random_range(0..60));
        let cancelling = async {
            tokio::time::sleep(patience).await;
            let _ = cancel.cancel_query(NoTls).await;
        };
        let mine = [self.current];
        tokio::join!(self.ask("SELECT account FROM slow", &mine), cancelling);
        // A cancel that comes late may hit what comes next.
        let _ = self.client.batch_execute("SELECT 1").await;
    }

    async fn set_role(&mut self, role: usize) {
        let name = self.world.truth.name(role);
        if self.client.batch_execute(&format!("SET ROLE {name}")).await.is_ok() {
            self.current = role;
        } else if self.block.take().is_some() {
            self.give_up_block().await;
        }
    }

    async fn reset_role(&mut self) {
        if self.client.batch_execute("RESET ROLE").await.is_ok() {
            self.current = self.session_user;
        }
    }

    async fn begin(&mut self) {
        if self.block.is_none() && self.client.batch_execute("BEGIN").await.is_ok() {
            self.block = Some(Instant::now());
        } else {
            let _ = self.client.batch_execute("SAVEPOINT s").await;
        }
    }

    async fn end(&mut self) {
        if self.block.is_none() {
            return;
        }
        let how = ["COMMIT", "ROLLBACK", "ROLLBACK TO s; RELEASE s"][self.dice.random_range(0..3)];
        let done = self.client.batch_execute(how).await;
        if done.is_err() {
            let _ = self.client.batch_execute("ROLLBACK").await;
        }
        self.cursor.take_if(|cursor| how != "COMMIT" || !cursor.is_held);
        if done.is_err() || how != "ROLLBACK TO s; RELEASE s" {
            self.block = None;
            self.look_at_lines().await;
        }
        self.look_at_role().await;
    }

    /// A rollback takes SET ROLE back: the server says who we are. Names do not change hands.
    async fn look_at_role(&mut self) {
        loop {
            match self.client.simple_query("SELECT current_user").await {
                Ok(messages) => {
                    let name = first_row(&messages).remove(0);
                    self.current = name.trim_matches(['r', 'x']).parse().unwrap();
                    return;
                }
                // A cancel that was meant for what came before.
                Err(error) if said(&error).starts_with("57014") => {}
                Err(error) => {
                    assert!(self.client.is_closed(), "{}", said(&error));
                    return;
                }
            }
        }
    }
}

fn first_row(messages: &[SimpleQueryMessage]) -> Vec<String> {
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = row.expect("a view of one row");
    columns(row)
}

fn columns(row: &SimpleQueryRow) -> Vec<String> {
    (0..row.len()).map(|column| row.get(column).unwrap().to_owned()).collect()
}
