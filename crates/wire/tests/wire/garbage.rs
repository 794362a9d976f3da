use medley_wire::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::raw::Raw;
use crate::toy::Toy;

/// The server is still there for others.
async fn check_alive(toy: &Toy) {
    assert_eq!(toy.connect().await.simple_query("rows 1").await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_unknown_message_type_is_fatal() {
    let toy = Toy::start().await;
    for kind in [b'p', b'z', 0, 255] {
        let mut raw = Raw::log_in(&toy).await;
        let expected = format!("E(FATAL 08P01 invalid frontend message type {kind}).");
        assert_eq!(raw.message(kind, b"\0").ask().await, expected);
    }
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_fatal() {
    let toy = Toy::start_with(Options { message_limit: 1 << 20, ..Options::default() }, None).await;
    let lengths =
        [(b'Q', 0_u32), (b'Q', 3), (b'Q', (1 << 20) + 5), (b'S', 20_000), (b'B', u32::MAX)];
    for (kind, length) in lengths {
        let mut raw = Raw::log_in(&toy).await;
        raw.out.extend([kind]);
        raw.out.extend(length.to_be_bytes());
        assert_eq!(raw.ask().await, "E(FATAL 08P01 invalid message length).", "{length}");
    }
    check_alive(&toy).await;
}

#[tokio::test]
async fn a_version_that_is_none_is_refused() {
    let toy = Toy::start().await;
    let mut raw = Raw::dial(&toy).await;
    raw.out.extend(*b"\0\0\0\x08\0\x02\0\0");
    let expected = "E(FATAL 0A000 unsupported frontend protocol 2.0: server supports 3.0 to 3.2).";
    assert_eq!(raw.ask().await, expected);
}

#[tokio::test]
async fn other_protocols_get_no_answer() {
    let toy = Toy::start().await;
    for hello in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x02\0\x01\0\x01\xfc", b"\0\0\0\0"]
    {
        let mut raw = Raw::dial(&toy).await;
        raw.out.extend(hello);
        assert_eq!(raw.ask().await, ".");
    }
}

/// A small generator, so that a failure can be repeated.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, up_to: u64) -> Vec<u8> {
        (0..self.next() % up_to).map(|_| self.next() as u8).collect()
    }

    /// A message of a known type with a right length and noise in it.
    fn message(&mut self) -> Vec<u8> {
        let kinds = b"QPBDECHSFdcf";
        let kind = kinds[self.next() as usize % kinds.len()];
        let body = self.bytes(40);
        let length = (body.len() as u32 + 4).to_be_bytes();
        [&[kind], &length[..], &body].concat()
    }
}

/// Sends noise and reads to the end; whatever comes back, the server must survive it.
async fn shout(mut raw: Raw, noise: &[u8]) {
    raw.socket.write_all(noise).await.ok();
    raw.socket.shutdown().await.ok();
    let mut answer = Vec::new();
    raw.socket.read_to_end(&mut answer).await.ok();
    let panicked = answer.windows(5).any(|code| code == b"XX000");
    assert!(!panicked, "panic after {noise:?}");
}

#[tokio::test]
async fn noise_does_no_harm() {
    let toy = Toy::start().await;
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    for _ in 0..200 {
        shout(Raw::dial(&toy).await, &noise.bytes(64)).await;
        shout(Raw::log_in(&toy).await, &noise.bytes(64)).await;
        let messages: Vec<u8> = (0..8).flat_map(|_| noise.message()).collect();
        shout(Raw::log_in(&toy).await, &messages).await;
    }
    check_alive(&toy).await;
}

#[tokio::test]
async fn noise_in_the_login_does_no_harm() {
    let toy = Toy::start_with(Options::default(), Some("pencil")).await;
    let mut noise = Noise(0x2545_f491_4f6c_dd1d);
    for round in 0..200 {
        let mut raw = Raw::dial(&toy).await;
        raw.start_up(0, &[("user", "alice"), ("database", "medley")]).await;
        let body = match round % 2 {
            0 => noise.bytes(64),
            _ => {
                let first = b"n,,n=,r=abc";
                [&b"SCRAM-SHA-256\0\0\0\0\x0b"[..], first].concat()
            }
        };
        raw.message(b'p', &body).message(b'p', &noise.bytes(64));
        let packet = raw.out.split();
        shout(raw, &packet).await;
    }
    log_in(&toy).await;
}

async fn log_in(toy: &Toy) {
    let conninfo = format!("{} password=pencil", toy.conninfo("alice"));
    tokio_postgres::connect(&conninfo, tokio_postgres::NoTls).await.map(drop).unwrap();
}

#[tokio::test]
async fn malformed_proofs_are_refused_as_such() {
    let toy = Toy::start_with(Options::default(), Some("pencil")).await;
    for (body, expected) in [
        (&b"MD5\0\0\0\0\0"[..], "client selected an invalid SASL authentication mechanism"),
        (b"SCRAM-SHA-256\0\0\0\0\x02n", "invalid SASL initial response"),
        (b"SCRAM-SHA-256\0\xff\xff\xff\xff", "invalid SASL initial response"),
        (b"SCRAM-SHA-256\0\0\0\0\x01n", "malformed SCRAM message"),
        (b"", "invalid SASL initial response"),
    ] {
        let mut raw = Raw::dial(&toy).await;
        raw.start_up(0, &[("user", "alice"), ("database", "medley")]).await;
        let answer = raw.message(b'p', body).ask().await;
        assert_eq!(answer, format!("RE(FATAL 08P01 {expected})."));
    }
}
