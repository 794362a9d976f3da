//! Views that the actor has something to do with; their text for those who own them.
use medley_analyze::ruleutils::Layout;
use medley_catalog::objects::CheckOption;

use super::super::definitions;
use super::super::relations::AnyRelation;
use super::super::updatable;
use super::super::value::{optional, text, yes_or_no};
use super::tables::visible;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// The column whose text is made for each view.
const DEFINITION: usize = 3;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let mut views = visible(session, keys).into_iter().filter(|it| it.kind() == 'v');
    views.try_for_each(|it| row(session, it, out))
}

fn row(session: &Session, relation: AnyRelation<'_>, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    let definition = match relation {
        AnyRelation::Stored(it)
            if out.wants(DEFINITION) && actor.has_privileges_of(relation.owner()) =>
        {
            definitions::view(session, it, Layout::PLAIN)?
        }
        _ => None,
    };
    let check = match relation.view().and_then(|view| view.check_option()) {
        Some(CheckOption::Local) => "LOCAL",
        Some(CheckOption::Cascaded) => "CASCADED",
        None => "NONE",
    };
    let (events, both) = (relation.events(session), updatable::UPDATE | updatable::DELETE);
    out.push(&[
        text(session.facts.database()),
        text(relation.schema_name(&session.snapshot)),
        text(relation.name()),
        optional(definition),
        text(check),
        yes_or_no(events & both == both),
        yes_or_no(events & updatable::INSERT != 0),
        yes_or_no(false),
        yes_or_no(false),
        yes_or_no(false),
    ])
}
