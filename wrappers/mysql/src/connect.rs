//! From options to a session at the remote: TLS, login, the rules about passwords, and what a
//! session is set to before its first query.
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use medley_fdw::{
    Address, Connect, Dialer, Error, Options, Report, Result, Secret, SqlState, Unreached,
};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::auth::{Keys, Plugin};
use crate::error::state;
use crate::options::{needs_no_snapshot, zero_dates_are_null};
use crate::protocol::{
    Body, END, ERROR, Greeting, MORE_DATA, OK, Refused, capability, command, malformed,
    put_counted, without_zero, write_capabilities,
};
use crate::session::{Remote, RemoteCanceller, Session, os_text};
use crate::sql::literal;
use crate::tls::{Mode, Tls};
use crate::wire::Wire;

/// A request to cancel that takes longer is of no use.
const CANCEL_LIMIT: Duration = Duration::from_secs(10);

/// Modes that statements and values here rely on: a name stands in backquotes whatever they are,
/// a backslash is a backslash, `||` joins texts, and a value that does not fit is an error.
const MODES: &str = "NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,\
                     ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/// Modes under which a statement of ours would mean something else.
const REFUSED_MODES: [&str; 5] = [
    "EMPTY_STRING_IS_NULL",
    "HIGH_NOT_PRECEDENCE",
    "NO_UNSIGNED_SUBTRACTION",
    "ORACLE",
    "PAD_CHAR_TO_FULL_LENGTH",
];

/// Since then MariaDB has a mode in which assignments of one UPDATE do not see each other.
const SIMULTANEOUS_SINCE: u32 = 100_305;

/// Why one way to a host led nowhere.
type Failure = (String, Unreached);

/// Logs in at the remote.
pub(crate) async fn connect(connect: &Connect<'_>) -> Result<Session> {
    let password = connect.mapping.secret("password");
    if !connect.superuser && password.is_none_or(Secret::is_empty) {
        return Err(no_password());
    }
    let attempt = attempt(connect, password);
    let outcome = match connect.deadline.map(tokio::time::Instant::from_std) {
        Some(deadline) => match tokio::time::timeout_at(deadline, attempt).await {
            Ok(outcome) => outcome,
            Err(_) => Err(("timeout expired".to_owned(), Unreached::Timeout)),
        },
        None => attempt.await,
    };
    outcome.map_err(|(detail, kind)| Error::Connect {
        server: connect.server_name.to_owned(),
        detail,
        kind,
    })
}

/// An account without a password lets in whoever can reach the server; here that is not the
/// client, but this server.
fn no_password() -> Error {
    Error::refused(
        Report::error(SqlState::PROHIBITED_SQL_STATEMENT_ATTEMPTED, "password is required")
            .with_detail("Non-superusers must provide a password in the user mapping."),
    )
}

async fn attempt(connect: &Connect<'_>, password: Option<&Secret>) -> Result<Session, Failure> {
    let other = |text: String| (text, Unreached::Other);
    let server = connect.server;
    let host = server.text("host").filter(|host| !host.is_empty()).unwrap_or("127.0.0.1");
    let port = server.positive_integer("port").map_err(|error| other(error.to_string()))?;
    let port = u16::try_from(port.unwrap_or(3306))
        .map_err(|_| other("port is out of range".to_owned()))?;
    let tls = match Mode::of(server) {
        Mode::Disabled => None,
        _ => Some(Tls::new(server, &connect.tls_roots).map_err(other)?),
    };
    let user = connect.mapping.text("username").unwrap_or_default();
    if user.is_empty() {
        return Err(other("the user mapping has no option \"username\"".to_owned()));
    }
    let modes = modes(server).map_err(other)?;
    let addresses = addresses(connect.dialer.as_ref(), host, port).await?;
    let mut failure = (format!("host \"{host}\" has no address"), Unreached::NoSuchHost);
    let keys = Arc::new(Keys::new(password));
    for address in addresses {
        let endpoint = Endpoint {
            server_name: connect.server_name.to_owned(),
            address,
            host: host.to_owned(),
            dialer: connect.dialer.clone(),
            tls: tls.clone(),
            user: user.to_owned(),
            keys: keys.clone(),
        };
        match endpoint.log_in(password).await {
            Ok(login) => return session(server, endpoint, login, &modes).await,
            Err(found) if found.1 >= Unreached::Tls => return Err(found),
            Err(found) => failure = found,
        }
    }
    Err(failure)
}

