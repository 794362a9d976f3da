use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use tokio_postgres::{Client, Config, NoTls};

use crate::guard::{Guard, succeeded};
use crate::ports::on_a_free_port;
use crate::{Certificates, Program, TempFolder};

/// The superuser of every cluster; trusted on the socket, and nowhere else.
pub const SUPERUSER: &str = "postgres";

/// What every cluster has, before the settings of its own.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", "127.0.0.1"),
    ("password_encryption", "scram-sha-256"),
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("shared_buffers", "32MB"),
    ("max_connections", "200"),
    ("max_prepared_transactions", "20"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
];

/// Trust for the superuser on the socket; a SCRAM password for everybody and everything else.
const HBA: &str = "local all,replication postgres trust\n\
                   local all all scram-sha-256\n\
                   host all all 127.0.0.1/32 scram-sha-256\n";

/// Trust for everybody.
const TRUST: &str = "local all all trust\nhost all all 127.0.0.1/32 trust\n";

/// A PostgreSQL cluster of one's own, in a temporary folder and on a free port of 127.0.0.1.
///
/// It stops when it is dropped, and when the process ends, so it may stand in a `static`.
#[derive(Debug)]
pub struct Postgres {
    // Stops the server, so it goes before the folder.
    guard: Guard,
    port: u16,
    psql: PathBuf,
    certificates: Option<Certificates>,
    folder: TempFolder,
}

/// A cluster that is yet to start.
#[derive(Debug, Default)]
pub struct PostgresBuilder {
    settings: Vec<(String, String)>,
    tls: bool,
    trust: bool,
    /// The port and the socket of the cluster that it follows.
    primary: Option<(u16, PathBuf)>,
    /// None for the programs that [`Program`] finds.
    programs: Option<PathBuf>,
}

impl PostgresBuilder {
    /// A line of postgresql.conf: `log_statement` is `all`, say.
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The server takes TLS (and connections without it), with a certificate for `localhost` and
    /// 127.0.0.1 by an authority of its own.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Nobody is asked for a password.
    pub fn trust(mut self) -> Self {
        self.trust = true;
        self
    }

    /// It follows this cluster as a hot standby, which must have the same programs: what is in it
    /// is in both.
    pub fn standby_of(mut self, primary: &Postgres) -> Self {
        self.primary = Some((primary.port, primary.socket_folder().to_owned()));
        self
    }

    /// Uses the `initdb` and the `postgres` of this folder.
    pub fn programs(mut self, folder: &Path) -> Self {
        self.programs = Some(folder.to_owned());
        self
    }

    /// Starts the cluster, and returns when it takes connections.
    pub fn start(self) -> Result<Postgres> {
        on_a_free_port(|port| self.start_on(port))
    }

    fn start_on(&self, port: u16) -> Result<Postgres> {
        let programs = match &self.programs {
            Some(folder) => folder.clone(),
            None => folder_of(&Program::POSTGRES.locate()?),
        };
        let psql = Program::PSQL.locate()?;
        let folder = TempFolder::new()?;
        match &self.primary {
            None => copy_template(&folder, &programs)?,
            Some((port, socket)) => back_up(&folder, &programs, *port, socket)?,
        }
        let certificates = self.tls.then(|| Certificates::write(&folder)).transpose()?;
        folder.write("data/postgresql.conf", &self.configuration(&folder, port))?;
        folder.write("data/pg_hba.conf", if self.trust { TRUST } else { HBA })?;
        let data = folder.join("data");
        let arguments = ["-D".to_owned(), data.display().to_string()];
        let guard = Guard::start(&folder, "INT", &programs.join("postgres"), &arguments)?;
        guard.wait_until(|| is_ready(&data))?;
        Ok(Postgres { guard, port, psql, certificates, folder })
    }

    fn configuration(&self, folder: &TempFolder, port: u16) -> String {
        let own = [
            ("port", port.to_string()),
            ("unix_socket_directories", folder.path().display().to_string()),
        ];
        let tls = self.tls.then(|| {
            let path = |name| folder.join(name).display().to_string();
            let (certificate, key) = (path(Certificates::SERVER), path(Certificates::SERVER_KEY));
            [("ssl", "on".to_owned()), ("ssl_cert_file", certificate), ("ssl_key_file", key)]
        });
        let line = |name: &str, value: &str| format!("{name} = '{}'\n", value.replace('\'', "''"));
        SETTINGS
            .iter()
            .map(|(name, value)| line(name, value))
            .chain(own.iter().map(|(name, value)| line(name, value)))
            .chain(tls.iter().flatten().map(|(name, value)| line(name, value)))
            .chain(self.settings.iter().map(|(name, value)| line(name, value)))
            .collect()
    }
}

impl Postgres {
    /// Starts a cluster with nothing special about it.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// To start one with settings of its own.
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder::default()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the socket, for the superuser.
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the cluster's files.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The certificates, when TLS was asked for.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// The process id of the postmaster.
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

