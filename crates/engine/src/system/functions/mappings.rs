//! Functions about user mappings: which one counts, until when, whether it logs in.
use medley_catalog::objects::{Role, Server};
use medley_catalog::{Actor, MappingEntry};
use medley_diagnostic::SqlState;
use medley_foreign::Probe;
use medley_types::PgType;

use crate::context::Trial;
use crate::error::{Error, Result};
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame, Table};
use crate::system::Session;
use crate::system::mappings::{Mapping, now_us, options_of, seen, whole};
use crate::system::value::{NULL, oid, text, texts};

pub const KERNELS: Table = &[("medley_accept_mapping", accept)];

const TRIED: &[(&str, PgType)] = &[
    ("server", PgType::TEXT),
    ("role", PgType::TEXT),
    ("result", PgType::TEXT),
    ("milliseconds", PgType::FLOAT8),
];

pub const SET_FUNCTIONS: SetTable = &[
    SetFunction {
        source: "medley_effective_mapping",
        columns: &[
            ("mapping", PgType::OID),
            ("mapping_role", PgType::TEXT),
            ("reason", PgType::TEXT),
            ("state", PgType::TEXT),
        ],
        rows: effective,
    },
    SetFunction {
        source: "medley_expiring",
        columns: &[
            ("mapping", PgType::OID),
            ("server", PgType::TEXT),
            ("role", PgType::TEXT),
            ("valid_until", PgType::TIMESTAMPTZ),
        ],
        rows: expiring,
    },
    SetFunction { source: "medley_test_mapping", columns: TRIED, rows: test_one },
    SetFunction { source: "medley_test_mappings", columns: TRIED, rows: test_all },
];

/// Agrees to what others made of the current role's mapping; what it agreed to is the result.
fn accept<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let session = frame.session();
    let server = server_named(session, args[0].text()?)?;
    let accepted = session.facts.accept_mapping(server.oid, session.role)?;
    Ok(texts(accepted.iter().map(String::as_str)))
}

/// For the role itself, who may act as it, the server's owner and superusers.
fn effective<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let session = frame.session();
    let (server, role) = (args[0].text()?, args[1].text()?);
    let (server, role) = (server_named(session, server)?, role_named(session, role)?);
    let actor = session.snapshot.actor(session.role);
    if !(actor.is_member_of(role.oid) || actor.owns(server.oid.address())) {
        return Err(denied(&format!(
            "permission denied to see the user mapping of role \"{}\"",
            role.name
        )));
    }
    let Some(declared) = options_of(session, server) else {
        return Ok(vec![vec![NULL, NULL, text("the wrapper uses no user mapping"), NULL]]);
    };
    let choice = match medley_foreign::choose(declared, &session.snapshot, server, role) {
        Ok(choice) => choice,
        Err(error) => return Ok(vec![vec![NULL, NULL, Datum::of_text(error.to_string()), NULL]]),
    };
    let Some(mapping) = whole(session, choice.mapping)? else { return Ok(Vec::new()) };
    Ok(vec![vec![
        oid(choice.mapping.oid.0),
        Datum::of_text(mapping.role.clone()),
        Datum::of_text(choice.why.to_string()),
        text(mapping.state().as_str()),
    ]])
}

/// Those that are over within this time, or are already.
fn expiring<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let within = args[0].interval()?;
    let days = i64::from(within.months) * 30 + i64::from(within.days);
    let within_us = days.saturating_mul(86_400_000_000).saturating_add(within.micros);
    let until = now_us().saturating_add(within_us);
    let mut found: Vec<_> = seen(frame.session())?
        .into_iter()
        .filter_map(|it| it.valid_until.filter(|at| *at <= until).map(|at| (at, it)))
        .collect();
    found.sort_by_key(|(at, it)| (*at, it.entry.oid));
    let row = |(at, it): (i64, Mapping)| {
        vec![
            oid(it.entry.oid.0),
            Datum::of_text(it.server),
            Datum::of_text(it.role),
            Datum::Timestamp(at),
        ]
    };
    Ok(found.into_iter().map(row).collect())
}

/// By the mapping that counts for the role.
fn test_one<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let session = frame.session();
    let (server, role) = (args[0].text()?, args[1].text()?);
    let (server, role) = (server_named(session, server)?, role_named(session, role)?);
    if !session.snapshot.actor(session.role).owns(server.oid.address()) {
        return Err(denied(&format!("must be owner of foreign server {}", server.name)));
    }
    let trial = Trial { server: server.oid, mapping: None, role: role.oid };
    let probes = session.facts.probe(&[trial])?;
    Ok(probes.iter().map(|probe| tried(&server.name, &role.name, probe)).collect())
}

/// All mappings of the servers that the current role owns; PUBLIC's as the current role.
fn test_all<'a>(frame: &Frame<'_>, _: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    let session = frame.session();
    let actor = session.snapshot.actor(session.role);
    let servers = session.snapshot.servers().filter(|it| actor.owns(it.oid.address()));
    let entries: Vec<_> =
        servers.flat_map(|it| session.snapshot.mappings_of_server(it.oid)).collect();
    let trials: Vec<_> = entries.iter().map(|entry| trial(&actor, entry)).collect();
    let probes = session.facts.probe(&trials)?;
    let row = |(entry, probe): (&MappingEntry, &Probe)| {
        let server = session.snapshot.server(entry.server);
        let server = server.map(|it| it.name.clone()).unwrap_or_default();
        tried(&server, &session.snapshot.user_name(entry.user), probe)
    };
    Ok(entries.iter().zip(&probes).map(row).collect())
}

fn trial(actor: &Actor<'_>, entry: &MappingEntry) -> Trial {
    let role = entry.user.role().unwrap_or(actor.role());
    Trial { server: entry.server, mapping: Some(entry.oid), role }
}

fn tried<'a>(server: &str, role: &str, probe: &Probe) -> Vec<Datum<'a>> {
    let elapsed = probe.elapsed.map_or(NULL, |it| Datum::Float8(it.as_secs_f64() * 1e3));
    vec![
        Datum::of_text(server.to_owned()),
        Datum::of_text(role.to_owned()),
        text(probe.result),
        elapsed,
    ]
}

pub(crate) fn server_named<'a>(session: &'a Session, name: &str) -> Result<&'a Server> {
    let found = session.snapshot.server_named(name);
    found.map(AsRef::as_ref).ok_or_else(|| missing(&format!("server \"{name}\" does not exist")))
}

fn role_named<'a>(session: &'a Session, name: &str) -> Result<&'a Role> {
    let found = session.snapshot.role_named(name);
    found.map(AsRef::as_ref).ok_or_else(|| missing(&format!("role \"{name}\" does not exist")))
}

fn missing(message: &str) -> Error {
    Error::at(SqlState::UNDEFINED_OBJECT, message, None)
}

fn denied(message: &str) -> Error {
    Error::at(SqlState::INSUFFICIENT_PRIVILEGE, message, None)
}
