//! What needs what.
use std::collections::BTreeSet;

use medley_analyze::stored;
use medley_analyze::tree::columns_of_table;
use medley_catalog::ids::{Class, ObjectAddress, RelationOid, SchemaOid};
use medley_catalog::objects::{ColumnDefault, Reference, ReferenceKind, Relation};

use super::super::constraints;
use super::super::value::{int4, letter, oid};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// The classes of what needs others than roles, and is needed.
const CLASSES: [Class; 7] = [
    Class::Wrapper,
    Class::Server,
    Class::UserMapping,
    Class::Schema,
    Class::Relation,
    Class::Extension,
    Class::DefaultAcl,
];

/// Adds its rows: by what needs, by what is needed, or all.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    match (keys.oids("objid"), keys.oids("refobjid")) {
        (Some(oids), _) => oids.iter().try_for_each(|oid| of_needing(session, *oid, out)),
        (None, Some(oids)) => oids.iter().try_for_each(|oid| of_needed(session, *oid, out)),
        (None, None) => {
            objects(session).into_iter().try_for_each(|it| dependents(session, it, out))?;
            snapshot.relations().try_for_each(|relation| parts(session, relation, out))
        }
    }
}

/// What the objects of this oid need.
fn of_needing(session: &Session, oid: u32, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    let around = snapshot.relation_with(oid).map(|relation| relation.oid.address());
    let objects = CLASSES.iter().map(|class| ObjectAddress::new(*class, oid)).chain(around);
    let needed = objects.flat_map(|object| snapshot.references_of(object));
    let mut needed = needed.filter(|reference| is_listed(reference.to));
    needed.try_for_each(|reference| dependency(session, reference, out))?;
    parts_around(session, oid, out)
}

/// What needs the objects of this oid.
fn of_needed(session: &Session, oid: u32, out: &mut RowSink) -> Result<()> {
    let objects = CLASSES.iter().map(|class| ObjectAddress::new(*class, oid));
    let mut needed = objects.filter(|object| is_listed(*object));
    needed.try_for_each(|object| dependents(session, object, out))?;
    parts_around(session, oid, out)
}

fn parts_around(session: &Session, oid: u32, out: &mut RowSink) -> Result<()> {
    let snapshot = &session.snapshot;
    let relation = snapshot.relation(RelationOid(oid)).or_else(|| snapshot.relation_with(oid));
    relation.map_or(Ok(()), |relation| parts(session, relation, out))
}

fn dependents(session: &Session, object: ObjectAddress, out: &mut RowSink) -> Result<()> {
    let mut dependents = session.snapshot.dependents(object).into_iter();
    dependents.try_for_each(|reference| dependency(session, reference, out))
}

/// What is built in is needed without a word, but for the schema `public`.
fn is_listed(object: ObjectAddress) -> bool {
    !object.is_pinned() || object.whole() == SchemaOid::PUBLIC.address()
}

/// Everything that other objects but roles' can need.
fn objects(session: &Session) -> Vec<ObjectAddress> {
    let snapshot = &session.snapshot;
    let wrappers = snapshot.wrappers().map(|it| it.oid.address());
    let servers = snapshot.servers().map(|it| it.oid.address());
    let schemas = snapshot.schemas().map(|it| it.oid.address());
    let relations = snapshot.relations().map(|it| it.oid.address());
    let extensions = snapshot.extensions().map(|it| it.oid.address());
    let all = wrappers.chain(servers).chain(schemas).chain(relations).chain(extensions);
    all.filter(|address| is_listed(*address)).collect()
}

fn dependency(session: &Session, reference: Reference, out: &mut RowSink) -> Result<()> {
    let kind = match reference.kind {
        ReferenceKind::Normal => 'n',
        ReferenceKind::Auto => 'a',
        ReferenceKind::Extension => 'e',
        ReferenceKind::Owner | ReferenceKind::Acl => return Ok(()),
    };
    // It is the rule of a view that needs what its query names.
    let from = match session.snapshot.relation(RelationOid(reference.from.oid)) {
        Some(relation)
            if reference.from.class == Class::Relation && reference.to.class == Class::Relation =>
        {
            let rule = relation.view().map(|view| ObjectAddress::new(Class::Rule, view.rule));
            rule.unwrap_or(reference.from)
        }
        _ => reference.from,
    };
    edge(from, reference.to, kind, out)
}

/// What of a relation has oids of its own.
fn parts(session: &Session, relation: &Relation, out: &mut RowSink) -> Result<()> {
    let whole = relation.oid.address();
    let own = |class, oid| ObjectAddress::new(class, oid);
    edge(own(Class::Type, relation.row_type), whole, 'i', out)?;
    edge(own(Class::Type, relation.array_type), own(Class::Type, relation.row_type), 'i', out)?;
    if let Some(view) = relation.view() {
        edge(own(Class::Rule, view.rule), whole, 'i', out)?;
    }
    for column in relation.live_columns() {
        if let Some(default) = &column.default {
            let kind = if default.is_generated() { 'i' } else { 'a' };
            let from = own(Class::ColumnDefault, default.oid);
            edge(from, whole.column(column.number), kind, out)?;
            for number in generated_from(session, relation, default)? {
                edge(from, whole.column(number), 'n', out)?;
            }
        }
    }
    for constraint in constraints::of(relation) {
        for column in &constraint.columns {
            let (from, to) = (own(Class::Constraint, constraint.oid), whole.column(*column));
            if constraint.check.is_some() {
                edge(from, to, 'n', out)?;
            }
            edge(from, to, 'a', out)?;
        }
    }
    Ok(())
}

/// The columns that a generated one is computed from.
fn generated_from(
    session: &Session,
    relation: &Relation,
    default: &ColumnDefault,
) -> Result<BTreeSet<i16>> {
    if !default.is_generated() {
        return Ok(BTreeSet::new());
    }
    let tree = stored::expression(&session.snapshot, relation, &default.expression)?;
    Ok(columns_of_table(&tree))
}

fn edge(from: ObjectAddress, to: ObjectAddress, kind: char, out: &mut RowSink) -> Result<()> {
    out.push(&[
        oid(from.class.oid()),
        oid(from.oid),
        int4(from.subid),
        oid(to.class.oid()),
        oid(to.oid),
        int4(to.subid),
        letter(kind),
    ])
}
