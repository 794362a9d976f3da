//! What functions tell of the session and the server.
use std::net::SocketAddr;
use std::time::Duration;

use medley_catalog::ids::{DatabaseOid, RoleOid, SchemaOid};
use medley_diagnostic::{Report, SqlState};

use super::super::names::undefined;
use crate::error::{Error, Result};
use crate::semantics::{Datum, Frame, Table};

pub const KERNELS: Table = &[
    ("current_user", |frame, _| {
        let session = frame.session();
        Ok(Datum::of_text(session.snapshot.role_name(session.role)))
    }),
    ("session_user", |frame, _| {
        let session = frame.session();
        Ok(Datum::of_text(session.snapshot.role_name(session.session_user)))
    }),
    ("pg_postmaster_start_time", started),
    ("pg_conf_load_time", started),
    ("pg_reload_conf", reload),
    ("pg_cancel_backend", cancel),
    ("pg_terminate_backend", terminate),
    ("pg_is_in_recovery", |_, _| Ok(Datum::Bool(false))),
    ("inet_server_addr", |frame, _| Ok(address(frame.session().facts.server_address()))),
    ("inet_server_port", |frame, _| Ok(port(frame.session().facts.server_address()))),
    ("inet_client_addr", |frame, _| Ok(address(frame.session().facts.client_address()))),
    ("inet_client_port", |frame, _| Ok(port(frame.session().facts.client_address()))),
    ("pg_my_temp_schema", |frame, _| {
        let own = frame.session().snapshot.own_temp_schema();
        Ok(Datum::Oid(own.map_or(0, |schema| schema.0)))
    }),
    ("pg_is_other_temp_schema", |frame, args| {
        let schema = SchemaOid(args[0].oid()?);
        Ok(Datum::Bool(frame.session().snapshot.is_other_temp_schema(schema)))
    }),
    ("pg_client_encoding", |frame, _| {
        let name = frame.session().facts.setting("client_encoding");
        Ok(Datum::of_text(name.unwrap_or_else(|| "UTF8".to_owned())))
    }),
    ("getdatabaseencoding", |_, _| Ok(Datum::of_text("UTF8"))),
    ("PG_encoding_to_char", encoding_name),
    ("PG_char_to_encoding", encoding_number),
    ("pg_tablespace_location", |_, _| Ok(Datum::of_text(""))),
    ("row_security_active", |_, _| Ok(Datum::Bool(false))),
    ("pg_database_size_oid", |_, args| {
        let here = args[0].oid()? == DatabaseOid::MEDLEY.0;
        Ok(if here { Datum::Int8(0) } else { Datum::Null })
    }),
    ("pg_database_size_name", |frame, args| {
        let name = args[0].text()?;
        match name == frame.session().facts.database() {
            true => Ok(Datum::Int8(0)),
            false => Err(undefined("database", name)),
        }
    }),
];

fn started<'a>(frame: &Frame<'_>, _: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::Timestamp(frame.session().facts.start_time()))
}

/// Who may is the function's ACL's to say.
fn reload<'a>(frame: &Frame<'_>, _: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::Bool(frame.session().facts.reload()))
}

fn cancel<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let pid = args[0].int4()?;
    let done = check_may_signal(frame, pid, &CANCEL)? && frame.session().facts.cancel_backend(pid);
    Ok(Datum::Bool(done))
}

fn terminate<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let pid = args[0].int4()?;
    let wait = args.get(1).map_or(Ok(0), Datum::int8)?;
    let Ok(wait_ms) = u64::try_from(wait) else {
        return Err(Error::numeric_overflow("\"timeout\" must not be negative"));
    };
    if !check_may_signal(frame, pid, &TERMINATE)? {
        return Ok(Datum::Bool(false));
    }
    let facts = &frame.session().facts;
    let gone = facts.terminate_backend(pid, Duration::from_millis(wait_ms));
    if !gone {
        let unit = if wait_ms == 1 { "millisecond" } else { "milliseconds" };
        let message = format!("backend with PID {pid} did not terminate within {wait_ms} {unit}");
        facts.notice(Report::warning(SqlState::WARNING, message));
    }
    Ok(Datum::Bool(gone))
}

