//! The memberships of enabled roles that may be granted on.
use super::applicable_roles::{applicable, push};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let mut administrable = applicable(session).into_iter().filter(|(.., admin)| *admin);
    administrable.try_for_each(|row| push(session, row, out))
}
