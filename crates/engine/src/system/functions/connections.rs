//! The functions that extension postgres_fdw brings: which connections there are, and their end.
//!
//! Connections are no session's here: between statements they wait for the next that may have
//! them. A session is shown those that its transaction holds, and those that wait for its role.
use std::sync::Arc;

use medley_catalog::ids::UserMappingOid;
use medley_catalog::objects::Server;
use medley_diagnostic::{Report, SqlState};
use medley_types::PgType;

use super::mappings::server_named;
use crate::error::Result;
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame, Table};
use crate::system::Session;
use crate::system::value::NULL;

pub const KERNELS: Table =
    &[("postgres_fdw_disconnect", disconnect), ("postgres_fdw_disconnect_all", disconnect_all)];

pub const SET_FUNCTIONS: SetTable = &[SetFunction {
    source: "postgres_fdw_get_connections_1_2",
    columns: &[
        ("server_name", PgType::TEXT),
        ("user_name", PgType::TEXT),
        ("valid", PgType::BOOL),
        ("used_in_xact", PgType::BOOL),
        ("closed", PgType::BOOL),
        ("remote_backend_pid", PgType::INT4),
    ],
    rows: connections,
}];

/// What has changed is closed at once, so that all there are are valid. Whether one was closed
/// by the remote is found out when it is used: another takes its place.
fn connections<'a>(frame: &Frame<'_>, _: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let session = frame.session();
    let rows = servers(session).flat_map(|server| {
        session.facts.held(server.oid, session.role).into_iter().map(|held| {
            vec![
                Datum::of_text(server.name.clone()),
                held.mapping.map_or(NULL, |mapping| user_name(session, server, mapping)),
                Datum::Bool(true),
                Datum::Bool(held.in_transaction),
                NULL,
                held.remote_pid.map_or(NULL, Datum::Int4),
            ]
        })
    });
    Ok(rows.collect())
}

fn user_name<'a>(session: &Session, server: &Server, mapping: UserMappingOid) -> Datum<'a> {
    let mut entries = session.snapshot.mappings_of_server(server.oid);
    let entry = entries.find(|entry| entry.oid == mapping);
    entry.map_or(NULL, |entry| Datum::of_text(session.snapshot.user_name(entry.user)))
}

fn disconnect<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let session = frame.session();
    let server = server_named(session, args[0].text()?)?;
    Ok(Datum::Bool(is_of_postgres_fdw(session, server) && close(session, server)))
}

fn disconnect_all<'a>(frame: &Frame<'_>, _: &[Datum<'a>]) -> Result<Datum<'a>> {
    let session = frame.session();
    // Each, whatever came of those before.
    let closed = servers(session).filter(|server| close(session, server)).count();
    Ok(Datum::Bool(closed > 0))
}

/// What a transaction holds stays, which a warning says.
fn close(session: &Session, server: &Server) -> bool {
    let held = session.facts.held(server.oid, session.role);
    if held.iter().any(|held| held.in_transaction) {
        let message = format!(
            "cannot close connection for server \"{}\" because it is still in use",
            server.name
        );
        session.facts.notice(Report::warning(SqlState::WARNING, message));
    }
    session.facts.close_waiting(server.oid, session.role)
}

fn servers(session: &Session) -> impl Iterator<Item = &Arc<Server>> {
    session.snapshot.servers().filter(|server| is_of_postgres_fdw(session, server))
}

/// By the handler that it has.
fn is_of_postgres_fdw(session: &Session, server: &Server) -> bool {
    let wrapper = session.snapshot.wrapper(server.wrapper);
    let handler = wrapper.and_then(|wrapper| wrapper.handler.as_deref());
    handler == Some("postgres_fdw_handler")
}
