//! Where to connect to and how, from the options, by libpq's rules and in libpq's words.
use std::path::PathBuf;
use std::time::Duration;

use medley_fdw::Options;
use rand::seq::SliceRandom;

const DEFAULT_PORT: u16 = 5432;
/// Where a remote on this machine listens when no host is named.
const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// A parameter of the connection: the mapping's word counts more than the server's.
pub(crate) fn parameter<'a>(
    server: &'a Options,
    mapping: &'a Options,
    name: &str,
) -> Option<&'a str> {
    mapping.text(name).or_else(|| server.text(name)).filter(|value| !value.is_empty())
}

/// The parameter as one of these words, the first of them if it is not given.
pub(crate) fn word(
    value: Option<&str>,
    name: &str,
    words: &[&'static str],
) -> Result<&'static str, String> {
    let Some(value) = value else { return Ok(words[0]) };
    let known = words.iter().find(|word| **word == value);
    known.copied().ok_or_else(|| format!("invalid {name} value: \"{value}\""))
}

/// A number as libpq reads one.
pub(crate) fn integer(value: &str, name: &str) -> Result<i32, String> {
    let wrong = || format!("invalid integer value \"{value}\" for connection option \"{name}\"");
    value.trim().parse().map_err(|_| wrong())
}

/// One of the hosts that may be it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// As it was named; an address if only that was given.
    pub name: String,
    /// How it is reached.
    pub place: Place,
    /// Its port.
    pub port: u16,
}

/// How a host is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// By looking up this name or address.
    Network(String),
    /// By the socket in this directory.
    Directory(PathBuf),
}

impl Host {
    /// The file of the socket.
    pub fn socket(directory: &std::path::Path, port: u16) -> PathBuf {
        directory.join(format!(".s.PGSQL.{port}"))
    }
}

/// The hosts, in the order in which they are tried.
pub(crate) fn hosts(server: &Options) -> Result<Vec<Host>, String> {
    let list = |name| server.text(name).filter(|text| !text.is_empty()).map(split);
    let (names, addresses) = (list("host"), list("hostaddr"));
    let count = addresses.as_ref().or(names.as_ref()).map_or(1, Vec::len);
    if let (Some(names), Some(addresses)) = (&names, &addresses)
        && names.len() != addresses.len()
    {
        let (names, addresses) = (names.len(), addresses.len());
        return Err(format!("could not match {names} host names to {addresses} hostaddr values"));
    }
    let ports = ports(server.text("port").unwrap_or_default(), count)?;
    let entry = |list: &Option<Vec<&str>>, index: usize| {
        list.as_ref().and_then(|list| list.get(index)).copied().unwrap_or("").to_owned()
    };
    let mut hosts: Vec<Host> = (0..count)
        .map(|index| host(entry(&names, index), entry(&addresses, index), ports[index]))
        .collect();
    let balance = server.text("load_balance_hosts");
    if word(balance, "load_balance_hosts", &["disable", "random"])? == "random" {
        hosts.shuffle(&mut rand::rng());
    }
    Ok(hosts)
}

fn split(list: &str) -> Vec<&str> {
    list.split(',').collect()
}

fn host(name: String, address: String, port: u16) -> Host {
    match (name.is_empty(), address.is_empty()) {
        (true, true) => {
            let exists = |directory: &&&str| std::path::Path::new(directory).is_dir();
            let found = SOCKET_DIRECTORIES.iter().find(exists);
            let directory = found.unwrap_or(&SOCKET_DIRECTORIES[1]);
            Host { name: (*directory).to_owned(), place: Place::Directory(directory.into()), port }
        }
        (true, false) => Host { name: address.clone(), place: Place::Network(address), port },
        (false, false) => Host { name, place: Place::Network(address), port },
        (false, true) if name.starts_with('/') => {
            Host { place: Place::Directory(name.clone().into()), name, port }
        }
        (false, true) => Host { place: Place::Network(name.clone()), name, port },
    }
}

fn ports(list: &str, hosts: usize) -> Result<Vec<u16>, String> {
    let ports = split(list).into_iter().map(port).collect::<Result<Vec<_>, _>>()?;
    match ports.len() {
        1 => Ok(vec![ports[0]; hosts]),
        count if count == hosts => Ok(ports),
        count => Err(format!("could not match {count} port numbers to {hosts} hosts")),
    }
}

fn port(text: &str) -> Result<u16, String> {
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    let number = integer(text, "port")?;
    u16::try_from(number)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| format!("invalid port number: \"{text}\""))
}

/// How long each host may take; `None` for ever. As in libpq, below two seconds is two.
pub(crate) fn connect_timeout(server: &Options) -> Result<Option<Duration>, String> {
    let Some(text) = server.text("connect_timeout").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let seconds = integer(text, "connect_timeout")?;
    Ok(u64::try_from(seconds).ok().filter(|s| *s > 0).map(|s| Duration::from_secs(s.max(2))))
}

