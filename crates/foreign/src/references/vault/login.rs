//! As whom Vault is asked: a token, and how one is come by.
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::super::rules::{LoginSource, VaultLogin};
use super::super::span::Span;
use super::super::value;
use super::{FetchError, Refusal, Vault, lasts};

/// What says as whom Vault is asked.
pub(super) struct Token {
    pub(super) value: Zeroizing<String>,
    pub(super) born: Instant,
    /// It was made for this server, which gives it back.
    is_ours: bool,
    renewable: bool,
    /// It is not renewed again before this moment.
    retry: Mutex<Instant>,
    /// Without an end it lasts for ever, which is as long as this says.
    pub(super) span: Arc<Span>,
}

/// How soon renewing is tried again.
const PAUSE: Duration = Duration::from_secs(1);

impl Token {
    /// When it is to be renewed, if it can be.
    fn renews(&self) -> Option<Instant> {
        self.renewable.then(|| self.span.renews().max(*self.retry.lock()))
    }
}

impl Vault {
    /// The token, after a login where there is none that is good.
    pub(super) async fn token(&self) -> Result<Arc<Token>, FetchError> {
        let mut token = self.token.lock().await;
        if let Some(token) = token.as_ref().filter(|it| !it.span.is_over(Instant::now())) {
            return Ok(Arc::clone(token));
        }
        let new = Arc::new(self.log_in().await?);
        *token = Some(Arc::clone(&new));
        Ok(new)
    }

    /// The token is not to be used again, unless there is another one already.
    pub(super) async fn forget(&self, doubted: &Arc<Token>) {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|it| Arc::ptr_eq(it, doubted)) {
            *token = None;
        }
    }

    async fn log_in(&self) -> Result<Token, FetchError> {
        match &self.rules.login {
            VaultLogin::Token(source) => self.look_up(source.read()?).await,
            VaultLogin::AppRole { mount, role_id, secret_id } => {
                let secret_id = secret_id.read()?;
                let who = [("role_id", role_id.as_str()), ("secret_id", secret_id.as_str())];
                self.log_in_with(mount, &who).await
            }
            VaultLogin::Kubernetes { mount, role, token } => {
                let jwt = file(token)?;
                self.log_in_with(mount, &[("role", role.as_str()), ("jwt", jwt.as_str())]).await
            }
        }
    }

    async fn log_in_with(&self, mount: &str, who: &[(&str, &str)]) -> Result<Token, FetchError> {
        let path = format!("auth/{mount}/login");
        let refused = |refusal: Refusal| match refusal {
            Refusal::Status(status @ 400..=404) => FetchError::Denied(format!(
                "Vault does not let this server log in at \"{path}\" (status {status})"
            )),
            refusal => refusal.of(&path),
        };
        let (asked, answer) = self.post(&path, None, who).await.map_err(refused)?;
        let auth = answer.auth.ok_or(super::UNUSABLE)?;
        Ok(Token {
            value: auth.client_token.0,
            born: asked,
            is_ours: true,
            renewable: auth.renewable,
            retry: Mutex::new(asked),
            span: span(asked, auth.lease_duration),
        })
    }

    /// A token that somebody else got: how long it lasts is asked.
    async fn look_up(&self, value: Zeroizing<String>) -> Result<Token, FetchError> {
        let born = Instant::now();
        let (is_ours, renewable) = (false, false);
        let retry = Mutex::new(born);
        let token = Token { value, born, is_ours, renewable, retry, span: span(born, 0) };
        let url = self.rules.address.join("v1/auth/token/lookup-self");
        let (asked, answer) = self.get(&url, &token).await.map_err(|refusal| match refusal {
            Refusal::Status(400..=404) => {
                FetchError::Denied("Vault does not take this server's token".to_owned())
            }
            refusal => refusal.of("auth/token/lookup-self"),
        })?;
        let (lasts, renewable) = answer.token().ok_or(super::UNUSABLE)?;
        Ok(Token { renewable, span: span(asked, lasts), ..token })
    }

    /// A token that somebody else got is kept from its first moment on: nobody here gets another.
    pub(in super::super) async fn look_up_token(&self) {
        if let VaultLogin::Token(_) = self.rules.login
            && let Err(error) = self.token().await
        {
            tracing::warn!(%error, "the token for Vault is not known to be good");
        }
    }

    /// Has the token last longer, when it is time. One that cannot ends, and a login follows when
    /// something is asked next.
    pub(in super::super) async fn keep_token(&self) {
        let token = self.token.lock().await.clone();
        let is_time = |it: &Arc<Token>| it.renews().is_some_and(|moment| moment <= Instant::now());
        let Some(token) = token.filter(is_time) else { return };
        *token.retry.lock() = Instant::now() + PAUSE;
        match self.post("auth/token/renew-self", Some(&token), &[]).await {
            Ok((asked, answer)) => {
                if let Some(auth) = answer.auth {
                    token.span.renew(asked, lasts(auth.lease_duration));
                }
            }
            Err(refusal @ Refusal::Status(400..=404)) => {
                tracing::warn!(?refusal, "the token for Vault cannot be renewed");
                self.forget(&token).await;
            }
            Err(refusal) => tracing::warn!(?refusal, "the token for Vault was not renewed"),
        }
    }

    /// When the token needs to be looked at.
    pub(in super::super) async fn token_renews(&self) -> Option<Instant> {
        let token = self.token.lock().await;
        token.as_ref().and_then(|it| it.renews())
    }

    /// Gives the token back, and with it all that was lent for it.
    pub(in super::super) async fn log_out(&self) {
        let token = self.token.lock().await.take();
        if let Some(token) = token.filter(|it| it.is_ours)
            && let Err(refusal) = self.post("auth/token/revoke-self", Some(&token), &[]).await
        {
            tracing::warn!(?refusal, "the token for Vault was not given back");
        }
    }
}

impl LoginSource {
    fn read(&self) -> Result<Zeroizing<String>, FetchError> {
        match self {
            Self::File(path) => file(path),
            Self::Variable(name) => match std::env::var(name) {
                Ok(value) => value::line(Zeroizing::new(value).as_bytes()),
                Err(_) => Err(FetchError::Denied(format!(
                    "what this server logs in at Vault with is not in variable {name}"
                ))),
            },
        }
    }
}

/// Which file it is the configuration says.
fn file(path: &Path) -> Result<Zeroizing<String>, FetchError> {
    let read = fs::read(path).map(Zeroizing::new);
    let bytes = read.map_err(|error| {
        FetchError::Denied(format!(
            "what this server logs in at Vault with cannot be read from \"{}\": {}",
            path.display(),
            error.kind()
        ))
    })?;
    value::line(&bytes)
}

/// Without an end where Vault says 0.
fn span(from: Instant, seconds: u64) -> Arc<Span> {
    Span::new(from, lasts(if seconds == 0 { u64::MAX } else { seconds }))
}
