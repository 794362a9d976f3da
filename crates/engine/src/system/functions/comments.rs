//! `obj_description` and its kin.
use medley_catalog::ids::{Class, ObjectAddress, RelationOid};

use super::super::{Session, names};
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
        Some(catalog) => class_named(catalog.text()?)
            .and_then(|class| comment(frame.session(), ObjectAddress::new(class, oid))),
        None => Class::ALL
            .iter()
            .find_map(|class| comment(frame.session(), ObjectAddress::new(*class, oid))),
    };
    Ok(found.map_or(Datum::Null, Datum::of_text))
}

fn class_named(catalog: &str) -> Option<Class> {
    names::catalog_oid(catalog).and_then(Class::of_oid)
}

fn comment(session: &Session, on: ObjectAddress) -> Option<String> {
    session.snapshot.comment(on).map(str::to_owned)
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
