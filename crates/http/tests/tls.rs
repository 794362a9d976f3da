//! Whom a client believes over TLS, and what it takes for an answer.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]
use std::sync::Arc;
use std::time::Duration;

use medley_http::{Client, Request, Url};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A service with a certificate for this name, which answers everybody so; `closes` says whether
/// it ends as TLS does, or as a cut wire.
async fn service(name: &str, answer: &'static str, closes: bool) -> (u16, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut question = [0; 4096];
            let _ = stream.read(&mut question).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.flush().await;
            if closes {
                let _ = stream.shutdown().await;
            }
        }
    });
    (port, cert.der().clone())
}

async fn ask(port: u16, trusted: Option<&CertificateDer<'static>>) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    trusted.into_iter().for_each(|it| roots.add(it.clone()).unwrap());
    let client = Client::new(Arc::new(roots));
    let url = Url::parse(&format!("https://localhost:{port}/x")).unwrap();
    let request = Request::get(&url).header("X-Token", "t".to_owned());
    let answered = client.send(request.within(Duration::from_secs(10))).await;
    let answered = answered.map_err(|error| error.to_string())?;
    Ok(format!("{} {}", answered.status, String::from_utf8_lossy(&answered.body)))
}

const ENDLESS: &str = "HTTP/1.1 200 OK\r\n\r\nabc";

#[tokio::test]
async fn the_service_must_be_whom_the_url_names() {
    let (port, certificate) = service("localhost", ENDLESS, true).await;
    assert_eq!(ask(port, Some(&certificate)).await.as_deref(), Ok("200 abc"));
    let stranger = ask(port, None).await.unwrap_err();
    assert!(stranger.contains("invalid peer certificate"), "{stranger}");
    let (port, certificate) = service("elsewhere", ENDLESS, true).await;
    let another = ask(port, Some(&certificate)).await.unwrap_err();
    assert!(another.contains("invalid peer certificate"), "{another}");
}

/// Somebody in between could else shorten a secret.
#[tokio::test]
async fn an_answer_that_is_cut_short_is_none() {
    let (port, certificate) = service("localhost", ENDLESS, false).await;
    let cut = ask(port, Some(&certificate)).await.unwrap_err();
    assert!(cut.contains("without sending TLS close_notify"), "{cut}");
}
