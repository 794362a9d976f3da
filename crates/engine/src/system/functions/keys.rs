//! `medley_keys(action)`: data keys and what they seal, for `medley key`.
use medley_diagnostic::SqlState;

use crate::error::{Error, Result};
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame};

pub const SET_FUNCTIONS: SetTable =
    &[SetFunction { source: "medley_keys", columns: &[], rows: keys }];

fn keys<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let session = frame.session();
    if !session.snapshot.actor(session.role).is_superuser() {
        let message = "permission denied for function medley_keys";
        return Err(Error::at(SqlState::INSUFFICIENT_PRIVILEGE, message, None));
    }
    let lines = session.facts.keys(args[0].text()?)?;
    Ok(lines.into_iter().map(|line| vec![Datum::of_text(line)]).collect())
}
