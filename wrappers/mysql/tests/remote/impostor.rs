//! What a server gets that is none, and what one gets that wants too much.
use bytes::{BufMut, BytesMut};
use medley_fdw::{Options, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::fixture::{log_in, mapping, refused};

const PASSWORD: &str = "correct horse";

fn packet(number: u8, payload: &[u8]) -> BytesMut {
    let mut packet = BytesMut::new();
    packet.put_uint_le(payload.len() as u64, 3);
    packet.put_u8(number);
    packet.put_slice(payload);
    packet
}

/// The first packet of a server of this version that would use this way of logging in.
fn greeting(plugin: &str, capabilities: u32) -> Vec<u8> {
    let mut out = BytesMut::new();
    out.put_u8(10);
    out.put_slice(b"8.0.36\0");
    out.put_u32_le(7);
    out.put_slice(b"abcdefgh\0");
    out.put_u16_le(capabilities as u16);
    out.put_u8(45);
    out.put_u16_le(2);
    out.put_u16_le((capabilities >> 16) as u16);
    out.put_u8(21);
    out.put_bytes(0, 10);
    out.put_slice(b"ijklmnopqrst\0");
    out.put_slice(plugin.as_bytes());
    out.put_u8(0);
    out.to_vec()
}

/// All that a server of 8.0 has but TLS.
const PLAIN: u32 = 0x00ff_f7ff;

async fn read(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await.ok()?;
    let length = usize::from(header[0]) | usize::from(header[1]) << 8;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    Some((header[3], payload))
}

/// Logs in at somebody who says hello, and then these things in turn; what they were told, and
/// what came of it.
async fn meets(
    hello: Vec<u8>,
    says: Vec<Vec<u8>>,
    pairs: &[(&str, &str)],
) -> (Vec<u8>, Result<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut options = Options::default();
    options.set("port", listener.local_addr().expect("it is bound").port().to_string());
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    let impostor = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream.write_all(&packet(0, &hello)).await.expect("sent");
        let mut heard = Vec::new();
        let mut says = says.into_iter();
        while let Some((number, payload)) = read(&mut stream).await {
            heard.extend_from_slice(&payload);
            let Some(next) = says.next() else { break };
            stream.write_all(&packet(number + 1, &next)).await.expect("sent");
        }
        heard
    });
    let outcome = log_in(&options, &mapping("alice", Some(PASSWORD)), false).await.map(drop);
    (impostor.await.expect("it ends"), outcome)
}

fn switch_to(plugin: &str) -> Vec<u8> {
    [b"\xfe", plugin.as_bytes(), b"\0abcdefghijklmnopqrst\0"].concat()
}

/// Whichever way it is asked for, the password itself is not sent.
#[tokio::test]
async fn nobody_unverified_is_told_the_password() {
    let clear = "which is sent only with ssl_mode \"verify_identity\"";
    for (says, word) in [
        (vec![switch_to("mysql_clear_password")], clear),
        (vec![switch_to("sha256_password")], clear),
        (vec![switch_to("caching_sha2_password"), b"\x01\x04".to_vec()], clear),
        (vec![b"\xfe".to_vec()], "the old password hash"),
        (vec![switch_to("dialog")], "\"dialog\", which is not known"),
    ] {
        for first in ["mysql_native_password", "caching_sha2_password", "mysql_clear_password"] {
            let (heard, outcome) = meets(greeting(first, PLAIN), says.clone(), &[]).await;
            let said = refused(outcome);
            assert!(said.starts_with("08001 ") && said.contains(word), "{said}");
            assert!(!said.contains(PASSWORD), "{said}");
            let told = heard.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes());
            assert!(!told, "{first} {says:?}");
        }
    }
}

/// Who takes TLS away is not talked to where it was asked for.
#[tokio::test]
async fn tls_that_was_taken_away_is_missed() {
    let hello = greeting("mysql_native_password", PLAIN);
    let (heard, outcome) = meets(hello, Vec::new(), &[("ssl_mode", "required")]).await;
    assert!(heard.is_empty());
    assert!(refused(outcome).contains("server does not support SSL, but SSL was required"));
}

/// Its numbers are its own: nothing that it sends makes us fall over.
#[tokio::test]
async fn what_is_malformed_is_an_error() {
    let whole = greeting("mysql_native_password", PLAIN);
    for end in 0..45 {
        let (_, outcome) = meets(whole[..end].to_vec(), Vec::new(), &[]).await;
        assert!(refused(outcome).starts_with("08001 "), "{end}");
    }
    for odd in [b"\x01\x07".to_vec(), b"\x2a".to_vec(), Vec::new(), b"\xff".to_vec()] {
        let (_, outcome) = meets(whole.clone(), vec![odd.clone()], &[]).await;
        assert!(refused(outcome).starts_with("08001 "), "{odd:?}");
    }
}

/// A server may ask for any of the client's files in place of rows.
#[tokio::test]
async fn no_file_is_sent() {
    let ok = b"\x00\x00\x00\x02\x00\x00\x00".to_vec();
    let file = b"\xfb/etc/passwd".to_vec();
    let says = vec![ok.clone(), file];
    let (heard, outcome) = meets(greeting("mysql_native_password", PLAIN), says, &[]).await;
    assert!(refused(outcome).starts_with("08001 "));
    assert!(!heard.windows(5).any(|part| part == b"root:"));
}
