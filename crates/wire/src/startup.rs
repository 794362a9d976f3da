//! The first packets of a connection: encryption, cancel requests, who and where to.
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use medley_diagnostic::{Report, SqlState};
use pgwire::messages::Message;
use pgwire::messages::startup::NegotiateProtocolVersion;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::inbox::{Broken, read_body};
use crate::tls::PROTOCOL;
use crate::{ClientCertificate, Peer, StartUp, Tls, frontend, options};

/// The version of the protocol that is spoken, at most: PostgreSQL 18's.
const LATEST: Version = Version { major: 3, minor: 2 };
/// Longest packet that begins a connection, as in PostgreSQL.
const PACKET_BYTES: usize = 10_000;

const CANCEL_REQUEST: u32 = 80_877_102;
const SSL_REQUEST: u32 = 80_877_103;
const GSSENC_REQUEST: u32 = 80_877_104;
/// How TLS begins; no packet does, for that would be its length.
const TLS_HANDSHAKE: u8 = 0x16;

/// Bytes both ways: TCP, a Unix socket, or TLS over TCP.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection of which nobody knows yet what it wants.
pub(crate) struct Door {
    pub(crate) stream: Box<dyn Stream>,
    peer: Peer,
    tls: Option<Arc<Tls>>,
    secured: Option<Secured>,
}

/// What the handshake of TLS came to.
pub(crate) struct Secured {
    /// Whose certificate the server has shown.
    pub(crate) tls: Arc<Tls>,
    certificate: Option<ClientCertificate>,
}

/// What a connection wants.
pub(crate) enum Opening {
    /// A session.
    Session(Hello),
    /// That the statement of another session be cancelled.
    Cancel { pid: i32, secret: Bytes },
}

/// A client that wants a session.
pub(crate) struct Hello {
    pub(crate) start: StartUp,
    /// The version that both speak.
    pub(crate) version: Version,
    /// What the client is told when it asked for more than there is.
    pub(crate) negotiation: Option<NegotiateProtocolVersion>,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u16,
    minor: u16,
}

impl Version {
    /// How long the secret of a cancel request is.
    pub(crate) fn secret_bytes(self) -> usize {
        if self >= LATEST { 32 } else { 4 }
    }

    fn of_code(code: u32) -> Self {
        Self { major: (code >> 16) as u16, minor: code as u16 }
    }

    fn code(self) -> i32 {
        i32::from(self.major) << 16 | i32::from(self.minor)
    }
}

impl Door {
    /// `tls` is offered over TCP only: a Unix socket needs none.
    pub(crate) fn new(stream: Box<dyn Stream>, peer: Peer, tls: Option<Arc<Tls>>) -> Self {
        let tls = tls.filter(|_| matches!(peer, Peer::Tcp(_)));
        Self { stream, peer, tls, secured: None }
    }

    /// The TLS that the connection is under.
    pub(crate) fn secured(&self) -> Option<&Secured> {
        self.secured.as_ref()
    }

    /// Reads up to what the connection wants. Encryption may be asked for once in each way.
    pub(crate) async fn greet(&mut self) -> Result<Opening, Broken> {
        let (mut ssl_asked, mut gss_asked) = (false, false);
        let mut first = self.stream.read_u8().await?;
        if first == TLS_HANDSHAKE {
            self.begin_with_tls(first).await?;
            first = self.stream.read_u8().await?;
        }
        loop {
            let (code, body) = self.read_packet(first).await?;
            match code {
                SSL_REQUEST if !ssl_asked && self.secured.is_none() => {
                    ssl_asked = true;
                    self.answer_ssl_request().await?;
                }
                GSSENC_REQUEST if !gss_asked && self.secured.is_none() => {
                    gss_asked = true;
                    self.stream.write_all(b"N").await?;
                }
                CANCEL_REQUEST => return cancel_request(body),
                code => {
                    let hello = self.hello(Version::of_code(code), &body);
                    return hello.map(Opening::Session).map_err(Broken::from);
                }
            }
            first = self.stream.read_u8().await?;
        }
    }

    /// Sends messages at once.
    pub(crate) async fn send(&mut self, messages: &[&dyn Encode]) -> Result<(), Broken> {
        let mut buffer = BytesMut::new();
        messages.iter().try_for_each(|message| message.encode(&mut buffer))?;
        self.stream.write_all(&buffer).await?;
        Ok(self.stream.flush().await?)
    }

