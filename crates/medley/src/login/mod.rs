//! Who is let in: the rules of `pg_hba.conf`, before anybody is asked for a password.
mod account;
mod attempts;
mod files;
mod listing;
mod names;
mod oauth;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use medley_catalog::Snapshot;
use medley_diagnostic::{Report, SqlState};
use medley_hba::{Client, ClientCertificate, ClientName, Host, Method, Roles, Rule};
use medley_secret::Verifier;
use medley_session::Instance;
use medley_wire::{Authentication, Judge, Peer, StartUp, Token};
use oauth::Issuer;
use parking_lot::RwLock;
use tokio::sync::Notify;

use async_trait::async_trait;
use attempts::Attempts;
use files::Loaded;
pub use files::{Files, default_ident, default_rules};
pub use oauth::{Config as OAuth, Issuers};

/// The rules in force, and who has failed by them.
pub struct Logins {
    files: Files,
    loaded: RwLock<Arc<Loaded>>,
    attempts: Arc<Attempts>,
    /// Makes the verifiers of users who do not exist.
    seed: [u8; 32],
    /// Somebody wants the files to be read again.
    wanted: Notify,
    /// Whether somebody listens to that.
    served: AtomicBool,
}

impl Logins {
    /// By the rules of these files. `instance` is the catalog's own number: it outlives the
    /// process, since a salt that changes with a restart would tell that there is no such user.
    pub fn open(files: Files, issuers: Issuers, instance: [u8; 16]) -> anyhow::Result<Self> {
        let loaded = RwLock::new(Arc::new(files.load(Arc::new(issuers))?));
        let mut seed = [0; 32];
        seed[..16].copy_from_slice(&instance);
        Ok(Self {
            files,
            loaded,
            attempts: Arc::default(),
            seed,
            wanted: Notify::new(),
            served: AtomicBool::new(false),
        })
    }

    /// Reads the files again, for logins from now on, and takes tokens from these issuers, or from
    /// the same as before; if something of it cannot be used, nothing changes.
    pub fn reload(&self, issuers: Option<Issuers>) -> anyhow::Result<()> {
        let issuers = issuers.map_or_else(|| Arc::clone(&self.loaded.read().issuers), Arc::new);
        let loaded = self.files.load(issuers)?;
        *self.loaded.write() = Arc::new(loaded);
        Ok(())
    }

    /// Waits until somebody wants the files to be read again.
    pub async fn reload_wanted(&self) {
        self.served.store(true, Ordering::Relaxed);
        self.wanted.notified().await;
    }

    /// How somebody must prove who they are, if they may at all.
    pub async fn judge(
        &self,
        instance: &Instance,
        start: &StartUp,
    ) -> Result<Authentication, Report> {
        self.attempts.check(source(start.peer))?;
        let loaded = Arc::clone(&self.loaded.read());
        let snapshot = instance.catalog().snapshot();
        let login = Login { start, loaded: &loaded, roles: Members(&snapshot) };
        let rule = login.rule().await?;
        tracing::debug!(rule = %rule.place, method = %rule.method, "a rule matches");
        login.check_certificate(rule)?;
        match rule.method {
            Method::Trust | Method::Cert => Ok(Authentication::Trust),
            Method::Reject => Err(login.rejected(rule)),
            Method::Peer => login.check_peer(rule).map(|()| Authentication::Trust),
            Method::ScramSha256 | Method::Md5 => {
                let verifier = instance.verifier(&start.user);
                let mock = || Verifier::mock(&start.user, &self.seed);
                Ok(Authentication::Scram(verifier.unwrap_or_else(mock)))
            }
            Method::OAuth => {
                let issuer = rule.options.issuer.as_deref().unwrap_or_default();
                let issuer = loaded.issuers.named(issuer).ok_or_else(|| login.rejected(rule))?;
                let (rule, start) = (rule.clone(), start.clone());
                Ok(Authentication::Bearer(Box::new(Bearer {
                    issuer,
                    rule,
                    start,
                    loaded: Arc::clone(&loaded),
                    snapshot,
                    attempts: Arc::clone(&self.attempts),
                })))
            }
        }
    }

    /// Somebody has not proved that they have the password.
    pub fn failed(&self, start: &StartUp) {
        self.attempts.failed(source(start.peer));
    }
}

/// Where attempts come from, as they are counted.
fn source(peer: Peer) -> attempts::Source {
    match peer {
        Peer::Tcp(address) => attempts::Source::of_address(address.ip()),
        Peer::Unix { uid } => attempts::Source::Account(uid),
    }
}

/// Memberships, by the names of roles.
struct Members<'a>(&'a Snapshot);

impl Roles for Members<'_> {
    fn is_member(&self, role: &str, of: &str) -> bool {
        let found = self.0.role_named(role).zip(self.0.role_named(of));
        found.is_some_and(|(role, of)| self.0.actor(role.oid).is_granted(of.oid))
    }
}

/// Somebody at the door.
struct Login<'a> {
    start: &'a StartUp,
    loaded: &'a Loaded,
    roles: Members<'a>,
}

