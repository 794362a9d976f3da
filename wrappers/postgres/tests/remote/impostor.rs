//! Servers that are none: what they say is not believed, and kills nobody.
use std::future::Future;

use crate::fixture::{PASSWORD, log_in, mapping, print, query, refused, server};
use bytes::{BufMut, BytesMut};
use medley_types::PgType;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A connection from the server's side.
struct Peer {
    stream: TcpStream,
    /// All that the client has sent.
    heard: Vec<u8>,
}

impl Peer {
    /// Reads the start-up message.
    async fn start_up(&mut self) {
        let length = self.stream.read_u32().await.expect("a length");
        let mut body = vec![0; length as usize - 4];
        self.stream.read_exact(&mut body).await.expect("a body");
    }

    /// A message of the client's; `None` when it has closed.
    async fn hear(&mut self) -> Option<(u8, Vec<u8>)> {
        let tag = self.stream.read_u8().await.ok()?;
        let length = self.stream.read_u32().await.ok()?;
        let mut body = vec![0; length as usize - 4];
        self.stream.read_exact(&mut body).await.ok()?;
        self.heard.extend_from_slice(&body);
        Some((tag, body))
    }

    async fn say(&mut self, messages: &[(u8, &[u8])]) {
        let mut out = BytesMut::new();
        for (tag, body) in messages {
            out.put_u8(*tag);
            out.put_u32(body.len() as u32 + 4);
            out.put_slice(body);
        }
        // Whoever has hung up does not listen.
        let _ = self.stream.write_all(&out).await;
    }
}

/// A server for one connection: its port, and in the end what it has heard.
async fn play<F: Future<Output = Peer> + Send + 'static>(
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> (String, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut peer = script(Peer { stream, heard: Vec::new() }).await;
        while peer.hear().await.is_some() {}
        peer.heard
    });
    (port, heard)
}

fn options(port: &str) -> medley_fdw::Options {
    server(&[("port", port), ("sslmode", "disable")])
}

/// What is said of a server that says this first.
async fn greeted(messages: &'static [(u8, &'static [u8])]) -> String {
    let (port, heard) = play(move |mut peer| async move {
        peer.start_up().await;
        peer.say(messages).await;
        peer
    })
    .await;
    let outcome = log_in(&options(&port), &mapping("alice", Some(PASSWORD)), false).await;
    let heard = heard.await.expect("it ends");
    let secret = PASSWORD.as_bytes();
    assert!(heard.windows(secret.len()).all(|window| window != secret), "the password leaked");
    refused(outcome)
}

#[tokio::test]
async fn a_password_is_not_told_to_whoever_asks() {
    let clear = greeted(&[(b'R', b"\0\0\0\x03")]).await;
    assert!(clear.contains("server requested a cleartext password, which is sent only"), "{clear}");
    let hashed = greeted(&[(b'R', b"\0\0\0\x05salt")]).await;
    assert!(hashed.contains("server requested a hashed password, which is sent only"), "{hashed}");
    let kerberos = greeted(&[(b'R', b"\0\0\0\x07")]).await;
    assert!(kerberos.ends_with("authentication method 7 not supported"), "{kerberos}");
    let foreign = greeted(&[(b'R', b"\0\0\0\x0aPLAIN\0\0")]).await;
    assert!(foreign.ends_with("none of the server's SASL authentication mechanisms are supported"));
}

#[tokio::test]
async fn a_server_that_was_told_a_password_does_not_say_it_in_an_error() {
    let (port, heard) = play(move |mut peer| async move {
        peer.start_up().await;
        peer.say(&[(b'R', b"\0\0\0\x03")]).await;
        let (_, told) = peer.hear().await.expect("a password");
        let told = &told[..told.len() - 1];
        let echo =
            [b"SFATAL\0C28P01\0Mno such password: ", told, b"\0D", told, b"\0H", told, b"\0\0"];
        peer.say(&[(b'E', &echo.concat())]).await;
        peer
    })
    .await;
    let options = server(&[("port", &port), ("sslmode", "disable"), ("require_auth", "password")]);
    let outcome = refused(log_in(&options, &mapping("alice", Some(PASSWORD)), false).await);
    let heard = heard.await.expect("it ends");
    assert!(String::from_utf8_lossy(&heard).contains(PASSWORD), "it was told");
    assert!(!outcome.contains(PASSWORD), "{outcome}");
    assert!(outcome.contains("the server's words are withheld"), "{outcome}");
}

#[tokio::test]
async fn what_is_no_protocol_is_an_error() {
    const GREETINGS: &[&[(u8, &[u8])]] = &[
        &[(b'R', b"")],
        &[(b'R', b"\0\0")],
        &[(b'R', b"\0\0\0\x0aSCRAM-SHA-256")],
        &[(b'R', b"\0\0\0\x0br=x")],
        &[(b'R', b"\0\0\0\x0cv=x")],
        &[(b'H', b"TTP")],
        &[(b'R', b"\0\0\0\0"), (b'K', b"\0")],
        &[(b'R', b"\0\0\0\0"), (b'S', b"no end")],
        &[(b'R', b"\0\0\0\0"), (b'D', b"")],
        &[(b'E', b"")],
    ];
    for messages in GREETINGS {
        let outcome = greeted(messages).await;
        assert!(outcome.starts_with("08001 could not connect to server"), "{outcome}");
    }
    // A message that would not end.
    let (port, _) = play(|mut peer| async move {
        peer.start_up().await;
        let _ = peer.stream.write_all(b"R\x7f\xff\xff\xff").await;
        peer
    })
    .await;
    let outcome = log_in(&options(&port), &mapping("alice", Some(PASSWORD)), false).await;
    assert!(refused(outcome).ends_with("invalid message length from server"));
    let (port, _) = play(|mut peer| async move {
        peer.start_up().await;
        let _ = peer.stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = peer.stream.shutdown().await;
        peer
    })
    .await;
    let outcome = log_in(&options(&port), &mapping("alice", Some(PASSWORD)), false).await;
    assert!(refused(outcome).starts_with("08001"));
}

