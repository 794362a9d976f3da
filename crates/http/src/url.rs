use std::fmt::Write;
use std::net::IpAddr;

use crate::{Error, Result};

/// Where a service is, and what of it: `https://host:port/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    tls: bool,
    host: String,
    port: u16,
    /// Begins with a slash; what means something in a URL is escaped.
    path: String,
}

impl Url {
    /// Reads a URL without user, query and fragment. Without TLS it must be this machine's.
    pub fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once("://").ok_or(Error::Url)?;
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(Error::Url),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (host, port) = host_and_port(authority, if tls { 443 } else { 80 })?;
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '@' | '\\');
        if host.is_empty() || !host.chars().chain(path.chars()).all(is_plain) {
            return Err(Error::Url);
        }
        match tls || is_this_machine(host) {
            true => Ok(Self { tls, host: host.to_owned(), port, path: path.to_owned() }),
            false => Err(Error::Plain),
        }
    }

    /// The same service, and this path under the URL's own; escaped already.
    pub fn join(&self, path: &str) -> Self {
        let base = self.path.trim_end_matches('/');
        Self { path: format!("{base}/{}", path.trim_start_matches('/')), ..self.clone() }
    }

    /// What a text of the service names as its own: a path, or a URL of the same scheme, host and
    /// port. Whatever leads elsewhere is refused: who is trusted here need not be trusted there.
    pub fn follow(&self, reference: &str) -> Result<Self> {
        let path = match reference.find("://") {
            None => reference,
            Some(scheme) => {
                let authority = scheme + 3;
                let end =
                    reference[authority..].find(['/', '?']).unwrap_or(reference.len() - authority);
                let (service, path) = reference.split_at(authority + end);
                let named = Self::parse(service)?;
                if (named.tls, &named.host, named.port) != (self.tls, &self.host, self.port) {
                    return Err(Error::Url);
                }
                path
            }
        };
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '\\');
        match path.starts_with('/') && path.chars().all(is_plain) {
            true => Ok(Self { path: path.to_owned(), ..self.clone() }),
            false => Err(Error::Url),
        }
    }

    /// The machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path, beginning with a slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is reached over TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    pub(crate) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        }
    }

    pub(crate) fn len(&self) -> usize {
        2 * self.host.len() + self.path.len()
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

fn host_and_port(authority: &str, default: u16) -> Result<(&str, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']').ok_or(Error::Url)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| Error::Url)?;
            match rest {
                "" => (host, None),
                rest => (host, Some(rest.strip_prefix(':').ok_or(Error::Url)?)),
            }
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = port.map_or(Ok(default), |port| port.parse().map_err(|_| Error::Url))?;
    Ok((host, port))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// One part of a path, with everything escaped that is not sure to mean only itself.
pub fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => text.push(byte.into()),
            // Alone it means this folder or the one above it.
            b'.' if part.bytes().any(|byte| byte != b'.') => text.push('.'),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_machine_and_a_path() {
        let check = |text, expected: &str| {
            assert_eq!(Url::parse(text).unwrap().to_string(), expected);
        };
        check("https://vault.example", "https://vault.example:443/");
        check("https://vault.example:8200/base/", "https://vault.example:8200/base/");
        check("http://127.0.0.1:8200", "http://127.0.0.1:8200/");
        check("http://[::1]:8200/x", "http://[::1]:8200/x");
        check("http://localhost/x", "http://localhost:80/x");
        let url = Url::parse("https://v/base/").unwrap();
        assert_eq!(url.join("v1/a").path(), "/base/v1/a");
        assert_eq!(Url::parse("https://v").unwrap().join("/v1/a").path(), "/v1/a");
    }

    #[test]
    fn what_is_none_or_would_send_in_clear_is_refused() {
        for text in [
            "",
            "vault",
            "ftp://x",
            "https://",
            "https://u@x",
            "https://x?y",
            "https://x/#y",
            "https://x:y",
            "https://x:99999",
            "https://x y",
            "https://x/\r\nA: b",
            "https://[x]",
        ] {
            assert!(matches!(Url::parse(text), Err(Error::Url)), "{text}");
        }
        for text in ["http://vault.example", "http://10.0.0.1:8200", "http://127.0.0.1.evil"] {
            assert!(matches!(Url::parse(text), Err(Error::Plain)), "{text}");
        }
    }

    #[test]
    fn a_part_of_a_path_stays_one() {
        let check = |part, expected: &str| assert_eq!(encoded(part), expected);
        check("a-b_c.d~1", "a-b_c.d~1");
        check("a/b", "a%2Fb");
        check("..", "%2E%2E");
        check("a b\r\n?#%", "a%20b%0D%0A%3F%23%25");
        check("\u{e9}", "%C3%A9");
    }
}
