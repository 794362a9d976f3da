//! SCRAM-SHA-256: a password is proved without being sent. With -PLUS the proof holds for this
//! server's certificate alone, and is worth nothing to whoever stands between.
use bytes::{Buf, Bytes};
use medley_diagnostic::{Report, SqlState};
use medley_secret::Verifier;
use pgwire::api::auth::sasl::scram::ScramSecret;
use pgwire::error::PgWireError;
use pgwire::messages::startup::Authentication;

use crate::inbox::{Broken, read_password};
use crate::startup::Door;

const PLAIN: &str = "SCRAM-SHA-256";
const BOUND: &str = "SCRAM-SHA-256-PLUS";

/// Lets the client prove that it has the password of `verifier`.
pub(crate) async fn authenticate(
    door: &mut Door,
    user: &str,
    verifier: Verifier,
) -> Result<(), Broken> {
    let bound = door.secured().map(|secured| secured.tls.scram.clone());
    let mechanisms = if bound.is_some() { vec![BOUND, PLAIN] } else { vec![PLAIN] };
    let offer = mechanisms.iter().map(|name| (*name).to_owned()).collect();
    door.send(&[&Authentication::SASL(offer)]).await?;
    let first = client_first(&mechanisms, read_password(&mut door.stream).await?)?;
    let refused = |error| refusal(user, error);
    let (challenge, proving) = bound
        .unwrap_or_default()
        .on_client_first_message_with_secret(&first, secret(verifier))
        .map_err(refused)?;
    door.send(&[&Authentication::SASLContinue(challenge.into())]).await?;
    let proof = read_password(&mut door.stream).await?;
    let signature = proving.on_client_final_message(&proof).map_err(refused)?;
    door.send(&[&Authentication::SASLFinal(signature.into())]).await
}

fn secret(verifier: Verifier) -> ScramSecret {
    ScramSecret::Verifier {
        salt: verifier.salt,
        iterations: verifier.iterations as usize,
        stored_key: verifier.stored_key.to_vec(),
        server_key: verifier.server_key.to_vec(),
    }
}

/// The client's choice of mechanism, and what it says first.
fn client_first(offered: &[&str], mut message: Bytes) -> Result<Bytes, Broken> {
    let end = message.iter().position(|byte| *byte == 0).ok_or_else(malformed)?;
    let mechanism = message.split_to(end);
    message.advance(1);
    if !offered.iter().any(|name| mechanism == *name) {
        return Err(violation("client selected an invalid SASL authentication mechanism"));
    }
    let length = message.try_get_i32().map_err(|_| malformed())?;
    let whole = usize::try_from(length).is_ok_and(|length| length == message.len());
    // A client binds to the certificate exactly if it chose the mechanism that does.
    let binds = message.starts_with(b"p=");
    if whole && binds == (mechanism == BOUND) { Ok(message) } else { Err(malformed()) }
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

fn violation(message: &str) -> Broken {
    Report::fatal(SqlState::PROTOCOL_VIOLATION, message).into()
}
