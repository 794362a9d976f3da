//! Rows relayed unread: the remote encodes them as our client wants them, and the messages are
//! passed on as they came.
//!
//! Everything of a query goes out at once: one round trip. A text that is likely to come again is
//! prepared under a name, and the next time it is only bound.
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use medley_fdw::{Error, RawBatch, RawQuery, Report, Result, Settings, SqlState};
use postgres_protocol::message::frontend;

use crate::connection::Connection;
use crate::protocol::{Frame, bind, columns};
use crate::session::{Session, Status};

/// How many statements a session keeps prepared.
const MOST_STATEMENTS: usize = 256;

/// A text and the types of its parameters.
type Key = (Arc<str>, Vec<u32>);

/// What is prepared at the remote, the oldest first.
#[derive(Default)]
pub(crate) struct Statements {
    names: HashMap<Key, String>,
    order: VecDeque<Key>,
    made: u64,
}

impl Statements {
    fn name(&self, key: &Key) -> Option<&str> {
        self.names.get(key).map(String::as_str)
    }

    fn next_name(&mut self) -> String {
        self.made += 1;
        format!("medley_{}", self.made)
    }

    /// Forgets the oldest if there is no place for one more: its name.
    fn make_place(&mut self) -> Option<String> {
        match self.order.len() < MOST_STATEMENTS {
            true => None,
            false => self.order.pop_front().and_then(|key| self.names.remove(&key)),
        }
    }

    fn insert(&mut self, key: Key, name: String) {
        self.order.push_back(key.clone());
        self.names.insert(key, name);
    }

    fn remove(&mut self, key: &Key) -> Option<String> {
        self.order.retain(|known| known != key);
        self.names.remove(key)
    }
}

/// A portal at the remote whose rows are relayed.
pub(crate) struct RelayCursor {
    /// The last row has come.
    done: bool,
    sql: Arc<str>,
    settings: Settings,
}

/// A query whose rows are coming.
pub(crate) struct Relay {
    sql: Arc<str>,
    done: bool,
}

impl Relay {
    /// The rows that have come, at least one; `None` when the remote has said that this was all.
    pub async fn next(&mut self, session: &mut Session) -> Result<Option<RawBatch>> {
        while !self.done {
            let run = session.wire().run_of(b'D');
            let (rows, messages) = run.map_err(|error| session.lost(&error))?;
            if rows > 0 {
                return Ok(Some(RawBatch { rows, messages }));
            }
            match session.wire().peek().map(|it| it.map(|(tag, _)| tag)) {
                Ok(Some(_)) => {
                    if let Some(row) = self.step(session).await? {
                        return Ok(Some(row));
                    }
                }
                Ok(None) => {
                    let filled = session.wire().fill().await;
                    filled.map_err(|error| session.lost(&error))?;
                }
                Err(error) => return Err(session.lost(&error)),
            }
        }
        Ok(None)
    }

    /// What comes after the rows, or the row that comes after a notice.
    async fn step(&mut self, session: &mut Session) -> Result<Option<RawBatch>> {
        let frame = session.event(&self.sql).await?;
        match frame.tag {
            b'D' => {
                let mut messages = BytesMut::new();
                put_frame(&frame, &mut messages);
                return Ok(Some(RawBatch { rows: 1, messages: messages.freeze() }));
            }
            b'Z' => self.done = true,
            b'C' | b'I' => {}
            _ => return Err(session.unexpected(&frame)),
        }
        Ok(None)
    }
}

impl Connection {
    /// Starts a query whose rows are relayed.
    pub(crate) async fn relay(&mut self, query: &RawQuery) -> Result<Relay> {
        self.bind_portal("", query, |out| frontend::execute("", 0, out)).await?;
        Ok(Relay { sql: Arc::clone(&query.sql), done: false })
    }

