//! `obj_description` and its kin.
use medley_catalog::ids::{Class, ObjectAddress, RelationOid};

use super::super::{Session, descriptions, names};
use crate::error::Result;
use crate::semantics::{Datum, Frame, Table};

pub const KERNELS: Table = &[
    ("obj_description.sql", object),
    ("col_description.sql", column),
    ("shobj_description.sql", object),
];

/// Without a catalog's name it is the first comment on whatever has this oid.
fn object<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let oid = args[0].oid()?;
    let found = match args.get(1) {
        Some(catalog) => of_catalog(frame.session(), catalog.text()?, oid),
        None => Class::ALL
            .iter()
            .find_map(|class| comment(frame.session(), ObjectAddress::new(*class, oid))),
    };
    Ok(found.map_or(Datum::Null, Datum::of_text))
}

/// Not all catalogs whose rows have comments are a class of what can be stored.
fn of_catalog(session: &Session, catalog: &str, oid: u32) -> Option<String> {
    let class = names::catalog_oid(catalog)?;
    match Class::of_oid(class) {
        Some(class) => comment(session, ObjectAddress::new(class, oid)),
        None => descriptions::of(class, oid).map(str::to_owned),
    }
}

fn comment(session: &Session, on: ObjectAddress) -> Option<String> {
    let built_in = || descriptions::of(on.class.oid(), on.oid);
    session.snapshot.comment(on).or_else(built_in).map(str::to_owned)
}

fn column<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let relation = RelationOid(args[0].oid()?).address();
    let Ok(number) = i16::try_from(args[1].int4()?) else { return Ok(Datum::Null) };
    if number == 0 {
        return Ok(Datum::Null);
    }
    let found = comment(frame.session(), relation.column(number));
    Ok(found.map_or(Datum::Null, Datum::of_text))
}
