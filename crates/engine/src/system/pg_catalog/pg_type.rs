//! Types: the built-in ones, and the row types of relations.
use std::collections::{BTreeMap, BTreeSet};

use medley_catalog::ids::{Class, ObjectAddress, RoleOid, SchemaOid};
use medley_types::TypeInfo;

use super::super::relations::{self, AnyRelation};
use super::super::types::{RowType, details, owner_of, row_types};
use super::super::value::{NULL, acl, flag, int2, int4, letter, oid, text};
use crate::semantics::Datum;

use super::super::{Keys, RowSink, Session, SystemRelation, declared, domains, stored};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let builtin = medley_types::types().iter();
    let mut admitted = builtin
        .filter(|it| keys.admits_oid("oid", it.oid.0) && keys.admits_text("typname", it.name));
    admitted.try_for_each(|it| row(session, it, out))?;
    stored_rows(domains::ROWS, keys, out)?;
    for relation in with_types(session, keys) {
        for composite in row_types(relation) {
            let admitted = keys.admits_oid("oid", composite.oid)
                && keys.admits_text("typname", &composite.name);
            if admitted {
                row_type(relation, &composite, out)?;
            }
        }
    }
    Ok(())
}

/// The relations whose rows' types the keys may admit.
fn with_types<'a>(session: &'a Session, keys: &Keys) -> Vec<AnyRelation<'a>> {
    if let Some(oids) = keys.oids("oid") {
        let relations: BTreeMap<_, _> = oids
            .iter()
            .filter_map(|oid| owner_of(session, *oid))
            .map(|(relation, _)| (relation.oid(), relation))
            .collect();
        return relations.into_values().collect();
    }
    if let Some(names) = keys.texts("typname") {
        let of_arrays = names.iter().filter_map(|name| name.strip_prefix('_'));
        let names: BTreeSet<_> = names.iter().map(String::as_str).chain(of_arrays).collect();
        return relations::of_names(session, names);
    }
    relations::keyed(session, keys, "typrelid", None)
}

/// The domains of `information_schema`, of which there are few.
fn stored_rows(text: &'static str, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let columns = declared::by_name("pg_catalog", "pg_type").map(SystemRelation::columns);
    let is_admitted = |line: &&str| {
        let oid = line.split('\t').next().and_then(|field| field.parse().ok());
        oid.is_some_and(|oid| keys.admits_oid("oid", oid))
    };
    let mut lines = text.lines().filter(is_admitted);
    lines.try_for_each(|line| stored::rows(columns.unwrap_or_default(), line, out))
}

fn row(session: &Session, info: &TypeInfo, out: &mut RowSink) -> Result<()> {
    let own = session.snapshot.acl(ObjectAddress::new(Class::Type, info.oid.0));
    let details = details(info.oid);
    let function = |index: usize| oid(details.functions[index]);
    out.push(&[
        oid(info.oid.0),
        text(info.name),
        oid(SchemaOid::PG_CATALOG.0),
        oid(RoleOid::BOOTSTRAP.0),
        int2(info.length),
        flag(info.by_value),
        letter(info.kind),
        letter(info.category),
        flag(info.preferred),
        flag(true),
        letter(details.delimiter),
        oid(0),
        function(0),
        oid(details.element),
        oid(info.array.map_or(0, |array| array.0)),
        function(1),
        function(2),
        function(3),
        function(4),
        function(5),
        function(6),
        function(7),
        letter(info.align),
        letter(info.storage),
        flag(false),
        oid(0),
        int4(-1),
        int4(0),
        oid(details.collation),
        NULL,
        NULL,
        acl(session, own)?,
    ])
}

fn row_type(relation: AnyRelation<'_>, row: &RowType, out: &mut RowSink) -> Result<()> {
    let function = |of_rows: u32, of_arrays: u32| oid(row.choose(of_rows, of_arrays));
    let fixed: [Datum<'_>; 4] = [oid(0), oid(0), function(0, 3816), letter('d')];
    let [modin, modout, analyze, align] = fixed;
    out.push(&[
        oid(row.oid),
        text(row.name.as_str()),
        oid(relation.schema().0),
        oid(relation.owner().0),
        int2(-1),
        flag(false),
        letter(if row.is_array() { 'b' } else { 'c' }),
        letter(if row.is_array() { 'A' } else { 'C' }),
        flag(false),
        flag(true),
        letter(','),
        oid(row.choose(relation.oid(), 0)),
        function(0, 6179),
        oid(row.element),
        oid(row.array),
        function(2290, 750),
        function(2291, 751),
        function(2402, 2400),
        function(2403, 2401),
        modin,
        modout,
        analyze,
        align,
        letter('x'),
        flag(false),
        oid(0),
        int4(-1),
        int4(0),
        oid(0),
        NULL,
        NULL,
        NULL,
    ])
}
