//! A session at the remote: what every statement's way there and back has in common.
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{BufMut, BytesMut};
use medley_fdw::{Canceller, Error, Result, Unreached};

use crate::connect::Endpoint;
use crate::error::{self, DEADLOCK};
use crate::protocol::{
    Body, ColumnInfo, Done, ERROR, LOCAL_FILE, OK, Prepared, Refused, command, end_of_list,
    malformed, status,
};
use crate::wire::Wire;

/// Rows as text.
pub(crate) type TextRows = Vec<Vec<Option<String>>>;

/// What a server says of itself, and what its options say of all its sessions.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// The foreign server's name.
    pub server: String,
    /// As a number that grows: 101106, 80036.
    pub version: u32,
    /// MariaDB, and not MySQL.
    pub is_mariadb: bool,
    /// The statement that sets a session up.
    pub setting: String,
    /// A session can be made as new. Not where it was told something that must be told again, and
    /// is not known any more.
    pub is_reusable: bool,
    /// A date that is none is NULL.
    pub zero_dates_are_null: bool,
    /// The parts of a table may be read at different moments.
    pub needs_no_snapshot: bool,
}

/// A connection that has logged in. Dropped in the middle of something, it stops it.
pub(crate) struct Session {
    /// `None` only while dropping.
    wire: Option<Wire>,
    pub remote: Remote,
    /// An answer is still to come, or in the middle of coming.
    busy: bool,
    /// The socket is of no use any more.
    broken: bool,
    /// Answers to a reset, which come before the next one.
    ahead: usize,
    status: u16,
    /// The server has undone all of the transaction that we are in.
    undone: bool,
    /// Prepared statements that are to be forgotten with the next command.
    closing: Vec<u32>,
    canceller: Option<RemoteCanceller>,
}

impl Session {
    /// Of a wire that has logged in.
    pub fn new(mut wire: Wire, remote: Remote, canceller: Option<RemoteCanceller>) -> Self {
        wire.trust();
        Self {
            wire: Some(wire),
            remote,
            busy: false,
            broken: false,
            ahead: 0,
            status: 0,
            undone: false,
            closing: Vec::new(),
            canceller,
        }
    }

    /// Nothing is under way, so that it can be used for something else.
    pub fn is_free(&self) -> bool {
        !self.busy && !self.broken
    }

    /// A transaction is open.
    pub fn is_in_transaction(&self) -> bool {
        self.status & status::IN_TRANSACTION != 0
    }

    /// The server has undone the transaction by itself, and said so once.
    pub fn take_undone(&mut self) -> bool {
        std::mem::take(&mut self.undone)
    }

    /// What stops it.
    pub fn canceller(&self) -> Option<RemoteCanceller> {
        self.canceller.clone()
    }

    /// The packets beneath.
    #[inline]
    pub fn wire(&mut self) -> &mut Wire {
        self.wire.as_mut().expect("it is taken only in drop")
    }

    /// Sends a command that is answered.
    pub async fn send(&mut self, code: u8, write: impl FnOnce(&mut BytesMut)) -> Result<()> {
        if !self.is_free() {
            return Err(self.lost(&io::Error::other("the connection is in use")));
        }
        for id in std::mem::take(&mut self.closing) {
            self.wire().command(command::STMT_CLOSE, |out| out.put_u32_le(id));
        }
        self.busy = true;
        self.wire().command(code, write);
        let sent = self.wire().flush().await;
        sent.map_err(|error| self.lost(&error))
    }

    /// The next packet of an answer. A refusal ends the answer, and is the error.
    pub async fn next(&mut self, sql: &str) -> Result<Vec<u8>> {
        while self.ahead > 0 {
            let packet = self.packet().await?;
            if packet.first() != Some(&OK) {
                return Err(self.lost(&malformed("answer to a reset")));
            }
            self.ahead -= 1;
        }
        let packet = self.packet().await?;
        match packet.first() {
            Some(&ERROR) => Err(self.refused(&packet, sql)),
            Some(_) => Ok(packet),
            None => Err(self.lost(&malformed("answer"))),
        }
    }

    async fn packet(&mut self) -> Result<Vec<u8>> {
        let next = self.wire().next().await;
        next.map_err(|error| self.lost(&error))
    }

    /// What a packet that refuses says; the answer ends with it.
    #[cold]
    pub fn refused(&mut self, packet: &[u8], sql: &str) -> Error {
        self.busy = false;
        let refused = Refused::parse(packet);
        if refused.code == DEADLOCK {
            self.undone = self.is_in_transaction();
            self.status &= !status::IN_TRANSACTION;
        }
        let error = error::of_statement(&refused, sql, &self.remote.server);
        self.broken |= error.is_connection_lost();
        error
    }

    /// The answer has ended, and left the session in this state.
    pub fn done(&mut self, status: u16) {
        self.busy = false;
        self.status = status;
    }

    /// Reads an answer without rows: how many were changed.
    pub async fn changed(&mut self, sql: &str) -> Result<Done> {
        let packet = self.next(sql).await?;
        match packet[0] {
            OK => {
                let done = Done::parse(&packet).map_err(|error| self.lost(&error))?;
                self.done(done.status);
                Ok(done)
            }
            _ => Err(self.lost(&malformed("answer"))),
        }
    }

    /// Runs a statement that returns no rows.
    pub async fn execute(&mut self, sql: &str) -> Result<u64> {
        self.execute_as(sql, sql).await
    }

