//! A client that shows a token, message by message.
use std::io::{Read, Write};
use std::net::TcpStream;

use bytes::{Buf, Bytes, BytesMut};
use medley_testkit::Medley;
use postgres_protocol::message::frontend;

const OK: i32 = 0;
const SASL: i32 = 10;
const SASL_CONTINUE: i32 = 11;

/// How a login went.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Let in.
    In,
    /// Where to get a token, and the error after that.
    Refused { discovery: String, error: String },
    /// The error.
    Error(String),
}

/// Logs in with `token`, or asks where to get one.
pub fn log_in(medley: &Medley, user: &str, token: Option<&str>) -> Outcome {
    let authorization = token.map(|token| format!("Bearer {token}")).unwrap_or_default();
    log_in_with(medley, user, &format!("n,,\x01auth={authorization}\x01\x01"))
}

/// Logs in with this as the first thing said.
pub fn log_in_with(medley: &Medley, user: &str, first: &str) -> Outcome {
    let mut stream = TcpStream::connect(("127.0.0.1", medley.port())).unwrap();
    send(&mut stream, |out| {
        frontend::startup_message([("user", user), ("database", "medley")], out)
    });
    let asked = match authentication(&mut stream) {
        (OK, _) => return Outcome::In,
        (SASL, mechanisms) => mechanisms,
        (_, error) => return Outcome::Error(text(&error)),
    };
    assert_eq!(asked, "OAUTHBEARER\0\0".as_bytes());
    send(&mut stream, |out| frontend::sasl_initial_response("OAUTHBEARER", first.as_bytes(), out));
    let discovery = match authentication(&mut stream) {
        (OK, _) => return Outcome::In,
        (SASL_CONTINUE, discovery) => text(&discovery),
        (_, error) => return Outcome::Error(text(&error)),
    };
    send(&mut stream, |out| frontend::sasl_response(b"\x01", out));
    let error = text(&authentication(&mut stream).1);
    Outcome::Refused { discovery, error }
}

fn send(stream: &mut TcpStream, write: impl Fn(&mut BytesMut) -> std::io::Result<()>) {
    let mut out = BytesMut::new();
    write(&mut out).unwrap();
    stream.write_all(&out).unwrap();
}

/// What an authentication message asks for; of an error -1, its SQLSTATE and message.
fn authentication(stream: &mut TcpStream) -> (i32, Bytes) {
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    let mut body = Bytes::from(body);
    match head[0] {
        b'R' => (body.get_i32(), body),
        b'E' => (-1, error(&body).into()),
        other => panic!("{}", other as char),
    }
}

fn error(body: &[u8]) -> String {
    let part = |kind: u8| {
        let fields = body.split(|byte| *byte == 0);
        let found = fields.filter_map(|field| field.split_first()).find(|(k, _)| **k == kind);
        found.map(|(_, value)| String::from_utf8(value.to_vec()).unwrap())
    };
    let detail = part(b'D').map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{} {}{detail}", part(b'C').unwrap(), part(b'M').unwrap())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
