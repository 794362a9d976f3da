//! OAUTHBEARER (RFC 7628): a token proves who its bearer is. Messages are PostgreSQL's.
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use medley_diagnostic::{Report, SqlState};
use pgwire::messages::startup::Authentication;
use zeroize::Zeroizing;

use crate::inbox::{Broken, read_password};
use crate::sasl::initial_response;
use crate::startup::Door;

const MECHANISM: &str = "OAUTHBEARER";
/// Stands between the parts of a message, and is all that a client says once it is refused.
const SEPARATOR: char = '\x01';

/// Whom a bearer's token is shown to.
#[async_trait]
pub trait Judge: Send + Sync {
    /// What a client without a good token is told: where to get one, as RFC 7628 has it in JSON.
    fn discovery(&self) -> String;

    /// Whether the token is good for the role that its bearer wants to be. Why it is not goes to
    /// the log, and to no client. Who shows none has not failed: that is how to ask where to get
    /// one.
    async fn accepts(&self, token: Token) -> bool;
}

/// A token as the client sent it: wiped when dropped, and not to be printed.
pub struct Token(Zeroizing<String>);

impl Token {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Lets the client show a token.
pub(crate) async fn authenticate(
    door: &mut Door,
    user: &str,
    judge: &dyn Judge,
) -> Result<(), Broken> {
    door.send(&[&Authentication::SASL(vec![MECHANISM.to_owned()])]).await?;
    let (_, response) = initial_response(&[MECHANISM], read_password(&mut door.stream).await?)?;
    let accepted = match credentials(&response)? {
        Some(token) => judge.accepts(token).await,
        // Who shows none wants to know where to get one.
        None => false,
    };
    if accepted {
        return Ok(());
    }
    door.send(&[&Authentication::SASLContinue(judge.discovery().into())]).await?;
    let last = read_password(&mut door.stream).await?;
    if last != SEPARATOR.to_string() {
        return Err(malformed("Client did not send a kvsep response."));
    }
    Err(refusal(user))
}

/// The token in a client's first message; none if it shows none, or nothing that could be one.
fn credentials(message: &Bytes) -> Result<Option<Token>, Broken> {
    let text = std::str::from_utf8(message)
        .map_err(|_| malformed("Message length does not match input length."))?;
    let rest = after_header(text)?;
    let value = authorization(rest)?;
    Ok(bearer(value))
}

/// What follows the part on channel binding and on the identity to act as.
fn after_header(text: &str) -> Result<&str, Broken> {
    let mut rest = text.chars();
    match rest.next() {
        None => return Err(malformed("The message is empty.")),
        Some('n' | 'y') => {}
        Some('p') => {
            return Err(malformed(
                "The server does not support channel binding for OAuth, but the client message \
                 includes channel binding data.",
            ));
        }
        Some(other) => {
            return Err(malformed(format!(
                "Unexpected channel-binding flag \"{}\".",
                shown(other)
            )));
        }
    }
    expect(&mut rest, ',', "Comma")?;
    match rest.next() {
        Some(',') => {}
        Some('a') => {
            return Err(Report::fatal(
                SqlState::FEATURE_NOT_SUPPORTED,
                "client uses authorization identity, but it is not supported",
            )
            .into());
        }
        other => {
            let attribute = other.map_or_else(String::new, shown);
            return Err(malformed(format!(
                "Unexpected attribute \"{attribute}\" in client-first-message."
            )));
        }
    }
    expect(&mut rest, SEPARATOR, "Key-value separator")?;
    Ok(rest.as_str())
}

fn expect(rest: &mut std::str::Chars<'_>, wanted: char, what: &str) -> Result<(), Broken> {
    match rest.next() {
        Some(found) if found == wanted => Ok(()),
        found => {
            let found = found.map_or_else(String::new, shown);
            Err(malformed(format!("{what} expected, but found character \"{found}\".")))
        }
    }
}

/// A byte that somebody sent, fit for an error.
fn shown(character: char) -> String {
    match character.is_ascii_graphic() {
        true => character.to_string(),
        false => format!("0x{:02x}", u32::from(character)),
    }
}

/// The value of `auth` among the pairs, each of which ends in a separator, as all of them do.
fn authorization(mut pairs: &str) -> Result<&str, Broken> {
    let mut found = None;
    loop {
        let (pair, rest) = pairs
            .split_once(SEPARATOR)
            .ok_or_else(|| malformed("Message did not contain a final terminator."))?;
        pairs = rest;
        if pair.is_empty() {
            break;
        }
        let (name, value) =
            pair.split_once('=').ok_or_else(|| malformed("Message contains an invalid value."))?;
        check_name(name)?;
        if name == "auth" && found.replace(value).is_some() {
            return Err(malformed("Message contains multiple auth values."));
        }
    }
    match found {
        _ if !pairs.is_empty() => {
            Err(malformed("Message contains additional data after the final terminator."))
        }
        None => Err(malformed("Message does not contain an auth value.")),
        Some(value) => Ok(value),
    }
}

fn check_name(name: &str) -> Result<(), Broken> {
    if name.is_empty() {
        return Err(malformed("Message contains an empty key name."));
    }
    match name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        true => Ok(()),
        false => Err(malformed("Message contains an invalid key name.")),
    }
}

