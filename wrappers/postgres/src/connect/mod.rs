//! From options to a session at the remote: hosts in turn, TLS, login, the rules about
//! passwords, and what a session is set to before its first query.
pub(crate) mod application_name;
mod end_point;
mod login;
mod policy;
mod target;
mod tls;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use medley_fdw::{
    Address, Connect, Dialer, Error, Options, Report, Result, ScramKeys, Secret, SqlState,
    Unreached, VIA,
};
use postgres_protocol::message::frontend;
use tokio::time::timeout;

use self::login::{LoggedIn, Login, Refusal};
use self::policy::{Channel, Policy};
pub(crate) use self::target::SessionAttrs;
use self::target::{Host, Place};
use self::tls::{Mode, Tls};
use crate::options::{passes_through, password_required};
use crate::protocol::{ProvenBy, Wire};
use crate::session::Session;

/// A request to cancel that takes longer is of no use.
const CANCEL_LIMIT: Duration = Duration::from_secs(10);
const PASSWORD_REQUIRED: &str = "password or GSSAPI delegated credentials required";

/// Logs in at the remote; at nothing else than a Medley, if it must be one.
pub(crate) async fn connect(connect: Connect<'_>, only_medley: bool) -> Result<Session> {
    let judged = !connect.superuser && password_required(connect.mapping)?;
    let keys = passed_through(&connect)?;
    let password = connect.mapping.secret("password");
    if judged && keys.is_none() && password.is_none_or(Secret::is_empty) {
        return Err(no_password());
    }
    let wait = connect.deadline.map(tokio::time::Instant::from_std);
    let attempt = attempt(&connect, keys, only_medley);
    let outcome = match wait {
        Some(deadline) => match tokio::time::timeout_at(deadline, attempt).await {
            Ok(outcome) => outcome,
            Err(_) => Err(("timeout expired".to_owned(), Unreached::Timeout)),
        },
        None => attempt.await,
    };
    let server = || connect.server_name.to_owned();
    let unreached = |(detail, kind)| Error::Connect { server: server(), detail, kind };
    let (session, asked) = outcome.map_err(unreached)?;
    match judged && !asked {
        true => Err(not_asked()),
        false => Ok(session),
    }
}

/// Who logs in there.
pub(crate) fn user(server: &Options, mapping: &Options) -> Result<String, String> {
    match target::parameter(server, mapping, "user") {
        Some(user) => Ok(user.to_owned()),
        None => target::system_user(),
    }
}

/// The client's keys, where it has logged in by SCRAM and the options want them to be used. Then
/// they are used, and no password.
fn passed_through<'a>(connect: &Connect<'a>) -> Result<Option<&'a ScramKeys>> {
    let Some(keys) = connect.scram_keys else { return Ok(None) };
    Ok(passes_through(connect.server, connect.mapping)?.then_some(keys))
}

fn no_password() -> Error {
    refused(
        "Non-superusers must delegate GSSAPI credentials, provide a password, or enable SCRAM \
         pass-through in user mapping.",
        None,
    )
}

fn not_asked() -> Error {
    refused(
        "Non-superuser cannot connect if the server does not request a password or use GSSAPI \
         with delegated credentials.",
        Some(
            "Target server's authentication method must be changed or password_required=false \
             set in the user mapping attributes.",
        ),
    )
}

fn refused(detail: &str, hint: Option<&str>) -> Error {
    let mut report = Report::error(SqlState::PROHIBITED_SQL_STATEMENT_ATTEMPTED, PASSWORD_REQUIRED)
        .with_detail(detail);
    report.hint = hint.map(str::to_owned);
    Error::refused(report)
}

/// Everything that the options say, read before anything is sent.
struct Plan<'a> {
    server_name: &'a str,
    only_medley: bool,
    hosts: Vec<Host>,
    tls: Option<Tls>,
    mode: Mode,
    attrs: SessionAttrs,
    timeout: Option<Duration>,
    dialer: Arc<dyn Dialer>,
    user: String,
    parameters: Vec<(&'static str, String)>,
    policy: Policy,
    proven_by: Option<ProvenBy<'a>>,
}

impl<'a> Plan<'a> {
    fn new(connect: &Connect<'a>, keys: Option<&'a ScramKeys>) -> Result<Self, String> {
        let Connect { server, mapping, .. } = *connect;
        target::refuse_unsupported(server)?;
        let user = user(server, mapping)?;
        let mode = Mode::of(server)?;
        let tls = match mode {
            Mode::Disable => None,
            _ => Some(Tls::new(server, mapping, &connect.tls_roots)?),
        };
        Ok(Self {
            server_name: connect.server_name,
            only_medley: false,
            hosts: target::hosts(server)?,
            tls,
            mode,
            attrs: target::session_attrs(server)?,
            timeout: target::connect_timeout(server)?,
            dialer: connect.dialer.clone(),
            parameters: parameters(connect, &user),
            user,
            policy: match keys {
                Some(_) => Policy::of_keys(server)?,
                None => Policy::new(server)?,
            },
            proven_by: match keys {
                Some(keys) => Some(ProvenBy::Keys(keys)),
                None => mapping.secret("password").map(ProvenBy::Password),
            },
        })
    }
}

