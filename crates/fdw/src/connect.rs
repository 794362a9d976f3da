use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Options, Result};

/// The certificates that are trusted where a server's options name none of their own.
pub type TlsRoots = Arc<rustls::RootCertStore>;

/// All that a wrapper is told in order to connect, and no more.
pub struct Connect<'a> {
    /// The foreign server's name, for messages.
    pub server_name: &'a str,
    /// The server's options.
    pub server: &'a Options,
    /// The options of the mapping that the caller resolved.
    pub mapping: &'a Options,
    /// The role whose mapping it is used as: the effective role, or a view's owner inside it.
    pub role: &'a str,
    /// That role is a superuser, for whom rules about passwords are waived.
    pub superuser: bool,
    /// Who logged in here.
    pub session_user: &'a str,
    /// What this database is called.
    pub database: &'a str,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Whom to trust.
    pub tls_roots: TlsRoots,
    /// How to reach a host.
    pub dialer: Arc<dyn Dialer>,
}

/// Where a remote listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host name or a literal address, and a port.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Opens connections: resolves a host once, checks the address, connects to that address.
#[async_trait]
pub trait Dialer: Send + Sync {
    /// Errors as the operating system says it, for the detail of 08001.
    async fn dial(&self, address: &Address) -> Result<Box<dyn RemoteStream>>;
}

/// A connection's bytes.
pub trait RemoteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> RemoteStream for S {}