async fn addresses(dialer: &dyn Dialer, host: &str, port: u16) -> Result<Vec<Address>, Failure> {
    let resolved = dialer.resolve(host, port).await.map_err(|error| {
        let why = os_text(&error);
        let text = format!("could not translate host name \"{host}\" to address: {why}");
        (text, Unreached::NoSuchHost)
    })?;
    Ok(resolved.into_iter().map(Address::Tcp).collect())
}

/// The modes that a session is set to.
fn modes(server: &Options) -> Result<String, String> {
    let given = server.text("sql_mode").unwrap_or("ANSI_QUOTES");
    // It is said while a backslash may still be an escape.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ',' | ' ');
    if !given.chars().all(is_plain) {
        return Err("sql_mode is no list of modes".to_owned());
    }
    let refused = given
        .split(',')
        .map(str::trim)
        .find(|mode| REFUSED_MODES.iter().any(|refused| refused.eq_ignore_ascii_case(mode)));
    if let Some(mode) = refused {
        return Err(format!("sql_mode {mode} changes what statements mean, and is not supported"));
    }
    Ok(match given.is_empty() {
        true => MODES.to_owned(),
        false => format!("{MODES},{given}"),
    })
}

/// What sets a session up, and again after a reset. No timeout of the server's may end a result
/// whose reader takes its time.
fn setting(modes: &str, version: u32, is_mariadb: bool) -> String {
    // Else an assignment of UPDATE sees what those before it have made of other columns.
    let modes = match is_mariadb && version >= SIMULTANEOUS_SINCE {
        true => format!("SIMULTANEOUS_ASSIGNMENT,{modes}"),
        false => modes.to_owned(),
    };
    format!(
        "SET NAMES utf8mb4 COLLATE utf8mb4_bin, sql_mode = {}, time_zone = '+00:00', \
         autocommit = 1, sql_select_limit = DEFAULT, net_write_timeout = 31536000, \
         sql_safe_updates = 0, completion_type = 0",
        literal(&modes)
    )
}

/// Makes a session of what has logged in.
async fn session(
    server: &Options,
    mut endpoint: Endpoint,
    login: Login,
    modes: &str,
) -> Result<Session, Failure> {
    let other = |error: Error| {
        let detail = medley_fdw::Diagnostic::detail(&error).unwrap_or_else(|| error.to_string());
        (detail, Unreached::Other)
    };
    let (version, is_mariadb) = version(&login.version);
    let setting = setting(modes, version, is_mariadb);
    let init = server.secret("init_command").filter(|command| !command.is_empty());
    let remote = Remote {
        server: endpoint.server_name.clone(),
        version,
        is_mariadb,
        setting: setting.clone(),
        is_reusable: init.is_none() && resets(version, is_mariadb),
        zero_dates_are_null: zero_dates_are_null(server),
        needs_no_snapshot: needs_no_snapshot(server),
    };
    if !login.with_tls {
        endpoint.tls = None;
    }
    let canceller = RemoteCanceller { endpoint: Arc::new(endpoint), connection: login.connection };
    let canceller = Some(canceller).filter(|_| login.may_repeat);
    let mut session = Session::new(login.wire, remote, canceller);
    session.execute(&setting).await.map_err(other)?;
    if let Some(init) = init {
        session.initialise(init).await.map_err(other)?;
    }
    Ok(session)
}

impl Session {
    /// Runs `init_command`, of which no error says a word.
    async fn initialise(&mut self, init: &Secret) -> Result<()> {
        self.execute(init.expose()).await.map(drop).map_err(|error| match error {
            Error::Remote(report) => {
                let text = format!("init_command failed: {}", report.sqlstate);
                Error::remote(Report::error(report.sqlstate, text))
            }
            error => error,
        })
    }
}