/// `Bearer` and a token of the characters that RFC 6750 allows.
fn bearer(value: &str) -> Option<Token> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let body = token.trim_end_matches('=');
    let good =
        scheme.eq_ignore_ascii_case("bearer") && !body.is_empty() && body.bytes().all(allowed);
    good.then(|| Token(Zeroizing::new(token.to_owned())))
}

fn refusal(user: &str) -> Broken {
    Report::fatal(
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        format!("OAuth bearer authentication failed for user \"{user}\""),
    )
    .into()
}

fn malformed(detail: impl Into<String>) -> Broken {
    Report::fatal(SqlState::PROTOCOL_VIOLATION, "malformed OAUTHBEARER message")
        .with_detail(detail.into())
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: Result<Option<&str>, &str>) {
        let found = credentials(&Bytes::copy_from_slice(message.as_bytes()));
        let found = found.map_err(|broken| match broken {
            Broken::Fatal(report) => report.detail.unwrap_or(report.message),
            Broken::Gone => "gone".to_owned(),
        });
        let found = found.as_ref().map(|token| token.as_ref().map(Token::as_str));
        assert_eq!(
            found,
            expected.map_err(str::to_owned).as_ref().map(|token| *token),
            "{message:?}"
        );
    }

    #[test]
    fn tokens() {
        check("n,,\x01auth=Bearer abc.def-_~+/==\x01\x01", Ok(Some("abc.def-_~+/==")));
        check("y,,\x01auth=bearer  abc\x01\x01", Ok(Some("abc")));
        check("n,,\x01host=h\x01auth=Bearer abc\x01port=5\x01\x01", Ok(Some("abc")));
        for value in ["", "Bearer", "Bearer ", "Bearer =", "Bearer a b", "Bearer a=b", "Basic abc"]
        {
            check(&format!("n,,\x01auth={value}\x01\x01"), Ok(None));
        }
    }

    #[test]
    fn malformed_messages() {
        check("", Err("The message is empty."));
        check("n", Err("Comma expected, but found character \"\"."));
        check("n;", Err("Comma expected, but found character \";\"."));
        check("x,,", Err("Unexpected channel-binding flag \"x\"."));
        check("n,x", Err("Unexpected attribute \"x\" in client-first-message."));
        check("n,a=bob,", Err("client uses authorization identity, but it is not supported"));
        check("n,,\x02", Err("Key-value separator expected, but found character \"0x02\"."));
        check("n,,\x01auth=Bearer a", Err("Message did not contain a final terminator."));
        check("n,,\x01auth=Bearer a\x01", Err("Message did not contain a final terminator."));
        check("n,,\x01\x01", Err("Message does not contain an auth value."));
        check("n,,\x01=x\x01\x01", Err("Message contains an empty key name."));
        check("n,,\x01a1=x\x01\x01", Err("Message contains an invalid key name."));
        check("n,,\x01auth\x01\x01", Err("Message contains an invalid value."));
        check(
            "n,,\x01auth=Bearer a\x01auth=Bearer b\x01\x01",
            Err("Message contains multiple auth values."),
        );
        check(
            "n,,\x01auth=Bearer a\x01\x01x",
            Err("Message contains additional data after the final terminator."),
        );
        check(
            "p=tls-server-end-point,,\x01",
            Err("The server does not support channel binding for OAuth, but the client message \
                 includes channel binding data."),
        );
    }
}
