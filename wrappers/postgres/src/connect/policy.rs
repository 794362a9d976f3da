//! Which ways of logging in are accepted: `require_auth`, `channel_binding`, and our own rule
//! that a password leaves in clear, or as md5, only towards somebody whose name was verified.
use medley_fdw::Options;

use super::target::word;
use crate::protocol::{Authentication, Binding};

/// What `require_auth` can name, in libpq's words.
const METHODS: [&str; 7] = ["password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none"];

/// What is known of the TLS channel.
pub(super) struct Channel {
    /// The hash of the server's certificate, where one can be made; `None` inside without TLS.
    pub end_point: Option<Option<Vec<u8>>>,
    /// The remote's name was verified.
    pub verified: bool,
}

/// What is accepted.
pub(super) struct Policy {
    /// As written, for messages.
    require_auth: String,
    accepted: Option<Vec<&'static str>>,
    /// It was named, not merely left over.
    named: bool,
    binding: &'static str,
}

impl Policy {
    /// Reads the options.
    pub fn new(server: &Options) -> Result<Self, String> {
        let given = |name| server.text(name).filter(|value: &&str| !value.is_empty());
        let words = ["prefer", "disable", "require"];
        let binding = word(given("channel_binding"), "channel_binding", &words)?;
        let require_auth = given("require_auth").unwrap_or_default().to_owned();
        let (accepted, named) = accepted(&require_auth)?;
        Ok(Self { require_auth, accepted, named, binding })
    }

    /// Of who has keys and no password.
    pub fn of_keys(server: &Options) -> Result<Self, String> {
        let only = "scram-sha-256";
        let accepted = Some(vec![only]);
        Ok(Self { require_auth: only.to_owned(), accepted, named: true, ..Self::new(server)? })
    }

    /// Whether this request may be answered; the reason if not.
    pub fn admits(
        &self,
        request: &Authentication,
        finished: bool,
        channel: &Channel,
    ) -> Result<(), String> {
        let (method, reason) = match request {
            Authentication::Ok if finished => return Ok(()),
            Authentication::Ok => ("none", "server did not complete authentication"),
            Authentication::Cleartext => ("password", "server requested a cleartext password"),
            Authentication::Md5(_) => ("md5", "server requested a hashed password"),
            Authentication::Sasl(_) => ("scram-sha-256", "server requested SASL authentication"),
            Authentication::SaslContinue(_) | Authentication::SaslFinal(_) => return Ok(()),
            Authentication::Other(7 | 8) => ("gss", "server requested GSSAPI authentication"),
            Authentication::Other(9) => ("sspi", "server requested SSPI authentication"),
            Authentication::Other(_) => ("", "server requested an unknown authentication type"),
        };
        if self.accepted.as_ref().is_some_and(|accepted| !accepted.contains(&method)) {
            let requirement = &self.require_auth;
            return Err(format!(
                "authentication method requirement \"{requirement}\" failed: {reason}"
            ));
        }
        self.admits_unbound(request)?;
        let readable = matches!(request, Authentication::Cleartext | Authentication::Md5(_));
        match readable && !channel.verified && !self.named {
            true => Err(format!(
                "{reason}, which is sent only with sslmode \"verify-full\", or where require_auth \
                 names \"{method}\""
            )),
            false => Ok(()),
        }
    }

    fn admits_unbound(&self, request: &Authentication) -> Result<(), String> {
        match request {
            _ if self.binding != "require" => Ok(()),
            Authentication::Sasl(_) => Ok(()),
            Authentication::Ok => Err("channel binding required, but server authenticated client \
                                       without channel binding"
                .to_owned()),
            _ => Err("channel binding required but not supported by server's authentication \
                      request"
                .to_owned()),
        }
    }

    /// How SCRAM is tied to the channel, given what the server offers.
    pub fn binding(&self, offered: &[String], channel: &Channel) -> Result<Binding, String> {
        let offers = |name: &str| offered.iter().any(|mechanism| mechanism == name);
        let plus = offers("SCRAM-SHA-256-PLUS");
        let binding = match &channel.end_point {
            None if self.binding == "require" => {
                return Err("channel binding required, but SSL not in use".to_owned());
            }
            Some(Some(hash)) if plus && self.binding != "disable" => {
                Binding::ServerEndPoint(hash.clone())
            }
            _ if self.binding == "require" => {
                let missing = "an authentication method that supports channel binding";
                return Err(format!(
                    "channel binding is required, but server did not offer {missing}"
                ));
            }
            Some(_) if !plus && self.binding != "disable" => Binding::NotOffered,
            _ => Binding::None,
        };
        match offers(binding.mechanism()) {
            true => Ok(binding),
            false => {
                Err("none of the server's SASL authentication mechanisms are supported".to_owned())
            }
        }
    }
}

