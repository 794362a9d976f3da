//! `pg_describe_object`.
use medley_catalog::ids::{Class, ObjectAddress};
use medley_diagnostic::SqlState;
use medley_types::TypeOid;

use super::super::{Session, declared, names, relations};
use super::identify;
use super::registered::{self, printed};
use crate::error::{Error, Result};
use crate::semantics::{Datum, Frame, Table};

pub const KERNELS: Table = &[("pg_describe_object", describe)];

const REGPROCEDURE: TypeOid = TypeOid(2202);
const REGTYPE: TypeOid = TypeOid(2206);

fn describe<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (class, oid, subid) = (args[0].oid()?, args[1].oid()?, args[2].int4()?);
    // Pinned dependencies of old have neither.
    if class == 0 && oid == 0 {
        return Ok(Datum::Null);
    }
    let known = Class::of_oid(class).ok_or_else(|| {
        Error::at(SqlState::INTERNAL_ERROR, format!("unsupported object class: {class}"), None)
    })?;
    let address = ObjectAddress { class: known, oid, subid };
    Ok(text(frame.session(), address)?.map_or(Datum::Null, Datum::of_text))
}

fn text(session: &Session, address: ObjectAddress) -> Result<Option<String>> {
    let oid = address.oid;
    Ok(match address.class {
        Class::Function => {
            let exists = super::super::procedures::name(session, oid).is_some();
            match exists {
                true => Some(format!("function {}", printed(session, REGPROCEDURE, oid)?)),
                false => None,
            }
        }
        Class::Type if registered::is_type(session, oid) => {
            Some(format!("type {}", printed(session, REGTYPE, oid)?))
        }
        Class::Relation if declared::by_oid(oid).is_some() => system_relation(session, address),
        Class::Rule => rule(session, address),
        Class::Constraint => identify::constraint(session, oid).and_then(|(relation, name)| {
            let on = session.snapshot.describe(relation.oid.address(), &session.path)?;
            Some(format!("constraint {name} on {on}"))
        }),
        Class::ColumnDefault => identify::default(session, oid).and_then(|(relation, column)| {
            let of = session.snapshot.describe(relation.oid.address(), &session.path)?;
            Some(format!("default value for column {column} of {of}"))
        }),
        _ => session.snapshot.describe(address, &session.path),
    })
}

fn system_relation(session: &Session, address: ObjectAddress) -> Option<String> {
    let relation = relations::by_oid(&session.snapshot, address.oid)?;
    let noun = if relation.kind() == 'v' { "view" } else { "table" };
    let whole = format!("{noun} {}", names::shown(session, relation));
    match address.subid {
        0 => Some(whole),
        number => {
            let columns = relation.columns();
            let column = columns.iter().find(|it| i32::from(it.number) == number)?;
            Some(format!("column {} of {whole}", column.name))
        }
    }
}

fn rule(session: &Session, address: ObjectAddress) -> Option<String> {
    let snapshot = &session.snapshot;
    let relation = snapshot.relation_with(address.oid)?;
    let view = snapshot.describe(relation.oid.address(), &session.path)?;
    Some(format!("rule _RETURN on {view}"))
}
