//! Privileges on columns by and to enabled roles.
use super::super::grants::Listed;
use super::column_privileges::list;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    list(session, keys, Listed::EnabledRoles, out)
}
