//! What was done at remotes, and to servers and user mappings. A row is shown to those who may act
//! as who logged in or as the role whose account was used, as `pg_stat_activity` shows its rows.
use medley_catalog::ids::RoleOid;

use super::super::value::{NULL, oid, optional, optional_time, text, texts};
use super::super::{Keys, RowSink, Session};
use crate::context::AuditRow;
use crate::error::Result;
use crate::semantics::Datum;

/// `pg_read_all_stats`.
const READ_ALL_STATS: RoleOid = RoleOid(3375);

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    let all = actor.has_privileges_of(READ_ALL_STATS);
    let is_own = |it: &AuditRow| {
        actor.has_privileges_of(it.session_role.0) || actor.has_privileges_of(it.role.0)
    };
    let events = session.facts.audit();
    events.iter().filter(|it| all || is_own(it)).try_for_each(|it| row(it, out))
}

fn row(it: &AuditRow, out: &mut RowSink) -> Result<()> {
    out.push(&[
        optional_time(Some(it.began)),
        text(it.event),
        optional(it.query_id.as_deref()),
        text(&*it.session_role.1),
        text(it.role.1.as_str()),
        it.mapping.map_or(NULL, oid),
        optional(it.mapping_role.as_deref()),
        optional(it.server.as_deref()),
        optional(it.remote_user.as_deref()),
        list(&it.tables),
        list(&it.options),
        count(it.rows),
        count(it.bytes),
        Datum::Float8(it.milliseconds),
        text(it.outcome.as_str()),
    ])
}

fn list(values: &[String]) -> Datum<'static> {
    texts(values.iter().map(String::as_str))
}

fn count(value: Option<u64>) -> Datum<'static> {
    value.map_or(NULL, |value| Datum::Int8(i64::try_from(value).unwrap_or(i64::MAX)))
}
