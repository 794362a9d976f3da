use std::fs::File;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, UnixStream, lookup_host};

use medley_secret::ScramKeys;

use crate::Options;

/// The startup parameter by which a Medley tells another whom a session came through.
pub const VIA: &str = "medley.via";

/// The certificates that are trusted where a server's options name none of their own.
pub type TlsRoots = Arc<rustls::RootCertStore>;

/// All that a wrapper is told in order to connect, and no more.
#[derive(Clone)]
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
    /// What the session's `application_name` says.
    pub application_name: &'a str,
    /// What tells this session from others, as `log_line_prefix` prints with `%c`.
    pub session_id: &'a str,
    /// The Medleys that the session came through, this one last: what a Medley is told of
    /// ([`VIA`]).
    pub via: &'a str,
    /// The keys that they have proved to have, if it was by SCRAM that they logged in: of use at a
    /// remote that keeps the same verifier.
    pub scram_keys: Option<&'a ScramKeys>,
    /// What this database is called.
    pub database: &'a str,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Whom to trust.
    pub tls_roots: TlsRoots,
    /// How to reach a host.
    pub dialer: Arc<dyn Dialer>,
}

/// What, besides server and mapping, made a connection what it is: who differs in one of these
/// must not be lent it. The pool's key is made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShapedBy {
    /// Who logged in.
    pub session_user: bool,
    /// The role whose mapping it is used as.
    pub role: bool,
    /// Whether that role is a superuser, for whom a rule may have been waived.
    pub superuser: bool,
    /// The session itself: its id or its settings.
    pub session: bool,
    /// The Medleys that the session came through.
    pub via: bool,
}

/// Where a remote listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address that [`Dialer::resolve`] gave, and a port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Opens connections. A host is resolved once, and what is then dialed is one of the addresses
/// it resolved to; whoever forbids an address refuses to dial it, with `PermissionDenied`.
///
/// Errors are the operating system's: a wrapper says them in the detail of 08001.
#[async_trait]
pub trait Dialer: Send + Sync {
    /// The addresses of a host name or of a literal address.
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>>;

    /// Connects.
    async fn dial(&self, address: &Address) -> std::io::Result<Box<dyn RemoteStream>>;

    /// Whether [`Dialer::dial`] would try this address: for who connects by other means.
    fn admits(&self, _address: &Address) -> bool {
        true
    }

    /// Opens a file of this machine to be read, but for those that are the operating system's or
    /// this server's own, whatever name leads to them: they are refused with `PermissionDenied`.
    /// Who does not know which those are opens none.
    fn open(&self, _path: &Path) -> std::io::Result<File> {
        Err(ErrorKind::PermissionDenied.into())
    }

    /// Whether the configuration lets programs be run on this machine for rows.
    fn runs_programs(&self) -> bool {
        false
    }
}

/// A connection's bytes.
pub trait RemoteStream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> RemoteStream for S {}

/// Reaches whatever this machine reaches; TCP is kept alive, so that a host that is gone is
/// noticed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network;

#[async_trait]
impl Dialer for Network {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        Ok(lookup_host((host, port)).await?.collect())
    }

    async fn dial(&self, address: &Address) -> std::io::Result<Box<dyn RemoteStream>> {
        match address {
            Address::Tcp(address) => {
                let socket = match address {
                    SocketAddr::V4(_) => TcpSocket::new_v4()?,
                    SocketAddr::V6(_) => TcpSocket::new_v6()?,
                };
                socket.set_keepalive(true)?;
                socket.set_nodelay(true)?;
                Ok(Box::new(socket.connect(*address).await?))
            }
            Address::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        }
    }
}
