//! Start-up and authentication on a fresh connection.
use std::collections::BTreeMap;
use std::io;

use medley_fdw::{Report, Secret, Severity};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::message::frontend;
use zeroize::Zeroizing;

use super::policy::{Channel, Policy};
use crate::protocol::{
    Authentication, BackendKey, ProvenBy, Scram, Wire, authentication, backend_key, malformed,
    parameter_status, report,
};

/// Who wants in.
pub(super) struct Login<'a> {
    /// The remote user.
    pub user: &'a str,
    /// What the start-up message says besides.
    pub parameters: &'a [(&'static str, String)],
    /// What the remote user shows to have.
    pub proven_by: Option<ProvenBy<'a>>,
    /// Which ways are accepted.
    pub policy: &'a Policy,
}

/// A session that has begun.
pub(super) struct LoggedIn {
    pub wire: Wire,
    /// What the remote says of itself.
    pub parameters: BTreeMap<String, String>,
    /// What a request to cancel must show.
    pub key: Option<BackendKey>,
    /// The remote asked for the password.
    pub asked_for_password: bool,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The server said so.
    Server(Box<Report>),
    /// We would not go on.
    Ours(String),
    /// There is no secure channel.
    Tls(io::Error),
    /// The connection is gone.
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Ours(reason)
    }
}

impl Login<'_> {
    /// Logs in. Somebody who was told the password in clear could say it in an error.
    pub async fn run(&self, wire: Wire, channel: &Channel) -> Result<LoggedIn, Refusal> {
        let mut told = false;
        match self.log_in(wire, channel, &mut told).await {
            Err(Refusal::Server(report)) if told => Err(Refusal::Server(withheld(&report))),
            outcome => outcome,
        }
    }

    async fn log_in(
        &self,
        mut wire: Wire,
        channel: &Channel,
        told: &mut bool,
    ) -> Result<LoggedIn, Refusal> {
        let parameters = self.parameters.iter().map(|(name, value)| (*name, value.as_str()));
        let parameters = [("user", self.user)].into_iter().chain(parameters);
        frontend::startup_message(parameters, wire.output())?;
        wire.flush().await?;
        let asked_for_password = self.authenticate(&mut wire, channel, told).await?;
        let mut session =
            LoggedIn { wire, parameters: BTreeMap::new(), key: None, asked_for_password };
        session.until_ready().await?;
        Ok(session)
    }

    /// Answers until the server is content: whether it asked for the password.
    /// `told` becomes true before the password leaves in clear.
    async fn authenticate(
        &self,
        wire: &mut Wire,
        channel: &Channel,
        told: &mut bool,
    ) -> Result<bool, Refusal> {
        let mut asked = false;
        // What the server has proven of itself, for the one method that makes it.
        let mut finished = false;
        let mut scram = None;
        loop {
            let request = next_request(wire).await?;
            self.policy.admits(&request, finished, channel)?;
            match request {
                Authentication::Ok if scram.is_some() => {
                    return Err("server did not complete authentication".to_owned().into());
                }
                Authentication::Ok => return Ok(asked),
                Authentication::Cleartext => {
                    *told = true;
                    wire.send_password(self.password()?.expose().as_bytes(), true).await?;
                    (asked, finished) = (true, true);
                }
                Authentication::Md5(salt) => {
                    let (user, password) = (self.user.as_bytes(), self.password()?.expose());
                    let hash = Zeroizing::new(md5_hash(user, password.as_bytes(), salt));
                    wire.send_password(hash.as_bytes(), true).await?;
                    (asked, finished) = (true, true);
                }
                Authentication::Sasl(offered) => {
                    self.proven_by()?;
                    let begun = Scram::new(self.policy.binding(&offered, channel)?);
                    let first = begun.first();
                    frontend::sasl_initial_response(
                        begun.mechanism(),
                        first.as_bytes(),
                        wire.output(),
                    )?;
                    wire.flush().await?;
                    asked = true;
                    scram = Some(begun);
                }
                Authentication::SaslContinue(challenge) => {
                    let scram = scram.as_mut().ok_or_else(unasked)?;
                    let answer = scram.answer(self.proven_by()?, &challenge).await?;
                    frontend::sasl_response(answer.as_bytes(), wire.output())?;
                    wire.flush().await?;
                }
                Authentication::SaslFinal(proof) => {
                    scram.take().ok_or_else(unasked)?.finish(&proof)?;
                    finished = true;
                }
                Authentication::Other(method) => {
                    return Err(format!("authentication method {method} not supported").into());
                }
            }
        }
    }

    fn password(&self) -> Result<&Secret, String> {
        match self.proven_by()? {
            ProvenBy::Password(password) => Ok(password),
            ProvenBy::Keys(_) => Err(NO_PASSWORD.to_owned()),
        }
    }

    fn proven_by(&self) -> Result<ProvenBy<'_>, String> {
        let is_nothing = |it: &ProvenBy<'_>| matches!(it, ProvenBy::Password(it) if it.is_empty());
        self.proven_by.filter(|it| !is_nothing(it)).ok_or_else(|| NO_PASSWORD.to_owned())
    }
}

const NO_PASSWORD: &str = "fe_sendauth: no password supplied";

/// What is left of an error that is not passed on.
fn withheld(report: &Report) -> Box<Report> {
    let message = "authentication failed; the server's words are withheld, for it was told the \
                   password in clear";
    Box::new(Report { severity: report.severity, ..Report::error(report.sqlstate, message) })
}

fn unasked() -> String {
    "unexpected SASL message from server".to_owned()
}

async fn next_request(wire: &mut Wire) -> Result<Authentication, Refusal> {
    loop {
        let frame = wire.next().await?;
        match frame.tag {
            b'R' => return Ok(authentication(&frame.body)?),
            b'E' => return Err(Refusal::Server(Box::new(report(&frame.body)))),
            b'N' => {}
            // Minor protocol versions are not asked for, so there is nothing to negotiate.
            other => return Err(unexpected(other)),
        }
    }
}

fn unexpected(tag: u8) -> Refusal {
    let what = format!("expected authentication request from server, but received {}", tag as char);
    Refusal::Ours(what)
}

impl LoggedIn {
    async fn until_ready(&mut self) -> Result<(), Refusal> {
        loop {
            let frame = self.wire.next().await?;
            match frame.tag {
                b'Z' => return Ok(()),
                b'S' => {
                    let (name, value) = parameter_status(&frame.body)?;
                    self.parameters.insert(name, value);
                }
                b'K' => self.key = Some(backend_key(&frame.body)?),
                b'N' => {}
                b'E' => return Err(Refusal::Server(Box::new(report(&frame.body)))),
                _ => return Err(malformed("message").into()),
            }
        }
    }
}

/// As libpq prints what the server says: the word, the message, and what else it said.
pub(super) fn print(report: &Report) -> String {
    let severity = match report.severity {
        Severity::Panic => "PANIC",
        Severity::Fatal => "FATAL",
        _ => "ERROR",
    };
    let mut text = format!("{severity}:  {}", report.message);
    let more = [("DETAIL", &report.detail), ("HINT", &report.hint)];
    for (label, value) in more {
        if let Some(value) = value {
            text.push_str(&format!("\n{label}:  {value}"));
        }
    }
    text
}
