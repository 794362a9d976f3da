//! The one character set.
use super::super::value::{NULL, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its row.
pub fn rows(_: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    out.push(&[NULL, NULL, text("UTF8"), text("UCS"), text("UTF8"), NULL, NULL, NULL])
}
