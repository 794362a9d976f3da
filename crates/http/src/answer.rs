use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroizing;

use crate::{Error, Result};

/// The status line and the headers together are no longer.
const MOST_HEAD_BYTES: usize = 32 * 1024;
/// Nor are there more headers.
const MOST_HEADERS: usize = 64;
/// Reading begins with this much.
const FIRST_BYTES: usize = 4096;

/// What a service answered.
pub struct Response {
    /// Its status: 200 is well, 404 is not there.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// What follows the headers.
    pub body: Zeroizing<Vec<u8>>,
}

impl Response {
    /// A header's value; names are the same in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether the service did as it was asked.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}", self.status)
    }
}

/// How the end of a body is known.
enum Length {
    Known(usize),
    Chunked,
    /// The connection ends; over TLS it does so in a way that nobody else can.
    UntilEnd,
}

pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    most_bytes: usize,
) -> Result<Response> {
    let mut input = Input { stream, bytes: grown(&[], FIRST_BYTES), at: 0 };
    loop {
        let (status, headers) = head(&mut input).await?;
        // 100 and its like say that the answer is still to come.
        if (100..200).contains(&status) {
            continue;
        }
        let body = match length(status, &headers)? {
            Length::Known(length) => input.take(length, most_bytes).await?,
            Length::Chunked => chunked(&mut input, most_bytes).await?,
            Length::UntilEnd => input.rest(most_bytes).await?,
        };
        return Ok(Response { status, headers, body });
    }
}

async fn head<S: AsyncRead + Unpin>(
    input: &mut Input<'_, S>,
) -> Result<(u16, Vec<(String, String)>)> {
    input
        .parse(|bytes| {
            let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            let parsed = response.parse(bytes).map_err(|_| Error::Malformed)?;
            let httparse::Status::Complete(length) = parsed else { return Ok(None) };
            let header = |it: &httparse::Header<'_>| {
                let value = std::str::from_utf8(it.value).map_err(|_| Error::Malformed)?;
                Ok((it.name.to_owned(), value.to_owned()))
            };
            let headers = response.headers.iter().map(header).collect::<Result<_>>()?;
            Ok(Some((length, (response.code.ok_or(Error::Malformed)?, headers))))
        })
        .await
}

fn length(status: u16, headers: &[(String, String)]) -> Result<Length> {
    let all = |name: &str| {
        let found = headers.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    if matches!(status, 204 | 304) {
        return Ok(Length::Known(0));
    }
    // Two ways to tell the length are how one answer is taken for two.
    match (all("transfer-encoding").as_slice(), all("content-length").as_slice()) {
        ([], []) => Ok(Length::UntilEnd),
        ([], [length]) => number(length).map(Length::Known),
        ([coding], []) if coding.eq_ignore_ascii_case("chunked") => Ok(Length::Chunked),
        _ => Err(Error::Malformed),
    }
}

/// Without the signs and blanks that `parse` takes.
fn number(text: &str) -> Result<usize> {
    match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().map_err(|_| Error::Malformed),
        false => Err(Error::Malformed),
    }
}

async fn chunked<S: AsyncRead + Unpin>(
    input: &mut Input<'_, S>,
    most_bytes: usize,
) -> Result<Zeroizing<Vec<u8>>> {
    let mut body = Zeroizing::new(Vec::new());
    loop {
        let size = input.parse(chunk_size).await?;
        if size == 0 {
            // What may follow are headers, which nobody asked for.
            input.parse(trailer).await?;
            return Ok(body);
        }
        let room = most_bytes.saturating_sub(body.len());
        let chunk = match usize::try_from(size) {
            Ok(size) if size <= room => input.take(size, room).await?,
            _ => return Err(Error::TooLong(most_bytes)),
        };
        if body.capacity() - body.len() < chunk.len() {
            body = grown(&body, chunk.len());
        }
        body.extend_from_slice(&chunk);
        input.parse(line_end).await?;
    }
}

fn chunk_size(bytes: &[u8]) -> Result<Option<(usize, u64)>> {
    match httparse::parse_chunk_size(bytes).map_err(|_| Error::Malformed)? {
        httparse::Status::Complete(parsed) => Ok(Some(parsed)),
        httparse::Status::Partial => Ok(None),
    }
}

fn trailer(bytes: &[u8]) -> Result<Option<(usize, ())>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    match httparse::parse_headers(bytes, &mut headers).map_err(|_| Error::Malformed)? {
        httparse::Status::Complete((length, _)) => Ok(Some((length, ()))),
        httparse::Status::Partial => Ok(None),
    }
}

fn line_end(bytes: &[u8]) -> Result<Option<(usize, ())>> {
    match bytes {
        [b'\r', b'\n', ..] => Ok(Some((2, ()))),
        [] | [b'\r'] => Ok(None),
        _ => Err(Error::Malformed),
    }
}

