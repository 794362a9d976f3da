//! Cursors that are fetched from while roles change.
use std::time::Instant;

use rand::Rng;
use tokio_postgres::SimpleQueryMessage;

use super::{Person, columns};

/// A cursor that is open, or was before a savepoint was gone back to.
pub struct Cursor {
    /// Whose account its rows tell.
    role: usize,
    since: Instant,
    pub is_held: bool,
    /// What its first row told.
    account: Option<String>,
}

impl Person {
    /// Declares one, fetches from it, or closes it.
    pub async fn use_cursor(&mut self) {
        match self.cursor.take() {
            None => self.declare().await,
            Some(cursor) if self.dice.random_range(0..6) > 0 => self.fetch(cursor).await,
            Some(_) => drop(self.client.batch_execute("CLOSE c").await),
        }
    }

    async fn declare(&mut self) {
        let theirs = self.any();
        let (role, query) = match self.dice.random_range(0..3) {
            0 => (theirs, format!("SELECT account FROM v{theirs}")),
            1 => (self.current, "SELECT account FROM whoami".to_owned()),
            _ => (self.current, "SELECT account FROM many LIMIT 50".to_owned()),
        };
        let is_held = self.block.is_none() || self.dice.random_range(0..3) == 0;
        let since = self.block.unwrap_or_else(Instant::now);
        let hold = if is_held { "WITH HOLD" } else { "" };
        // One that went with a savepoint may still be there.
        let sql = format!("CLOSE ALL; DECLARE c CURSOR {hold} FOR {query}");
        match self.client.batch_execute(&sql).await {
            Ok(()) => self.cursor = Some(Cursor { role, since, is_held, account: None }),
            Err(error) => self.failed(&error, &sql).await,
        }
    }

    /// Whoever it is by now, the rows are of who declared it, all of one account.
    async fn fetch(&mut self, mut cursor: Cursor) {
        let sql = "FETCH 3 FROM c";
        let messages = match self.client.simple_query(sql).await {
            Ok(messages) => messages,
            Err(error) => return self.failed(&error, sql).await,
        };
        for message in messages {
            let SimpleQueryMessage::Row(row) = message else { continue };
            let row = columns(&row);
            self.check(&row, &[cursor.role], cursor.since, sql);
            let first = cursor.account.get_or_insert_with(|| row[0].clone());
            assert_eq!(*first, row[0], "a cursor of r{}", cursor.role);
        }
        self.cursor = Some(cursor);
    }
}