/// Since then a session can be made as new without logging in again.
fn resets(version: u32, is_mariadb: bool) -> bool {
    version >= if is_mariadb { 100_204 } else { 50_703 }
}

/// "5.5.5-10.11.14-MariaDB-0+deb12u2" as 101114 and MariaDB, "8.0.36" as 80036 and MySQL.
fn version(banner: &str) -> (u32, bool) {
    let is_mariadb = banner.contains("MariaDB");
    // Old clients took a version that begins with 10 for an error.
    let banner = banner.strip_prefix("5.5.5-").filter(|_| is_mariadb).unwrap_or(banner);
    let end = banner.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(banner.len());
    let mut numbers = banner[..end].split('.').map(|n| n.parse::<u32>().unwrap_or(0).min(99));
    let mut next = || numbers.next().unwrap_or(0);
    (next() * 10_000 + next() * 100 + next(), is_mariadb)
}

/// Where a server is and as whom it is reached: for the session, and again to cancel what the
/// session does.
pub(crate) struct Endpoint {
    pub server_name: String,
    address: Address,
    host: String,
    dialer: Arc<dyn Dialer>,
    tls: Option<Tls>,
    user: String,
    keys: Arc<Keys>,
}

/// What has logged in.
struct Login {
    wire: Wire,
    version: String,
    connection: u32,
    with_tls: bool,
    /// It needed no password in clear, so that it can be done again without one.
    may_repeat: bool,
}

impl Endpoint {
    /// Dials, sets TLS up, and proves who we are. The password itself is wanted only where a
    /// server asks for it; without it, such a server is not logged in to.
    async fn log_in(&self, password: Option<&Secret>) -> Result<Login, Failure> {
        let stream = self.dialer.dial(&self.address).await;
        let stream = stream.map_err(|error| self.failure(&error))?;
        let mut wire = Wire::new(stream);
        let packet = wire.next().await.map_err(|error| self.failure(&error))?;
        if packet.first() == Some(&ERROR) {
            return Err(self.refusal(&packet));
        }
        let greeting = Greeting::parse(&packet).map_err(|error| self.failure(&error))?;
        let capabilities = self.capabilities(&greeting)?;
        let with_tls = capabilities & capability::SSL != 0;
        if let Some(tls) = self.tls.as_ref().filter(|_| with_tls) {
            wire = self.secure(wire, tls, capabilities).await?;
        }
        let mut exchange =
            Exchange { endpoint: self, wire, password, with_tls, may_repeat: true, is_told: false };
        exchange.run(&greeting, capabilities).await?;
        Ok(Login {
            wire: exchange.wire,
            version: greeting.version,
            connection: greeting.connection,
            with_tls,
            may_repeat: exchange.may_repeat,
        })
    }

    /// What both sides can, if that is enough.
    fn capabilities(&self, greeting: &Greeting) -> Result<u32, Failure> {
        use capability::*;
        const NEEDED: u32 = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
        const WANTED: u32 =
            NEEDED | LONG_PASSWORD | FOUND_ROWS | LONG_FLAG | TRANSACTIONS | CONNECT_ATTRS;
        if greeting.capabilities & NEEDED != NEEDED {
            return Err((
                format!("server version {} is too old", greeting.version),
                Unreached::Other,
            ));
        }
        let offers_tls = greeting.capabilities & SSL != 0;
        match &self.tls {
            Some(tls) if !offers_tls && tls.mode > Mode::Preferred => {
                let text = "server does not support SSL, but SSL was required";
                Err((text.to_owned(), Unreached::Tls))
            }
            Some(_) if offers_tls => Ok(greeting.capabilities & WANTED | SSL),
            _ => Ok(greeting.capabilities & WANTED),
        }
    }

    async fn secure(&self, mut wire: Wire, tls: &Tls, capabilities: u32) -> Result<Wire, Failure> {
        wire.packet(|out| write_capabilities(capabilities, out));
        wire.flush().await.map_err(|error| self.failure(&error))?;
        let insecure = |error: io::Error| (os_text(&error), Unreached::Tls);
        let (stream, number) = wire.into_stream().map_err(insecure)?;
        let stream = tls.wrap(stream, &self.host).await.map_err(insecure)?;
        Ok(Wire::resume(stream, number))
    }

