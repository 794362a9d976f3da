//! Where connections come in.
use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket, UnixListener, UnixStream};

use crate::Peer;
use crate::startup::Stream;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A socket that takes connections. A Unix socket's file is removed when it is dropped.
pub struct Listener(Socket);

enum Socket {
    Tcp(TcpListener),
    Unix { socket: UnixListener, path: PathBuf },
}

impl Listener {
    /// Listens on a TCP address; port 0 takes any that is free.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        // Connections inherit it: a client whose machine is gone is noticed.
        socket.set_keepalive(true)?;
        socket.bind(address)?;
        Ok(Self(Socket::Tcp(socket.listen(BACKLOG)?)))
    }

    /// Listens on `.s.PGSQL.PORT` in a folder, where PostgreSQL's clients look for it. A file
    /// left behind by a server that is gone is replaced; one that answers is `AddrInUse`.
    pub async fn unix(directory: &Path, port: u16) -> io::Result<Self> {
        let path = directory.join(format!(".s.PGSQL.{port}"));
        remove_stale(&path).await?;
        let socket = UnixListener::bind(&path)?;
        // As PostgreSQL's unix_socket_permissions: who may log in is said elsewhere.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777))?;
        Ok(Self(Socket::Unix { socket, path }))
    }

    /// The address, if it is TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Socket::Tcp(socket) => socket.local_addr().ok(),
            Socket::Unix { .. } => None,
        }
    }

    pub(crate) async fn accept(&self) -> io::Result<(Box<dyn Stream>, Peer)> {
        match &self.0 {
            Socket::Tcp(socket) => {
                let (stream, address) = socket.accept().await?;
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "cannot switch off Nagle's algorithm");
                }
                Ok((Box::new(stream), Peer::Tcp(address)))
            }
            Socket::Unix { socket, .. } => {
                let stream = socket.accept().await?.0;
                let uid = stream.peer_cred().ok().map(|credentials| credentials.uid());
                Ok((Box::new(stream), Peer::Unix { uid }))
            }
        }
    }
}

/// `127.0.0.1:5433`, or the path of the Unix socket.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Socket::Tcp(socket) => match socket.local_addr() {
                Ok(address) => address.fmt(f),
                Err(error) => write!(f, "({error})"),
            },
            Socket::Unix { path, .. } => path.display().fmt(f),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Socket::Unix { path, .. } = &self.0
            && let Err(error) = fs::remove_file(path)
        {
            tracing::warn!(path = %path.display(), %error, "cannot remove the socket file");
        }
    }
}

/// Removes a socket that nobody answers on; anything else there is left for `bind` to refuse.
async fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}
