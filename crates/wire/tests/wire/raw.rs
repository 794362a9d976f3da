//! A client that sends what no driver would.
use std::time::Duration;

use bytes::{Buf, BytesMut};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::toy::Toy;

/// A socket to the server.
pub struct Raw {
    pub socket: TcpStream,
    /// What goes out at the next `send`.
    pub out: BytesMut,
}

/// A message of the server: its type and its body.
pub type Answer = (char, BytesMut);

impl Raw {
    /// Connects, and says nothing.
    pub async fn dial(toy: &Toy) -> Self {
        let socket = TcpStream::connect(("127.0.0.1", toy.port)).await.unwrap();
        Self { socket, out: BytesMut::new() }
    }

    /// Connects and logs in.
    pub async fn log_in(toy: &Toy) -> Self {
        let mut raw = Self::dial(toy).await;
        raw.start_up(0, &[("user", "alice"), ("database", "medley")]).await;
        assert!(raw.kinds().await.ends_with('Z'));
        raw
    }

    /// Sends a start-up packet for version 3 and this minor.
    pub async fn start_up(&mut self, minor: u8, parameters: &[(&str, &str)]) {
        let mut packet = BytesMut::new();
        frontend::startup_message(parameters.iter().copied(), &mut packet).unwrap();
        packet[7] = minor;
        self.socket.write_all(&packet).await.unwrap();
    }

    pub fn query(&mut self, sql: &str) -> &mut Self {
        frontend::query(sql, &mut self.out).unwrap();
        self
    }

    pub fn parse(&mut self, sql: &str) -> &mut Self {
        frontend::parse("", sql, [], &mut self.out).unwrap();
        self
    }

    /// Binds the unnamed statement, without parameters, to the unnamed portal.
    pub fn bind(&mut self) -> &mut Self {
        self.message(b'B', b"\0\0\0\0\0\0\0\0")
    }

    pub fn execute(&mut self, max_rows: i32) -> &mut Self {
        frontend::execute("", max_rows, &mut self.out).unwrap();
        self
    }

    pub fn sync(&mut self) -> &mut Self {
        frontend::sync(&mut self.out);
        self
    }

    /// A message of any type and body.
    pub fn message(&mut self, kind: u8, body: &[u8]) -> &mut Self {
        self.out.extend([kind]);
        self.out.extend((body.len() as u32 + 4).to_be_bytes());
        self.out.extend(body);
        self
    }

    pub async fn send(&mut self) {
        self.socket.write_all(&self.out.split()).await.unwrap();
    }

    /// The next message; `None` at the end.
    pub async fn answer(&mut self) -> Option<Answer> {
        let reading = async {
            let kind = self.socket.read_u8().await.ok()?;
            let length = self.socket.read_u32().await.ok()?;
            let mut body = BytesMut::zeroed(length as usize - 4);
            self.socket.read_exact(&mut body).await.ok()?;
            Some((char::from(kind), body))
        };
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("an answer in time")
    }

    /// The types of the messages up to ReadyForQuery or the end; an error as `E(code message)`.
    pub async fn kinds(&mut self) -> String {
        let mut kinds = String::new();
        while let Some((kind, body)) = self.answer().await {
            match kind {
                'E' => kinds.push_str(&format!("E({})", error(body))),
                _ => kinds.push(kind),
            }
            if kind == 'Z' {
                return kinds;
            }
        }
        kinds + "."
    }

    /// Sends what has gathered; the answer as [`Raw::kinds`] has it.
    pub async fn ask(&mut self) -> String {
        self.send().await;
        self.kinds().await
    }
}

/// `severity code message` of an ErrorResponse.
pub fn error(mut body: BytesMut) -> String {
    let mut parts = Vec::new();
    while body.first().is_some_and(|code| *code != 0) {
        let code = body.get_u8();
        let end = body.iter().position(|byte| *byte == 0).unwrap();
        let value = String::from_utf8(body.split_to(end).to_vec()).unwrap();
        body.advance(1);
        if matches!(code, b'S' | b'C' | b'M') {
            parts.push(value);
        }
    }
    parts.join(" ")
}