/// What was read of a connection, and what comes.
struct Input<'a, S> {
    stream: &'a mut S,
    bytes: Zeroizing<Vec<u8>>,
    /// Up to here it was taken.
    at: usize,
}

impl<S: AsyncRead + Unpin> Input<'_, S> {
    /// Reads more; false at the end.
    async fn more(&mut self) -> Result<bool> {
        if self.bytes.len() == self.bytes.capacity() {
            self.bytes = grown(&self.bytes[self.at..], FIRST_BYTES);
            self.at = 0;
        }
        // Into the room that is there, so that the buffer does not move.
        let room = self.bytes.capacity() - self.bytes.len();
        let mut limited = (&mut *self.stream).take(room as u64);
        Ok(limited.read_buf(&mut *self.bytes).await? > 0)
    }

    /// What stands at the beginning of what comes, and how long it is: read until all of it is
    /// there.
    async fn parse<T>(&mut self, parse: impl Fn(&[u8]) -> Result<Option<(usize, T)>>) -> Result<T> {
        loop {
            let rest = &self.bytes[self.at..];
            if let Some((length, parsed)) = parse(rest)? {
                self.at += length;
                return Ok(parsed);
            }
            if rest.len() > MOST_HEAD_BYTES || !self.more().await? {
                return Err(Error::Malformed);
            }
        }
    }

    async fn take(&mut self, length: usize, most: usize) -> Result<Zeroizing<Vec<u8>>> {
        if length > most {
            return Err(Error::TooLong(most));
        }
        let here = length.min(self.bytes.len() - self.at);
        let mut taken = grown(&self.bytes[self.at..self.at + here], length - here);
        self.at += here;
        taken.resize(length, 0);
        self.stream.read_exact(&mut taken[here..]).await.map_err(|_| Error::Malformed)?;
        Ok(taken)
    }

    async fn rest(&mut self, most: usize) -> Result<Zeroizing<Vec<u8>>> {
        loop {
            if self.bytes.len() - self.at > most {
                return Err(Error::TooLong(most));
            }
            if !self.more().await? {
                return Ok(Zeroizing::new(self.bytes[self.at..].to_vec()));
            }
        }
    }
}

/// The same bytes with room for more. A vector that grows by itself leaves what it held behind.
fn grown(bytes: &[u8], more: usize) -> Zeroizing<Vec<u8>> {
    let mut new = Zeroizing::new(Vec::with_capacity(2 * bytes.len() + more));
    new.extend_from_slice(bytes);
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every answer is read the same however it is cut into pieces.
    async fn said(answer: &str, most: usize) -> String {
        said_in(&[1, 7, 100_000], answer, most).await
    }

    async fn said_in(pieces: &[usize], answer: &str, most: usize) -> String {
        let mut told = Vec::new();
        for &piece in pieces {
            let mut stream = tokio_test_stream(answer.as_bytes(), piece);
            told.push(match read(&mut stream, most).await {
                Ok(response) => {
                    format!("{} {}", response.status, String::from_utf8_lossy(&response.body))
                }
                Err(error) => error.to_string(),
            });
        }
        assert!(told.iter().all(|it| *it == told[0]), "{told:?}");
        told.remove(0)
    }

    fn tokio_test_stream(bytes: &[u8], piece: usize) -> impl AsyncRead + Unpin {
        let (mut ours, theirs) = tokio::io::duplex(piece);
        let bytes = bytes.to_vec();
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            let _ = ours.write_all(&bytes).await;
        });
        theirs
    }

    #[tokio::test]
    async fn three_ways_to_end_a_body() {
        assert_eq!(said("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", 9).await, "200 abc");
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                       3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n";
        assert_eq!(said(chunked, 9).await, "200 abcde");
        assert_eq!(said("HTTP/1.0 404\r\n\r\nabc", 9).await, "404 abc");
        assert_eq!(said("HTTP/1.1 204 No Content\r\n\r\n", 9).await, "204 ");
        let twice = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(said(twice, 9).await, "200 ");
    }

    #[tokio::test]
    async fn what_is_too_long_or_no_http_is_refused() {
        let long = "the answer is longer than 2 bytes";
        assert_eq!(said("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 2).await, long);
        assert_eq!(said("HTTP/1.1 200 OK\r\n\r\nabc", 2).await, long);
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n";
        assert_eq!(said(chunked, 2).await, long);
        for answer in [
            "",
            "HTTP/1.1 200",
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno header\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        ] {
            assert_eq!(said(answer, 9).await, "the answer is not HTTP", "{answer}");
        }
        let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(MOST_HEAD_BYTES));
        assert_eq!(said_in(&[1000], &endless, 9).await, "the answer is not HTTP");
    }
}
