//! A line of `pg_hba.conf`.
use std::fmt;

use crate::address::{self, Address};
use crate::file::Place;
use crate::options::Options;
use crate::pattern::Pattern;
use crate::token::{Field, Token};

/// The rules of a file that has no bad line, in their order.
#[derive(Clone, Debug, Default)]
pub struct Rules(pub(crate) Vec<Rule>);

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where it stands.
    pub place: Place,
    /// Connections of which kind it is for.
    pub kind: Kind,
    /// The databases, as written and as meant.
    pub databases: Vec<(String, Pattern)>,
    /// The roles, as written and as meant.
    pub roles: Vec<(String, Pattern)>,
    /// Where the connection comes from; none for a Unix socket.
    pub address: Option<Address>,
    /// How people prove who they are.
    pub method: Method,
    /// What there is to the method.
    pub options: Options,
}

/// Connections of which kind a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Over a Unix socket.
    Local,
    /// Over TCP.
    Host,
    /// Over TCP under TLS.
    HostSsl,
    /// Over TCP without TLS.
    HostNoSsl,
    /// Over TCP under GSSAPI: none, since there is none.
    HostGssEnc,
    /// Over TCP without GSSAPI: each.
    HostNoGssEnc,
}

const KINDS: [(&str, Kind); 6] = [
    ("local", Kind::Local),
    ("host", Kind::Host),
    ("hostssl", Kind::HostSsl),
    ("hostnossl", Kind::HostNoSsl),
    ("hostgssenc", Kind::HostGssEnc),
    ("hostnogssenc", Kind::HostNoGssEnc),
];

/// How people prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By saying so.
    Trust,
    /// Not at all.
    Reject,
    /// By a password that never crosses the wire.
    ScramSha256,
    /// The same, since passwords are kept in no other form.
    Md5,
    /// By the account of the machine's that the client's process runs as.
    Peer,
    /// By a certificate.
    Cert,
    /// By a bearer token of an issuer that is trusted.
    OAuth,
}

const METHODS: [(&str, Option<Method>); 15] = [
    ("trust", Some(Method::Trust)),
    ("reject", Some(Method::Reject)),
    ("scram-sha-256", Some(Method::ScramSha256)),
    ("md5", Some(Method::Md5)),
    ("peer", Some(Method::Peer)),
    ("cert", Some(Method::Cert)),
    ("bsd", None),
    ("gss", None),
    ("ident", None),
    ("ldap", None),
    ("oauth", Some(Method::OAuth)),
    ("pam", None),
    ("password", None),
    ("radius", None),
    ("sspi", None),
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(&KINDS, *self))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(&METHODS, Some(*self)))
    }
}

fn name_of<T: PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    table.iter().find(|(_, other)| *other == value).map_or("", |(name, _)| name)
}

/// The fields of a line, one taken after the other.
struct Fields<'a>(std::slice::Iter<'a, Field>);

impl<'a> Fields<'a> {
    fn next(&mut self, what: &str) -> Result<&'a Field, String> {
        self.0.next().ok_or_else(|| format!("end-of-line before {what}"))
    }

    /// A field that may hold but one token.
    fn one(&mut self, before: &str, what: &str) -> Result<&'a Token, String> {
        match self.next(before)?.as_slice() {
            [token] => Ok(token),
            _ => Err(format!("multiple values specified for {what}")),
        }
    }
}

impl Rule {
    /// Reads a line's fields.
    pub(crate) fn parse(place: Place, fields: &[Field]) -> Result<Self, String> {
        let mut fields = Fields(fields.iter());
        let kind = kind(fields.one("connection type", "connection type")?)?;
        let databases = named(fields.next("database specification")?, Pattern::database)?;
        let roles = named(fields.next("role specification")?, Pattern::role)?;
        let address = match kind {
            Kind::Local => None,
            _ => {
                let token = fields.one("IP address specification", "host address")?;
                let mask = || fields.one("netmask specification", "netmask");
                Some(address::parse(token, mask)?)
            }
        };
        let method = method(fields.one("authentication method", "authentication type")?)?;
        check_method(kind, method)?;
        let mut options = Options::of(method);
        for token in fields.0.flatten() {
            options.set(&token.text, kind, method)?;
        }
        options.complete(method)?;
        Ok(Self { place, kind, databases, roles, address, method, options })
    }
}

fn kind(token: &Token) -> Result<Kind, String> {
    let found = KINDS.iter().find(|(name, _)| token.text == *name);
    found
        .map(|(_, kind)| *kind)
        .ok_or_else(|| format!("invalid connection type \"{}\"", token.text))
}

fn method(token: &Token) -> Result<Method, String> {
    let name = &token.text;
    match METHODS.iter().find(|(known, _)| known == name) {
        Some((_, Some(method))) => Ok(*method),
        Some((_, None)) => {
            Err(format!("invalid authentication method \"{name}\": not supported by this build"))
        }
        None => Err(format!("invalid authentication method \"{name}\"")),
    }
}

fn check_method(kind: Kind, method: Method) -> Result<(), String> {
    let problem = match method {
        Method::Peer if kind != Kind::Local => {
            "peer authentication is only supported on local sockets"
        }
        Method::Cert if kind != Kind::HostSsl => {
            "cert authentication is only supported on hostssl connections"
        }
        _ => return Ok(()),
    };
    Err(problem.to_owned())
}

fn named(
    field: &Field,
    pattern: fn(&Token) -> Result<Pattern, String>,
) -> Result<Vec<(String, Pattern)>, String> {
    field.iter().map(|token| Ok((token.text.clone(), pattern(token)?))).collect()
}