    /// Exactly the packet is read: what a man in the middle sent ahead of the handshake goes to
    /// the handshake, and fails it.
    async fn read_packet(&mut self, first: u8) -> Result<(u32, Bytes), Broken> {
        let mut length = [first, 0, 0, 0];
        self.stream.read_exact(&mut length[1..]).await?;
        let length = u32::from_be_bytes(length) as usize;
        if !(8..=PACKET_BYTES).contains(&length) {
            // Not a client of this protocol, so no answer in it, as in PostgreSQL.
            return Err(Broken::Gone);
        }
        let code = self.stream.read_u32().await?;
        Ok((code, read_body(&mut self.stream, length - 8).await?))
    }

    async fn answer_ssl_request(&mut self) -> Result<(), Broken> {
        let Some(tls) = self.tls.take() else {
            return Ok(self.stream.write_all(b"N").await?);
        };
        self.stream.write_all(b"S").await?;
        self.stream.flush().await?;
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        self.secure(plain, tls).await.map(drop)
    }

    /// The client has sent the first byte of a handshake without asking, and must say in it that
    /// it means this protocol: it could be a browser that was led here.
    async fn begin_with_tls(&mut self, first: u8) -> Result<(), Broken> {
        let tls = self.tls.take().ok_or(Broken::Gone)?;
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        let (reading, writing) = tokio::io::split(plain);
        let reading = AsyncReadExt::chain(std::io::Cursor::new([first]), reading);
        let named = self.secure(Box::new(tokio::io::join(reading, writing)), tls).await?;
        if named { Ok(()) } else { Err(Broken::Gone) }
    }

    /// Makes the handshake, and says whether the client named the protocol in it.
    async fn secure(&mut self, plain: Box<dyn Stream>, tls: Arc<Tls>) -> Result<bool, Broken> {
        let secure = tls.acceptor.accept(plain).await?;
        let connection = secure.get_ref().1;
        let named = connection.alpn_protocol() == Some(PROTOCOL);
        let shown = connection.peer_certificates().and_then(<[_]>::first);
        let certificate = match shown {
            // Names that mislead are nobody's.
            Some(der) => Some(ClientCertificate::read(der).ok_or(Broken::Gone)?),
            None => None,
        };
        self.stream = Box::new(secure);
        self.secured = Some(Secured { tls, certificate });
        Ok(named)
    }

    fn hello(&self, version: Version, body: &[u8]) -> Result<Hello, Report> {
        if version.major != LATEST.major {
            return Err(unsupported_version(version));
        }
        let (unsupported, known): (Vec<_>, Vec<_>) =
            parameters(body)?.into_iter().partition(|(name, _)| name.starts_with("_pq_."));
        let unsupported: Vec<_> = unsupported.into_iter().map(|(name, _)| name).collect();
        let negotiable = version > LATEST || !unsupported.is_empty();
        let spoken = version.min(LATEST);
        let negotiation =
            negotiable.then(|| NegotiateProtocolVersion::new(spoken.code(), unsupported));
        let mut start = start_up(known, self.peer)?;
        start.encrypted = self.secured.is_some();
        start.certificate = self.secured.as_ref().and_then(|secured| secured.certificate.clone());
        Ok(Hello { start, version: spoken, negotiation })
    }
}

/// A message that can be one of several to send.
pub(crate) trait Encode: Sync {
    fn encode(&self, buffer: &mut BytesMut) -> Result<(), Broken>;
}

impl<M: Message + Sync> Encode for M {
    fn encode(&self, buffer: &mut BytesMut) -> Result<(), Broken> {
        // Only for lengths that none of the messages of a start can have.
        Message::encode(self, buffer).map_err(|_| Broken::Gone)
    }
}

fn cancel_request(mut body: Bytes) -> Result<Opening, Broken> {
    if body.len() < 8 {
        return Err(Broken::Gone);
    }
    let pid = body.get_i32();
    Ok(Opening::Cancel { pid, secret: body })
}

/// The pairs of a start-up packet, in its order.
fn parameters(mut body: &[u8]) -> Result<Vec<(String, String)>, Report> {
    let mut parameters = Vec::new();
    while body.first().is_some_and(|first| *first != 0) {
        let pair = string(&mut body).zip(string(&mut body)).ok_or_else(no_terminator)?;
        parameters.push((text(pair.0)?, text(pair.1)?));
    }
    if body == [0] { Ok(parameters) } else { Err(no_terminator()) }
}

/// Takes bytes up to a zero byte, which goes too.
fn string<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = body.iter().position(|byte| *byte == 0)?;
    let string = &body[..end];
    *body = &body[end + 1..];
    Some(string)
}

fn text(bytes: &[u8]) -> Result<String, Report> {
    frontend::utf8(bytes.to_vec())
}