    fn failure(&self, error: &io::Error) -> Failure {
        let kind = match error.kind() {
            io::ErrorKind::ConnectionRefused => Unreached::Refused,
            io::ErrorKind::TimedOut => Unreached::Timeout,
            io::ErrorKind::PermissionDenied => Unreached::Forbidden,
            _ => Unreached::Other,
        };
        let text = match error.kind() {
            io::ErrorKind::UnexpectedEof => "server closed the connection unexpectedly".to_owned(),
            _ => os_text(error),
        };
        let port = match &self.address {
            Address::Tcp(address) => address.port(),
            Address::Unix(_) => 0,
        };
        (format!("connection to server at \"{}\", port {port} failed: {text}", self.host), kind)
    }

    /// Class 28 is about who we say we are.
    fn refusal(&self, packet: &[u8]) -> Failure {
        let refused = Refused::parse(packet);
        let kind = match state(&refused).code().starts_with("28") {
            true => Unreached::Authentication,
            false => Unreached::Other,
        };
        (refused.message, kind)
    }

    /// Stops the statement of another of our sessions.
    pub async fn kill_query(&self, connection: u32) -> Result<(), String> {
        let request = async {
            let mut wire = self.log_in(None).await.map_err(|(text, _)| text)?.wire;
            let sql = format!("KILL QUERY {connection}");
            wire.command(command::QUERY, |out| out.put_slice(sql.as_bytes()));
            let answer = async {
                wire.flush().await?;
                let packet = wire.next().await?;
                wire.command(command::QUIT, |_| ());
                wire.flush().await?;
                Ok::<_, io::Error>(packet)
            };
            let packet = answer.await.map_err(|error| os_text(&error))?;
            match packet.first() {
                Some(&OK) => Ok(()),
                // It has ended by itself.
                _ if Refused::parse(&packet).code == NO_SUCH_THREAD => Ok(()),
                _ => Err(Refused::parse(&packet).message),
            }
        };
        timeout(CANCEL_LIMIT, request).await.unwrap_or_else(|_| Err("timeout expired".to_owned()))
    }
}

const NO_SUCH_THREAD: u16 = 1094;

/// The conversation about who we are.
struct Exchange<'a> {
    endpoint: &'a Endpoint,
    wire: Wire,
    password: Option<&'a Secret>,
    with_tls: bool,
    may_repeat: bool,
    /// The server knows the password, and could say it.
    is_told: bool,
}