/// The methods that are accepted, `None` for all, and whether they were named.
fn accepted(list: &str) -> Result<(Option<Vec<&'static str>>, bool), String> {
    if list.is_empty() {
        return Ok((None, false));
    }
    let negative = list.starts_with('!');
    let mut named: Vec<&'static str> = Vec::new();
    for item in list.split(',').map(str::trim) {
        let (minus, name) = match item.strip_prefix('!') {
            Some(name) => (true, name),
            None => (false, item),
        };
        match (minus, negative) {
            (true, false) => {
                return Err(format!(
                    "negative require_auth method \"{item}\" cannot be mixed with non-negative methods"
                ));
            }
            (false, true) => {
                return Err(format!(
                    "require_auth method \"{item}\" cannot be mixed with negative methods"
                ));
            }
            _ => {}
        }
        let method = METHODS.iter().find(|method| **method == name);
        let method = method.ok_or_else(|| format!("invalid require_auth value: \"{name}\""))?;
        if named.contains(method) {
            return Err(format!("require_auth method \"{item}\" is specified more than once"));
        }
        named.push(method);
    }
    let accepted = METHODS.into_iter().filter(|method| named.contains(method) != negative);
    Ok((Some(accepted.collect()), !negative))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(pairs: &[(&str, &str)]) -> Result<Policy, String> {
        let mut options = Options::default();
        pairs.iter().for_each(|(name, value)| options.set(*name, *value));
        Policy::new(&options)
    }

    const PLAIN: Channel = Channel { end_point: None, verified: false };

    #[test]
    fn a_readable_password_needs_a_verified_name_or_its_method_named() {
        let check = |require_auth: &str, verified: bool, expected: bool| {
            let policy = policy(&[("require_auth", require_auth)]).expect("a good list");
            let channel = Channel { end_point: Some(None), verified };
            let admitted = policy.admits(&Authentication::Cleartext, false, &channel);
            assert_eq!(admitted.is_ok(), expected, "{require_auth} {verified}");
            let admitted = policy.admits(&Authentication::Md5([0; 4]), false, &channel);
            assert_eq!(admitted.is_ok(), expected, "{require_auth} {verified}");
        };
        check("", false, false);
        check("", true, true);
        check("password,md5", false, true);
        check("!none", false, false);
        check("!none", true, true);
        check("scram-sha-256", true, false);
    }

    #[test]
    fn require_auth_is_kept() {
        let check =
            |require_auth: &str, request: Authentication, finished, expected: Option<&str>| {
                let policy = policy(&[("require_auth", require_auth)]).expect("a good list");
                let judged = policy.admits(&request, finished, &PLAIN).err();
                let failed =
                    format!("authentication method requirement \"{require_auth}\" failed: ");
                assert_eq!(judged, expected.map(|reason| failed + reason));
            };
        let sasl = || Authentication::Sasl(Vec::new());
        check("scram-sha-256", sasl(), false, None);
        check("scram-sha-256", Authentication::Ok, true, None);
        let unfinished = "server did not complete authentication";
        check("scram-sha-256", Authentication::Ok, false, Some(unfinished));
        check("!none", Authentication::Ok, false, Some(unfinished));
        check("none", Authentication::Ok, false, None);
        check("password", sasl(), false, Some("server requested SASL authentication"));
        check("", Authentication::Ok, false, None);
    }

    #[test]
    fn lists_that_make_no_sense_are_refused() {
        let check = |list: &str, expected: &str| {
            assert_eq!(policy(&[("require_auth", list)]).err().as_deref(), Some(expected));
        };
        check("nonsense", "invalid require_auth value: \"nonsense\"");
        check("md5,md5", "require_auth method \"md5\" is specified more than once");
        check("!md5,none", "require_auth method \"none\" cannot be mixed with negative methods");
        let mixed =
            "negative require_auth method \"!none\" cannot be mixed with non-negative methods";
        check("md5,!none", mixed);
    }

    #[test]
    fn scram_is_bound_where_it_can_be() {
        let offered = |plus: bool| {
            let plus = plus.then(|| "SCRAM-SHA-256-PLUS".to_owned());
            plus.into_iter().chain(["SCRAM-SHA-256".to_owned()]).collect::<Vec<_>>()
        };
        let check = |wanted: &str, plus, end_point: Option<Option<Vec<u8>>>, expected: &str| {
            let policy = policy(&[("channel_binding", wanted)]).expect("a good word");
            let channel = Channel { end_point, verified: false };
            let binding = policy.binding(&offered(plus), &channel);
            let printed = binding.map_or_else(|error| error, |binding| format!("{binding:?}"));
            assert!(printed.starts_with(expected), "{printed}");
        };
        let hash = || Some(Some(vec![1]));
        check("prefer", true, hash(), "ServerEndPoint");
        check("require", true, hash(), "ServerEndPoint");
        check("disable", true, hash(), "None");
        check("prefer", false, hash(), "NotOffered");
        check("prefer", true, None, "None");
        check("prefer", true, Some(None), "None");
        check("require", true, None, "channel binding required, but SSL not in use");
        check("require", false, hash(), "channel binding is required, but server did not offer");
        let unknown = policy(&[]).expect("none").binding(&["OTHER".to_owned()], &PLAIN);
        assert!(unknown.is_err());
    }
}