/// Sorts the pairs: who, where to, and settings.
fn start_up(pairs: Vec<(String, String)>, peer: Peer) -> Result<StartUp, Report> {
    let (mut user, mut database) = (String::new(), String::new());
    let (mut parameters, mut settings) = (Vec::new(), Vec::new());
    for (name, value) in pairs {
        match name.as_str() {
            "user" => user = value,
            "database" => database = value,
            "options" => parameters.extend(options::settings(&value)?),
            "replication" => refuse_replication(&value)?,
            _ => settings.push((name, value)),
        }
    }
    if user.is_empty() {
        return Err(Report::fatal(
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            "no PostgreSQL user name specified in startup packet",
        ));
    }
    if database.is_empty() {
        database.clone_from(&user);
    }
    parameters.extend(settings);
    Ok(StartUp { user, database, parameters, peer, encrypted: false, certificate: None })
}

/// The value is a boolean in any of PostgreSQL's spellings, or `database`.
fn refuse_replication(value: &str) -> Result<(), Report> {
    let lower = value.to_ascii_lowercase();
    let spells = |words: &[&str]| {
        words.iter().any(|word| word.starts_with(&lower)) && !matches!(lower.as_str(), "" | "o")
    };
    if spells(&["false", "no", "off", "0"]) {
        Ok(())
    } else if lower == "database" || spells(&["true", "yes", "on", "1"]) {
        Err(Report::unsupported("replication"))
    } else {
        let message = format!("invalid value for parameter \"replication\": \"{value}\"");
        Err(Report::fatal(SqlState::INVALID_PARAMETER_VALUE, message))
    }
}

fn unsupported_version(version: Version) -> Report {
    let Version { major, minor } = version;
    let latest = LATEST;
    Report::fatal(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!(
            "unsupported frontend protocol {major}.{minor}: server supports {}.0 to {}.{}",
            latest.major, latest.major, latest.minor
        ),
    )
}

fn no_terminator() -> Report {
    Report::fatal(
        SqlState::PROTOCOL_VIOLATION,
        "invalid startup packet layout: expected terminator as last byte",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(code: u32, body: &[u8]) -> Result<Hello, Report> {
        let door = Door::new(Box::new(tokio::io::empty()), Peer::Unix { uid: None }, None);
        door.hello(Version::of_code(code), body)
    }

    fn check_error(code: u32, body: &[u8], expected: &str) {
        let report = hello(code, body).err().expect("an error");
        assert_eq!(format!("{} {report}", report.sqlstate), expected);
    }

    const V3_0: u32 = 3 << 16;

    #[test]
    fn settings_in_options_come_first() {
        let body = b"user\0bob\0application_name\0psql\0options\0-c a.b=1\0TimeZone\0UTC\0\0";
        let start = hello(V3_0, body).unwrap().start;
        assert_eq!((start.user.as_str(), start.database.as_str()), ("bob", "bob"));
        let expected = [("a.b", "1"), ("application_name", "psql"), ("TimeZone", "UTC")];
        assert_eq!(start.parameters, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn more_than_there_is_is_negotiated() {
        let hello = hello(V3_0 | 9999, b"user\0u\0_pq_.x\0on\0\0").unwrap();
        assert_eq!(hello.version, LATEST);
        let expected = NegotiateProtocolVersion::new(196_610, vec!["_pq_.x".to_owned()]);
        assert_eq!(hello.negotiation, Some(expected));
        assert!(hello.start.parameters.is_empty());
    }

    #[test]
    fn old_clients_have_short_secrets() {
        let secret_bytes = |code| hello(code, b"user\0u\0\0").unwrap().version.secret_bytes();
        assert_eq!((secret_bytes(V3_0), secret_bytes(V3_0 | 2)), (4, 32));
    }

    #[test]
    fn a_session_for_replication_is_refused() {
        let check = |value: &str, expected: Result<(), &str>| {
            let found = refuse_replication(value).map_err(|report| report.sqlstate.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{value}");
        };
        for value in ["false", "OFF", "of", "n", "0"] {
            check(value, Ok(()));
        }
        for value in ["true", "t", "on", "1", "Database"] {
            check(value, Err("0A000"));
        }
        for value in ["", "o", "maybe", "data"] {
            check(value, Err("22023"));
        }
    }

    #[test]
    fn errors_are_postgresqls() {
        check_error(V3_0, b"\0", "28000 no PostgreSQL user name specified in startup packet");
        let layout = "08P01 invalid startup packet layout: expected terminator as last byte";
        for body in [&b"user\0u\0"[..], b"user", b"user\0u", b"", b"user\0u\0\0x"] {
            check_error(V3_0, body, layout);
        }
        check_error(
            2 << 16,
            b"",
            "0A000 unsupported frontend protocol 2.0: server supports 3.0 to 3.2",
        );
    }
}