    /// Opens a cursor: a portal at the remote.
    pub(crate) async fn declare_relay(&mut self, cursor: &str, query: &RawQuery) -> Result<()> {
        if self.session.status() != Status::InTransaction {
            let message = "DECLARE CURSOR can only be used in transaction blocks";
            let state = SqlState::NO_ACTIVE_SQL_TRANSACTION;
            return Err(Error::refused(Report::error(state, message)));
        }
        self.bind_portal(cursor, query, |_| Ok(())).await?;
        until_ready(&mut self.session, &query.sql).await?;
        let (sql, settings) = (Arc::clone(&query.sql), Arc::clone(&query.settings));
        let relay = RelayCursor { done: false, sql, settings };
        self.relays.insert(cursor.to_owned(), relay);
        Ok(())
    }

    /// Reads on.
    pub(crate) async fn fetch_relay(
        &mut self,
        cursor: &str,
        rows: usize,
    ) -> Result<Option<RawBatch>> {
        let relay = self.relays.get_mut(cursor).ok_or_else(|| no_cursor(cursor))?;
        if relay.done {
            return Ok(None);
        }
        let rows = i32::try_from(rows.max(1)).unwrap_or(i32::MAX);
        let execute = |out: &mut BytesMut| frontend::execute(cursor, rows, out);
        // Rows are printed as they are fetched.
        send_under(&mut self.session, &relay.settings, execute).await?;
        let fetched = collect(&mut self.session, relay).await?;
        Ok((fetched.rows > 0).then_some(fetched))
    }

    /// Closes it, if it is one whose rows are relayed.
    pub(crate) async fn close_relay(&mut self, cursor: &str) -> Result<bool> {
        let Some(relay) = self.relays.remove(cursor) else { return Ok(false) };
        let close = |out: &mut BytesMut| frontend::close(b'P', cursor, out);
        send_under(&mut self.session, &relay.settings, close).await?;
        until_ready(&mut self.session, cursor).await?;
        Ok(true)
    }

    /// Parses what is not prepared, and binds it to this portal.
    async fn bind_portal(
        &mut self,
        portal: &str,
        query: &RawQuery,
        run: impl Fn(&mut BytesMut) -> io::Result<()>,
    ) -> Result<()> {
        let types = query.parameters.iter().map(|(t, _)| t.oid.0).collect();
        let key = (Arc::clone(&query.sql), types);
        loop {
            let known = self.statements.name(&key).map(str::to_owned);
            let is_known = known.is_some();
            match self.send_portal(portal, query, &key, known, &run).await {
                Err(Error::Remote(report)) if is_known && is_stale(report.sqlstate) => {
                    self.forget(&key).await?;
                    if self.session.status() != Status::Idle {
                        return Err(Error::Remote(report));
                    }
                }
                sent => return sent,
            }
        }
    }

    async fn forget(&mut self, key: &Key) -> Result<()> {
        let Some(name) = self.statements.remove(key) else { return Ok(()) };
        let close = |out: &mut BytesMut| {
            frontend::close(b'S', &name, out)?;
            frontend::sync(out);
            Ok(())
        };
        self.session.send(1, close).await?;
        until_ready(&mut self.session, &key.0).await
    }

    async fn send_portal(
        &mut self,
        portal: &str,
        query: &RawQuery,
        key: &Key,
        known: Option<String>,
        run: impl Fn(&mut BytesMut) -> io::Result<()>,
    ) -> Result<()> {
        self.session.ensure_free()?;
        let leaves_nothing = query.leaves_nothing && self.session.status() == Status::Idle;
        // Only an unused session can stay one, and be told of in the same breath.
        let watches = leaves_nothing && self.session.is_unused();
        let called = if watches { self.session.take_name() } else { None };
        let watch = &self.watch;
        let is_new = known.is_none();
        let name = match known {
            Some(name) => name,
            None if query.is_prepared => self.statements.next_name(),
            None => String::new(),
        };
        let forgotten = if name.is_empty() { None } else { self.statements.make_place() };
        self.session.under(Some(Arc::clone(&query.settings)));
        let sent = self.session.send(1, |out| {
            if let Some(name) = &forgotten {
                frontend::close(b'S', name, out)?;
            }
            if watches {
                watch.ask(called.as_deref(), out)?;
            }
            if is_new {
                frontend::parse(&name, &query.sql, key.1.iter().copied(), out)?;
                frontend::describe(b'S', &name, out)?;
            }
            let formats = query.binary.iter().map(|binary| i16::from(*binary));
            bind(portal, &name, &query.parameters, formats, out)?;
            run(out)?;
            frontend::sync(out);
            Ok(())
        });
        let sent = sent.await;
        self.session.under(None);
        sent?;
        if watches {
            self.session.stays_unused();
            self.watch.hear(&mut self.session).await?;
        }
        let mut parsed = false;
        let bound = self.until_bound(query, &mut parsed).await;
        if parsed && !name.is_empty() {
            self.statements.insert(key.clone(), name);
            if bound.is_err() && self.session.is_free() {
                self.forget(key).await?;
            }
        }
        bound
    }

