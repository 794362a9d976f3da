use std::io;
use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};
use medley_fdw::RemoteStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use super::malformed;

/// How much is asked of the socket at once.
const READ_BYTES: usize = 128 << 10;
/// A buffer that one large message has blown up beyond this is not kept.
const KEEP_BYTES: usize = 4 << 20;
/// Rows that are no more than this are copied out of the buffer.
const COPIED_BYTES: usize = 4 << 10;
/// Nobody who has not been logged in to has more than this to say at once.
const LOGIN_BYTES: usize = 64 << 10;
/// A tag and the length of what follows, itself included.
const HEADER_BYTES: usize = 5;

/// A message of the remote's.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Which message.
    pub tag: u8,
    /// What follows its length.
    pub body: Vec<u8>,
}

/// A connection as a sequence of messages.
pub(crate) struct Wire {
    stream: Box<dyn RemoteStream>,
    input: BytesMut,
    output: BytesMut,
    /// The longest message that is taken.
    limit: usize,
}

impl Wire {
    /// Over this stream, which nothing has been read from yet. Messages are short until
    /// [`Wire::trust`].
    pub fn new(stream: Box<dyn RemoteStream>) -> Self {
        Self { stream, input: BytesMut::new(), output: BytesMut::new(), limit: LOGIN_BYTES }
    }

    /// From now on messages are as long as the protocol allows.
    pub fn trust(&mut self) {
        self.limit = i32::MAX as usize;
    }

    /// Where messages are written to be sent by the next [`Wire::flush`].
    pub fn output(&mut self) -> &mut BytesMut {
        &mut self.output
    }

    /// Sends what was written.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.output).await?;
        self.stream.flush().await
    }

    /// Sends a password message, and keeps no copy.
    pub async fn send_password(&mut self, content: &[u8], terminated: bool) -> io::Result<()> {
        let length = 4 + content.len() + usize::from(terminated);
        let mut message = Zeroizing::new(Vec::with_capacity(1 + length));
        message.push(b'p');
        message.extend_from_slice(&(length as u32).to_be_bytes());
        message.extend_from_slice(content);
        message.resize(1 + length, 0);
        self.stream.write_all(&message).await?;
        self.stream.flush().await
    }

    /// The next message if all of it is here already; [`Wire::skip`] goes past it.
    pub fn peek(&self) -> io::Result<Option<(u8, &[u8])>> {
        let Some((tag, end)) = self.header()? else { return Ok(None) };
        Ok(self.input.get(HEADER_BYTES..end).map(|body| (tag, body)))
    }

    /// Goes past the message that [`Wire::peek`] showed.
    pub fn skip(&mut self) {
        if let Ok(Some((_, end))) = self.header() {
            self.input.advance(end.min(self.input.len()));
        }
    }

    /// What has come and was not gone past.
    pub fn input(&self) -> &[u8] {
        &self.input
    }

    /// Where in [`Wire::input`] the bodies are of the messages of this kind that it begins with.
    pub fn run(&self, kind: u8) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        std::iter::from_fn(move || {
            // What is no message is told of when it is the first.
            let (tag, length) = header(self.input.get(start..)?, self.limit).ok()??;
            let body = start + HEADER_BYTES..start + length;
            start = body.end;
            (tag == kind && start <= self.input.len()).then_some(body)
        })
    }

    /// Goes past so many bytes of [`Wire::input`].
    pub fn skip_bytes(&mut self, count: usize) {
        self.input.advance(count.min(self.input.len()));
    }

    /// The tag of the message that begins the input, and where it ends.
    fn header(&self) -> io::Result<Option<(u8, usize)>> {
        header(&self.input, self.limit)
    }

    /// As many whole messages of this kind as are here already, one after the other, and how many.
    pub fn run_of(&mut self, kind: u8) -> io::Result<(usize, Bytes)> {
        let (mut count, mut end) = (0, 0);
        while let Some((tag, length)) = header(&self.input[end..], self.limit)?
            && tag == kind
            && end + length <= self.input.len()
        {
            count += 1;
            end += length;
        }
        Ok((count, self.take(end)))
    }

    /// Takes the first bytes of the input. A few are copied, so that the buffer behind them can be
    /// filled again; of many the buffer goes with them.
    fn take(&mut self, count: usize) -> Bytes {
        match count {
            ..=COPIED_BYTES => {
                let taken = Bytes::copy_from_slice(&self.input[..count]);
                self.input.advance(count);
                taken
            }
            _ => self.input.split_to(count).freeze(),
        }
    }

    /// Waits for more bytes.
    pub async fn fill(&mut self) -> io::Result<()> {
        if self.input.is_empty() && self.input.capacity() > KEEP_BYTES {
            self.input = BytesMut::new();
        }
        self.input.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Waits for the next message.
    pub async fn next(&mut self) -> io::Result<Frame> {
        loop {
            if let Some((tag, body)) = self.peek()? {
                let frame = Frame { tag, body: body.to_vec() };
                self.skip();
                return Ok(frame);
            }
            self.fill().await?;
        }
    }

    /// Reads a byte that no message surrounds: the answer to a request for TLS.
    pub async fn answer(&mut self) -> io::Result<u8> {
        self.stream.read_u8().await
    }

    /// Waits until the remote closes.
    pub async fn drain(&mut self) -> io::Result<()> {
        tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await.map(drop)
    }

    /// The stream, as long as nothing of it is buffered here.
    pub fn into_stream(self) -> Box<dyn RemoteStream> {
        self.stream
    }
}

/// The tag of the message that begins here, and how long it is with its header.
fn header(input: &[u8], limit: usize) -> io::Result<Option<(u8, usize)>> {
    let Some(&[tag, a, b, c, d]) = input.first_chunk::<HEADER_BYTES>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if !(4..=limit).contains(&length) {
        return Err(malformed("message length"));
    }
    Ok(Some((tag, 1 + length)))
}
