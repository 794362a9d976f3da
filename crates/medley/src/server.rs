//! An open data folder and everything over it: what `serve`, `sql` and `demo` run on.
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use medley_engine::Engine;
use medley_fdw::Registry;
use medley_foreign::Foreign;
use medley_session::{Instance, Signals};
use medley_wire::{Cancels, Listener, Options};
use tokio_util::sync::CancellationToken;

use crate::audit::Trail;
use crate::bridge::Bridge;
use crate::folder::Folder;
use crate::login::{Issuers, Logins};
use crate::master_key::FolderKeys;
use crate::reload::{Parts, Reload};
use crate::tls;

/// A server that could take sessions.
pub struct Server {
    /// What its sessions share.
    pub instance: Arc<Instance>,
    /// Who is let in.
    pub logins: Arc<Logins>,
    /// How it proves who it is.
    pub tls: Option<tls::Files>,
    /// What is read again while it runs.
    pub configuration: Arc<Reload>,
}

impl Server {
    /// Opens a data folder.
    pub fn open(
        data: &Path,
        key_file: Option<&Path>,
        registry: Arc<Registry>,
    ) -> anyhow::Result<Self> {
        let folder = Folder::open(data, key_file)?;
        let roots = Arc::new(tls_roots());
        let foreign = Foreign::new(
            &folder.catalog,
            Arc::clone(&registry),
            folder.keyring.opener(),
            folder.config.connections.unwrap_or_default().limits()?,
            Arc::clone(&roots),
        );
        foreign.refer_by(folder.references.clone());
        foreign.keep_from_local(folder.config.keeps_from_local());
        let spill = spill_folder(data)?;
        let memory = folder.config.memory.unwrap_or_default();
        let engine = Engine::new(memory.limits()?, Some(&spill))
            .context("could not start the query engine")?;
        let audit = folder.config.audit.clone().unwrap_or_default();
        let trail = Arc::new(Trail::open(&audit, &folder.catalog)?);
        let instance =
            Instance::new(folder.catalog, registry, folder.keyring, Arc::clone(&foreign), engine);
        let issuers = Issuers::open(&folder.config.oauth, &roots)?;
        let files = folder.config.login_files();
        let logins = Logins::open(files, issuers, instance.catalog().instance())?;
        let logins = Arc::new(logins);
        instance.master_keys_from(Arc::new(FolderKeys(std::path::absolute(data)?)));
        instance.audit_to(Arc::<Trail>::clone(&trail));
        instance.configure(Arc::<Logins>::clone(&logins));
        let configuration = Reload::new(
            std::path::absolute(data)?,
            folder.key_source,
            (&folder.config, &folder.references),
            Parts { foreign, logins: Arc::clone(&logins), trail, roots },
        );
        let configuration = Arc::new(configuration);
        Ok(Self { instance, logins, tls: folder.config.tls, configuration })
    }

    /// Serves people until `shutdown`.
    pub async fn serve(
        self,
        listeners: Vec<Listener>,
        options: Options,
        shutdown: CancellationToken,
    ) {
        self.instance.start();
        self.instance.signal_by(Arc::new(Sessions(options.cancels.clone())));
        let bridge = Arc::new(Bridge::new(Arc::clone(&self.instance), self.logins));
        medley_wire::serve(listeners, bridge, options, shutdown).await;
        self.instance.stop().await;
    }
}

/// The sessions that `pg_cancel_backend` and `pg_terminate_backend` reach.
struct Sessions(Cancels);

impl Signals for Sessions {
    fn cancel(&self, pid: i32) -> bool {
        self.0.cancel(pid)
    }

    fn terminate(&self, pid: i32) -> bool {
        self.0.terminate(pid)
    }
}

/// Where rows go for which there is no memory: nobody else's, and empty at the start.
fn spill_folder(data: &Path) -> anyhow::Result<PathBuf> {
    let folder = std::path::absolute(data)?.join("spill");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("could not empty {}", folder.display()));
        }
        _ => {}
    }
    let made = std::fs::DirBuilder::new().mode(0o700).create(&folder);
    made.with_context(|| format!("could not make {}", folder.display()))?;
    Ok(folder)
}

/// Whom this machine trusts.
fn tls_roots() -> rustls::RootCertStore {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::debug!(%error, "a certificate of this machine was passed over");
    }
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(added, ignored, "certificates of this machine");
    roots
}

/// How this program's own clients speak TLS.
pub fn client_tls() -> tokio_postgres_rustls::MakeRustlsConnect {
    let config =
        rustls::ClientConfig::builder().with_root_certificates(tls_roots()).with_no_client_auth();
    tokio_postgres_rustls::MakeRustlsConnect::new(config)
}
