//! TLS: asked for or at once, and passwords that hold for one certificate alone.
use std::sync::Arc;
use std::time::Duration;

use medley_testkit::Program;
use medley_wire::{Options, Tls, TlsFiles, TlsSlot};
use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_postgres::config::ChannelBinding;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::toy::Toy;

/// Signs itself, for localhost; `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256`.
const CERTIFICATE: &[u8] = include_bytes!("tls/server.crt");
const KEY: &[u8] = include_bytes!("tls/server.key");

fn options() -> Options {
    let files = TlsFiles { certificates: CERTIFICATE, key: KEY, client_authorities: None };
    let tls = TlsSlot::default();
    tls.replace(Tls::new(&files).unwrap());
    Options { tls, ..Options::default() }
}

fn client_config(protocols: &[&[u8]]) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

pub fn client_tls() -> MakeRustlsConnect {
    MakeRustlsConnect::new(client_config(&[]))
}

#[tokio::test]
async fn sessions_and_cancels_are_under_tls() {
    let toy = Toy::start_with(options(), Some("pencil")).await;
    let conninfo = format!("{} password=pencil sslmode=require", toy.conninfo("alice"));
    let (client, connection) = tokio_postgres::connect(&conninfo, client_tls()).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(client.simple_query("rows 100000").await.unwrap().len(), 100_002);
    let token = client.cancel_token();
    let cancelling = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        token.cancel_query(client_tls()).await.unwrap();
    };
    let (answer, ()) = tokio::join!(client.simple_query("drip"), cancelling);
    assert_eq!(answer.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED));
}

#[tokio::test]
async fn a_password_is_bound_to_the_certificate() {
    let toy = Toy::start_with(options(), Some("pencil")).await;
    let mut config: tokio_postgres::Config = toy.conninfo("alice").parse().unwrap();
    config.ssl_mode(tokio_postgres::config::SslMode::Require);
    config.channel_binding(ChannelBinding::Require);
    drop(config.password("pencil").connect(client_tls()).await.unwrap());
    let error = config.password("wrong").connect(client_tls()).await.err().unwrap();
    assert_eq!(error.code(), Some(&SqlState::INVALID_PASSWORD));
}

/// libpq reads the certificate and makes the binding by itself.
#[tokio::test]
async fn psql_binds_too() {
    let toy = Toy::start_with(options(), Some("pencil")).await;
    let root = toy.socket_dir.path().join("root.crt");
    std::fs::write(&root, CERTIFICATE).unwrap();
    let psql = Program::PSQL.locate().unwrap_or_else(|missing| panic!("{missing}"));
    let conninfo = format!(
        "{} host=localhost sslmode=verify-full sslrootcert={} channel_binding=require",
        toy.conninfo("alice"),
        root.display()
    );
    let output = Command::new(psql)
        .args(["-X", "-A", "-t", "-d", &conninfo, "-c", "rows 1"])
        .env("PGPASSWORD", "pencil")
        .output()
        .await
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "0|row 0\n");
}

/// A start-up packet under a handshake that nothing came before; the kind of the first answer.
async fn begin_with_tls(toy: &Toy, protocols: &[&[u8]]) -> Option<u8> {
    let socket = TcpStream::connect(("127.0.0.1", toy.port)).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client_config(protocols)));
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = connector.connect(name, socket).await.ok()?;
    let body = b"\0\x03\0\0user\0alice\0database\0medley\0\0";
    tls.write_u32(body.len() as u32 + 4).await.unwrap();
    tls.write_all(body).await.unwrap();
    let mut kind = [0];
    let read = tokio::time::timeout(Duration::from_secs(10), tls.read(&mut kind)).await;
    matches!(read.expect("an answer in time"), Ok(1)).then_some(kind[0])
}

#[tokio::test]
async fn a_client_may_begin_with_tls() {
    let toy = Toy::start_with(options(), None).await;
    assert_eq!(begin_with_tls(&toy, &[b"postgresql"]).await, Some(b'R'));
    // Others may be meant for another server, by somebody in between.
    assert_eq!(begin_with_tls(&toy, &[]).await, None);
    assert_eq!(begin_with_tls(&toy, &[b"http/1.1"]).await, None);
    let plain = Toy::start().await;
    assert_eq!(begin_with_tls(&plain, &[b"postgresql"]).await, None);
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections() {
    let options = options();
    let slot = options.tls.clone();
    let toy = Toy::start_with(options, None).await;
    let conninfo = format!("{} sslmode=require", toy.conninfo("alice"));
    let (client, connection) = tokio_postgres::connect(&conninfo, client_tls()).await.unwrap();
    tokio::spawn(connection);
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (other.cert.pem(), other.signing_key.serialize_pem());
    let files = TlsFiles {
        certificates: certificate.as_bytes(),
        key: key.as_bytes(),
        client_authorities: None,
    };
    slot.replace(Tls::new(&files).unwrap());
    assert!(tokio_postgres::connect(&conninfo, client_tls()).await.is_err());
    assert_eq!(client.simple_query("rows 1").await.unwrap().len(), 3);
}

#[test]
fn files_that_are_something_else_are_refused() {
    let check = |certificates: &[u8], key: &[u8], authorities: Option<&[u8]>, expected: &str| {
        let files = TlsFiles { certificates, key, client_authorities: authorities };
        let error = Tls::new(&files).err().expect(expected).to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(b"", KEY, None, "could not load the certificate: ");
    check(CERTIFICATE, CERTIFICATE, None, "could not load the key: ");
    check(CERTIFICATE, KEY, Some(KEY), "could not load the authorities of clients: ");
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    check(CERTIFICATE, other.as_bytes(), None, "could not use certificate and key: ");
}
