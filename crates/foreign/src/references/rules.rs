//! What the configuration says of references: nothing of it can be said in SQL.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use medley_http::Url;
use medley_secret::{Template, Who};

/// Where references may lead, and for how long what they lead to is kept.
#[derive(Clone, Debug)]
pub struct ReferenceRules {
    /// Files are read in these folders only.
    pub folders: Vec<PathBuf>,
    /// No file in these folders is ever read: the data folder.
    pub private_folders: Vec<PathBuf>,
    /// These files are never read: those of keys and of logins at Vault.
    pub private_files: Vec<PathBuf>,
    /// These variables are never read, and no command gets them.
    pub private_variables: Vec<String>,
    /// Programs may be run on this machine for the rows of foreign tables.
    pub runs_programs: bool,
    /// The commands, by the names that references call them by.
    pub commands: BTreeMap<String, CommandRule>,
    /// Which Vault is asked, and as whom.
    pub vault: Option<VaultRules>,
    /// How long one fetch may take.
    pub timeout: Duration,
    /// How long what was fetched is used before it is fetched again. What Vault leases has its own
    /// time.
    pub ttl: Duration,
    /// How long after that it is still used while where it comes from does not answer.
    pub stale: Duration,
}

/// A command that prints a secret.
#[derive(Clone, Debug)]
pub struct CommandRule {
    /// Its absolute path.
    pub program: PathBuf,
    /// Its arguments, in which names may stand. There is no shell.
    pub arguments: Vec<Template>,
    /// How long it may take.
    pub timeout: Duration,
}

/// Which Vault is asked, and as whom.
#[derive(Clone, Debug)]
pub struct VaultRules {
    /// Where it is.
    pub address: Url,
    /// Whom to trust instead of what this machine trusts.
    pub roots: Option<Arc<rustls::RootCertStore>>,
    /// Its namespace, where it has some.
    pub namespace: Option<String>,
    /// As whom it is asked.
    pub login: VaultLogin,
}

/// As whom Vault is asked.
#[derive(Clone, Debug)]
pub enum VaultLogin {
    /// With a token that somebody else gets and renews, or that is renewed here.
    Token(LoginSource),
    /// As an application.
    AppRole {
        /// Where the method is mounted: `approle`.
        mount: String,
        /// Which.
        role_id: String,
        /// What proves it.
        secret_id: LoginSource,
    },
    /// As a service account of Kubernetes.
    Kubernetes {
        /// Where the method is mounted: `kubernetes`.
        mount: String,
        /// Vault's name for what the account may do.
        role: String,
        /// What proves it: read again at each login, for Kubernetes renews it.
        token: PathBuf,
    },
}

/// Where what proves who asks is.
#[derive(Clone, Debug)]
pub enum LoginSource {
    /// In a file.
    File(PathBuf),
    /// In a variable of the environment.
    Variable(String),
}

impl Default for ReferenceRules {
    /// Variables alone may be read.
    fn default() -> Self {
        Self {
            folders: Vec::new(),
            private_folders: Vec::new(),
            private_files: Vec::new(),
            private_variables: Vec::new(),
            runs_programs: false,
            commands: BTreeMap::new(),
            vault: None,
            timeout: Duration::from_secs(10),
            ttl: Duration::from_secs(300),
            stale: Duration::from_secs(3600),
        }
    }
}

impl ReferenceRules {
    /// With what the rules themselves name put out of reach.
    pub(crate) fn closed(mut self) -> Self {
        if let Some(vault) = &self.vault {
            match &vault.login {
                VaultLogin::Token(source) | VaultLogin::AppRole { secret_id: source, .. } => {
                    match source {
                        LoginSource::File(path) => self.private_files.push(path.clone()),
                        LoginSource::Variable(name) => self.private_variables.push(name.clone()),
                    }
                }
                VaultLogin::Kubernetes { token, .. } => self.private_files.push(token.clone()),
            }
        }
        self
    }

    /// Whose names the arguments of commands hold.
    pub(crate) fn commands_use(&self) -> Who<bool> {
        let arguments = self.commands.values().flat_map(|command| &command.arguments);
        arguments.map(Template::uses).fold(Who::default(), Who::or)
    }
}