/// Which kind of session is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionAttrs {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// Reads `target_session_attrs`.
pub(crate) fn session_attrs(server: &Options) -> Result<SessionAttrs, String> {
    const WORDS: [&str; 6] =
        ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"];
    let value = server.text("target_session_attrs");
    Ok(match word(value, "target_session_attrs", &WORDS)? {
        "read-write" => SessionAttrs::ReadWrite,
        "read-only" => SessionAttrs::ReadOnly,
        "primary" => SessionAttrs::Primary,
        "standby" => SessionAttrs::Standby,
        "prefer-standby" => SessionAttrs::PreferStandby,
        _ => SessionAttrs::Any,
    })
}

/// The system account of this process, which libpq takes for a user that is not named.
pub(crate) fn system_user() -> Result<String, String> {
    use std::os::unix::fs::MetadataExt;
    let id = std::fs::metadata("/proc/self").map_err(|error| error.to_string())?.uid();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    named.ok_or_else(|| format!("local user with ID {id} does not exist"))
}

/// What libpq of this build would refuse as well, rather than connect with less than was asked.
pub(crate) fn refuse_unsupported(server: &Options) -> Result<(), String> {
    let asked = |name: &str| server.text(name).filter(|value| !value.is_empty());
    if asked("requirepeer").is_some() {
        return Err("requirepeer parameter is not supported on this platform".to_owned());
    }
    if asked("sslcrldir").is_some() {
        return Err("sslcrldir is not supported; name a file in sslcrl".to_owned());
    }
    if word(asked("gssencmode"), "gssencmode", &["prefer", "disable", "require"])? == "require" {
        let reason = "GSSAPI support is not compiled in";
        return Err(format!("gssencmode value \"require\" invalid when {reason}"));
    }
    const VERSIONS: [&str; 4] = ["3.0", "3.2", "latest", ""];
    word(asked("max_protocol_version"), "max_protocol_version", &VERSIONS)?;
    match word(asked("min_protocol_version"), "min_protocol_version", &VERSIONS)? {
        "3.0" => Ok(()),
        other => Err(format!("protocol version {other} is not supported; 3.0 is spoken here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Options {
        let mut options = Options::default();
        pairs.iter().for_each(|(name, value)| options.set(*name, *value));
        options
    }

    #[test]
    fn lists_of_hosts_are_matched_as_libpq_matches_them() {
        let check = |pairs: &[(&str, &str)], expected: Result<&str, &str>| {
            let printed = hosts(&options(pairs)).map(|hosts| {
                let print = |host: &Host| match &host.place {
                    Place::Network(at) => format!("{} at {at}:{}", host.name, host.port),
                    Place::Directory(at) => Host::socket(at, host.port).display().to_string(),
                };
                hosts.iter().map(print).collect::<Vec<_>>().join(", ")
            });
            assert_eq!(printed, expected.map(str::to_owned).map_err(str::to_owned));
        };
        check(&[("host", "h")], Ok("h at h:5432"));
        check(&[("host", "h,/run/pg"), ("port", "6000")], Ok("h at h:6000, /run/pg/.s.PGSQL.6000"));
        check(&[("host", "a,b"), ("port", "1,2")], Ok("a at a:1, b at b:2"));
        check(&[("host", "a,b"), ("port", ",2")], Ok("a at a:5432, b at b:2"));
        check(&[("host", "a"), ("hostaddr", "10.0.0.1")], Ok("a at 10.0.0.1:5432"));
        check(&[("hostaddr", "10.0.0.1")], Ok("10.0.0.1 at 10.0.0.1:5432"));
        let unmatched = "could not match 2 host names to 1 hostaddr values";
        check(&[("host", "a,b"), ("hostaddr", "10.0.0.1")], Err(unmatched));
        let ports = "could not match 3 port numbers to 2 hosts";
        check(&[("host", "a,b"), ("port", "1,2,3")], Err(ports));
        let text = "invalid integer value \"abc\" for connection option \"port\"";
        check(&[("host", "a"), ("port", "abc")], Err(text));
        check(&[("host", "a"), ("port", "70000")], Err("invalid port number: \"70000\""));
        let balance = "invalid load_balance_hosts value: \"maybe\"";
        check(&[("host", "a"), ("load_balance_hosts", "maybe")], Err(balance));
    }

    #[test]
    fn nothing_that_protects_is_ignored() {
        let check = |name, value| assert!(refuse_unsupported(&options(&[(name, value)])).is_err());
        check("requirepeer", "postgres");
        check("sslcrldir", "/etc/crl");
        check("gssencmode", "require");
        check("gssencmode", "nonsense");
        check("min_protocol_version", "3.2");
        assert_eq!(refuse_unsupported(&options(&[("gssencmode", "prefer")])), Ok(()));
    }

    #[test]
    fn the_mapping_counts_more_than_the_server() {
        let (server, mapping) = (options(&[("sslcert", "s")]), options(&[("sslcert", "m")]));
        assert_eq!(parameter(&server, &mapping, "sslcert"), Some("m"));
        assert_eq!(parameter(&server, &Options::default(), "sslcert"), Some("s"));
    }

    #[test]
    fn this_process_runs_as_somebody() {
        assert!(!system_user().expect("an account").is_empty());
    }
}
