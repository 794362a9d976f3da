//! Privileges on columns, those on whole relations included.
use medley_catalog::Actor;
use medley_catalog::acl::Privileges;

use super::super::grants::{Grant, Listed, explode};
use super::super::relations::{self, AnyColumn, AnyRelation};
use super::super::value::{text, yes_or_no};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    list(session, keys, Listed::WithPublic, out)
}

/// Lists the grants on columns.
pub(super) fn list(
    session: &Session,
    keys: &Keys,
    listed: Listed,
    out: &mut RowSink,
) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    for relation in relations::keyed(session, keys, "", Some("table_name")) {
        let on_whole = explode(&relation.effective_acl());
        for column in relation.columns() {
            of_column(session, &actor, relation, &column, &on_whole, listed, out)?;
        }
    }
    Ok(())
}

/// A privilege on the whole and the same on the column are listed once.
fn grants(column: &AnyColumn<'_>, on_whole: &[Grant]) -> Vec<Grant> {
    let own = column.stored.and_then(|column| column.acl.as_ref()).map(explode);
    let mut grants = on_whole.to_vec();
    for grant in own.into_iter().flatten() {
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    grants.retain(|grant| Privileges::ALL_COLUMN.contains(grant.privilege));
    grants
}

fn of_column(
    session: &Session,
    actor: &Actor<'_>,
    relation: AnyRelation<'_>,
    column: &AnyColumn<'_>,
    on_whole: &[Grant],
    listed: Listed,
    out: &mut RowSink,
) -> Result<()> {
    let grants = grants(column, on_whole);
    grants.iter().filter(|it| listed.includes(actor, it)).try_for_each(|grant| {
        out.push(&[
            text(session.snapshot.role_name(grant.grantor)),
            text(grant.grantee_name(session)),
            text(session.facts.database()),
            text(relation.schema_name(&session.snapshot)),
            text(relation.name()),
            text(column.name),
            text(grant.word),
            yes_or_no(grant.is_grantable(session, relation.owner())),
        ])
    })
}
