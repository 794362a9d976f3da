//! The keys that an issuer signs with.
//!
//! They are fetched when a token first needs them, and again when they are old or a token names
//! one that is not among them. One fetch serves all who wait for it; and it is made seldom enough
//! that tokens with made-up keys do not turn this server against the issuer.
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{DecodingKey, Header};
use medley_http::{Client, Request, Response, Url};
use parking_lot::RwLock;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use super::Refused;

/// How long an answer of the issuer's may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long keys are taken for new, unless the issuer says otherwise within these limits.
const FRESH: Duration = Duration::from_secs(600);
const FRESH_LEAST: Duration = Duration::from_secs(60);
const FRESH_MOST: Duration = Duration::from_secs(24 * 3600);
/// How long keys are used that cannot be fetched again.
const STALE: Duration = Duration::from_secs(3600);
/// How long nobody is asked again.
const PAUSE: Duration = Duration::from_secs(10);

/// An issuer's keys.
pub struct Keys {
    client: Client,
    issuer: String,
    discovery: Url,
    known: RwLock<Option<Arc<Published>>>,
    /// When somebody last asked, and what for no keys came; held while somebody asks.
    asking: Mutex<Option<(Instant, Option<Arc<anyhow::Error>>)>>,
}

/// What an issuer has published.
struct Published {
    keys: Vec<Jwk>,
    fresh_until: Instant,
    use_until: Instant,
}

/// What is read of OpenID Connect Discovery.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    /// Any of them may be of a kind that is not known here.
    keys: Vec<Value>,
}

impl Keys {
    pub fn new(client: Client, issuer: String, discovery: &str) -> anyhow::Result<Self> {
        let discovery = Url::parse(discovery).context(discovery.to_owned())?;
        let (known, asking) = (RwLock::new(None), Mutex::new(None));
        Ok(Self { client, issuer, discovery, known, asking })
    }

    /// The key that a token with this header is signed with, if the issuer publishes it.
    pub async fn find(&self, header: &Header) -> Result<DecodingKey, Refused> {
        let found = |published: &Published| published.key(header);
        let fresh = self.published(|published| published.fresh_until);
        if let Some(key) = fresh.as_deref().and_then(found) {
            return Ok(DecodingKey::from_jwk(&key)?);
        }
        let failure = self.ask().await;
        let usable = self.published(|published| published.use_until);
        match (usable.as_deref().and_then(found), failure) {
            (Some(key), _) => Ok(DecodingKey::from_jwk(&key)?),
            (None, Some(failure)) => Err(Refused::Keys(failure)),
            (None, None) => Err(Refused::UnknownKey),
        }
    }

    fn published(&self, until: fn(&Published) -> Instant) -> Option<Arc<Published>> {
        self.known.read().clone().filter(|published| until(published) > Instant::now())
    }

    /// Fetches the keys, unless that was just done; why there are none.
    async fn ask(&self) -> Option<Arc<anyhow::Error>> {
        let mut asking = self.asking.lock().await;
        if let Some((when, failure)) = &*asking
            && when.elapsed() < PAUSE
        {
            return failure.clone();
        }
        let failure = match self.fetch().await {
            Ok(published) => {
                *self.known.write() = Some(Arc::new(published));
                None
            }
            Err(error) => {
                tracing::warn!(issuer = self.issuer, "its keys cannot be read: {error:#}");
                Some(Arc::new(error))
            }
        };
        *asking = Some((Instant::now(), failure.clone()));
        failure
    }

    async fn fetch(&self) -> anyhow::Result<Published> {
        let (discovery, _) = self.get::<Discovery>(&self.discovery).await?;
        // Or else one issuer could speak for another.
        if discovery.issuer != self.issuer {
            bail!("it calls itself \"{}\"", discovery.issuer);
        }
        let jwks = Url::parse(&discovery.jwks_uri).context("jwks_uri")?;
        let (set, fresh) = self.get::<KeySet>(&jwks).await?;
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        let fresh_until = Instant::now() + fresh;
        Ok(Published { keys: keys.collect(), fresh_until, use_until: fresh_until + STALE })
    }

    /// What is there, and how long it is new.
    async fn get<T: DeserializeOwned>(&self, url: &Url) -> anyhow::Result<(T, Duration)> {
        let answer = self.client.send(Request::get(url).within(TIMEOUT)).await;
        let answer = answer.with_context(|| url.to_string())?;
        if !answer.is_success() {
            bail!("{url}: status {}", answer.status);
        }
        let read = serde_json::from_slice(&answer.body).with_context(|| url.to_string())?;
        Ok((read, fresh(&answer)))
    }
}

/// How long an answer is new.
fn fresh(answer: &Response) -> Duration {
    let control = answer.header("cache-control").unwrap_or_default();
    let age = control.split(',').find_map(|part| part.trim().strip_prefix("max-age="));
    let age = age.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    age.map_or(FRESH, |age| age.clamp(FRESH_LEAST, FRESH_MOST))
}

impl Published {
    /// The key that the header names; one that names none means the only one.
    fn key(&self, header: &Header) -> Option<Jwk> {
        let mut fitting = self.keys.iter().filter(|key| fits(key, header));
        let first = fitting.next()?;
        let only = header.kid.is_some() || fitting.next().is_none();
        only.then(|| first.clone())
    }
}

fn fits(key: &Jwk, header: &Header) -> bool {
    let common = &key.common;
    let signs = !matches!(common.public_key_use, Some(PublicKeyUse::Encryption));
    let named = header.kid.is_none() || header.kid == common.key_id;
    let algorithm = common.key_algorithm.is_none_or(|algorithm| {
        algorithm.to_string().parse::<jsonwebtoken::Algorithm>().is_ok_and(|a| a == header.alg)
    });
    signs && named && algorithm
}