fn parameters(connect: &Connect<'_>, user: &str) -> Vec<(&'static str, String)> {
    let database = connect.server.text("dbname").filter(|name| !name.is_empty()).unwrap_or(user);
    let mut parameters = vec![
        ("database", database.to_owned()),
        ("client_encoding", "UTF8".to_owned()),
        ("application_name", application_name::application_name(connect)),
    ];
    if let Some(options) = connect.server.text("options").filter(|text| !text.is_empty()) {
        parameters.push(("options", options.to_owned()));
    }
    if !connect.via.is_empty() {
        parameters.push((VIA, connect.via.to_owned()));
    }
    parameters
}

/// A session of the first host that will have us, and whether it asked for the password; else
/// what libpq would say, a line or more for each host, and what kind of reason that is.
async fn attempt(
    connect: &Connect<'_>,
    keys: Option<&ScramKeys>,
    only_medley: bool,
) -> Result<(Session, bool), (String, Unreached)> {
    let plan = Plan::new(connect, keys).map_err(|text| (text, Unreached::Other))?;
    let plan = Plan { only_medley, ..plan };
    let rounds: &[SessionAttrs] = match plan.attrs {
        SessionAttrs::PreferStandby => &[SessionAttrs::Standby, SessionAttrs::Any],
        ref only => std::slice::from_ref(only),
    };
    let mut failures = Vec::new();
    for &attrs in rounds {
        failures.clear();
        for host in &plan.hosts {
            match plan.host(host, attrs, &mut failures).await {
                Some(session) => return Ok(session),
                None if failures.iter().any(|failure| failure.is_final) => break,
                None => {}
            }
        }
    }
    let kind = failures.iter().map(|failure| failure.kind).max().unwrap_or(Unreached::Other);
    let lines = failures.into_iter().map(|failure| failure.text);
    Err((lines.collect::<Vec<_>>().join("\n"), kind))
}

/// Why one way to a host led nowhere.
struct Failure {
    text: String,
    kind: Unreached,
    /// The remaining hosts are not tried: a server was found, and said no.
    is_final: bool,
}

impl Plan<'_> {
    /// Tries every address of a host.
    async fn host(
        &self,
        host: &Host,
        attrs: SessionAttrs,
        failures: &mut Vec<Failure>,
    ) -> Option<(Session, bool)> {
        let addresses = match self.addresses(host).await {
            Ok(addresses) => addresses,
            Err(text) => {
                failures.push(Failure { text, kind: Unreached::NoSuchHost, is_final: false });
                return None;
            }
        };
        for address in addresses {
            let endpoint = Endpoint::new(self, host, address);
            match endpoint.connect(self, attrs).await {
                Ok(session) => return Some(session),
                Err(found) => {
                    let prefix = endpoint.describe();
                    let is_final = found.iter().any(|failure| failure.is_final);
                    failures.extend(found.into_iter().map(|failure| Failure {
                        text: format!("{prefix} failed: {}", failure.text),
                        ..failure
                    }));
                    if is_final {
                        return None;
                    }
                }
            }
        }
        None
    }

    async fn addresses(&self, host: &Host) -> Result<Vec<Address>, String> {
        let name = match &host.place {
            Place::Directory(directory) => {
                return Ok(vec![Address::Unix(Host::socket(directory, host.port))]);
            }
            Place::Network(name) => name,
        };
        let untranslated =
            |why: &str| format!("could not translate host name \"{name}\" to address: {why}");
        let resolved = within(self.timeout, self.dialer.resolve(name, host.port)).await;
        match resolved {
            Ok(addresses) if addresses.is_empty() => Err(untranslated("no address")),
            Ok(addresses) => Ok(addresses.into_iter().map(Address::Tcp).collect()),
            Err(error) => Err(untranslated(&os_text(&error))),
        }
    }

    fn login(&self) -> Login<'_> {
        Login {
            user: &self.user,
            parameters: &self.parameters,
            proven_by: self.proven_by,
            policy: &self.policy,
        }
    }
}

async fn within<T>(
    limit: Option<Duration>,
    action: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match limit {
        None => action.await,
        Some(limit) => match timeout(limit, action).await {
            Ok(outcome) => outcome,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "timeout expired")),
        },
    }
}

