//! Transactions that remotes have prepared and whose end they have not heard of; told to those who
//! may act as the role they were made as.
use medley_catalog::ids::RoleOid;

use super::super::value::{optional_time, text};
use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// `pg_read_all_stats`.
const READ_ALL_STATS: RoleOid = RoleOid(3375);

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    let all = actor.has_privileges_of(READ_ALL_STATS);
    let in_doubt = session.facts.in_doubt()?;
    let mut told = in_doubt.iter().filter(|it| all || actor.has_privileges_of(it.role));
    told.try_for_each(|it| {
        out.push(&[
            text(it.name.as_str()),
            text(it.server.as_str()),
            text(session.snapshot.role_name(it.role)),
            text(if it.commit { "commit" } else { "rollback" }),
            optional_time(Some(it.began)),
        ])
    })
}
