//! How a proof begins, whatever its mechanism.
use bytes::{Buf, Bytes};
use medley_diagnostic::{Report, SqlState};

use crate::inbox::Broken;

/// The client's choice of the mechanisms that it was offered, and what it says first.
pub(crate) fn initial_response(
    offered: &[&'static str],
    mut message: Bytes,
) -> Result<(&'static str, Bytes), Broken> {
    let malformed = || violation("invalid SASL initial response");
    let end = message.iter().position(|byte| *byte == 0).ok_or_else(malformed)?;
    let chosen = message.split_to(end);
    message.advance(1);
    let mechanism = offered.iter().copied().find(|name| chosen == *name);
    let mechanism = mechanism
        .ok_or_else(|| violation("client selected an invalid SASL authentication mechanism"))?;
    let length = message.try_get_i32().map_err(|_| malformed())?;
    let whole = usize::try_from(length).is_ok_and(|length| length == message.len());
    if whole { Ok((mechanism, message)) } else { Err(malformed()) }
}

/// The client does not keep to the protocol.
pub(crate) fn violation(message: &str) -> Broken {
    Report::fatal(SqlState::PROTOCOL_VIOLATION, message).into()
}
