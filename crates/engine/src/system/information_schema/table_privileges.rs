//! Privileges on relations.
use medley_catalog::Actor;
use medley_catalog::acl::Privileges;

use super::super::grants::{Grant, Listed, explode};
use super::super::relations::{self, AnyRelation};
use super::super::value::{text, yes_or_no};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    list(session, keys, Listed::WithPublic, out)
}

/// Lists the grants on relations.
pub(super) fn list(
    session: &Session,
    keys: &Keys,
    listed: Listed,
    out: &mut RowSink,
) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    let named = relations::keyed(session, keys, "", Some("table_name"));
    named.into_iter().try_for_each(|it| of_relation(session, &actor, it, listed, out))
}

fn of_relation(
    session: &Session,
    actor: &Actor<'_>,
    relation: AnyRelation<'_>,
    listed: Listed,
    out: &mut RowSink,
) -> Result<()> {
    let shown = |it: &Grant| it.privilege != Privileges::MAINTAIN && listed.includes(actor, it);
    let grants = explode(&relation.effective_acl());
    grants.iter().filter(|it| shown(it)).try_for_each(|grant| {
        out.push(&[
            text(session.snapshot.role_name(grant.grantor)),
            text(grant.grantee_name(session)),
            text(session.facts.database()),
            text(relation.schema_name(&session.snapshot)),
            text(relation.name()),
            text(grant.word),
            yes_or_no(grant.is_grantable(session, relation.owner())),
            yes_or_no(grant.privilege == Privileges::SELECT),
        ])
    })
}
