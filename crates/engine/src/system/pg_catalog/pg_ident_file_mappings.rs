//! Which roles accounts outside may be, as the file says now.
use super::super::value::{int4, optional, optional_int4, text};
use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    session.facts.login_maps().iter().try_for_each(|map| {
        out.push(&[
            optional_int4(map.number),
            text(map.file.as_str()),
            int4(map.line),
            optional(map.map.as_deref()),
            optional(map.account.as_deref()),
            optional(map.role.as_deref()),
            optional(map.error.as_deref()),
        ])
    })
}
