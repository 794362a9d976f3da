//! SCRAM-SHA-256: a password is proved without being sent.
use bytes::{Buf, Bytes};
use medley_diagnostic::{Report, SqlState};
use medley_secret::Verifier;
use pgwire::api::auth::sasl::scram::{ScramSecret, ScramServerAuth};
use pgwire::error::PgWireError;
use pgwire::messages::startup::Authentication;

use crate::inbox::{Broken, read_password};
use crate::startup::Door;

const MECHANISM: &str = "SCRAM-SHA-256";

/// Lets the client prove that it has the password of `verifier`.
pub(crate) async fn authenticate(
    door: &mut Door,
    user: &str,
    verifier: Verifier,
) -> Result<(), Broken> {
    door.send(&[&Authentication::SASL(vec![MECHANISM.to_owned()])]).await?;
    let first = client_first(read_password(&mut door.stream).await?)?;
    let refused = |error| refusal(user, error);
    let (challenge, proving) = ScramServerAuth::new()
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
fn client_first(mut message: Bytes) -> Result<Bytes, Broken> {
    let end = message.iter().position(|byte| *byte == 0).ok_or_else(malformed)?;
    let mechanism = message.split_to(end);
    message.advance(1);
    if mechanism != MECHANISM {
        return Err(violation("client selected an invalid SASL authentication mechanism"));
    }
    let length = message.try_get_i32().map_err(|_| malformed())?;
    let whole = usize::try_from(length).is_ok_and(|length| length == message.len());
    if whole { Ok(message) } else { Err(malformed()) }
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