/// An error as the operating system words it, without what Rust adds.
pub(crate) fn os_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_owned()
}

/// One address of a host, and how a connection to it is opened: for the session, and again to
/// cancel what the session does.
#[derive(Clone)]
pub(crate) struct Endpoint {
    address: Address,
    host: String,
    dialer: Arc<dyn Dialer>,
    tls: Option<Tls>,
    timeout: Option<Duration>,
}

/// Bytes that have passed the server's answer about TLS.
struct Opened {
    wire: Wire,
    channel: Channel,
    with_tls: bool,
}

impl Endpoint {
    fn new(plan: &Plan<'_>, host: &Host, address: Address) -> Self {
        Self {
            address,
            host: host.name.clone(),
            dialer: plan.dialer.clone(),
            tls: plan.tls.clone(),
            timeout: plan.timeout,
        }
    }

    /// As libpq names it in an error.
    fn describe(&self) -> String {
        match &self.address {
            Address::Unix(path) => {
                format!("connection to server on socket \"{}\"", path.display())
            }
            Address::Tcp(address) => {
                let (host, port, ip) = (&self.host, address.port(), address.ip().to_string());
                match *host == ip {
                    true => format!("connection to server at \"{host}\", port {port}"),
                    false => format!("connection to server at \"{host}\" ({ip}), port {port}"),
                }
            }
        }
    }

    /// With TLS and without, as `sslmode` allows.
    async fn connect(
        &self,
        plan: &Plan<'_>,
        attrs: SessionAttrs,
    ) -> Result<(Session, bool), Vec<Failure>> {
        let attempts = match self.address {
            Address::Unix(_) => &[false],
            Address::Tcp(_) => plan.mode.attempts(),
        };
        let mut failures = Vec::new();
        for (index, &with_tls) in attempts.iter().enumerate() {
            let session = within_refusal(self.timeout, self.session(plan, with_tls)).await;
            match session {
                Ok((session, opened_with_tls)) => {
                    return self.finish(plan, session, opened_with_tls, attrs).await;
                }
                Err((refusal, dialed)) => {
                    let is_last = index + 1 == attempts.len() || !dialed.may_try_otherwise;
                    failures.push(self.failure(refusal));
                    if is_last {
                        break;
                    }
                }
            }
        }
        // Only the last attempt's word decides whether other hosts are tried.
        let last = failures.len().saturating_sub(1);
        failures.iter_mut().take(last).for_each(|failure| failure.is_final = false);
        Err(failures)
    }

    async fn session(
        &self,
        plan: &Plan<'_>,
        with_tls: bool,
    ) -> Result<(LoggedIn, bool), (Refusal, Dialed)> {
        let opened = self.open(with_tls).await?;
        // Where the server had no TLS, there is nothing else to try.
        let dialed = Dialed { may_try_otherwise: opened.with_tls == with_tls };
        let with_tls = opened.with_tls;
        match plan.login().run(opened.wire, &opened.channel).await {
            Ok(session) => Ok((session, with_tls)),
            Err(refusal) => Err((refusal, dialed)),
        }
    }

    /// Dials, and sets TLS up.
    async fn open(&self, with_tls: bool) -> Result<Opened, (Refusal, Dialed)> {
        let stop = |error| (Refusal::Io(error), Dialed { may_try_otherwise: false });
        let insecure = |error| (Refusal::Tls(error), Dialed { may_try_otherwise: false });
        let stream = self.dialer.dial(&self.address).await.map_err(stop)?;
        let tls = match &self.tls {
            Some(tls) if with_tls => tls,
            _ => return Ok(Opened::plain(Wire::new(stream))),
        };
        let mut wire = Wire::new(stream);
        if !tls.direct {
            match ask_for_tls(&mut wire).await.map_err(stop)? {
                b'S' => {}
                b'N' if tls.mode <= Mode::Prefer => return Ok(Opened::plain(wire)),
                b'N' => {
                    let text = "server does not support SSL, but SSL was required";
                    return Err(insecure(io::Error::other(text)));
                }
                other => {
                    let text = format!(
                        "received invalid response to SSL negotiation: {}",
                        char::from(other)
                    );
                    return Err(insecure(io::Error::other(text)));
                }
            }
        }
        let again = |error| (Refusal::Tls(error), Dialed { may_try_otherwise: true });
        let (stream, end_point) = tls.wrap(wire.into_stream(), &self.host).await.map_err(again)?;
        let channel = Channel { end_point: Some(end_point), verified: tls.verifies_name() };
        Ok(Opened { wire: Wire::new(stream), channel, with_tls: true })
    }

