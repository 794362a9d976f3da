//! Rows from the remote: a prepared statement, whose values come in binary; all of them in one
//! stream, or by turns from a cursor that the server keeps.
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::{BufMut, BytesMut};
use medley_fdw::{Error, Query, Report, Result, RowBuilder, SqlState};
use medley_types::type_of_field;

use crate::decode::Decoder;
use crate::parameter::{self, Parameter};
use crate::protocol::{Body, ColumnInfo, ERROR, Prepared, command, end_of_list, status};
use crate::session::Session;

/// A cursor that is only read.
const READ_ONLY_CURSOR: u8 = 1;
/// In a row's bitmap of NULLs, the first bits are not of columns.
const BITMAP_OFFSET: usize = 2;

/// A query whose rows are coming.
pub(crate) struct Scan {
    prepared: Prepared,
    decoders: Vec<Decoder>,
    columns: usize,
    rows: RowBuilder,
    schema: SchemaRef,
    sql: String,
    done: bool,
}

impl Scan {
    /// Starts a query.
    pub async fn open(session: &mut Session, query: Query) -> Result<Self> {
        let (mut scan, has_cursor) = Self::execute(session, query, 0).await?;
        match has_cursor {
            false => Ok(scan),
            true => {
                scan.done = true;
                Err(Error::Mismatch)
            }
        }
    }

    /// Runs it; whether its rows wait in a cursor.
    async fn execute(session: &mut Session, query: Query, flags: u8) -> Result<(Self, bool)> {
        let values = query.parameters.iter();
        let values = values.map(|(t, text)| parameter::value(*t, text.as_deref()));
        let values = values.collect::<Result<Vec<_>>>()?;
        let (prepared, columns) = session.prepare(&query.sql, values.len()).await?;
        if let Err(error) = check_columns(&query.schema, columns.len()) {
            session.forget(prepared);
            return Err(error);
        }
        let started = start(session, prepared, flags, &values, &query.sql).await;
        let (columns, after) = match started {
            Ok(started) => started,
            Err(error) => {
                session.forget(prepared);
                return Err(error);
            }
        };
        check_columns(&query.schema, columns.len())?;
        let zero_dates_are_null = session.remote.zero_dates_are_null;
        let declared = query.schema.fields().iter();
        let decoders = declared
            .zip(&columns)
            .map(|(field, info)| Decoder::new(info, type_of_field(field), zero_dates_are_null));
        let scan = Self {
            prepared,
            decoders: decoders.collect(),
            columns: columns.len(),
            rows: RowBuilder::new(query.schema.clone()),
            schema: query.schema,
            sql: query.sql,
            done: false,
        };
        let has_cursor = after & status::CURSOR_EXISTS != 0;
        if has_cursor {
            session.done(after);
        }
        Ok((scan, has_cursor))
    }