/// The client's nonce, out of its first message.
fn nonce(first: &[u8]) -> String {
    let text = String::from_utf8_lossy(first).into_owned();
    text.split_once("r=").expect("a nonce").1.to_owned()
}

#[tokio::test]
async fn a_server_must_prove_that_it_knows_the_password() {
    for proof in [&b"\0\0\0\0"[..], b"\0\0\0\x0cv=AAAA", b"\0\0\0\x0ce=other-error", b"\0\0\0\x0c"]
    {
        let (port, _) = play(move |mut peer| async move {
            peer.start_up().await;
            peer.say(&[(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0")]).await;
            let (_, first) = peer.hear().await.expect("the client begins");
            let challenge = format!("\0\0\0\x0br={}server,s=c2FsdA==,i=4096", nonce(&first));
            peer.say(&[(b'R', challenge.as_bytes())]).await;
            peer.hear().await.expect("the client's proof");
            peer.say(&[(b'R', proof), (b'R', b"\0\0\0\0"), (b'Z', b"I")]).await;
            peer
        })
        .await;
        let outcome = log_in(&options(&port), &mapping("alice", Some(PASSWORD)), true).await;
        assert!(refused(outcome).starts_with("08001"), "{proof:?}");
    }
}

/// A server that speaks the protocol, and of whose SQL one knows little: it has no interval
/// style, no COPY, and for every query one row of `42`.
async fn plain(mut peer: Peer, banner: &'static str) -> Peer {
    let version = [b"server_version\0", banner.as_bytes(), b"\0"].concat();
    peer.start_up().await;
    peer.say(&[(b'R', b"\0\0\0\0"), (b'S', &version), (b'Z', b"I")]).await;
    let unknown = b"SERROR\0VERROR\0C42704\0Mnone\0\0";
    let unsupported = b"SERROR\0VERROR\0C0A000\0MCOPY is not supported\0\0";
    let column = b"\0\x01c\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0";
    while let Some((tag, body)) = peer.hear().await {
        let text = String::from_utf8_lossy(&body).into_owned();
        match tag {
            b'Q' if text.contains("intervalstyle") => {
                peer.say(&[(b'E', unknown), (b'Z', b"I")]).await;
            }
            b'Q' if text.contains("COPY") => peer.say(&[(b'E', unsupported), (b'Z', b"I")]).await,
            b'Q' => peer.say(&[(b'C', b"OK\0"), (b'Z', b"I")]).await,
            b'D' => peer.say(&[(b'1', b""), (b't', b"\0\0"), (b'T', column)]).await,
            b'B' => peer.say(&[(b'2', b"")]).await,
            b'E' => peer.say(&[(b'D', b"\0\x01\0\0\0\x04\0\0\0\x2a"), (b'C', b"SELECT 1\0")]).await,
            b'S' => peer.say(&[(b'Z', b"I")]).await,
            b'X' => break,
            _ => {}
        }
    }
    peer
}

#[tokio::test]
async fn a_remote_without_copy_is_read_all_the_same() {
    for (banner, version, copies) in
        [("18.4 (Medley 0.1.0)", 180_004, 0), ("15.3 (Other)", 150_003, 1)]
    {
        let (port, heard) = play(move |peer| plain(peer, banner)).await;
        let mut connection =
            log_in(&options(&port), &mapping("alice", None), true).await.expect("it lets in");
        assert_eq!(connection.facts().version, version);
        assert_eq!(connection.facts().can.snapshots, copies == 1);
        for _ in 0..2 {
            let sql = query("SELECT c FROM t", &[PgType::INT4]);
            assert_eq!(print(connection.as_mut(), sql).await.expect("a row"), "42");
        }
        assert!(connection.reset().await);
        drop(connection);
        let heard = String::from_utf8_lossy(&heard.await.expect("it ends")).into_owned();
        assert_eq!(heard.matches("COPY").count(), copies, "asked at most once: {heard}");
    }
}

#[tokio::test]
async fn a_search_path_that_is_not_set_ends_the_connection() {
    let (port, _) = play(|mut peer| async move {
        peer.start_up().await;
        peer.say(&[(b'R', b"\0\0\0\0"), (b'Z', b"I")]).await;
        let denied = b"SERROR\0VERROR\0C42501\0Mpermission denied to set parameter\0\0";
        for _ in 0..5 {
            peer.say(&[(b'E', denied), (b'Z', b"I")]).await;
        }
        peer
    })
    .await;
    let outcome = log_in(&options(&port), &mapping("alice", None), true).await;
    assert!(refused(outcome).contains("permission denied to set parameter"));
}
