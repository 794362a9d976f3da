//! What a server that runs reads again: `medley.toml`, and the files that it names.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use medley_foreign::{Foreign, ReferenceRules};
use medley_secret::KeySource;
use medley_wire::TlsSlot;
use parking_lot::Mutex;
use rustls::RootCertStore;

use crate::audit::Trail;
use crate::folder::{self, Config};
use crate::login::{Issuers, Logins};
use crate::tls;

/// What goes by the configuration.
pub struct Parts {
    /// The way to remotes.
    pub foreign: Arc<Foreign>,
    /// Who is let in.
    pub logins: Arc<Logins>,
    /// Who did what.
    pub trail: Arc<Trail>,
    /// Whom this machine trusts.
    pub roots: Arc<RootCertStore>,
}

/// Reads the configuration of a server that runs.
pub struct Reload {
    data: PathBuf,
    /// Where the master key was when the server was started.
    key_source: KeySource,
    parts: Parts,
    now: Mutex<InForce>,
}

/// What is in force, and does something when it changes.
struct InForce {
    references: RulesIdentity,
    tls: Option<tls::Files>,
}

/// What tells rules for references from others: what they say, and what is in the file of
/// certificates that they name.
type RulesIdentity = (String, Option<Vec<u8>>);

impl Reload {
    /// For a server that goes by `config`.
    pub fn new(
        data: PathBuf,
        key_source: KeySource,
        (config, rules): (&Config, &ReferenceRules),
        parts: Parts,
    ) -> Self {
        let references = identity(&data, config, rules);
        let now = InForce { references, tls: config.tls.clone() };
        Self { data, key_source, parts, now: Mutex::new(now) }
    }

    /// Reads everything again. A part that cannot be used stays as it was, and the log says why.
    pub fn run(&self, slot: &TlsSlot) {
        let mut now = self.now.lock();
        match folder::read_again(&self.data, &self.key_source) {
            Ok((config, rules)) => self.apply(&mut now, &config, rules),
            Err(error) => {
                let reason = format!("{error:#}");
                tracing::error!(reason, "the old configuration goes on");
                self.logins(None);
            }
        }
        match now.tls.as_ref().map(tls::Files::load).transpose() {
            Ok(Some(tls)) => slot.replace(tls),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(reason = %format_args!("{error:#}"), "the old certificate goes on");
            }
        }
    }

    fn apply(&self, now: &mut InForce, config: &Config, rules: ReferenceRules) {
        let Parts { foreign, trail, roots, .. } = &self.parts;
        let references = identity(&self.data, config, &rules);
        // What was fetched by the same rules is as good as it was.
        if now.references != references {
            foreign.refer_by(rules);
            now.references = references;
        }
        foreign.keep_from_local(config.keeps_from_local());
        match config.connections.unwrap_or_default().limits() {
            Ok(limits) => foreign.pool().limit(limits),
            Err(error) => {
                tracing::error!(reason = %format_args!("{error:#}"), "the old limits of connections go on");
            }
        }
        if let Err(error) = trail.reopen(&config.audit.clone().unwrap_or_default()) {
            tracing::error!(reason = %format_args!("{error:#}"), "the old audit log goes on");
        }
        match Issuers::open(&config.oauth, roots) {
            Ok(issuers) => self.logins(Some(issuers)),
            Err(error) => {
                tracing::error!(reason = %format_args!("{error:#}"), "the old issuers go on");
                self.logins(None);
            }
        }
        if config.tls.is_some() {
            now.tls.clone_from(&config.tls);
        }
    }

    fn logins(&self, issuers: Option<Issuers>) {
        if let Err(error) = self.parts.logins.reload(issuers) {
            tracing::error!(reason = %format_args!("{error:#}"), "logins go by the old rules");
        }
    }
}

fn identity(data: &Path, config: &Config, rules: &ReferenceRules) -> RulesIdentity {
    let ca = config.references.as_ref().and_then(|references| references.ca(data));
    (format!("{rules:?}"), ca)
}
