//! Who may log in, as the file says now.
use super::super::value::{NULL, int4, optional, optional_int4, text, texts};
use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let list = |values: Option<&Vec<String>>| {
        values.map_or(NULL, |values| texts(values.iter().map(String::as_str)))
    };
    session.facts.login_rules().iter().try_for_each(|rule| {
        out.push(&[
            optional_int4(rule.number),
            text(rule.file.as_str()),
            int4(rule.line),
            optional(rule.kind.as_deref()),
            list(rule.databases.as_ref()),
            list(rule.roles.as_ref()),
            optional(rule.address.as_deref()),
            optional(rule.mask.as_deref()),
            optional(rule.method.as_deref()),
            list(rule.options.as_ref()),
            optional(rule.error.as_deref()),
        ])
    })
}
