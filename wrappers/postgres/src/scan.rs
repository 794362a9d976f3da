//! Rows from the remote: by COPY where all columns can come in binary, else by the extended
//! protocol, column by column in the format that fits.
use std::io;
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::BytesMut;
use medley_fdw::{Error, Query, Result, RowBuilder, SqlState};
use medley_types::{Column, PgType};
use postgres_protocol::message::frontend;

use crate::connection::Connection;
use crate::protocol::{Body, RemoteColumn, Wire, bind, columns, parameter_types};
use crate::session::{Session, Status};
use crate::transfer::{Place, Transfer, cut_short, is_trailer};

/// What COPY BINARY begins with.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// A query whose rows are coming.
pub(crate) struct Scan {
    transfer: Arc<Transfer>,
    rows: RowBuilder,
    /// Of the values of rows that were taken together, kept to save allocations.
    places: Vec<Place>,
    sql: String,
    /// The header of COPY BINARY is still to come.
    header: bool,
    done: bool,
}

impl Scan {
    /// Starts a query.
    pub async fn open(connection: &mut Connection, query: Query) -> Result<Self> {
        let session = &mut connection.session;
        session.ensure_free()?;
        if let Some(transfer) = connection.copied.clone().filter(|it| it.is_of(&query.schema))
            && session.status() == Status::InTransaction
        {
            session.send(1, |out| frontend::query(&copy(&query.sql), out)).await?;
            copying(session, &query.sql).await?;
            return Ok(Self::new(transfer, query.sql, true));
        }
        let (_, remote) = parse(session, &query).await?;
        let transfer = match Transfer::new(query.schema.clone(), &remote) {
            Ok(transfer) => Arc::new(transfer),
            Err(error) => return Err(session.recover().await.err().unwrap_or(error)),
        };
        let by_copy = connection.copies
            && query.parameters.is_empty()
            && is_select(&query.sql)
            && !transfer.formats().is_empty()
            && transfer.is_binary();
        if by_copy {
            match copy_out(session, &query.sql).await {
                Err(Error::Remote(report))
                    if has_no_copy(report.sqlstate) && session.status() == Status::Idle =>
                {
                    connection.copies = false;
                    // COPY has taken the place of the parsed query.
                    parse(session, &query).await?;
                }
                started => {
                    started?;
                    connection.copied = Some(Arc::clone(&transfer));
                    return Ok(Self::new(transfer, query.sql, true));
                }
            }
        }
        bind_and_run(session, &query, &transfer).await?;
        Ok(Self::new(transfer, query.sql, false))
    }

    fn new(transfer: Arc<Transfer>, sql: String, header: bool) -> Self {
        Self { rows: transfer.rows(), places: Vec::new(), transfer, sql, header, done: false }
    }

    /// The next batch; `None` when the remote has said that this was all.
    pub async fn next(&mut self, session: &mut Session) -> Result<Option<RecordBatch>> {
        while !self.done && !self.rows.is_full() {
            match session.wire().peek() {
                Ok(Some((b'd', body))) if self.header || is_trailer(body) => {
                    copied(&self.transfer, &mut self.rows, &mut self.header, body)?;
                    session.wire().skip();
                }
                Ok(Some((kind @ (b'd' | b'D'), _))) => self.take_rows(session.wire(), kind)?,
                Ok(Some(_)) => self.step(session).await?,
                Ok(None) => {
                    let filled = session.wire().fill().await;
                    filled.map_err(|error| session.lost(&error))?;
                }
                Err(error) => return Err(session.lost(&error)),
            }
        }
        match self.rows.is_empty() {
            true => Ok(None),
            false => self.rows.finish().map(Some),
        }
    }

    /// Takes the rows that are here already, as many as the batch has room for.
    fn take_rows(&mut self, wire: &mut Wire, kind: u8) -> Result<()> {
        let Self { transfer, rows, places, .. } = self;
        let input = wire.input();
        let run = wire.run(kind).take_while(|body| !is_trailer(&input[body.clone()]));
        let end = transfer.append_run(input, run.take(rows.room()), places, rows)?;
        wire.skip_bytes(end);
        Ok(())
    }

    /// What comes between and after the rows.
    async fn step(&mut self, session: &mut Session) -> Result<()> {
        let frame = session.event(&self.sql).await?;
        match frame.tag {
            b'Z' => self.done = true,
            // BindComplete, CommandComplete, CopyDone, EmptyQueryResponse.
            b'2' | b'C' | b'c' | b'I' => {}
            _ => return Err(session.unexpected(&frame)),
        }
        Ok(())
    }
}

/// Parses a query as the unnamed statement, and learns its parameters and columns.
async fn parse(session: &mut Session, query: &Query) -> Result<(Vec<u32>, Vec<RemoteColumn>)> {
    let types = query.parameters.iter().map(|(t, _)| t.info().map_or(0, |info| info.oid.0));
    session
        .send_open(|out| {
            frontend::parse("", &query.sql, types, out)?;
            frontend::describe(b'S', "", out)
        })
        .await?;
    let mut parameters = Vec::new();
    loop {
        let frame = session.event(&query.sql).await?;
        let broken = |error: io::Error, session: &mut Session| session.lost(&error);
        match frame.tag {
            b'1' => {}
            b't' => {
                parameters =
                    parameter_types(&frame.body).map_err(|error| broken(error, session))?;
            }
            b'T' => {
                let columns = columns(&frame.body).map_err(|error| broken(error, session))?;
                return Ok((parameters, columns));
            }
            b'n' => return Ok((parameters, Vec::new())),
            _ => return Err(session.unexpected(&frame)),
        }
    }
}

