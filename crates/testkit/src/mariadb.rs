use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::certificates::Certificates;
use crate::guard::Guard;
use crate::ports::on_a_free_port;
use crate::{Program, TempFolder};

/// What every server has, before the settings of its own.
const SETTINGS: &[&str] = &[
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    "--default-time-zone=+00:00",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
];

/// A MariaDB server of one's own, in a temporary folder and on a free port of 127.0.0.1.
///
/// Its `root` needs no password on the socket and may not log in from elsewhere.
/// It stops when it is dropped, and when the process ends.
#[derive(Debug)]
pub struct MariaDb {
    // Stops the server, so it goes before the folder.
    guard: Guard,
    port: u16,
    client: PathBuf,
    certificates: Option<Certificates>,
    folder: TempFolder,
}

impl MariaDb {
    /// Starts a server, and returns when it takes connections.
    pub fn start() -> Result<Self> {
        on_a_free_port(|port| Self::start_on(port, false))
    }

    /// The same with TLS, its certificate signed by an authority of its own.
    pub fn start_with_tls() -> Result<Self> {
        on_a_free_port(|port| Self::start_on(port, true))
    }

    fn start_on(port: u16, with_tls: bool) -> Result<Self> {
        let program = Program::MARIADBD.locate()?;
        let client = Program::MARIADB.locate()?;
        let folder = TempFolder::new()?;
        install(&folder)?;
        let mut arguments = arguments(&folder, port);
        let certificates = with_tls.then(|| Certificates::write(&folder)).transpose()?;
        if let Some(certificates) = &certificates {
            let key = folder.join(Certificates::SERVER_KEY);
            arguments.push(format!("--ssl-ca={}", certificates.authority.display()));
            arguments.push(format!("--ssl-cert={}", certificates.server.display()));
            arguments.push(format!("--ssl-key={}", key.display()));
        }
        let guard = Guard::start(&folder, "TERM", &program, &arguments)?;
        let socket = folder.join("socket");
        guard.wait_until(|| UnixStream::connect(&socket).is_ok())?;
        Ok(Self { guard, port, client, certificates, folder })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its certificate and who signed it, if it speaks TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// Makes an account that logs in from 127.0.0.1 with this password, and may do everything in
    /// a database of the same name.
    pub fn create_account(&self, name: &str, password: &str) -> Result<()> {
        self.sql(&format!(
            "CREATE DATABASE IF NOT EXISTS {name}; \
             CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{password}'; \
             GRANT ALL ON {name}.* TO {name}@'127.0.0.1'"
        ))
        .map(drop)
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.guard.pid()
    }

    /// What the server has logged so far.
    pub fn log(&self) -> Result<String> {
        self.guard.log()
    }

    /// Ends the server as a crash would: a remote that dies.
    pub fn kill(&self) -> Result<()> {
        self.guard.kill()
    }

    /// Runs SQL as root and returns what the client prints: a line a row, columns parted by tabs.
    pub fn sql(&self, sql: &str) -> Result<String> {
        let output = self
            .folder
            .command(&self.client)
            .args(["--no-defaults", "--batch", "--skip-column-names", "--user=root"])
            .args(["--default-character-set=utf8mb4"])
            .arg(format!("--socket={}", self.folder.join("socket").display()))
            .args(["--execute", sql])
            .output()
            .context("running mariadb")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim_end());
        Ok(String::from_utf8(output.stdout)?.trim_end_matches('\n').to_owned())
    }
}

fn arguments(folder: &TempFolder, port: u16) -> Vec<String> {
    let path = |name| folder.join(name).display().to_string();
    let own = [
        "--no-defaults".to_owned(),
        format!("--datadir={}", path("data")),
        format!("--socket={}", path("socket")),
        format!("--pid-file={}", path("pid")),
        format!("--tmpdir={}", folder.path().display()),
        format!("--port={port}"),
    ];
    own.into_iter().chain(SETTINGS.iter().map(ToString::to_string)).collect()
}

/// Makes the data folder.
fn install(folder: &TempFolder) -> Result<()> {
    let output = folder
        .command(Program::MARIADB_INSTALL_DB.locate()?)
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--datadir={}", folder.join("data").display()))
        .env("TMPDIR", folder.path())
        .output()
        .context("running mariadb-install-db")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "mariadb-install-db: {said}");
    Ok(())
}
