//! The servers that run in this process.
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use medley_fdw::Registry;
use medley_wire::{Listener, Options};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::client::{Client, Login};
use super::password::Password;
use crate::cli::{self, Auth};
use crate::init;
use crate::server::Server;

/// The name that `medley init` gives a superuser.
pub const SUPERUSER: &str = "postgres";

/// How long statements may go on when the demo ends.
const GRACE: Duration = Duration::from_secs(1);

/// Makes servers, and stops them.
pub struct Servers {
    folder: PathBuf,
    registry: Arc<Registry>,
    running: Vec<Running>,
}

struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

/// A server that takes logins, with a password for each of its roles that may log in.
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    logins: Vec<(&'static str, Password)>,
}

impl Servers {
    /// None yet; their data will be in this folder.
    pub fn new(folder: &Path, registry: Arc<Registry>) -> Self {
        Self { folder: folder.to_owned(), registry, running: Vec::new() }
    }

    /// Where files of the demo go.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a data folder of this name and serves it on a free port of loopback. The roles are
    /// given a password each; that they exist is up to the caller.
    pub fn start(&mut self, name: &str, roles: &[&'static str]) -> anyhow::Result<Started> {
        let passwords = std::iter::repeat_with(Password::random);
        let logins: Vec<_> = [SUPERUSER].iter().chain(roles).copied().zip(passwords).collect();
        let server = self.open(name, &logins[0].1)?;
        let listener = Listener::tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.context("could not listen on 127.0.0.1")?;
        let address = listener.address().context("a listener without an address")?;
        let shutdown = CancellationToken::new();
        let options = Options { grace: GRACE, ..Options::default() };
        let task = tokio::spawn(server.serve(vec![listener], options, shutdown.clone()));
        self.running.push(Running { shutdown, task });
        Ok(Started { address, logins })
    }

    /// What `medley init` and the start of `medley serve` do.
    fn open(&self, name: &str, password: &Password) -> anyhow::Result<Server> {
        let data = self.folder.join(name);
        let init = cli::Init {
            data: data.clone(),
            superuser: SUPERUSER.to_owned(),
            auth: Auth::ScramSha256,
            key_file: None,
            use_key: None,
        };
        init::create(&init, &self.registry, Some(password.secret()))?;
        Server::open(&data, None, Arc::clone(&self.registry))
    }

    /// Stops them, the last one first: it may have sessions at the others.
    pub async fn stop(&mut self) {
        for running in self.running.drain(..).rev() {
            running.shutdown.cancel();
            if let Err(error) = running.task.await {
                tracing::error!(%error, "a server of the demo did not end well");
            }
        }
    }
}

impl Started {
    /// How a role logs in.
    pub fn login<'a>(&'a self, role: &'a str) -> anyhow::Result<Login<'a>> {
        Ok(Login { address: self.address, role, password: self.password(role)? })
    }

    /// A session of its superuser.
    pub async fn superuser(&self) -> anyhow::Result<Client> {
        Client::connect(&self.login(SUPERUSER)?).await
    }

    /// The password that this role was given.
    pub fn password(&self, role: &str) -> anyhow::Result<&Password> {
        let found = self.logins.iter().find(|(name, _)| *name == role);
        found.map(|(_, password)| password).with_context(|| format!("{role} cannot log in"))
    }
}