    /// Makes a session of what has logged in, if it is of the kind that is wanted.
    async fn finish(
        &self,
        plan: &Plan<'_>,
        logged_in: LoggedIn,
        with_tls: bool,
        attrs: SessionAttrs,
    ) -> Result<(Session, bool), Vec<Failure>> {
        let asked = logged_in.asked_for_password;
        let mut endpoint = self.clone();
        if !with_tls {
            endpoint.tls = None;
        }
        let LoggedIn { wire, parameters, key, .. } = logged_in;
        let mut session = Session::new(
            wire,
            plan.server_name.to_owned(),
            parameters,
            key.map(|key| (endpoint, key)),
        );
        let refused =
            |text: String| vec![Failure { text, kind: Unreached::Other, is_final: false }];
        match session.mismatch(attrs).await {
            Ok(None) => {}
            Ok(Some(reason)) => return Err(refused(reason.to_owned())),
            Err(error) => return Err(refused(error.to_string())),
        }
        if plan.only_medley && !session.is_medley() {
            return Err(refused("the server is not a Medley".to_owned()));
        }
        session.set_up().await.map_err(|error| refused(error.to_string()))?;
        Ok((session, asked))
    }

    fn failure(&self, refusal: Refusal) -> Failure {
        match refusal {
            Refusal::Server(report) => Failure {
                text: login::print(&report),
                kind: kind_of(&report),
                is_final: report.sqlstate != SqlState::CANNOT_CONNECT_NOW,
            },
            Refusal::Ours(text) => Failure { text, kind: Unreached::Method, is_final: true },
            Refusal::Tls(error) => {
                Failure { text: self.explain(&error), kind: Unreached::Tls, is_final: false }
            }
            Refusal::Io(error) => {
                Failure { text: self.explain(&error), kind: kind_of_io(&error), is_final: false }
            }
        }
    }

    /// With what libpq adds where nobody listens.
    fn explain(&self, error: &io::Error) -> String {
        use io::ErrorKind::{ConnectionRefused, NotFound, UnexpectedEof};
        let advice = match (&self.address, error.kind()) {
            (Address::Tcp(_), ConnectionRefused) => {
                "\n\tIs the server running on that host and accepting TCP/IP connections?"
            }
            (Address::Unix(_), ConnectionRefused | NotFound) => {
                "\n\tIs the server running locally and accepting connections on that socket?"
            }
            (_, UnexpectedEof) => return crate::session::CLOSED.to_owned(),
            _ => "",
        };
        os_text(error) + advice
    }

    /// Delivers a request to cancel; the server closes when it has taken it.
    pub async fn cancel(&self, process: i32, secret: i32) -> io::Result<()> {
        let unreached = |(refusal, _)| match refusal {
            Refusal::Io(error) | Refusal::Tls(error) => error,
            Refusal::Ours(text) => io::Error::other(text),
            Refusal::Server(report) => io::Error::other(report.message),
        };
        let request = async {
            let mut opened = self.open(self.tls.is_some()).await.map_err(unreached)?;
            frontend::cancel_request(process, secret, opened.wire.output());
            opened.wire.flush().await?;
            // However it closes, it has been delivered.
            let _ = opened.wire.drain().await;
            Ok(())
        };
        within(Some(CANCEL_LIMIT), request).await
    }
}

/// Class 28 is about who we say we are.
fn kind_of(said: &Report) -> Unreached {
    match said.sqlstate.code().starts_with("28") {
        true => Unreached::Authentication,
        false => Unreached::Other,
    }
}

fn kind_of_io(error: &io::Error) -> Unreached {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Unreached::Refused,
        io::ErrorKind::TimedOut => Unreached::Timeout,
        io::ErrorKind::PermissionDenied => Unreached::Forbidden,
        _ => Unreached::Other,
    }
}

/// Whether the other kind of connection may be tried after this one has failed.
struct Dialed {
    may_try_otherwise: bool,
}

impl Opened {
    fn plain(wire: Wire) -> Self {
        Self { wire, channel: Channel { end_point: None, verified: false }, with_tls: false }
    }
}

async fn ask_for_tls(wire: &mut Wire) -> io::Result<u8> {
    frontend::ssl_request(wire.output());
    wire.flush().await?;
    wire.answer().await
}

async fn within_refusal<T>(
    limit: Option<Duration>,
    action: impl Future<Output = Result<T, (Refusal, Dialed)>>,
) -> Result<T, (Refusal, Dialed)> {
    let Some(limit) = limit else { return action.await };
    timeout(limit, action).await.unwrap_or_else(|_| {
        let expired = io::Error::new(io::ErrorKind::TimedOut, "timeout expired");
        Err((Refusal::Io(expired), Dialed { may_try_otherwise: false }))
    })
}
