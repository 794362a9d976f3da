//! Views.
use medley_analyze::ruleutils::Layout;

use super::super::definitions;
use super::super::relations::{self, AnyRelation};
use super::super::value::{optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// The column whose text is made for each view.
const DEFINITION: usize = 3;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    let views = relations::all(snapshot).filter(|it| it.kind() == 'v');
    let mut admitted = views.filter(|it| keys.admits_text("viewname", it.name()));
    admitted.try_for_each(|it| {
        let definition = match it {
            AnyRelation::Stored(it) if out.wants(DEFINITION) => {
                definitions::view(session, it, Layout::PLAIN)?
            }
            _ => None,
        };
        out.push(&[
            text(it.schema_name(snapshot)),
            text(it.name()),
            text(snapshot.role_name(it.owner())),
            optional(definition),
        ])
    })
}