    /// Reads what comes before the rows.
    async fn until_bound(&mut self, query: &RawQuery, parsed: &mut bool) -> Result<()> {
        loop {
            let frame = self.session.event(&query.sql).await?;
            match frame.tag {
                b'1' => *parsed = true,
                b'3' | b't' | b'n' => {}
                b'T' => {
                    let remote = columns(&frame.body);
                    let remote = remote.map_err(|error| self.session.lost(&error))?;
                    let types = remote.iter().map(|column| column.type_oid);
                    if !types.eq(query.columns.iter().map(|t| t.oid.0)) {
                        self.session.recover().await?;
                        return Err(Error::refused(Report::error(
                            SqlState::FDW_ERROR,
                            "the remote's columns are of other types than expected",
                        )));
                    }
                }
                b'2' => return Ok(()),
                _ => return Err(self.session.unexpected(&frame)),
            }
        }
    }
}

/// What a remote says of a statement that it does not know any more, or that would now give
/// other columns.
fn is_stale(state: SqlState) -> bool {
    state == SqlState::FEATURE_NOT_SUPPORTED || state == SqlState::from_remote("26000")
}

/// The rows of one Execute.
async fn collect(session: &mut Session, relay: &mut RelayCursor) -> Result<RawBatch> {
    let mut fetched = RawBatch::default();
    let mut messages = BytesMut::new();
    loop {
        let run = session.wire().run_of(b'D');
        let (rows, some) = run.map_err(|error| session.lost(&error))?;
        fetched.rows += rows;
        messages.put_slice(&some);
        let next = session.wire().peek().map(|it| it.map(|(tag, _)| tag));
        match next.map_err(|error| session.lost(&error))? {
            None => {
                let filled = session.wire().fill().await;
                filled.map_err(|error| session.lost(&error))?;
            }
            Some(b'D') => {}
            Some(_) => {
                let frame = session.event(&relay.sql).await?;
                match frame.tag {
                    // The first, where the answer to something else came before it.
                    b'D' => {
                        fetched.rows += 1;
                        put_frame(&frame, &mut messages);
                    }
                    b'C' => relay.done = true,
                    // PortalSuspended: there may be more.
                    b's' => {}
                    b'Z' => break,
                    _ => return Err(session.unexpected(&frame)),
                }
            }
        }
    }
    fetched.messages = messages.freeze();
    Ok(fetched)
}

fn put_frame(frame: &Frame, messages: &mut BytesMut) {
    messages.put_u8(frame.tag);
    messages.put_u32(4 + frame.body.len() as u32);
    messages.put_slice(&frame.body);
}

/// Sends a message and Sync, under these settings.
async fn send_under(
    session: &mut Session,
    settings: &Settings,
    write: impl FnOnce(&mut BytesMut) -> io::Result<()>,
) -> Result<()> {
    session.ensure_free()?;
    session.under(Some(Arc::clone(settings)));
    let sent = session.send(1, |out| {
        write(out)?;
        frontend::sync(out);
        Ok(())
    });
    let sent = sent.await;
    session.under(None);
    sent
}

async fn until_ready(session: &mut Session, sql: &str) -> Result<()> {
    while session.event(sql).await?.tag != b'Z' {}
    Ok(())
}

fn no_cursor(name: &str) -> Error {
    let message = format!("cursor \"{name}\" does not exist");
    Error::refused(Report::error(SqlState::INVALID_CURSOR_NAME, message))
}
