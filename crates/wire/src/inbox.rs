//! What the client sends, read while the session works.
use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use medley_diagnostic::{Report, SqlState};
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::CancelHandle;

/// Messages that may wait for the session, by number and by size. When that many wait the socket
/// is not read, and the client waits in turn; that it goes away is then noticed only when the
/// session comes to them, or writes.
const WAITING_MESSAGES: usize = 256;
const WAITING_BYTES: usize = 1 << 20;

/// Longest message that carries no text and no value, as in PostgreSQL.
const SMALL_MESSAGE_BYTES: usize = 10_000;
/// Longest message of an authentication, as in PostgreSQL.
const PASSWORD_MESSAGE_BYTES: usize = 65_535;
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

type Waiting = (Result<Frame, Broken>, Option<OwnedSemaphorePermit>);

/// The messages that have come, in order; ends its reader when dropped.
pub(crate) struct Inbox {
    waiting: mpsc::Receiver<Waiting>,
    reader: JoinHandle<()>,
}

impl Inbox {
    /// Reads `socket` in a task of its own, which tells `cancel` when the client goes away.
    pub(crate) fn open(
        socket: impl AsyncRead + Send + Unpin + 'static,
        message_limit: usize,
        cancel: CancelHandle,
    ) -> Self {
        let (sender, waiting) = mpsc::channel(WAITING_MESSAGES);
        let socket = BufReader::new(socket);
        let reader = tokio::spawn(read_all(socket, message_limit, sender, cancel));
        Self { waiting, reader }
    }

    /// The next message. Dropping the future loses none.
    pub(crate) async fn next(&mut self) -> Result<Frame, Broken> {
        match self.waiting.recv().await {
            Some((frame, _permit)) => frame,
            None => Err(Broken::Gone),
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read_all(
    mut socket: impl AsyncRead + Unpin,
    message_limit: usize,
    sender: mpsc::Sender<Waiting>,
    cancel: CancelHandle,
) {
    let budget = Arc::new(Semaphore::new(WAITING_BYTES));
    loop {
        let frame = read_frame(&mut socket, |kind| session_limit(kind, message_limit)).await;
        if matches!(frame, Err(Broken::Gone)) {
            return cancel.client_gone();
        }
        let broken = frame.is_err();
        let bytes = frame.as_ref().map_or(0, |frame| frame.body.len()).min(WAITING_BYTES);
        let permit = Arc::clone(&budget).acquire_many_owned(bytes as u32).await.ok();
        if sender.send((frame, permit)).await.is_err() {
            return;
        }
        if broken {
            // Nothing more can be made out, but that the client goes.
            tokio::io::copy(&mut socket, &mut tokio::io::sink()).await.ok();
            return cancel.client_gone();
        }
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
    let Some(limit) = limit(kind) else {
        return Err(violation(format!("invalid frontend message type {kind}")));
    };
    let length = socket.read_u32().await?;
    let body_bytes = usize::try_from(length).ok().and_then(|length| length.checked_sub(4));
    match body_bytes.filter(|bytes| *bytes <= limit) {
        Some(bytes) => Ok(Frame { kind, body: read_body(socket, bytes).await? }),
        None => Err(violation("invalid message length")),
    }
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
