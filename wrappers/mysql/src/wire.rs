//! A connection as a sequence of packets: three bytes of length, one that counts.
use std::io;

use bytes::{Buf, BufMut, BytesMut};
use medley_fdw::RemoteStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use crate::protocol::malformed;

/// How much is asked of the socket at once.
const READ_BYTES: usize = 128 << 10;
/// A buffer that one large packet has blown up beyond this is not kept.
const KEEP_BYTES: usize = 4 << 20;
/// Nobody who has not been logged in to has more than this to say at once.
const LOGIN_BYTES: usize = 64 << 10;
/// What a server can be configured to send at most: `max_allowed_packet`.
const MOST_BYTES: usize = 1 << 30;
/// Length and number of a packet.
const HEADER_BYTES: usize = 4;
/// A packet of this length is continued by the next one.
const FULL_BYTES: usize = 0xff_ffff;

/// A connection as a sequence of packets.
pub(crate) struct Wire {
    stream: Box<dyn RemoteStream>,
    input: BytesMut,
    output: BytesMut,
    /// The number of the next packet that is sent.
    number: u8,
    /// The longest packet that is taken.
    limit: usize,
    /// A packet that came in parts, put together.
    joined: Vec<u8>,
}

/// Where the packet that begins the input ends, and whether it came in parts.
#[derive(Clone, Copy)]
struct Extent {
    end: usize,
    is_joined: bool,
    number: u8,
}

