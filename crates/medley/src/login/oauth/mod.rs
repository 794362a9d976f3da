//! People who come with a token: who has issued it, what it is for, and whom it names.
mod keys;
mod token;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use medley_hba::{Method, Rules};
use medley_http::Client;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use keys::Keys;
use token::Expected;

/// Why somebody is not who the token says; for the log.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is no token of this issuer's, not for this server, or no longer.
    #[error("the token is not good: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    /// It is signed with a key that the issuer does not publish.
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// It may not be used yet.
    #[error("the token is not good yet")]
    Early,
    /// It lacks what the rule asks for.
    #[error("the token lacks the scope \"{0}\"")]
    Scope(String),
    /// It does not say who its bearer is.
    #[error("the token has no claim \"{0}\"")]
    Nameless(String),
    /// The issuer's keys cannot be had.
    #[error("the issuer's keys cannot be read: {0:#}")]
    Keys(Arc<anyhow::Error>),
}

/// An issuer of tokens, as `medley.toml` names it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What it calls itself, and where it publishes the rest: `https://id.example.com`.
    pub issuer: String,
    /// What it calls this server: a token for others is not for us.
    pub audience: String,
    /// The claim that says who somebody is.
    #[serde(default = "subject")]
    pub name_claim: String,
    /// Who may have signed its certificate, if this machine does not trust it otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

fn subject() -> String {
    "sub".to_owned()
}

impl Config {
    /// With files that are relative to this folder.
    pub fn within(self, folder: &Path) -> Self {
        Self { ca_file: self.ca_file.map(|file| folder.join(file)), ..self }
    }

    fn open(&self, roots: &Arc<RootCertStore>) -> anyhow::Result<Issuer> {
        let roots = match &self.ca_file {
            Some(file) => Arc::new(roots_of(file)?),
            None => Arc::clone(roots),
        };
        let keys =
            Keys::new(Client::new(roots), self.issuer.clone(), &discovery_url(&self.issuer))?;
        Ok(Issuer { config: self.clone(), keys })
    }
}

fn roots_of(file: &Path) -> anyhow::Result<RootCertStore> {
    let pem = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate?).with_context(|| format!("in {}", file.display()))?;
    }
    Ok(roots)
}

/// Where an issuer publishes what it does, by OpenID Connect Discovery.
fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// Whom tokens are taken from.
#[derive(Default)]
pub struct Issuers(HashMap<String, Arc<Issuer>>);

impl Issuers {
    /// Those of the configuration. Nobody is asked anything yet.
    pub fn open(configs: &[Config], roots: &Arc<RootCertStore>) -> anyhow::Result<Self> {
        let mut issuers = HashMap::new();
        for config in configs {
            let issuer = &config.issuer;
            let opened = config.open(roots).with_context(|| format!("in [[oauth]] of {issuer}"))?;
            if issuers.insert(issuer.clone(), Arc::new(opened)).is_some() {
                bail!("two [[oauth]] have the issuer \"{issuer}\"");
            }
        }
        Ok(Self(issuers))
    }

    /// The issuer of this name.
    pub fn named(&self, issuer: &str) -> Option<Arc<Issuer>> {
        self.0.get(issuer).cloned()
    }

    /// Each rule's issuer must be known, or the rule would let nobody in.
    pub fn check(&self, rules: &Rules) -> anyhow::Result<()> {
        for rule in rules.iter().filter(|rule| rule.method == Method::OAuth) {
            let issuer = rule.options.issuer.as_deref().unwrap_or_default();
            if !self.0.contains_key(issuer) {
                bail!(
                    "issuer \"{issuer}\" is not in medley.toml\n{}\n\
                     add [[oauth]] with issuer and audience",
                    rule.place
                );
            }
        }
        Ok(())
    }
}

/// Somebody who says who people are.
pub struct Issuer {
    config: Config,
    keys: Keys,
}

impl Issuer {
    /// Who the bearer of a token is, if it is good for all of `scope`.
    pub async fn identify(&self, token: &str, scope: &str) -> Result<String, Refused> {
        let header = jsonwebtoken::decode_header(token)?;
        let key = self.keys.find(&header).await?;
        let expected = Expected {
            issuer: &self.config.issuer,
            audience: &self.config.audience,
            name_claim: &self.config.name_claim,
            scope,
        };
        token::identify(token, &header, &key, &expected, jsonwebtoken::get_current_timestamp())
    }

    /// What a client without a good token is told.
    pub fn discovery(&self, scope: &str) -> String {
        serde_json::json!({
            "status": "invalid_token",
            "openid-configuration": discovery_url(&self.config.issuer),
            "scope": scope,
        })
        .to_string()
    }
}
