//! The name of the database.
use super::super::value::text;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its row.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    out.push(&[text(session.facts.database())])
}
