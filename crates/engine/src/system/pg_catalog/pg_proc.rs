//! Functions.
use medley_catalog::ids::{RoleOid, SchemaOid};
use medley_types::PgType;

use medley_fdw::WrapperFunction;

use super::super::procedures::{self, Details};
use super::super::value::{NULL, acl, flag, int2, letter, oid, oids, optional, text};
use crate::semantics::builtin::{self, Function};
use crate::semantics::{Datum, Reader, input, null};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// `pg_language.oid` of `internal` and `sql`.
const INTERNAL: u32 = 12;

/// Adds its rows: the built-in functions, then the wrappers' handlers and validators.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let admitted =
        |it: &&Function| keys.admits_oid("oid", it.oid) && keys.admits_text("proname", it.name);
    builtin::all_functions().iter().filter(admitted).try_for_each(|it| row(session, it, out))?;
    let of_wrappers = procedures::wrapper_functions(session);
    let mut admitted = of_wrappers
        .iter()
        .filter(|it| keys.admits_oid("oid", it.oid) && keys.admits_text("proname", &it.name));
    admitted.try_for_each(|it| wrapper_row(session, it, out))
}

fn array(t: PgType, literal: Option<&str>) -> Result<Reader> {
    let value = match literal {
        Some(literal) => input(t, literal, &medley_types::Style::default())?,
        None => null(t),
    };
    Ok(Reader::new(t, value))
}

fn row(session: &Session, function: &Function, out: &mut RowSink) -> Result<()> {
    let details = procedures::details(function.oid);
    let details = details.as_ref().unwrap_or(&Details::UNKNOWN);
    let all_types = array(PgType::OID_ARRAY, details.all_types)?;
    let modes = array(PgType::CHAR_ARRAY, details.modes)?;
    let names = array(PgType::TEXT_ARRAY, details.names)?;
    let source = function.source.strip_suffix(".sql").unwrap_or(function.source);
    out.push(&[
        oid(function.oid),
        text(function.name),
        oid(SchemaOid::PG_CATALOG.0),
        oid(RoleOid::BOOTSTRAP.0),
        oid(details.language),
        Datum::Float4(details.cost),
        Datum::Float4(details.rows),
        oid(function.variadic.map_or(0, |t| t.0)),
        oid(details.support),
        letter(function.kind),
        flag(false),
        flag(details.leakproof),
        flag(function.strict),
        flag(function.returns_set),
        letter(function.volatility),
        letter(details.parallel),
        int2(function.arguments.len() as i16),
        int2(function.defaults as i16),
        oid(function.result.0),
        oids(function.arguments.iter().map(|t| t.0)),
        all_types.get(0)?,
        modes.get(0)?,
        names.get(0)?,
        NULL,
        NULL,
        text(source),
        optional(details.file),
        NULL,
        NULL,
        acl(session, procedures::acl(session, function.oid))?,
    ])
}

fn wrapper_row(session: &Session, function: &WrapperFunction, out: &mut RowSink) -> Result<()> {
    let arguments = procedures::wrapper_arguments(function);
    out.push(&[
        oid(function.oid),
        text(function.name.as_str()),
        oid(SchemaOid::PG_CATALOG.0),
        oid(RoleOid::BOOTSTRAP.0),
        oid(INTERNAL),
        Datum::Float4(1.0),
        Datum::Float4(0.0),
        oid(0),
        oid(0),
        letter('f'),
        flag(false),
        flag(false),
        flag(true),
        flag(false),
        letter('v'),
        letter('u'),
        int2(arguments.len() as i16),
        int2(0),
        oid(procedures::wrapper_result(function).oid.0),
        oids(arguments.iter().map(|t| t.oid.0)),
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        optional(Some(function.name.as_str())),
        NULL,
        NULL,
        NULL,
        acl(session, procedures::acl(session, function.oid))?,
    ])
}
