//! What the client sends, read ahead while the session works.
//!
//! No task of its own reads: whoever waits for the next message does, and while a statement runs
//! [`Ahead`] does, beside it in the same task, so that a client that goes away is noticed.
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes, BytesMut};
use medley_diagnostic::{Report, SqlState};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::CancelHandle;

/// Bytes that may wait for the session. When that many wait the socket is not read, and the
/// client waits in turn; that it goes away is then noticed only when the session comes to them,
/// or writes.
const WAITING_BYTES: usize = 1 << 20;
/// A buffer that one large message has blown up beyond this is not kept.
const KEPT_BYTES: usize = 256 << 10;

/// Longest message that carries no text and no value, as in PostgreSQL.
const SMALL_MESSAGE_BYTES: usize = 10_000;
/// Longest message of an authentication, as in PostgreSQL.
const PASSWORD_MESSAGE_BYTES: usize = 65_535;
/// A message's type and length.
const HEADER_BYTES: usize = 5;
/// What is reserved for a message before its bytes have come.
const FIRST_RESERVE_BYTES: usize = 8 * 1024;

/// A message: its type and its body.
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) body: Bytes,
}

/// Why there is no next message.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The connection is gone.
    Gone,
    /// What came is no message; the connection ends with this.
    Fatal(Box<Report>),
}

impl From<Report> for Broken {
    fn from(report: Report) -> Self {
        Self::Fatal(Box::new(report))
    }
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// The messages that have come, in order.
pub(crate) struct Inbox(Arc<Mutex<Incoming>>);

/// Reads on while nobody waits for a message.
pub(crate) struct Ahead(Arc<Mutex<Incoming>>);

struct Incoming {
    socket: Box<dyn AsyncRead + Send + Unpin>,
    /// What has come and was not taken yet.
    buffer: BytesMut,
    limit: usize,
    cancel: CancelHandle,
    is_gone: bool,
    /// Who waits for a message, which somebody else may come to read.
    waiting: Option<Waker>,
}

impl Inbox {
    /// Reads `socket`, and tells `cancel` when the client goes away.
    pub(crate) fn open(
        socket: impl AsyncRead + Send + Unpin + 'static,
        message_limit: usize,
        cancel: CancelHandle,
    ) -> Self {
        Self(Arc::new(Mutex::new(Incoming {
            socket: Box::new(socket),
            buffer: BytesMut::new(),
            limit: message_limit,
            cancel,
            is_gone: false,
            waiting: None,
        })))
    }

    /// What reads on while a statement runs.
    pub(crate) fn ahead(&self) -> Ahead {
        Ahead(Arc::clone(&self.0))
    }

    /// The next message if all of it has come.
    pub(crate) fn take(&mut self) -> Option<Result<Frame, Broken>> {
        self.0.lock().take().transpose()
    }

    /// The next message. Dropping the future loses none.
    pub(crate) async fn next(&mut self) -> Result<Frame, Broken> {
        poll_fn(|context| self.0.lock().poll_next(context)).await
    }
}

impl Ahead {
    /// Never returns.
    pub(crate) async fn read(&self) -> Infallible {
        poll_fn(|context| {
            let mut incoming = self.0.lock();
            while incoming.buffer.len() < WAITING_BYTES
                && !incoming.is_gone
                && incoming.poll_read(context).is_ready()
            {
                incoming.waiting.take().into_iter().for_each(Waker::wake);
            }
            Poll::Pending
        })
        .await
    }
}

impl Incoming {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Broken>> {
        loop {
            if let Some(frame) = self.take()? {
                return Poll::Ready(Ok(frame));
            }
            if self.is_gone {
                return Poll::Ready(Err(Broken::Gone));
            }
            self.waiting = Some(context.waker().clone());
            ready!(self.poll_read(context));
            self.waiting = None;
        }
    }

    /// Takes the message that begins the buffer, if all of it is there.
    fn take(&mut self) -> Result<Option<Frame>, Broken> {
        let Some(&kind) = self.buffer.first() else { return Ok(None) };
        let limit = session_limit(kind, self.limit);
        let limit = limit.ok_or_else(|| invalid_type(kind))?;
        let Some(&[_, a, b, c, d]) = self.buffer.first_chunk() else { return Ok(None) };
        let bytes = body_bytes(u32::from_be_bytes([a, b, c, d]), limit)?;
        if self.buffer.len() < HEADER_BYTES + bytes {
            return Ok(None);
        }
        self.buffer.advance(HEADER_BYTES);
        Ok(Some(Frame { kind, body: self.buffer.split_to(bytes).freeze() }))
    }

    /// Memory is taken as bytes come, not as lengths promise.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_BYTES {
            self.buffer = BytesMut::new();
        }
        self.buffer.reserve(FIRST_RESERVE_BYTES);
        let Self { socket, buffer, .. } = self;
        let read = pin!(socket.read_buf(buffer));
        if !matches!(ready!(Future::poll(read, context)), Ok(1..)) {
            self.is_gone = true;
            self.cancel.client_gone();
        }
        Poll::Ready(())
    }
}

/// The longest message of each type that an open session takes; `None` for what is no type.
fn session_limit(kind: u8, message_limit: usize) -> Option<usize> {
    match kind {
        b'Q' | b'P' | b'B' | b'F' | b'd' => Some(message_limit),
        b'C' | b'D' | b'E' | b'H' | b'S' | b'X' | b'c' | b'f' => Some(SMALL_MESSAGE_BYTES),
        _ => None,
    }
}

/// Reads the answer to an authentication request.
pub(crate) async fn read_password(socket: &mut (impl AsyncRead + Unpin)) -> Result<Bytes, Broken> {
    let frame = read_frame(socket, |_| Some(PASSWORD_MESSAGE_BYTES)).await?;
    match frame.kind {
        b'p' => Ok(frame.body),
        kind => Err(violation(format!("expected SASL response, got message type {kind}"))),
    }
}

/// Reads a message whose type has a limit on its length.
async fn read_frame(
    socket: &mut (impl AsyncRead + Unpin),
    limit: impl Fn(u8) -> Option<usize>,
) -> Result<Frame, Broken> {
    let kind = socket.read_u8().await?;
    let limit = limit(kind).ok_or_else(|| invalid_type(kind))?;
    let bytes = body_bytes(socket.read_u32().await?, limit)?;
    Ok(Frame { kind, body: read_body(socket, bytes).await? })
}

/// How long the body is of a message that says to be so long.
fn body_bytes(length: u32, limit: usize) -> Result<usize, Broken> {
    let bytes = usize::try_from(length).ok().and_then(|length| length.checked_sub(4));
    let bytes = bytes.filter(|bytes| *bytes <= limit);
    bytes.ok_or_else(|| violation("invalid message length"))
}

fn invalid_type(kind: u8) -> Broken {
    violation(format!("invalid frontend message type {kind}"))
}

/// Memory is taken as bytes come, not as the length promises.
pub(crate) async fn read_body(
    socket: &mut (impl AsyncRead + Unpin),
    length: usize,
) -> io::Result<Bytes> {
    let mut body = BytesMut::with_capacity(length.min(FIRST_RESERVE_BYTES));
    while body.len() < length {
        let missing = (length - body.len()) as u64;
        if (&mut *socket).take(missing).read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(body.freeze())
}

fn violation(message: impl Into<String>) -> Broken {
    Report::fatal(SqlState::PROTOCOL_VIOLATION, message).into()
}
