//! `pg_table_is_visible` and its family.
use medley_catalog::ids::SchemaOid;

use super::super::types::owner_of;
use super::super::{Session, collations, domains, names, procedures, relations};
use crate::error::Result;
use crate::semantics::builtin;
use crate::semantics::{Datum, Frame, Table};

const INFORMATION_SCHEMA: SchemaOid = SchemaOid::INFORMATION_SCHEMA;

pub const KERNELS: Table = &[
    ("pg_table_is_visible", table),
    ("pg_type_is_visible", type_),
    ("pg_function_is_visible", |f, a| {
        of_catalog(f, a, |s, oid| procedures::name(s, oid).is_some())
    }),
    ("pg_operator_is_visible", |f, a| of_catalog(f, a, |_, oid| is_operator(oid))),
    ("pg_collation_is_visible", |f, a| of_catalog(f, a, |_, oid| collations::name(oid).is_some())),
    ("pg_opclass_is_visible", none),
    ("pg_opfamily_is_visible", none),
    ("pg_conversion_is_visible", none),
    ("pg_statistics_obj_is_visible", none),
    ("pg_ts_parser_is_visible", none),
    ("pg_ts_dict_is_visible", none),
    ("pg_ts_config_is_visible", none),
    ("pg_ts_template_is_visible", none),
];

fn table<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let session = frame.session();
    let found = relations::by_oid(&session.snapshot, args[0].oid()?);
    Ok(found.map_or(Datum::Null, |it| Datum::Bool(names::is_visible(session, it))))
}

fn type_<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (session, oid) = (frame.session(), args[0].oid()?);
    if medley_types::by_oid(medley_types::TypeOid(oid)).is_some() {
        return Ok(Datum::Bool(sees_catalog(session)));
    }
    let found = owner_of(session, oid).map(|(relation, _)| names::is_visible(session, relation));
    let domain =
        || domains::shown(oid).map(|_| session.path.schemas().contains(&INFORMATION_SCHEMA));
    Ok(found.or_else(domain).map_or(Datum::Null, Datum::Bool))
}

/// What exists in `pg_catalog` alone.
fn of_catalog<'a>(
    frame: &Frame<'_>,
    args: &[Datum<'a>],
    exists: fn(&Session, u32) -> bool,
) -> Result<Datum<'a>> {
    Ok(match exists(frame.session(), args[0].oid()?) {
        true => Datum::Bool(sees_catalog(frame.session())),
        false => Datum::Null,
    })
}

fn sees_catalog(session: &Session) -> bool {
    session.path.schemas().contains(&SchemaOid::PG_CATALOG)
}

fn is_operator(oid: u32) -> bool {
    builtin::all_operators().iter().any(|operator| operator.oid == oid)
}

/// There are no such objects.
fn none<'a>(_: &Frame<'_>, _: &[Datum<'a>]) -> Result<Datum<'a>> {
    Ok(Datum::Null)
}
