//! Secrets that Vault keeps or makes.
//!
//! A path is that of Vault's API, and is read with GET: a secret of KV version 1 or 2, database
//! credentials (which are leased), or whatever else answers so. What Vault says in words is
//! repeated nowhere: it may hold what was sent to it.
mod answer;
mod login;

use std::sync::Arc;
use std::time::{Duration, Instant};

use medley_http::{Client, Request, Url, encoded};
use rustls::RootCertStore;
use tokio::sync::Mutex as AsyncMutex;

use super::rules::VaultRules;
use super::span::Span;
use super::value::Fields;
use super::{FetchError, Fetched};
use answer::Answer;
use login::Token;

/// How often something is asked that Vault does not answer for the moment, and how long it is
/// left alone at first.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A token this young is not doubted: Vault's no means no.
const YOUNG: Duration = Duration::from_secs(1);
/// What begins so is Vault's own, this server's tokens among it, and nobody's password.
const OWN_PATHS: [&str; 4] = ["auth", "sys", "identity", "cubbyhole"];

/// Vault, as this server sees it.
pub(super) struct Vault {
    rules: VaultRules,
    client: Client,
    timeout: Duration,
    /// Locked while somebody logs in, so that nobody else does.
    token: AsyncMutex<Option<Arc<Token>>>,
}

/// What Vault lent: an account at a database, say.
#[derive(Debug)]
pub(super) struct VaultLease {
    id: String,
    pub(super) renewable: bool,
    pub(super) span: Arc<Span>,
    /// It ends with the token that it was got with.
    pub(super) token: Arc<Span>,
}

impl Vault {
    pub(super) fn new(rules: VaultRules, roots: Arc<RootCertStore>, timeout: Duration) -> Self {
        Self { rules, client: Client::new(roots), timeout, token: AsyncMutex::default() }
    }

    /// Reads a path; once more with a new token where the old one may be the reason for a no.
    pub(super) async fn read(&self, path: &str) -> Result<Fetched, FetchError> {
        let url = self.url(path)?;
        let token = self.token().await?;
        match self.get(&url, &token).await {
            Err(Refusal::Status(403)) if token.born.elapsed() > YOUNG => {
                self.forget(&token).await;
                let token = self.token().await?;
                self.fetched(path, &token, self.get(&url, &token).await)
            }
            answered => self.fetched(path, &token, answered),
        }
    }

    fn fetched(
        &self,
        path: &str,
        token: &Arc<Token>,
        answered: Result<(Instant, Answer), Refusal>,
    ) -> Result<Fetched, FetchError> {
        let (asked, answer) = answered.map_err(|refusal| refusal.of(path))?;
        let mut fields = Fields::default();
        let lease = (!answer.lease_id.is_empty()).then(|| VaultLease {
            id: answer.lease_id.clone(),
            renewable: answer.renewable,
            span: Span::new(asked, answer.lasts()),
            token: Arc::clone(&token.span),
        });
        for (name, value) in answer.values().ok_or(UNUSABLE)? {
            fields.add(name, value)?;
        }
        Ok(Fetched { fields, lease })
    }

    async fn get(&self, url: &Url, token: &Token) -> Result<(Instant, Answer), Refusal> {
        self.ask(Some(token), || Request::get(url)).await
    }

    async fn post(
        &self,
        path: &str,
        token: Option<&Token>,
        json: &[(&str, &str)],
    ) -> Result<(Instant, Answer), Refusal> {
        let url = self.rules.address.join(&format!("v1/{path}"));
        let json = answer::json(json)?;
        self.ask(token, || Request::post(&url, json.clone())).await
    }

