//! The two files, where they are, and what they say at first.
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use medley_hba::{IdentMaps, Rules, Source};

use super::Issuers;
use crate::cli::Auth;

/// Where the two files are.
#[derive(Clone, Debug)]
pub struct Files {
    /// `pg_hba.conf`.
    pub rules: PathBuf,
    /// `pg_ident.conf`; it need not exist.
    pub maps: PathBuf,
}

/// What they say.
pub struct Loaded {
    pub rules: Rules,
    pub maps: IdentMaps,
    /// Whom tokens are taken from.
    pub issuers: Arc<Issuers>,
}

impl Files {
    pub fn load(&self, issuers: Arc<Issuers>) -> anyhow::Result<Loaded> {
        let rules = Source(self.rules.clone()).rules().context("could not load pg_hba.conf")?;
        issuers.check(&rules).context("could not load pg_hba.conf")?;
        let maps = match self.maps.exists() {
            true => IdentMaps::read(&self.maps).context("could not load pg_ident.conf")?,
            false => IdentMaps::default(),
        };
        Ok(Loaded { rules, maps, issuers })
    }
}

/// A new folder's rules: people come from this machine, and prove who they are in one way.
pub fn default_rules(auth: Auth) -> String {
    let method = match auth {
        Auth::ScramSha256 => "scram-sha-256",
        Auth::Trust => "trust",
    };
    format!(
        "\
# Who may log in, and how they prove who they are. The first line that fits counts.
# The format is PostgreSQL's. After a change, send the server a SIGHUP.
#
# To let people in from elsewhere, over TLS:
#   hostssl  all  all  0.0.0.0/0  scram-sha-256
#
# TYPE  DATABASE  USER  ADDRESS       METHOD
local   all       all                 {method}
host    all       all   127.0.0.1/32  {method}
host    all       all   ::1/128       {method}
"
    )
}

/// A new folder's maps: none.
pub fn default_ident() -> &'static str {
    "\
# Which roles an account outside may be, for rules of pg_hba.conf with map=NAME.
#
# MAP     ACCOUNT  ROLE
"
}