    /// Runs SQL as the superuser, statement by statement, and returns what psql prints: rows
    /// without decoration, columns parted by `|`. The first error ends it.
    pub fn psql(&self, sql: &str) -> Result<String> {
        let mut command = self.psql_command();
        command.arg("-h").arg(self.socket_folder()).args(["-U", SUPERUSER]);
        printed(command.args(["-c", sql]).output())
    }

    /// The same over TCP, as somebody with a password.
    pub fn psql_as(&self, user: &str, password: &str, sql: &str) -> Result<String> {
        let mut command = self.psql_command();
        command.env("PGPASSWORD", password).args(["-h", "127.0.0.1", "-U", user]);
        printed(command.args(["-c", sql]).output())
    }

    fn psql_command(&self) -> Command {
        let mut command = self.folder.command(&self.psql);
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-p"]);
        command.arg(self.port.to_string());
        command
    }

    /// Creates a role that logs in with a SCRAM password.
    pub fn create_account(&self, user: &str, password: &str) -> Result<()> {
        let quoted = |quote: &str, text: &str| {
            format!("{quote}{}{quote}", text.replace(quote, &quote.repeat(2)))
        };
        let (user, password) = (quoted("\"", user), quoted("'", password));
        self.psql(&format!("CREATE ROLE {user} LOGIN PASSWORD {password}")).map(drop)
    }

    /// Logs in over TCP.
    pub async fn connect(&self, user: &str, password: &str) -> Result<Client> {
        self.log_in(Config::new().host("127.0.0.1").user(user).password(password)).await
    }

    /// Logs in as the superuser, over the socket.
    pub async fn connect_as_superuser(&self) -> Result<Client> {
        self.log_in(Config::new().host_path(self.socket_folder()).user(SUPERUSER)).await
    }

    async fn log_in(&self, config: &mut Config) -> Result<Client> {
        let (client, connection) = config.port(self.port).dbname("postgres").connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// How many sessions of clients there are, but for the one that counts.
    pub fn backends(&self) -> Result<usize> {
        let count = self.psql(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )?;
        count.trim().parse().with_context(|| format!("{count:?} is no count"))
    }
}

fn printed(output: std::io::Result<Output>) -> Result<String> {
    Ok(succeeded(output, "psql")?.trim_end_matches('\n').to_owned())
}

/// The postmaster writes its state into the last line of its file.
fn is_ready(data: &Path) -> bool {
    let file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    file.lines().nth(7).is_some_and(|state| state.trim() == "ready")
}

/// Clusters that were never started, made once for the process and each folder of programs.
static TEMPLATES: Mutex<Vec<Template>> = Mutex::new(Vec::new());

struct Template {
    programs: PathBuf,
    folder: TempFolder,
    /// Removes the folder when the process ends: nothing drops a `static`.
    _guard: Guard,
}

/// Fills `data` in the folder: copying takes a tenth of a second, making one most of a second.
fn copy_template(folder: &TempFolder, programs: &Path) -> Result<()> {
    let source = template(programs)?;
    let status = folder.command("/bin/cp").arg("-Rp").arg(source).arg("data").status()?;
    ensure!(status.success(), "the new cluster could not be copied");
    Ok(())
}

/// Fills `data` in the folder with a copy of a running cluster, which follows it when it starts.
fn back_up(folder: &TempFolder, programs: &Path, port: u16, socket: &Path) -> Result<()> {
    // The server may be a link to where all of its version is.
    let server = fs::canonicalize(programs.join("postgres")).context("looking for the server")?;
    let mut command = folder.command(folder_of(&server).join("pg_basebackup"));
    command.args(["--no-sync", "--checkpoint=fast", "--write-recovery-conf", "-D", "data"]);
    command.args(["-U", SUPERUSER, "-p", &port.to_string(), "-h"]).arg(socket);
    succeeded(command.output(), "pg_basebackup").map(drop)
}

/// The data folder of the template.
fn template(programs: &Path) -> Result<PathBuf> {
    let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(template) = templates.iter().find(|template| template.programs == programs) {
        return Ok(template.data_folder());
    }
    let template = Template::new(programs)?;
    let data = template.data_folder();
    templates.push(template);
    Ok(data)
}

impl Template {
    fn new(programs: &Path) -> Result<Self> {
        let folder = TempFolder::new()?;
        let output = folder
            .command(programs.join("initdb"))
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--username", SUPERUSER, "--pgdata", "data"])
            .output()
            .context("running initdb")?;
        ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        let forever = ["-c".to_owned(), "exec sleep 1000000000".to_owned()];
        let _guard = Guard::start(&folder, "TERM", Path::new("/bin/sh"), &forever)?;
        Ok(Self { programs: programs.to_owned(), folder, _guard })
    }

    fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }
}

fn folder_of(program: &Path) -> PathBuf {
    program.parent().unwrap_or(Path::new(".")).to_owned()
}
