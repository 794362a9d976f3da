//! Sessions; what others do is told to those who may know. No statement's text is shown: it may
//! hold a secret.
use medley_catalog::Actor;
use medley_catalog::ids::{DatabaseOid, RoleOid};

use super::super::value::{NULL, int4, oid, optional, optional_time, text};
use crate::context::ActiveBackend;
use crate::semantics::Datum;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// `pg_read_all_stats`.
const READ_ALL_STATS: RoleOid = RoleOid(3375);

/// Adds its rows.
pub fn rows(session: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    session.facts.backends().iter().try_for_each(|it| row(session, &actor, it, out))
}

fn row(
    session: &Session,
    actor: &Actor<'_>,
    backend: &ActiveBackend,
    out: &mut RowSink,
) -> Result<()> {
    let told = actor.has_privileges_of(backend.role) || actor.has_privileges_of(READ_ALL_STATS);
    let only = |value: Datum<'static>| if told { value } else { NULL };
    let query = if told { "" } else { "<insufficient privilege>" };
    let client = backend.client;
    out.push(&[
        oid(DatabaseOid::MEDLEY.0),
        text(session.facts.database()),
        int4(backend.pid),
        NULL,
        oid(backend.role.0),
        text(session.snapshot.role_name(backend.role)),
        text(backend.application_name.as_str()),
        only(optional(client.map(|client| client.ip().to_string()))),
        NULL,
        only(int4(client.map_or(-1, |client| i32::from(client.port())))),
        only(optional_time(Some(backend.backend_start))),
        only(optional_time(backend.transaction_start)),
        only(optional_time(backend.query_start)),
        only(optional_time(backend.state_change)),
        NULL,
        NULL,
        only(text(backend.state)),
        NULL,
        NULL,
        NULL,
        text(query),
        only(text("client backend")),
    ])
}
