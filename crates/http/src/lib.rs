//! Asking a service that the configuration names, over HTTP/1.1: Vault, or who issues tokens.
//!
//! A request is a connection of its own, over TLS or to this machine; it has an end in time and
//! its answer one in size. Redirects are not followed, variables of the environment are not
//! looked at, and nothing is kept: what is sent and what comes may be secret, is wiped, and stands
//! in no error.
//!
//! It knows nothing of what is asked for.
mod answer;
mod url;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

pub use answer::Response;
pub use url::{Url, encoded};

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no address of a service.
    #[error("not an http or https URL")]
    Url,
    /// What is secret would be sent to another machine in clear.
    #[error("http is for this machine only: use https")]
    Plain,
    /// A header would be two.
    #[error("a header holds a line break")]
    Header,
    /// There is no connection, or it broke.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// The answer is too long.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The answer is none.
    #[error("the answer is not HTTP")]
    Malformed,
}

/// What connections have in common: whom they trust.
#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
}

/// What is asked.
pub struct Request<'a> {
    method: &'static str,
    url: &'a Url,
    headers: Vec<(&'static str, Zeroizing<String>)>,
    body: Option<Zeroizing<Vec<u8>>>,
    timeout: Duration,
    most_bytes: usize,
}

impl<'a> Request<'a> {
    /// How long an answer may take, unless something else is said.
    const TIMEOUT: Duration = Duration::from_secs(10);
    /// How long an answer may be, unless something else is said.
    const MOST_BYTES: usize = 1024 * 1024;

    /// Asks for what is there.
    pub fn get(url: &'a Url) -> Self {
        Self::new("GET", url, None)
    }

    /// Tells something, in JSON.
    pub fn post(url: &'a Url, json: Zeroizing<Vec<u8>>) -> Self {
        Self::new("POST", url, Some(json)).header("Content-Type", "application/json".to_owned())
    }

    fn new(method: &'static str, url: &'a Url, body: Option<Zeroizing<Vec<u8>>>) -> Self {
        let (timeout, most_bytes) = (Self::TIMEOUT, Self::MOST_BYTES);
        Self { method, url, headers: Vec::new(), body, timeout, most_bytes }
    }

    /// With a header more.
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, Zeroizing::new(value)));
        self
    }

    /// The connection, the question and the answer take at most this long together.
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The answer is at most this long.
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// As it is sent.
    fn bytes(&self) -> Result<Zeroizing<Vec<u8>>> {
        let body = self.body.as_ref().map_or(&[][..], |body| body.as_slice());
        // Never grown, so that no copy of what is secret stays behind.
        let room = |(name, value): &(&str, Zeroizing<String>)| name.len() + value.len() + 4;
        let room = 512 + self.url.len() + self.headers.iter().map(room).sum::<usize>() + body.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        let mut line = |parts: &[&str]| {
            parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
            bytes.extend_from_slice(b"\r\n");
        };
        line(&[self.method, " ", self.url.path(), " HTTP/1.1"]);
        line(&["Host: ", &self.url.authority()]);
        line(&["User-Agent: medley/", env!("CARGO_PKG_VERSION")]);
        line(&["Accept: application/json"]);
        line(&["Connection: close"]);
        if self.method == "POST" {
            line(&["Content-Length: ", &body.len().to_string()]);
        }
        for (name, value) in &self.headers {
            if value.contains(|c: char| c.is_control()) {
                return Err(Error::Header);
            }
            line(&[name, ": ", value]);
        }
        line(&[]);
        bytes.extend_from_slice(body);
        Ok(bytes)
    }
}

impl Client {
    /// Trusting these.
    pub fn new(roots: Arc<RootCertStore>) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has the versions that are built")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { tls: TlsConnector::from(Arc::new(config)) }
    }

    /// Asks, and reads the answer, whatever its status.
    pub async fn send(&self, request: Request<'_>) -> Result<Response> {
        let timeout = request.timeout;
        match tokio::time::timeout(timeout, self.exchange(&request)).await {
            Ok(answered) => answered,
            Err(_) => Err(Error::Timeout(timeout)),
        }
    }

    /// The same over a connection to the service that the caller has made.
    pub async fn send_over<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        request: Request<'_>,
    ) -> Result<Response> {
        let timeout = request.timeout;
        match tokio::time::timeout(timeout, self.exchange_over(stream, &request)).await {
            Ok(answered) => answered,
            Err(_) => Err(Error::Timeout(timeout)),
        }
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Response> {
        let stream = TcpStream::connect((request.url.host(), request.url.port())).await?;
        self.exchange_over(stream, request).await
    }

    async fn exchange_over<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        request: &Request<'_>,
    ) -> Result<Response> {
        let bytes = request.bytes()?;
        let url = request.url;
        if !url.is_tls() {
            return converse(stream, &bytes, request.most_bytes).await;
        }
        let name = ServerName::try_from(url.host().to_owned()).map_err(|_| Error::Url)?;
        let stream = self.tls.connect(name, stream).await?;
        converse(stream, &bytes, request.most_bytes).await
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    bytes: &[u8],
    most_bytes: usize,
) -> Result<Response> {
    stream.write_all(bytes).await?;
    stream.flush().await?;
    answer::read(&mut stream, most_bytes).await
}
