//! Asking the service.
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::StreamExt;
use medley_fdw::{
    Address, Batches, Connect, Dialer, Error, RemoteStream, Report, Result, Scan, ScanConnection,
    SqlState, Unreached,
};
use medley_http::{Client, Request, Response, Url};
use zeroize::Zeroizing;

use crate::page::Pages;
use crate::{most_bytes, seconds, service};

/// A service, and who one is there. Each request is a connection of its own.
pub(crate) struct Connection {
    server: String,
    service: Url,
    client: Client,
    dialer: Arc<dyn Dialer>,
    /// What each request says; it is wiped with the connection.
    authorization: Option<Zeroizing<String>>,
    timeout: Duration,
    most_bytes: usize,
}

impl Connection {
    pub fn new(connect: &Connect<'_>) -> Result<Self> {
        let token = connect.mapping.secret("token");
        Ok(Self {
            server: connect.server_name.to_owned(),
            service: service(connect.server.require("url")?)?,
            client: Client::new(Arc::clone(&connect.tls_roots)),
            dialer: Arc::clone(&connect.dialer),
            authorization: token.map(|token| Zeroizing::new(format!("Bearer {}", token.expose()))),
            timeout: seconds(connect.server)?,
            most_bytes: most_bytes(connect.server)?,
        })
    }

    pub fn service(&self) -> &Url {
        &self.service
    }

    /// The text that the service answers to this.
    pub async fn ask(&self, url: &Url) -> Result<String> {
        let until = Instant::now() + self.timeout;
        let stream = self.reach(url).await?;
        let left = until.saturating_duration_since(Instant::now());
        let mut request = Request::get(url).within(left).at_most(self.most_bytes);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization.to_string());
        }
        let answer = self.client.send_over(stream, request).await;
        let answer = answer.map_err(|error| self.failed(error))?;
        self.text_of(url, &answer)
    }

    /// A connection to one of the service's addresses.
    async fn reach(&self, url: &Url) -> Result<Box<dyn RemoteStream>> {
        let reached = async {
            let addresses = self.dialer.resolve(url.host(), url.port()).await;
            let addresses =
                addresses.map_err(|error| (Unreached::NoSuchHost, error.to_string()))?;
            let mut failed = (Unreached::NoSuchHost, "the host has no address".to_owned());
            for address in addresses {
                match self.dialer.dial(&Address::Tcp(address)).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => failed = (kind(error.kind()), error.to_string()),
                }
            }
            Err(failed)
        };
        match tokio::time::timeout(self.timeout, reached).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err((kind, detail))) => Err(self.unreached(kind, detail)),
            Err(_) => Err(self.unreached(Unreached::Timeout, "it does not answer".to_owned())),
        }
    }

    fn text_of(&self, url: &Url, answer: &Response) -> Result<String> {
        match answer.status {
            _ if answer.is_success() => {}
            status @ (401 | 403) => {
                let detail = format!("it answers {status} to {}", path(url));
                return Err(self.unreached(Unreached::Authentication, detail));
            }
            status => {
                let message = format!("the service answers {status} to {}", path(url));
                return Err(Error::remote(Report::error(SqlState::FDW_ERROR, message)));
            }
        }
        let text = std::str::from_utf8(&answer.body).map_err(|_| {
            let message = "invalid byte sequence for encoding \"UTF8\"";
            Error::remote(Report::error(SqlState::CHARACTER_NOT_IN_REPERTOIRE, message))
        })?;
        Ok(text.to_owned())
    }

    fn unreached(&self, kind: Unreached, detail: String) -> Error {
        Error::Connect { server: self.server.clone(), detail, kind }
    }

    fn failed(&self, error: medley_http::Error) -> Error {
        match error {
            medley_http::Error::Timeout(_) => {
                let within = self.timeout.as_secs();
                self.unreached(Unreached::Timeout, format!("no answer within {within} s"))
            }
            medley_http::Error::TooLong(bytes) => {
                let message = format!("the service's answer is longer than {bytes} bytes");
                let report = Report::error(SqlState::PROGRAM_LIMIT_EXCEEDED, message);
                Error::remote(report.with_hint("Raise the server's option \"max_bytes\"."))
            }
            error => Error::Lost { server: self.server.clone(), detail: error.to_string() },
        }
    }
}

/// Without the query, whose values are somebody's.
fn path(url: &Url) -> &str {
    url.path().split('?').next().unwrap_or_default()
}

fn kind(kind: ErrorKind) -> Unreached {
    match kind {
        ErrorKind::PermissionDenied => Unreached::Forbidden,
        ErrorKind::ConnectionRefused => Unreached::Refused,
        ErrorKind::TimedOut => Unreached::Timeout,
        _ => Unreached::Other,
    }
}

#[async_trait]
impl ScanConnection for Connection {
    fn scan<'a>(&'a mut self, scan: Scan<'a>) -> Batches<'a> {
        match Pages::new(self, scan) {
            Ok(pages) => pages.batches(),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }
}
