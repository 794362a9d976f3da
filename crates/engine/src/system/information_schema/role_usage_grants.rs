//! USAGE by and to enabled roles.
use super::super::grants::Listed;
use super::usage_privileges::list;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    list(session, Listed::EnabledRoles, out)
}