    /// The same; an error shows another text, which holds no values.
    pub async fn execute_as(&mut self, sql: &str, shown: &str) -> Result<u64> {
        self.send(command::QUERY, |out| out.put_slice(sql.as_bytes())).await?;
        self.changed(shown).await.map(|done| done.rows)
    }

    /// Runs a query of few rows, as text.
    pub async fn rows(&mut self, sql: &str) -> Result<TextRows> {
        self.send(command::QUERY, |out| out.put_slice(sql.as_bytes())).await?;
        let columns = self.column_count(sql).await?;
        self.columns(columns, sql).await?;
        let mut rows = Vec::new();
        loop {
            let packet = self.next(sql).await?;
            if let Some(status) = end_of_list(&packet) {
                self.done(status);
                return Ok(rows);
            }
            let row = text_row(Body(&packet), columns);
            rows.push(row.ok_or_else(|| self.lost(&malformed("row")))?);
        }
    }

    /// How many columns a result has, whose packets follow.
    pub async fn column_count(&mut self, sql: &str) -> Result<usize> {
        let packet = self.next(sql).await?;
        match packet[0] {
            // Nothing of ours asks for a file, and nobody else may.
            OK | LOCAL_FILE => Err(self.lost(&malformed("result"))),
            _ => {
                let count = Body(&packet).number().and_then(|count| usize::try_from(count).ok());
                count.ok_or_else(|| self.lost(&malformed("result")))
            }
        }
    }

    /// The columns of a result, and the server's state after them.
    pub async fn columns(&mut self, count: usize, sql: &str) -> Result<(Vec<ColumnInfo>, u16)> {
        let mut columns = Vec::new();
        if count == 0 {
            return Ok((columns, 0));
        }
        for _ in 0..count {
            let packet = self.next(sql).await?;
            columns.push(ColumnInfo::parse(&packet).map_err(|error| self.lost(&error))?);
        }
        let packet = self.next(sql).await?;
        let end = end_of_list(&packet).ok_or_else(|| self.lost(&malformed("columns")))?;
        Ok((columns, end))
    }

    /// Prepares a statement: what it takes is checked to be so many parameters, and its columns.
    pub async fn prepare(
        &mut self,
        sql: &str,
        parameters: usize,
    ) -> Result<(Prepared, Vec<ColumnInfo>)> {
        self.send(command::STMT_PREPARE, |out| out.put_slice(sql.as_bytes())).await?;
        let packet = self.next(sql).await?;
        if packet[0] != OK {
            return Err(self.lost(&malformed("prepared statement")));
        }
        let prepared = Prepared::parse(&packet).map_err(|error| self.lost(&error))?;
        self.columns(prepared.parameters.into(), sql).await?;
        let (columns, _) = self.columns(prepared.columns.into(), sql).await?;
        self.busy = false;
        match usize::from(prepared.parameters) == parameters {
            true => Ok((prepared, columns)),
            false => {
                self.forget(prepared);
                Err(Error::Mismatch)
            }
        }
    }

    /// Forgets a prepared statement, when something is next sent.
    pub fn forget(&mut self, prepared: Prepared) {
        self.closing.push(prepared.id);
    }

    /// Makes it as new for whoever is next, without waiting for the answer: what a function behind
    /// a remote view can have left (variables, locks, temporary tables) is gone.
    pub async fn reset(&mut self) -> bool {
        if !self.is_free() || self.ahead > 0 || !self.remote.is_reusable {
            return false;
        }
        self.closing.clear();
        self.undone = false;
        self.status = 0;
        let setting = self.remote.setting.clone();
        self.wire().command(command::RESET_CONNECTION, |_| ());
        self.wire().command(command::QUERY, |out| out.put_slice(setting.as_bytes()));
        self.ahead = 2;
        let sent = self.wire().flush().await;
        self.broken = sent.is_err();
        !self.broken
    }

    /// The connection has ended.
    #[cold]
    pub fn lost(&mut self, error: &io::Error) -> Error {
        self.broken = true;
        let detail = match error.kind() {
            io::ErrorKind::UnexpectedEof => "server closed the connection unexpectedly".to_owned(),
            _ => os_text(error),
        };
        Error::Lost { server: self.remote.server.clone(), detail }
    }
}

fn text_row(mut body: Body<'_>, columns: usize) -> Option<Vec<Option<String>>> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    (0..columns).map(|_| Some(body.value()?.map(text))).collect()
}

/// An error as the operating system words it, without what Rust adds.
pub(crate) fn os_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_owned()
}

/// Who leaves in the middle stops what runs; a server notices that a client is gone only when it
/// next sends something.
impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut wire) = self.wire.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let canceller = self.canceller.take().filter(|_| self.busy && !self.broken);
        runtime.spawn(async move {
            if let Some(canceller) = canceller {
                if let Err(error) = canceller.cancel().await {
                    tracing::debug!(%error, "cancelling at the remote");
                }
                return;
            }
            wire.command(command::QUIT, |_| ());
            // Whoever does not take it is closed on all the same.
            let _ = wire.flush().await;
        });
    }
}

/// Stops what a session is doing, over a connection of its own, as the same account.
#[derive(Clone)]
pub(crate) struct RemoteCanceller {
    pub endpoint: Arc<Endpoint>,
    pub connection: u32,
}

#[async_trait]
impl Canceller for RemoteCanceller {
    async fn cancel(&self) -> Result<()> {
        let delivered = self.endpoint.kill_query(self.connection).await;
        delivered.map_err(|detail| Error::Connect {
            server: self.endpoint.server_name.clone(),
            detail,
            kind: Unreached::Other,
        })
    }
}