/// A statement that COPY takes, unlike SHOW or EXPLAIN.
fn is_select(sql: &str) -> bool {
    let words = sql.trim_start_matches(|c: char| c == '(' || c.is_ascii_whitespace());
    let end = words.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(words.len());
    ["select", "with", "values", "table"].iter().any(|word| words[..end].eq_ignore_ascii_case(word))
}

/// Starts COPY after a query that was parsed.
async fn copy_out(session: &mut Session, sql: &str) -> Result<()> {
    session.send_synced(|_| Ok(()), 1, |out| frontend::query(&copy(sql), out)).await?;
    copying(session, sql).await
}

fn copy(sql: &str) -> String {
    format!("COPY ({sql}) TO STDOUT (FORMAT BINARY)")
}

/// Waits until COPY has started.
async fn copying(session: &mut Session, sql: &str) -> Result<()> {
    loop {
        let frame = session.event(sql).await?;
        match frame.tag {
            // ReadyForQuery after the parsed query.
            b'Z' => {}
            b'H' => return Ok(()),
            _ => return Err(session.unexpected(&frame)),
        }
    }
}

/// What remotes say that have the protocol and no COPY. The query itself was parsed, so that it
/// is not what is meant.
fn has_no_copy(state: SqlState) -> bool {
    state == SqlState::FEATURE_NOT_SUPPORTED || state == SqlState::SYNTAX_ERROR
}

async fn bind_and_run(session: &mut Session, query: &Query, transfer: &Transfer) -> Result<()> {
    let run = |out: &mut BytesMut| {
        bind_unnamed("", query, transfer, out)?;
        frontend::execute("", 0, out)
    };
    session.send_synced(run, 0, |_| Ok(())).await
}

fn bind_unnamed(
    portal: &str,
    query: &Query,
    transfer: &Transfer,
    out: &mut BytesMut,
) -> io::Result<()> {
    let formats = transfer.formats().iter().map(|format| format.code());
    bind(portal, "", &query.parameters, formats, out)
}

/// A message of COPY BINARY: a row each, the header before the first, a trailer after the last.
fn copied(
    transfer: &Transfer,
    rows: &mut RowBuilder,
    header: &mut bool,
    body: &[u8],
) -> Result<()> {
    let mut body = Body(body);
    if std::mem::take(header) {
        skip_header(&mut body).ok_or_else(cut_short)?;
    }
    match is_trailer(body.0) {
        true => Ok(()),
        false => transfer.append(body.0, rows),
    }
}

fn skip_header(body: &mut Body<'_>) -> Option<()> {
    let signature = body.bytes(SIGNATURE.len())?;
    let _flags = body.i32()?;
    let extension = usize::try_from(body.i32()?).ok()?;
    body.bytes(extension)?;
    (signature == SIGNATURE).then_some(())
}

/// A query that is read in turns with others, inside a transaction.
pub(crate) struct Cursor {
    name: String,
    transfer: Transfer,
    rows: RowBuilder,
    sql: String,
    done: bool,
}

impl Cursor {
    /// Opens it: a portal at the remote.
    pub async fn declare(session: &mut Session, name: &str, query: Query) -> Result<Self> {
        session.ensure_free()?;
        let (_, remote) = parse(session, &query).await?;
        let transfer = match Transfer::new(query.schema.clone(), &remote) {
            Ok(transfer) => transfer,
            Err(error) => return Err(session.recover().await.err().unwrap_or(error)),
        };
        session
            .send_synced(|out| bind_unnamed(name, &query, &transfer, out), 0, |_| Ok(()))
            .await?;
        until_ready(session, &query.sql).await?;
        let rows = transfer.rows();
        Ok(Self { name: name.to_owned(), transfer, rows, sql: query.sql, done: false })
    }

    /// Reads on.
    pub async fn fetch(
        &mut self,
        session: &mut Session,
        rows: usize,
    ) -> Result<Option<RecordBatch>> {
        if self.done {
            return Ok(None);
        }
        session.ensure_free()?;
        let rows = i32::try_from(rows.max(1)).unwrap_or(i32::MAX);
        session
            .send(1, |out| {
                frontend::execute(&self.name, rows, out)?;
                frontend::sync(out);
                Ok(())
            })
            .await?;
        loop {
            let frame = session.event(&self.sql).await?;
            match frame.tag {
                b'D' => self.transfer.append(&frame.body, &mut self.rows)?,
                b'C' => self.done = true,
                // PortalSuspended: there may be more.
                b's' => {}
                b'Z' => break,
                _ => return Err(session.unexpected(&frame)),
            }
        }
        match self.rows.is_empty() {
            true => Ok(None),
            false => self.rows.finish().map(Some),
        }
    }

    /// Closes it.
    pub async fn close(self, session: &mut Session) -> Result<()> {
        session.ensure_free()?;
        session
            .send(1, |out| {
                frontend::close(b'P', &self.name, out)?;
                frontend::sync(out);
                Ok(())
            })
            .await?;
        until_ready(session, &self.sql).await
    }
}

async fn until_ready(session: &mut Session, sql: &str) -> Result<()> {
    while session.event(sql).await?.tag != b'Z' {}
    Ok(())
}

/// What a query takes and gives.
pub(crate) async fn describe(
    session: &mut Session,
    sql: &str,
) -> Result<(Vec<PgType>, Vec<Column>)> {
    session.ensure_free()?;
    let schema = Arc::new(arrow_schema::Schema::empty());
    let query = Query { sql: sql.to_owned(), schema, parameters: Vec::new() };
    let (parameters, columns) = parse(session, &query).await?;
    session.recover().await?;
    let column = |column: RemoteColumn| Column {
        name: column.name,
        pg_type: PgType::plain(column.type_oid).with_typmod(column.typmod),
    };
    let parameters = parameters.into_iter().map(PgType::plain).collect();
    Ok((parameters, columns.into_iter().map(column).collect()))
}