/// What is done to a session, in the words of the refusal.
struct Signal {
    what: &'static str,
    to_superusers: &'static str,
    to_others: &'static str,
}

const CANCEL: Signal = Signal {
    what: "cancel query",
    to_superusers: "Only roles with the SUPERUSER attribute may cancel queries of roles with the \
                    SUPERUSER attribute.",
    to_others: "Only roles with privileges of the role whose query is being canceled or with \
                privileges of the \"pg_signal_backend\" role may cancel this query.",
};

const TERMINATE: Signal = Signal {
    what: "terminate process",
    to_superusers: "Only roles with the SUPERUSER attribute may terminate processes of roles with \
                    the SUPERUSER attribute.",
    to_others: "Only roles with privileges of the role whose process is being terminated or with \
                privileges of the \"pg_signal_backend\" role may terminate this process.",
};

/// `pg_signal_backend`.
const SIGNAL_BACKEND: RoleOid = RoleOid(4200);

/// Whether there is a session of this pid; refused where the role may do nothing to it.
fn check_may_signal(frame: &Frame<'_>, pid: i32, signal: &Signal) -> Result<bool> {
    let session = frame.session();
    let backends = session.facts.backends();
    let Some(backend) = backends.iter().find(|backend| backend.pid == pid) else {
        let message = format!("PID {pid} is not a PostgreSQL backend process");
        session.facts.notice(Report::warning(SqlState::WARNING, message));
        return Ok(false);
    };
    let is_superuser = |role| session.snapshot.role(role).is_some_and(|role| role.superuser);
    let actor = session.snapshot.actor(session.role);
    let may = actor.has_privileges_of(backend.role) || actor.has_privileges_of(SIGNAL_BACKEND);
    let detail = match (is_superuser(backend.role), is_superuser(session.role)) {
        (_, true) => return Ok(true),
        (true, false) => signal.to_superusers,
        (false, false) if may => return Ok(true),
        (false, false) => signal.to_others,
    };
    let message = format!("permission denied to {}", signal.what);
    Err(Report::error(SqlState::INSUFFICIENT_PRIVILEGE, message).with_detail(detail).into())
}

fn address(of: Option<SocketAddr>) -> Datum<'static> {
    of.map_or(Datum::Null, |it| Datum::of_text(it.ip().to_string()))
}

fn port(of: Option<SocketAddr>) -> Datum<'static> {
    of.map_or(Datum::Null, |it| Datum::Int4(i32::from(it.port())))
}

/// PostgreSQL's encodings, by number.
const ENCODINGS: [&str; 42] = [
    "SQL_ASCII",
    "EUC_JP",
    "EUC_CN",
    "EUC_KR",
    "EUC_TW",
    "EUC_JIS_2004",
    "UTF8",
    "MULE_INTERNAL",
    "LATIN1",
    "LATIN2",
    "LATIN3",
    "LATIN4",
    "LATIN5",
    "LATIN6",
    "LATIN7",
    "LATIN8",
    "LATIN9",
    "LATIN10",
    "WIN1256",
    "WIN1258",
    "WIN866",
    "WIN874",
    "KOI8R",
    "WIN1251",
    "WIN1252",
    "ISO_8859_5",
    "ISO_8859_6",
    "ISO_8859_7",
    "ISO_8859_8",
    "WIN1250",
    "WIN1253",
    "WIN1254",
    "WIN1255",
    "WIN1257",
    "KOI8U",
    "SJIS",
    "BIG5",
    "GBK",
    "UHC",
    "GB18030",
    "JOHAB",
    "SHIFT_JIS_2004",
];

/// An unknown number has no name.
fn encoding_name<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let index = usize::try_from(args[0].int4()?).ok();
    Ok(Datum::of_text(index.and_then(|index| ENCODINGS.get(index)).copied().unwrap_or_default()))
}

fn encoding_number<'a>(_: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let plain = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_uppercase()
    };
    let wanted = match plain(args[0].text()?).as_str() {
        "UNICODE" => "UTF8".to_owned(),
        other => other.to_owned(),
    };
    let found = ENCODINGS.iter().position(|name| plain(name) == wanted);
    Ok(Datum::Int4(found.and_then(|index| i32::try_from(index).ok()).unwrap_or(-1)))
}
