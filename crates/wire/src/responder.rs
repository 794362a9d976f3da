//! What the client is sent.
use arrow_array::RecordBatch;
use bytes::{BufMut, Bytes, BytesMut};
use medley_diagnostic::{Report, SqlState};
use medley_types::Style;
use pgwire::error::PgWireError;
use pgwire::messages::Message;
use pgwire::messages::copy::{CopyDone, CopyInResponse, CopyOutResponse};
use pgwire::messages::data::{FieldDescription, RowDescription};
use pgwire::messages::response::{
    CommandComplete, EmptyQueryResponse, ErrorResponse, NoticeResponse,
};
use pgwire::messages::startup::ParameterStatus;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::inbox::{Broken, Inbox};
use crate::row::{self, Rows};
use crate::{CancelHandle, CancelReason, Format, RowShape, frontend, report};

/// The half of a connection that is written.
pub(crate) type Socket = Box<dyn AsyncWrite + Send + Unpin>;

/// What is gathered before the socket is waited for.
const CHUNK_BYTES: usize = 64 * 1024;
/// A buffer that one huge row has swollen beyond this is given back.
const KEPT_BYTES: usize = 1 << 20;

/// Sends a session's answers to its client, in order.
///
/// Rows wait for the socket once 64 KiB have gathered, so a slow client slows the session and
/// costs no memory. What waits for the socket returns early, with the error to stop with, when the
/// statement is cancelled or the client goes away; so does every batch of rows. Dropping a
/// method's future is safe: only whole messages are ever sent.
pub struct Responder {
    buffer: BytesMut,
    /// The buffer holds whole messages up to here.
    whole: usize,
    socket: Socket,
    pub(crate) inbox: Inbox,
    cancel: CancelHandle,
    /// The client is at another point of the protocol than the session thinks.
    pub(crate) out_of_step: bool,
}

impl Responder {
    pub(crate) fn new(socket: Socket, inbox: Inbox, cancel: CancelHandle) -> Self {
        let buffer = BytesMut::with_capacity(2 * CHUNK_BYTES);
        Self { buffer, whole: 0, socket, inbox, cancel, out_of_step: false }
    }

    /// The columns of the rows that follow, in a simple query. (What Describe asked for is sent
    /// without the session.)
    pub fn row_description(&mut self, shape: &RowShape) -> Result<(), Report> {
        let fields = shape.columns().iter().zip(shape.formats()).map(|(column, format)| {
            let (t, info) = (column.pg_type, column.pg_type.info());
            let length = info.map_or(-1, |info| info.length);
            let name = column.name.clone();
            FieldDescription::new(name, 0, 0, t.oid.0, length, t.typmod, format.code())
        });
        self.put(&RowDescription::new(fields.collect()))
    }

    /// The rows of a batch, in the shape that was described, text under these settings.
    pub async fn batch(
        &mut self,
        batch: &RecordBatch,
        shape: &RowShape,
        style: &Style,
    ) -> Result<(), Report> {
        self.cancel.check()?;
        let rows = Rows::new(batch, shape, style)?;
        for row in 0..rows.count() {
            self.put_framed(b'D', |buffer| rows.put(row, buffer))?;
            if self.whole >= CHUNK_BYTES {
                self.drain_unless_cancelled().await?;
            }
        }
        Ok(())
    }

    /// One row of values that are already in the form they travel in; `None` is NULL.
    pub async fn data_row(&mut self, values: &[Option<&[u8]>]) -> Result<(), Report> {
        self.put_framed(b'D', |buffer| {
            buffer.put_u16(values.len() as u16);
            values.iter().try_for_each(|value| put_value(buffer, *value))
        })?;
        self.drain_unless_cancelled().await
    }

    /// DataRow messages as another server of this protocol sent them, headers and all. They must
    /// be whole, and in the shape that was described.
    pub async fn raw_rows(&mut self, messages: &[u8]) -> Result<(), Report> {
        self.buffer.truncate(self.whole);
        self.buffer.put_slice(messages);
        self.whole = self.buffer.len();
        self.drain_unless_cancelled().await
    }

    /// The end of a statement of a simple query, with its command tag: `SELECT 3`.
    pub fn complete(&mut self, tag: &str) -> Result<(), Report> {
        self.put(&CommandComplete::new(tag.to_owned()))
    }

    /// The end of a simple query without a statement in it.
    pub fn empty_query(&mut self) -> Result<(), Report> {
        self.put(&EmptyQueryResponse::new())
    }

    /// A notice, sent at once.
    pub async fn notice(&mut self, report: &Report) -> Result<(), Report> {
        self.put_notice(report)?;
        self.flush().await
    }

    /// A notice, sent with what follows.
    pub(crate) fn put_notice(&mut self, report: &Report) -> Result<(), Report> {
        self.put(&NoticeResponse::new(report::fields(report)))
    }

    /// A parameter that clients follow has a new value.
    pub fn parameter_status(&mut self, name: &str, value: &str) -> Result<(), Report> {
        self.put(&ParameterStatus::new(name.to_owned(), value.to_owned()))
    }

    /// Begins COPY TO STDOUT; [`Responder::copy_data`] and [`Responder::copy_done`] follow.
    pub fn copy_out(&mut self, format: Format, columns: usize) -> Result<(), Report> {
        let (count, formats) = copy_columns(format, columns);
        self.put(&CopyOutResponse::new(format.code() as i8, count, formats))
    }

    /// A piece of what is copied out, cut anywhere (PostgreSQL: a row each).
    pub async fn copy_data(&mut self, data: &[u8]) -> Result<(), Report> {
        self.put_framed(b'd', |buffer| {
            buffer.put_slice(data);
            Ok(())
        })?;
        self.drain_unless_cancelled().await
    }