impl<'a> Login<'a> {
    async fn rule(&self) -> Result<&'a Rule, Report> {
        let client = Client {
            role: &self.start.user,
            database: &self.start.database,
            address: self.address(),
            encrypted: self.start.encrypted,
            host: Host::Unasked,
        };
        let found = match (self.loaded.rules.find(client, &self.roles), client.address) {
            (Ok(found), _) => found,
            (Err(_), address) => {
                let name = match address {
                    Some(address) => names::of(address).await,
                    None => None,
                };
                let client = Client { host: Host::Named(name.as_deref()), ..client };
                self.loaded.rules.find(client, &self.roles).unwrap_or(None)
            }
        };
        found.ok_or_else(|| {
            tracing::warn!(reason = "no rule matches", "login refused");
            self.refused("no pg_hba.conf entry for")
        })
    }

    fn address(&self) -> Option<IpAddr> {
        match self.start.peer {
            Peer::Tcp(address) => Some(address.ip()),
            Peer::Unix { .. } => None,
        }
    }

    fn rejected(&self, rule: &Rule) -> Report {
        log_refusal(rule, "the rule rejects");
        self.refused("pg_hba.conf rejects connection for")
    }

    fn refused(&self, beginning: &str) -> Report {
        let StartUp { user, database, encrypted, .. } = self.start;
        let host = self.address().map_or_else(|| "[local]".to_owned(), |ip| ip.to_string());
        let encryption = if *encrypted { "SSL encryption" } else { "no encryption" };
        refusal(format!(
            "{beginning} host \"{host}\", user \"{user}\", database \"{database}\", {encryption}"
        ))
    }

    /// The certificate that the rule asks for.
    fn check_certificate(&self, rule: &Rule) -> Result<(), Report> {
        let Some(asked) = rule.options.client_certificate else { return Ok(()) };
        let Some(shown) = &self.start.certificate else {
            log_refusal(rule, "the client has shown no certificate");
            return Err(refusal("connection requires a valid client certificate".to_owned()));
        };
        let name = match rule.options.client_name {
            ClientName::Cn => shown.common_name.as_deref(),
            ClientName::Dn => Some(shown.distinguished_name.as_str()),
        };
        let fits = match (asked, name) {
            (ClientCertificate::VerifyCa, _) => true,
            (ClientCertificate::VerifyFull, Some(name)) => self.may_be(rule, name),
            (ClientCertificate::VerifyFull, None) => false,
        };
        if fits {
            return Ok(());
        }
        log_refusal(rule, "the certificate is somebody else's");
        let user = &self.start.user;
        Err(match rule.method {
            Method::ScramSha256 | Method::Md5 => Report::fatal(
                SqlState::INVALID_PASSWORD,
                format!("password authentication failed for user \"{user}\""),
            ),
            Method::Trust => {
                refusal(format!("\"trust\" authentication failed for user \"{user}\""))
            }
            _ => refusal(format!("certificate authentication failed for user \"{user}\"")),
        })
    }

    fn check_peer(&self, rule: &Rule) -> Result<(), Report> {
        let account = match self.start.peer {
            Peer::Unix { uid: Some(uid) } => account::name(uid),
            _ => None,
        };
        if account.is_some_and(|account| self.may_be(rule, &account)) {
            return Ok(());
        }
        log_refusal(rule, "the client runs as somebody else");
        let user = &self.start.user;
        Err(refusal(format!("Peer authentication failed for user \"{user}\"")))
    }

    /// Whether an account outside may be the role.
    fn may_be(&self, rule: &Rule, account: &str) -> bool {
        let map = rule.options.map.as_deref();
        self.loaded.maps.allows(map, account, &self.start.user, &self.roles)
    }
}

/// Somebody at the door who has a token, under the rules that were in force when they came.
struct Bearer {
    issuer: Arc<Issuer>,
    rule: Rule,
    start: StartUp,
    loaded: Arc<Loaded>,
    snapshot: Arc<Snapshot>,
    attempts: Arc<Attempts>,
}

impl Bearer {
    fn scope(&self) -> &str {
        self.rule.options.scope.as_deref().unwrap_or_default()
    }
}

#[async_trait]
impl Judge for Bearer {
    fn discovery(&self) -> String {
        self.issuer.discovery(self.scope())
    }

    async fn accepts(&self, token: Token) -> bool {
        let roles = Members(&self.snapshot);
        let login = Login { start: &self.start, loaded: &self.loaded, roles };
        let reason = match self.issuer.identify(token.as_str(), self.scope()).await {
            Ok(account) if login.may_be(&self.rule, &account) => return true,
            Ok(_) => "the token is somebody else's".to_owned(),
            Err(refused) => refused.to_string(),
        };
        log_refusal(&self.rule, &reason);
        self.attempts.failed(source(self.start.peer));
        false
    }
}

fn log_refusal(rule: &Rule, reason: &str) {
    let file = rule.place.file.display();
    tracing::warn!(%file, line = rule.place.line, reason, "login refused");
}

fn refusal(message: String) -> Report {
    Report::fatal(SqlState::INVALID_AUTHORIZATION_SPECIFICATION, message)
}