impl Exchange<'_> {
    async fn run(&mut self, greeting: &Greeting, capabilities: u32) -> Result<(), Failure> {
        // Who wants another way says so; a password is never in the first answer.
        let plugin = match Plugin::of(&greeting.plugin) {
            Some(Plugin::Clear(_)) | None => Plugin::Native,
            Some(plugin) => plugin,
        };
        let answer = self.endpoint.keys.answer(plugin, &greeting.nonce).unwrap_or_default();
        let user = self.endpoint.user.as_bytes();
        self.wire.packet(|out| write_login(capabilities, user, &answer, plugin, out));
        self.flush().await?;
        let mut plugin = plugin;
        loop {
            let packet = self.next().await?;
            match packet.first() {
                Some(&OK) => return Ok(()),
                Some(&ERROR) => return Err(self.refusal(&packet)),
                Some(&END) => plugin = self.switch(&packet).await?,
                Some(&MORE_DATA) => self.more(plugin, &packet).await?,
                _ => return Err(self.endpoint.failure(&malformed("authentication request"))),
            }
        }
    }

    fn refusal(&self, packet: &[u8]) -> Failure {
        let (said, kind) = self.endpoint.refusal(packet);
        match self.is_told {
            true => ("server refused the login; what it said is withheld".to_owned(), kind),
            false => (said, kind),
        }
    }

    /// The server wants another way.
    async fn switch(&mut self, packet: &[u8]) -> Result<Plugin, Failure> {
        let mut body = Body(&packet[1..]);
        if body.0.is_empty() {
            return Err(unwilling("server requested the old password hash of MySQL 4.0"));
        }
        let name = String::from_utf8_lossy(body.terminated()).into_owned();
        let nonce = without_zero(body.0.to_vec());
        let Some(plugin) = Plugin::of(&name) else {
            let text = format!("server requested authentication by \"{name}\", which is not known");
            return Err(unwilling(&text));
        };
        match self.endpoint.keys.answer(plugin, &nonce) {
            Some(answer) => self.answer(&answer).await?,
            None => self.clear(plugin).await?,
        }
        Ok(plugin)
    }

    /// After the answer to a question: it was right, or the password itself is wanted.
    async fn more(&mut self, plugin: Plugin, packet: &[u8]) -> Result<(), Failure> {
        match (plugin, packet) {
            (Plugin::CachingSha2, [_, 3]) => Ok(()),
            (Plugin::CachingSha2, [_, 4]) => self.clear(plugin).await,
            _ => Err(self.endpoint.failure(&malformed("authentication request"))),
        }
    }

    async fn answer(&mut self, answer: &Zeroizing<Vec<u8>>) -> Result<(), Failure> {
        self.wire.packet(|out| out.put_slice(answer));
        self.flush().await
    }

    /// Sends the password, if whoever gets it has proved to be the one that it is for.
    async fn clear(&mut self, plugin: Plugin) -> Result<(), Failure> {
        let is_verified =
            self.with_tls && self.endpoint.tls.as_ref().is_some_and(Tls::verifies_name);
        if !is_verified {
            return Err(unwilling(&format!(
                "server requested a password in clear ({}), which is sent only with ssl_mode \
                 \"verify_identity\"",
                plugin.name()
            )));
        }
        // A server that has seen the account since takes an answer.
        self.may_repeat &= plugin == Plugin::CachingSha2;
        let Some(password) = self.password else {
            return Err(unwilling("server requested a password, and there is none"));
        };
        self.is_told = true;
        let sent = self.wire.send_password(password.expose().as_bytes()).await;
        sent.map_err(|error| self.endpoint.failure(&error))
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        let sent = self.wire.flush().await;
        sent.map_err(|error| self.endpoint.failure(&error))
    }

    async fn next(&mut self) -> Result<Vec<u8>, Failure> {
        let next = self.wire.next().await;
        next.map_err(|error| self.endpoint.failure(&error))
    }
}

fn unwilling(text: &str) -> Failure {
    (text.to_owned(), Unreached::Method)
}

fn write_login(capabilities: u32, user: &[u8], answer: &[u8], plugin: Plugin, out: &mut BytesMut) {
    write_capabilities(capabilities, out);
    out.put_slice(user);
    out.put_u8(0);
    // Below 251 bytes, as SECURE_CONNECTION has it.
    put_counted(answer, out);
    out.put_slice(plugin.name().as_bytes());
    out.put_u8(0);
    if capabilities & capability::CONNECT_ATTRS != 0 {
        let mut attributes = BytesMut::new();
        put_counted(b"program_name", &mut attributes);
        put_counted(b"mysql_fdw", &mut attributes);
        put_counted(&attributes, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_that_grow() {
        let check = |banner, expected| assert_eq!(version(banner), expected, "{banner}");
        check("5.5.5-10.11.14-MariaDB-0+deb12u2", (101_114, true));
        check("11.4.2-MariaDB", (110_402, true));
        check("8.0.36", (80_036, false));
        check("5.7.44-log", (50_744, false));
        check("", (0, false));
    }

    #[test]
    fn modes_that_change_meanings_are_refused() {
        let check = |mode: &str, expected: Result<&str, &str>| {
            let mut server = Options::default();
            server.set("sql_mode", mode);
            let set = modes(&server);
            match expected {
                Ok(part) => assert!(set.expect("it may be set").contains(part)),
                Err(word) => assert!(set.expect_err("it may not").contains(word)),
            }
        };
        check("ANSI_QUOTES", Ok("NO_ENGINE_SUBSTITUTION,ANSI_QUOTES"));
        check("", Ok("NO_ENGINE_SUBSTITUTION"));
        check("x'; --", Err("no list"));
        check("x\\", Err("no list"));
        check("ansi_quotes, oracle", Err("oracle"));
    }
}