    /// The same in pieces that are told apart, a row each.
    pub async fn copy_rows<'b>(
        &mut self,
        rows: impl Iterator<Item = &'b [u8]> + Send,
    ) -> Result<(), Report> {
        for row in rows {
            self.put_framed(b'd', |buffer| {
                buffer.put_slice(row);
                Ok(())
            })?;
            if self.whole >= CHUNK_BYTES {
                self.drain_unless_cancelled().await?;
            }
        }
        self.cancel.check()
    }

    /// All is copied out; the command tag follows.
    pub fn copy_done(&mut self) -> Result<(), Report> {
        self.put(&CopyDone::new())
    }

    /// Begins COPY FROM STDIN.
    pub async fn copy_in(&mut self, format: Format, columns: usize) -> Result<CopyIn<'_>, Report> {
        let (count, formats) = copy_columns(format, columns);
        self.put(&CopyInResponse::new(format.code() as i8, count, formats))?;
        self.flush().await?;
        Ok(CopyIn { responder: self })
    }

    /// The data of the COPY FROM STDIN that has begun.
    pub fn copying_in(&mut self) -> CopyIn<'_> {
        CopyIn { responder: self }
    }

    /// Sends what has gathered, and waits for the socket to take it.
    pub async fn flush(&mut self) -> Result<(), Report> {
        tokio::select! {
            biased;
            sent = write_out(&mut self.buffer, &mut self.whole, &mut self.socket) => sent,
            reason = self.cancel.requested() => Err(reason.report()),
        }
    }

    /// Between rows is where a statement can stop even if the socket takes all at once.
    async fn drain_unless_cancelled(&mut self) -> Result<(), Report> {
        self.cancel.check()?;
        self.drain().await
    }

    /// Waits for the socket if a chunk has gathered.
    pub(crate) async fn drain(&mut self) -> Result<(), Report> {
        if self.whole < CHUNK_BYTES { Ok(()) } else { self.flush().await }
    }

    /// An error; of what was being written only whole messages stay.
    pub(crate) fn put_error(&mut self, report: &Report) -> Result<(), Report> {
        self.buffer.truncate(self.whole);
        self.put(&ErrorResponse::new(report::fields(report)))
    }

    /// Writes a message behind what is there.
    pub(crate) fn put(&mut self, message: &impl Message) -> Result<(), Report> {
        self.buffer.truncate(self.whole);
        message.encode(&mut self.buffer).map_err(unsendable)?;
        self.whole = self.buffer.len();
        Ok(())
    }

    /// Writes a message whose body is not known in advance.
    pub(crate) fn put_framed(
        &mut self,
        kind: u8,
        body: impl FnOnce(&mut BytesMut) -> Result<(), Report>,
    ) -> Result<(), Report> {
        self.buffer.truncate(self.whole);
        self.buffer.put_u8(kind);
        let start = self.buffer.len();
        self.buffer.put_u32(0);
        body(&mut self.buffer)?;
        row::put_length(&mut self.buffer, start, start)?;
        self.whole = self.buffer.len();
        Ok(())
    }
}

fn put_value(buffer: &mut BytesMut, value: Option<&[u8]>) -> Result<(), Report> {
    match value {
        None => buffer.put_i32(-1),
        Some(value) => {
            buffer.put_i32(i32::try_from(value.len()).map_err(|_| row::too_long())?);
            buffer.put_slice(value);
        }
    }
    Ok(())
}

fn copy_columns(format: Format, columns: usize) -> (i16, Vec<i16>) {
    let count = i16::try_from(columns).unwrap_or(i16::MAX);
    (count, vec![format.code(); columns])
}

/// What has been sent leaves the buffer at once, so the future can be dropped at any point.
async fn write_out(
    buffer: &mut BytesMut,
    whole: &mut usize,
    socket: &mut Socket,
) -> Result<(), Report> {
    buffer.truncate(*whole);
    while !buffer.is_empty() {
        let sent = socket.write_buf(buffer).await;
        *whole = buffer.len();
        if !matches!(sent, Ok(1..)) {
            return Err(CancelReason::ClientGone.report());
        }
    }
    // Takes back the memory of what was sent; only then is it all counted.
    buffer.reserve(2 * CHUNK_BYTES);
    if buffer.capacity() > KEPT_BYTES {
        *buffer = BytesMut::with_capacity(2 * CHUNK_BYTES);
    }
    socket.flush().await.map_err(|_| CancelReason::ClientGone.report())
}

fn unsendable(error: PgWireError) -> Report {
    row::too_long().with_detail(format!("{error}."))
}

/// The data of a COPY FROM STDIN, as it comes.
pub struct CopyIn<'a> {
    responder: &'a mut Responder,
}

impl CopyIn<'_> {
    /// The next piece, cut anywhere; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Report> {
        loop {
            let frame = tokio::select! {
                biased;
                reason = self.responder.cancel.requested() => return Err(reason.report()),
                frame = self.responder.inbox.next() => frame,
            };
            let frame = frame.map_err(|broken| match broken {
                Broken::Gone => CancelReason::ClientGone.report(),
                Broken::Fatal(report) => *report,
            })?;
            match frame.kind {
                b'd' => return Ok(Some(frame.body)),
                b'c' => return Ok(None),
                b'f' => return Err(frontend::copy_failed(frame.body)),
                // Sent ahead by clients that do not wait; PostgreSQL ignores them here too.
                b'H' | b'S' => {}
                kind => {
                    self.responder.out_of_step = true;
                    return Err(unexpected_in_copy(kind));
                }
            }
        }
    }
}

fn unexpected_in_copy(kind: u8) -> Report {
    let message = format!("unexpected message type 0x{kind:02X} during COPY from stdin");
    Report::error(SqlState::PROTOCOL_VIOLATION, message)
}
