//! What functions tell of the session and the server.
use std::net::SocketAddr;

use medley_catalog::ids::{DatabaseOid, SchemaOid};

use super::super::names::undefined;
use crate::error::Result;
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
