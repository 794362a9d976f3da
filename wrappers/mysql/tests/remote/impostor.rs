//! What a server gets that is none, and what one gets that wants too much.
use bytes::{BufMut, BytesMut};
use medley_fdw::{Options, Result};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

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

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
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

/// A server with a certificate that the client trusts, which wants the password itself, and says
/// these things once it has it; what it was told behind TLS.
async fn wants_the_password(
    asks: Vec<Vec<u8>>,
    pairs: &[(&str, &str)],
) -> (Vec<Vec<u8>>, Result<()>) {
    let folder = medley_testkit::TempFolder::new().expect("a folder");
    let certificates = medley_testkit::Certificates::write(&folder).expect("certificates");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut options = Options::default();
    options.set("port", listener.local_addr().expect("it is bound").port().to_string());
    options.set("ssl_ca", certificates.authority.display().to_string());
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    let acceptor = acceptor(&certificates.server, &folder.join("server.key"));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let hello = greeting("caching_sha2_password", PLAIN | 0x800);
        stream.write_all(&packet(0, &hello)).await.expect("sent");
        read(&mut stream).await.expect("a wish for TLS");
        let mut stream = acceptor.accept(stream).await.expect("TLS");
        let mut heard = Vec::new();
        let mut asks = asks.into_iter();
        while let Some((number, payload)) = read(&mut stream).await {
            heard.push(payload);
            let Some(next) = asks.next() else { break };
            stream.write_all(&packet(number + 1, &next)).await.expect("sent");
            stream.flush().await.expect("sent");
        }
        heard
    });
    let outcome = log_in(&options, &mapping("alice", Some(PASSWORD)), false).await.map(drop);
    (server.await.expect("it ends"), outcome)
}

fn acceptor(certificate: &std::path::Path, key: &std::path::Path) -> tokio_rustls::TlsAcceptor {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = CertificateDer::pem_file_iter(certificate).expect("a file");
    let chain = chain.collect::<std::result::Result<Vec<_>, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they belong together");
    std::sync::Arc::new(config).into()
}

const VERIFIED: (&str, &str) = ("ssl_mode", "verify_identity");

/// By each way that wants it; who was told does not say it on.
#[tokio::test]
async fn a_verified_server_is_told_the_password() {
    let ok = b"\x00\x00\x00\x02\x00\x00\x00".to_vec();
    let sent = [PASSWORD.as_bytes(), b"\0"].concat();
    for ask in [
        vec![switch_to("mysql_clear_password"), ok.clone(), ok.clone()],
        vec![b"\x01\x04".to_vec(), ok.clone(), ok.clone()],
    ] {
        let (heard, outcome) = wants_the_password(ask.clone(), &[VERIFIED]).await;
        outcome.expect("it logs in");
        assert!(heard.contains(&sent), "{ask:?}");
    }
    let says = [b"\xff\x15\x04#28000Not with ", PASSWORD.as_bytes()].concat();
    let (heard, outcome) = wants_the_password(vec![b"\x01\x04".to_vec(), says], &[VERIFIED]).await;
    assert!(heard.contains(&sent));
    assert_eq!(
        refused(outcome),
        "08001 could not connect to server \"remote\"\n\
         D: server refused the login; what it said is withheld"
    );
    // Somebody whom the authority knows, but perhaps another one.
    let (heard, outcome) = wants_the_password(vec![b"\x01\x04".to_vec()], &[]).await;
    assert!(refused(outcome).contains("which is sent only with ssl_mode \"verify_identity\""));
    assert!(!heard.contains(&sent));
}
