//! Lines that are written at the remote, where a trigger writes down who did it.
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use rand::Rng;
use tokio_postgres::SimpleQueryMessage;

use super::{Person, columns};

/// Answers as whom.
pub const INSERT: &str = "INSERT INTO notes (line) VALUES ($1) RETURNING account";

/// What the remote knows of these lines.
const DONE: &str = "SELECT what, line, who FROM done WHERE line = ANY ($1)";

/// What the remote should know, if it was committed.
pub struct Written {
    what: &'static str,
    line: String,
    /// Whose account it should be by.
    role: usize,
    since: Instant,
}

impl Person {
    /// Writes, in one of many ways, as itself or through another's view.
    pub async fn write(&mut self) {
        let (mine, theirs) = (self.current, self.any());
        let (role, relation) = match self.dice.random_range(0..3) {
            0 => (theirs, format!("n{theirs}")),
            _ => (mine, "notes".to_owned()),
        };
        match self.dice.random_range(0..13) {
            0..3 => {
                let line = self.will_insert(role);
                self.ask(
                    &INSERT.replace("notes", &relation).replace("$1", &quoted(&line)),
                    &[role],
                )
                .await;
            }
            3..5 => self.update(role, &relation).await,
            5..7 => self.delete(role, &relation).await,
            7..9 => self.copy_in().await,
            9 => self.insert_what_is_read(theirs).await,
            10 => self.insert_prepared().await,
            11 => {
                let line = self.will_insert(mine);
                self.ask(&format!("EXECUTE writing({})", quoted(&line)), &[mine]).await;
            }
            _ => self.write_by_two(theirs).await,
        }
        if self.block.is_none() {
            self.look_at_lines().await;
        }
    }

    /// A line that nobody else has, and that tells whose account is to write it.
    fn will_insert(&mut self, role: usize) -> String {
        let line = format!("{role}.{:016x}", self.dice.random::<u64>());
        self.lines.push(line.clone());
        self.will("INSERT", &line, role);
        line
    }

    fn will(&mut self, what: &'static str, line: &str, role: usize) {
        let since = self.block.unwrap_or_else(Instant::now);
        self.written.push(Written { what, line: line.to_owned(), role, since });
    }

    /// The line may be gone by a rollback.
    async fn update(&mut self, role: usize, relation: &str) {
        let Some(old) = self.lines.pop() else { return };
        let new = format!("{role}.{:016x}", self.dice.random::<u64>());
        self.lines.push(new.clone());
        self.will("UPDATE", &new, role);
        let (old, new) = (quoted(&old), quoted(&new));
        // What is not shipped is done row by row.
        let here = ["", " AND random() >= 0"][self.dice.random_range(0..2)];
        let sql = format!(
            "UPDATE {relation} SET line = {new} WHERE line = {old}{here} RETURNING account"
        );
        self.ask_if_any(&sql, role).await;
    }

    async fn delete(&mut self, role: usize, relation: &str) {
        let Some(line) = self.lines.pop() else { return };
        self.will("DELETE", &line, role);
        let here = ["", " AND random() >= 0"][self.dice.random_range(0..2)];
        self.change(&format!("DELETE FROM {relation} WHERE line = {}{here}", quoted(&line))).await;
    }

    /// A query of one account or none.
    async fn ask_if_any(&mut self, sql: &str, role: usize) {
        let then = self.block.unwrap_or_else(Instant::now);
        match self.client.simple_query(sql).await {
            Ok(messages) => {
                for message in messages {
                    let SimpleQueryMessage::Row(row) = message else { continue };
                    self.check(&columns(&row), &[role], then, sql);
                }
            }
            Err(error) => self.failed(&error, sql).await,
        }
    }

    /// One that answers nothing.
    async fn change(&mut self, sql: &str) {
        match self.client.batch_execute(sql).await {
            Ok(()) => _ = self.world.tally.statements.fetch_add(1, Ordering::Relaxed),
            Err(error) => self.failed(&error, sql).await,
        }
    }

    async fn copy_in(&mut self) {
        let lines: Vec<_> = (0..3).map(|_| self.will_insert(self.current)).collect();
        let text = Bytes::from(lines.join("\n") + "\n");
        let copied = async {
            let sink = self.client.copy_in("COPY notes (line) FROM STDIN").await?;
            let mut sink = std::pin::pin!(sink);
            sink.send(text).await?;
            sink.finish().await
        };
        match copied.await {
            Ok(rows) => {
                assert_eq!(rows, 3);
                self.world.tally.statements.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.failed(&error, "COPY FROM").await,
        }
    }

    /// What another reads, written as oneself.
    async fn insert_what_is_read(&mut self, theirs: usize) {
        let then = self.block.unwrap_or_else(Instant::now);
        let (mine, line) = (self.current, self.will_insert(self.current));
        let line = quoted(&line);
        let sql = format!(
            "INSERT INTO notes (line, memo) SELECT {line}, account FROM v{theirs} \
             RETURNING account, memo"
        );
        if let Some(row) = self.run(&sql).await {
            self.check(&row, &[mine, theirs], then, &sql);
        }
    }

    async fn insert_prepared(&mut self) {
        let then = self.block.unwrap_or_else(Instant::now);
        let (mine, line) = (self.current, self.will_insert(self.current));
        match self.client.query_one(&self.inserting, &[&line]).await {
            Ok(row) => self.check(&[row.get(0)], &[mine], then, "a prepared INSERT"),
            Err(error) => self.failed(&error, "a prepared INSERT").await,
        }
    }

    /// A transaction of two accounts, committed in two phases or not.
    async fn write_by_two(&mut self, theirs: usize) {
        if self.block.is_some() {
            return;
        }
        let (mine, since) = (self.current, Instant::now());
        let (one, two) = (self.will_insert(mine), self.will_insert(theirs));
        self.written.iter_mut().for_each(|written| written.since = since);
        let (one, two) = (quoted(&one), quoted(&two));
        let sql = format!(
            "BEGIN; INSERT INTO notes (line) VALUES ({one}); \
             INSERT INTO n{theirs} (line) VALUES ({two}); COMMIT"
        );
        self.change(&sql).await;
        // A transaction that failed is still there.
        let _ = self.client.batch_execute("ROLLBACK").await;
    }

    /// By whom the remote was told what it kept of what was written.
    pub async fn look_at_lines(&mut self) {
        let written = std::mem::take(&mut self.written);
        let lines: Vec<_> = written.iter().map(|written| written.line.as_str()).collect();
        let done = self.world.judge.query_raw(DONE, [&lines]).await.unwrap();
        let mut done = std::pin::pin!(done);
        while let Some(row) = done.next().await.transpose().unwrap() {
            let (what, line, who): (String, String, String) = (row.get(0), row.get(1), row.get(2));
            let is_it = |written: &&Written| written.what == what && written.line == line;
            // What is not among them was looked at before.
            let Some(Written { role, since, .. }) = written.iter().find(is_it) else { continue };
            self.world.truth.check(*role, &who, *since, &format!("{what} of {line}"));
            self.world.tally.lines.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn quoted(line: &str) -> String {
    format!("'{line}'")
}
