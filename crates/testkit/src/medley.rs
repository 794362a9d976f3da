use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio_postgres::{Client, Config, NoTls};

use crate::guard::{send_signal, succeeded};
use crate::{Program, SUPERUSER, TempFolder};

/// How long a server may take to start, or to stop when it is asked to.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until its standard input ends without a line: we are gone, in whatever way, and the
/// server has to go too.
const WATCH: &str = r#"read -r _ && exit; kill -s KILL "$1"; cd /; rm -rf "$2""#;

/// A running Medley on a free port of 127.0.0.1, over a data folder of its own.
///
/// It stops when it is dropped, and when the test is killed.
#[derive(Debug)]
pub struct Medley {
    // Stopped before the folder goes.
    server: Option<Server>,
    port: u16,
    settings: MedleyBuilder,
    program: File,
    folder: TempFolder,
}

/// A Medley that is yet to start.
#[derive(Clone, Debug)]
pub struct MedleyBuilder {
    program: PathBuf,
    /// None where everybody is trusted.
    password: Option<String>,
    /// Another's master key; none for one of its own.
    key: Option<PathBuf>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl MedleyBuilder {
    /// People log in with SCRAM passwords, the superuser with this one.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Its secrets are sealed under the master key of another, which is copied.
    pub fn use_key(mut self, file: &Path) -> Self {
        self.key = Some(file.to_owned());
        self
    }

    /// One more argument of `medley serve`: `-vvv`, say.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// A variable of the server's environment.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the data folder and starts the server; returns when it takes connections.
    pub fn start(self) -> Result<Medley> {
        let mut medley = self.init()?;
        medley.restart()?;
        Ok(medley)
    }

    /// Makes the data folder and does not start the server yet.
    pub fn init(self) -> Result<Medley> {
        let program = File::open(&self.program)
            .with_context(|| format!("opening {}", self.program.display()))?;
        let folder = TempFolder::new()?;
        let medley = Medley { server: None, port: 0, settings: self, program, folder };
        let mut command = medley.command();
        command.arg("init").arg("--data").arg(medley.data_folder());
        match &medley.settings.password {
            Some(password) => command.env("MEDLEY_PASSWORD", password),
            None => command.args(["--auth", "trust"]),
        };
        if let Some(key) = &medley.settings.key {
            let copy = medley.folder.write("copied.key", &fs::read_to_string(key)?)?;
            command.arg("--use-key").arg(copy);
        }
        succeeded(command.output(), "medley init")?;
        Ok(medley)
    }
}

impl Medley {
    /// Starts one that trusts everybody. `program` is the built binary, which a test of its crate
    /// knows as `env!("CARGO_BIN_EXE_medley")`.
    pub fn start(program: impl AsRef<Path>) -> Result<Self> {
        Self::builder(program).start()
    }