    /// Asks, and asks again what is not answered for the moment.
    async fn ask<'u>(
        &self,
        token: Option<&Token>,
        request: impl Fn() -> Request<'u>,
    ) -> Result<(Instant, Answer), Refusal> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let asked = Instant::now();
            match self.ask_once(token, request()).await {
                Err(refusal) if refusal.is_passing() && attempt < ATTEMPTS => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    attempt += 1;
                }
                answered => return Ok((asked, answered?)),
            }
        }
    }

    async fn ask_once(
        &self,
        token: Option<&Token>,
        request: Request<'_>,
    ) -> Result<Answer, Refusal> {
        let mut request = request.within(self.timeout);
        request = request.header("X-Vault-Request", "true".to_owned());
        if let Some(namespace) = &self.rules.namespace {
            request = request.header("X-Vault-Namespace", namespace.clone());
        }
        if let Some(token) = token {
            request = request.header("X-Vault-Token", token.value.to_string());
        }
        let response = self.client.send(request).await.map_err(Refusal::Http)?;
        match response.status {
            204 => Ok(Answer::default()),
            _ if response.is_success() => Answer::parse(&response.body).ok_or(Refusal::Malformed),
            status => Err(Refusal::Status(status)),
        }
    }

    /// Where a path of Vault's is in a URL.
    fn url(&self, path: &str) -> Result<Url, FetchError> {
        let first = path.split('/').next().unwrap_or_default();
        // With a namespace before it, a token's path is one still.
        let is_token =
            path.split('/').zip(path.split('/').skip(1)).any(|it| it == ("auth", "token"));
        if OWN_PATHS.contains(&first) || is_token {
            return Err(FetchError::Refused {
                why: "the path is of Vault's own",
                hint: "A reference names a secret, or database credentials.",
            });
        }
        let path: Vec<_> = path.split('/').map(encoded).collect();
        Ok(self.rules.address.join(&format!("v1/{}", path.join("/"))))
    }
}

/// What is lent.
impl Vault {
    /// Has a lease last longer: what it lasts from now on.
    pub(super) async fn renew(&self, lease: &VaultLease) -> Result<(), FetchError> {
        let increment = lease.span.first().as_secs().to_string();
        let json = [("lease_id", lease.id.as_str()), ("increment", increment.as_str())];
        let (asked, answer) = self.post_as_ours("sys/leases/renew", &json).await?;
        lease.span.renew(asked, answer.lasts());
        Ok(())
    }

    /// Gives a lease back: the account is gone when this returns.
    pub(super) async fn revoke(&self, lease: &VaultLease) -> Result<(), FetchError> {
        self.post_as_ours("sys/leases/revoke", &[("lease_id", lease.id.as_str())]).await?;
        Ok(())
    }

    async fn post_as_ours(
        &self,
        path: &str,
        json: &[(&str, &str)],
    ) -> Result<(Instant, Answer), FetchError> {
        let token = self.token().await?;
        self.post(path, Some(&token), json).await.map_err(|refusal| refusal.of(path))
    }
}

/// As good as for ever.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

fn lasts(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(FOR_EVER)
}

const UNUSABLE: FetchError = FetchError::Unusable("what Vault answers holds no data");

/// Why Vault does not do as it is asked.
#[derive(Debug)]
enum Refusal {
    Http(medley_http::Error),
    Status(u16),
    /// It says yes, and nothing that could be understood.
    Malformed,
}

impl Refusal {
    /// Sealed, too busy, electing a leader, behind its leader: it may answer soon.
    fn is_passing(&self) -> bool {
        match self {
            Self::Http(error) => matches!(error, medley_http::Error::Io(_)),
            Self::Status(status) => matches!(status, 412 | 429 | 472 | 473 | 500..),
            Self::Malformed => false,
        }
    }

    /// What is said of it, by whom a path was wanted.
    fn of(self, path: &str) -> FetchError {
        match self {
            Self::Http(error) => {
                FetchError::Unavailable(format!("Vault cannot be reached: {error}"))
            }
            Self::Status(404) => FetchError::NotInVault(path.to_owned()),
            Self::Status(status @ 400..=403) => FetchError::Denied(format!(
                "Vault does not let this server use \"{path}\" (status {status})"
            )),
            Self::Status(status) => {
                FetchError::Unavailable(format!("Vault does not answer (status {status})"))
            }
            Self::Malformed => UNUSABLE,
        }
    }
}
