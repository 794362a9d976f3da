//! Options of wrappers that the actor may use.
use super::super::value::{optional, text};
use medley_catalog::visibility::shown_options;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    for wrapper in session.snapshot.wrappers().filter(|it| actor.sees_wrapper(it.oid)) {
        for option in shown_options(&wrapper.options, true) {
            out.push(&[
                text(session.facts.database()),
                text(wrapper.name.as_str()),
                text(option.name),
                optional(option.value),
            ])?;
        }
    }
    Ok(())
}