impl Wire {
    /// Over this stream, which nothing has been read from yet. Packets are short until
    /// [`Wire::trust`].
    pub fn new(stream: Box<dyn RemoteStream>) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            output: BytesMut::new(),
            number: 0,
            limit: LOGIN_BYTES,
            joined: Vec::new(),
        }
    }

    /// From now on packets are as long as the protocol allows.
    pub fn trust(&mut self) {
        self.limit = MOST_BYTES;
    }

    /// Writes a packet that begins a command, to be sent by the next [`Wire::flush`].
    pub fn command(&mut self, code: u8, write: impl FnOnce(&mut BytesMut)) {
        self.number = 0;
        self.packet(|out| {
            out.put_u8(code);
            write(out);
        });
    }

    /// Writes a packet that answers one of the server's.
    pub fn packet(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let begin = self.output.len();
        self.output.put_bytes(0, HEADER_BYTES);
        write(&mut self.output);
        let length = self.output.len() - begin - HEADER_BYTES;
        if length < FULL_BYTES {
            self.header(begin, length);
            return;
        }
        let payload = self.output.split_off(begin).split_off(HEADER_BYTES);
        for part in payload.chunks(FULL_BYTES) {
            self.part(part);
        }
        if length.is_multiple_of(FULL_BYTES) {
            self.part(&[]);
        }
    }

    fn part(&mut self, part: &[u8]) {
        let begin = self.output.len();
        self.output.put_bytes(0, HEADER_BYTES);
        self.output.put_slice(part);
        self.header(begin, part.len());
    }

    fn header(&mut self, at: usize, length: usize) {
        let length = (length as u32).to_le_bytes();
        self.output[at..at + 3].copy_from_slice(&length[..3]);
        self.output[at + 3] = self.number;
        self.number = self.number.wrapping_add(1);
    }

    /// Sends what was written.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.output).await?;
        self.stream.flush().await
    }

    /// Sends a password as it is, ended by a zero, and keeps no copy.
    pub async fn send_password(&mut self, password: &[u8]) -> io::Result<()> {
        let mut packet = Zeroizing::new(Vec::with_capacity(HEADER_BYTES + password.len() + 1));
        let length = (password.len() as u32 + 1).to_le_bytes();
        packet.extend_from_slice(&length[..3]);
        packet.push(self.number);
        packet.extend_from_slice(password);
        packet.push(0);
        self.number = self.number.wrapping_add(1);
        self.stream.write_all(&packet).await?;
        self.stream.flush().await
    }

    /// The next packet if all of it is here already; [`Wire::skip`] goes past it.
    pub fn peek(&mut self) -> io::Result<Option<&[u8]>> {
        let Some(extent) = self.extent()? else { return Ok(None) };
        if !extent.is_joined {
            return Ok(Some(&self.input[HEADER_BYTES..extent.end]));
        }
        self.joined.clear();
        let mut at = 0;
        while at < extent.end {
            let length = length(&self.input[at..]);
            let payload = &self.input[at + HEADER_BYTES..at + HEADER_BYTES + length];
            self.joined.extend_from_slice(payload);
            at += HEADER_BYTES + length;
        }
        Ok(Some(&self.joined))
    }

    /// Goes past the packet that [`Wire::peek`] showed.
    pub fn skip(&mut self) {
        if let Ok(Some(extent)) = self.extent() {
            self.number = extent.number.wrapping_add(1);
            self.input.advance(extent.end);
        }
    }

    /// Where the packet that begins the input ends, if all of it is here.
    #[inline]
    fn extent(&self) -> io::Result<Option<Extent>> {
        let (mut at, mut total) = (0, 0);
        loop {
            if self.input.len() < at + HEADER_BYTES {
                return Ok(None);
            }
            let length = length(&self.input[at..]);
            total += length;
            if total > self.limit {
                return Err(malformed("packet length"));
            }
            let number = self.input[at + 3];
            at += HEADER_BYTES + length;
            if length < FULL_BYTES {
                let is_joined = total > length;
                let whole = self.input.len() >= at;
                return Ok(whole.then_some(Extent { end: at, is_joined, number }));
            }
        }
    }

    /// Waits for more bytes.
    pub async fn fill(&mut self) -> io::Result<()> {
        if self.input.is_empty() && self.input.capacity() > KEEP_BYTES {
            self.input = BytesMut::new();
        }
        if self.joined.capacity() > KEEP_BYTES {
            self.joined = Vec::new();
        }
        self.input.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Waits for the next packet.
    pub async fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(packet) = self.peek()? {
                let packet = packet.to_vec();
                self.skip();
                return Ok(packet);
            }
            self.fill().await?;
        }
    }

    /// The stream, for TLS to be put around it: what has come already was sent in clear, so that
    /// anybody may have sent it, and is refused.
    pub fn into_stream(self) -> io::Result<(Box<dyn RemoteStream>, u8)> {
        match self.input.is_empty() {
            true => Ok((self.stream, self.number)),
            false => Err(malformed("data before TLS")),
        }
    }

    /// Over a stream that TLS was put around; numbers go on.
    pub fn resume(stream: Box<dyn RemoteStream>, number: u8) -> Self {
        Self { number, ..Self::new(stream) }
    }
}

fn length(header: &[u8]) -> usize {
    usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passes(length: usize) {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let mut sender = Wire::new(Box::new(ours));
        let mut receiver = Wire::new(Box::new(theirs));
        receiver.trust();
        let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        sender.packet(|out| out.put_slice(&payload));
        sender.packet(|out| out.put_slice(b"after"));
        let (sent, received) = tokio::join!(sender.flush(), async {
            let first = receiver.next().await?;
            Ok::<_, io::Error>((first, receiver.next().await?))
        });
        sent.expect("sent");
        let (first, second) = received.expect("received");
        assert!(first == payload, "{length}");
        assert_eq!(second, b"after");
    }

    #[tokio::test]
    async fn packets_of_any_length_pass() {
        for length in [0, 1, 1000, FULL_BYTES - 1, FULL_BYTES, FULL_BYTES + 1, 2 * FULL_BYTES] {
            passes(length).await;
        }
    }

    #[tokio::test]
    async fn who_has_not_logged_us_in_does_not_fill_our_memory() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 10);
        theirs.write_all(&[0xff, 0xff, 0xff, 0]).await.expect("room");
        let error = Wire::new(Box::new(ours)).next().await.expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