    /// The next batch; `None` when the remote has said that this was all.
    pub async fn next(&mut self, session: &mut Session) -> Result<Option<RecordBatch>> {
        while !self.done && !self.rows.is_full() {
            if let Some(status) = self.step(session).await? {
                session.done(status);
                session.forget(self.prepared);
                self.done = true;
            }
        }
        self.batch()
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>> {
        match self.rows.is_empty() {
            true => Ok(None),
            false => self.rows.finish().map(Some),
        }
    }

    /// Takes the rows that are here, or waits for more; the server's state when they end.
    async fn step(&mut self, session: &mut Session) -> Result<Option<u16>> {
        while !self.rows.is_full() {
            let packet = match session.wire().peek() {
                Ok(Some(packet)) => packet,
                Ok(None) => {
                    let filled = session.wire().fill().await;
                    filled.map_err(|error| session.lost(&error))?;
                    continue;
                }
                Err(error) => return Err(session.lost(&error)),
            };
            if packet.first() == Some(&ERROR) {
                let packet = packet.to_vec();
                session.wire().skip();
                session.forget(self.prepared);
                return Err(session.refused(&packet, &self.sql));
            }
            if let Some(status) = end_of_list(packet) {
                session.wire().skip();
                return Ok(Some(status));
            }
            append(&self.decoders, self.columns, &self.schema, packet, &mut self.rows)?;
            session.wire().skip();
        }
        Ok(None)
    }
}

/// Without declared columns, rows are only counted.
fn check_columns(schema: &SchemaRef, found: usize) -> Result<()> {
    let declared = schema.fields().len();
    match found > 0 && (declared == 0 || declared == found) {
        true => Ok(()),
        false => Err(Error::Mismatch),
    }
}

/// Executes a prepared statement that returns rows: their columns, and the server's state.
async fn start(
    session: &mut Session,
    prepared: Prepared,
    flags: u8,
    values: &[Parameter],
    sql: &str,
) -> Result<(Vec<ColumnInfo>, u16)> {
    let write = |out: &mut BytesMut| write_execute(prepared, flags, values, out);
    session.send(command::STMT_EXECUTE, write).await?;
    let count = session.column_count(sql).await?;
    session.columns(count, sql).await
}

/// What follows the command of executing a prepared statement.
pub(crate) fn write_execute(
    prepared: Prepared,
    flags: u8,
    values: &[Parameter],
    out: &mut BytesMut,
) {
    out.put_u32_le(prepared.id);
    out.put_u8(flags);
    out.put_u32_le(1);
    parameter::write(values, out);
}

/// Appends a row.
fn append(
    decoders: &[Decoder],
    columns: usize,
    schema: &SchemaRef,
    packet: &[u8],
    rows: &mut RowBuilder,
) -> Result<()> {
    let mut body = Body(packet);
    let nulls = body.u8().and_then(|_| body.bytes((columns + 7 + BITMAP_OFFSET) / 8));
    let nulls = nulls.ok_or_else(cut_short)?;
    for (index, (decoder, builder)) in decoders.iter().zip(rows.columns()).enumerate() {
        let bit = index + BITMAP_OFFSET;
        match nulls[bit / 8] >> (bit % 8) & 1 == 1 {
            true => builder.append_null(),
            false => decoder
                .append(&mut body, builder)
                .map_err(|misfit| misfit.in_column(schema.field(index).name()))?,
        }
    }
    rows.end_row();
    Ok(())
}

fn cut_short() -> Error {
    Error::remote(Report::error(SqlState::PROTOCOL_VIOLATION, "invalid row from server"))
}

/// A query that is read in turns with others.
pub(crate) struct Cursor {
    scan: Scan,
    /// The server has no more of it, or never had a cursor and has sent all.
    is_at_end: bool,
    /// What came at once, where the server made no cursor of it.
    ready: Vec<RecordBatch>,
}

impl Cursor {
    /// Opens it: the server computes the rows, and keeps them.
    pub async fn declare(session: &mut Session, query: Query) -> Result<Self> {
        let (mut scan, has_cursor) = Scan::execute(session, query, READ_ONLY_CURSOR).await?;
        let mut ready = Vec::new();
        if !has_cursor {
            while let Some(batch) = scan.next(session).await? {
                ready.push(batch);
            }
            ready.reverse();
        }
        Ok(Self { scan, is_at_end: !has_cursor, ready })
    }

    /// Reads on.
    pub async fn fetch(
        &mut self,
        session: &mut Session,
        rows: usize,
    ) -> Result<Option<RecordBatch>> {
        if let Some(batch) = self.ready.pop() {
            return Ok(Some(batch));
        }
        if self.is_at_end {
            return Ok(None);
        }
        let rows = u32::try_from(rows.max(1)).unwrap_or(u32::MAX);
        let id = self.scan.prepared.id;
        let write = |out: &mut BytesMut| {
            out.put_u32_le(id);
            out.put_u32_le(rows);
        };
        session.send(command::STMT_FETCH, write).await?;
        let mut batches = Vec::new();
        loop {
            match self.scan.step(session).await? {
                Some(after) => {
                    session.done(after);
                    self.is_at_end = after & status::LAST_ROW_SENT != 0;
                    break;
                }
                None => batches.extend(self.scan.batch()?),
            }
        }
        batches.extend(self.scan.batch()?);
        batches.reverse();
        self.ready = batches;
        Ok(self.ready.pop())
    }

    /// Closes it.
    pub fn close(self, session: &mut Session) {
        if !self.scan.done {
            session.forget(self.scan.prepared);
        }
    }
}
