//! The wrappers of this build, as extensions.
use super::super::value::{optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    session.facts.registry().wrappers().try_for_each(|wrapper| {
        let name = wrapper.name();
        let installed = session.snapshot.extension_named(name).map(|it| it.version.as_str());
        out.push(&[
            text(name),
            text(wrapper.version()),
            optional(installed),
            text(wrapper.summary()),
        ])
    })
}
