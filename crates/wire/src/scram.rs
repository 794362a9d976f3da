//! SCRAM-SHA-256: a password is proved without being sent. With -PLUS the proof holds for this
//! server's certificate alone, and is worth nothing to whoever stands between.
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use medley_diagnostic::{Report, SqlState};
use medley_secret::{ScramKeys, Verifier};
use pgwire::api::auth::sasl::scram::ScramSecret;
use pgwire::error::PgWireError;
use pgwire::messages::startup::Authentication;

use crate::inbox::{Broken, read_password};
use crate::sasl::{initial_response, violation};
use crate::startup::Door;

const PLAIN: &str = "SCRAM-SHA-256";
const BOUND: &str = "SCRAM-SHA-256-PLUS";

/// Lets the client prove that it has the password of `verifier`; the keys that it proved to have,
/// for a login elsewhere by the same verifier.
pub(crate) async fn authenticate(
    door: &mut Door,
    user: &str,
    verifier: Verifier,
) -> Result<Option<ScramKeys>, Broken> {
    let bound = door.secured().map(|secured| secured.tls.scram.clone());
    let mechanisms = if bound.is_some() { vec![BOUND, PLAIN] } else { vec![PLAIN] };
    let offer = mechanisms.iter().map(|name| (*name).to_owned()).collect();
    door.send(&[&Authentication::SASL(offer)]).await?;
    let (chosen, first) = initial_response(&mechanisms, read_password(&mut door.stream).await?)?;
    // A client binds to the certificate exactly if it chose the mechanism that does.
    if first.starts_with(b"p=") != (chosen == BOUND) {
        return Err(malformed());
    }
    let refused = |error| refusal(user, error);
    let (challenge, proving) = bound
        .unwrap_or_default()
        .on_client_first_message_with_secret(&first, secret(verifier.clone()))
        .map_err(refused)?;
    door.send(&[&Authentication::SASLContinue(challenge.clone().into())]).await?;
    let last = read_password(&mut door.stream).await?;
    let signature = proving.on_client_final_message(&last).map_err(refused)?;
    door.send(&[&Authentication::SASLFinal(signature.into())]).await?;
    Ok(keys(&verifier, &first, &challenge, &last))
}

/// What is behind a proof that was accepted: RFC 5802's AuthMessage is what both have said, without
/// the header of the first message and the proof of the last.
fn keys(verifier: &Verifier, first: &[u8], challenge: &str, last: &[u8]) -> Option<ScramKeys> {
    let first = std::str::from_utf8(first).ok()?.splitn(3, ',').nth(2)?;
    let (without_proof, proof) = std::str::from_utf8(last).ok()?.rsplit_once(",p=")?;
    let proof = BASE64_STANDARD.decode(proof).ok()?;
    verifier.keys(format!("{first},{challenge},{without_proof}").as_bytes(), &proof)
}

fn secret(verifier: Verifier) -> ScramSecret {
    ScramSecret::Verifier {
        salt: verifier.salt,
        iterations: verifier.iterations as usize,
        stored_key: verifier.stored_key.to_vec(),
        server_key: verifier.server_key.to_vec(),
    }
}

/// One message for a wrong password and for a user who is none.
fn refusal(user: &str, error: PgWireError) -> Broken {
    match error {
        PgWireError::InvalidPassword(_) => Report::fatal(
            SqlState::INVALID_PASSWORD,
            format!("password authentication failed for user \"{user}\""),
        )
        .into(),
        _ => malformed(),
    }
}

fn malformed() -> Broken {
    violation("malformed SCRAM message")
}