    /// To start one with settings of its own.
    pub fn builder(program: impl AsRef<Path>) -> MedleyBuilder {
        MedleyBuilder {
            program: program.as_ref().to_owned(),
            password: None,
            key: None,
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.server.as_ref().expect("the server was started").child.id()
    }

    /// What `medley init` made.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder around it, for files that the server shall read.
    pub fn folder(&self) -> &TempFolder {
        &self.folder
    }

    /// What the server has logged since it was made.
    pub fn log(&self) -> Result<String> {
        let bytes = fs::read(self.folder.join("log")).context("reading the server's log")?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The program, run as the server's user: `medley sql`, say.
    ///
    /// The file that we hold open is what runs: the way to it may be closed to that user.
    pub fn command(&self) -> Command {
        let path = format!("/proc/self/fd/{}", self.program.as_raw_fd());
        let mut command = self.folder.command(path);
        command.arg0("medley").env_remove("MEDLEY_PASSWORD").stdin(Stdio::null());
        command
    }

    /// Starts the server (again), on another port.
    pub fn restart(&mut self) -> Result<()> {
        self.end();
        let ready = self.folder.write("ready", "")?;
        let log = File::options().create(true).append(true).open(self.folder.join("log"))?;
        let child = self
            .command()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.data_folder())
            .args(&self.settings.arguments)
            .envs(self.settings.environment.iter().map(|(name, value)| (name, value)))
            .stdout(File::options().write(true).open(&ready)?)
            .stderr(log)
            .spawn()
            .context("starting medley")?;
        let server = self.server.insert(Server::guarded(child, self.folder.path())?);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(port) = port_in(&fs::read_to_string(&ready)?) {
                self.port = port;
                return Ok(());
            }
            if server.has_ended()?.is_some() || Instant::now() > deadline {
                bail!("medley did not start; its log:\n{}", self.log()?);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// More arguments of `medley serve`, from the next start on.
    pub fn add_arguments(&mut self, arguments: &[&str]) {
        self.settings.arguments.extend(arguments.iter().map(ToString::to_string));
    }

    /// Ends the server as a crash would.
    pub fn kill9(&mut self) {
        self.end();
    }

    /// Stops the server as an init system would; fails when it does not end well.
    pub fn stop(&mut self) -> Result<()> {
        self.signal("TERM")?;
        let status = self.wait_for_end()?;
        ensure!(status.success(), "medley ended with {status}; its log:\n{}", self.log()?);
        Ok(())
    }

    /// Sends a signal to the server: `TERM`, say.
    pub fn signal(&self, signal: &str) -> Result<()> {
        send_signal(self.pid(), signal)
    }

    /// Waits until the server has ended by itself.
    pub fn wait_for_end(&mut self) -> Result<ExitStatus> {
        let server = self.server.as_mut().context("the server was not started")?;
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = server.has_ended()? {
                break status;
            }
            ensure!(Instant::now() < deadline, "medley does not end; its log:\n{}", self.log()?);
            thread::sleep(Duration::from_millis(10));
        };
        self.server = None;
        Ok(status)
    }

    fn end(&mut self) {
        self.server = None;
    }

    /// Runs SQL as the superuser; returns what psql prints: rows without decoration, columns
    /// parted by `|`. The first error ends it.
    pub fn psql(&self, sql: &str) -> Result<String> {
        self.psql_as(SUPERUSER, self.password(), sql)
    }

    /// The same as somebody else.
    pub fn psql_as(&self, user: &str, password: &str, sql: &str) -> Result<String> {
        let mut command = self.psql_command(user, password)?;
        command.args(["-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        let printed = succeeded(command.output(), "psql")?;
        Ok(printed.trim_end_matches('\n').to_owned())
    }

    /// psql as it is, connected here.
    pub fn psql_command(&self, user: &str, password: &str) -> Result<Command> {
        let mut command = self.folder.command(Program::PSQL.locate()?);
        command.env("PGPASSWORD", password).args(["-X", "-h", "127.0.0.1", "-d", "medley"]);
        command.args(["-U", user, "-p", &self.port.to_string()]).stdin(Stdio::null());
        Ok(command)
    }

    /// Logs in.
    pub async fn connect(&self, user: &str, password: &str) -> Result<Client> {
        let (client, connection) = self.config(user, password).connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Logs in as the superuser.
    pub async fn connect_as_superuser(&self) -> Result<Client> {
        self.connect(SUPERUSER, self.password()).await
    }

    /// How a client logs in.
    pub fn config(&self, user: &str, password: &str) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).dbname("medley").user(user).password(password);
        config
    }

    fn password(&self) -> &str {
        self.settings.password.as_deref().unwrap_or("nobody asks")
    }
}

/// A running server, which does not outlive us.
#[derive(Debug)]
struct Server {
    child: Child,
    watch: Child,
}

impl Server {
    fn guarded(mut child: Child, folder: &Path) -> Result<Self> {
        let watch = Command::new("/bin/sh")
            .args(["-c", WATCH, "watch", &child.id().to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Out of reach of a Ctrl-C that is meant for the test.
            .process_group(0)
            .spawn();
        match watch {
            Ok(watch) => Ok(Self { child, watch }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error).context("starting a server's guard")
            }
        }
    }

    fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("asking for a server's end")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Until it is waited for, its process id is its own.
        let _ = self.child.kill();
        if let Some(mut stdin) = self.watch.stdin.take() {
            let _ = stdin.write_all(b"over\n");
        }
        let _ = self.watch.wait();
        let _ = self.child.wait();
    }
}

/// The port in the line that says that the server is ready.
fn port_in(output: &str) -> Option<u16> {
    let addresses = output.strip_prefix("medley is ready on ")?.strip_suffix('\n')?;
    let address: SocketAddrV4 = addresses.split(", ").next()?.parse().ok()?;
    (*address.ip() == Ipv4Addr::LOCALHOST).then(|| address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_is_read_when_it_is_whole() {
        assert_eq!(port_in("medley is ready on 127.0.0.1:543"), None);
        assert_eq!(port_in("medley is ready on 127.0.0.1:5433\n"), Some(5433));
        assert_eq!(port_in("medley is ready on 127.0.0.1:1, /tmp/.s.PGSQL.1\n"), Some(1));
        assert_eq!(port_in("something else\n"), None);
    }

    #[test]
    fn a_server_ends_with_what_started_it() {
        let folder = TempFolder::new().unwrap();
        let child = Command::new("/bin/sleep").arg("600").spawn().unwrap();
        let proc = format!("/proc/{}", child.id());
        let server = Server::guarded(child, folder.path()).unwrap();
        assert!(Path::new(&proc).exists());
        drop(server);
        assert!(!Path::new(&proc).exists());
        assert!(folder.path().exists());
    }
}
