//! What needs what.
use std::collections::BTreeSet;

use medley_analyze::stored;
use medley_analyze::tree::columns_of_table;
use medley_catalog::ids::{Class, ObjectAddress};
use medley_catalog::objects::{ColumnDefault, Reference, ReferenceKind, Relation};

use super::super::constraints;
use super::super::value::{int4, letter, oid};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let admitted = |it: &ObjectAddress| {
        keys.admits_oid("refobjid", it.oid) && keys.admits_oid("refclassid", it.class.oid())
    };
    for needed in objects(session).into_iter().filter(admitted) {
        for reference in session.snapshot.dependents(needed) {
            dependency(session, reference, out)?;
        }
    }
    session.snapshot.relations().try_for_each(|relation| parts(session, relation, out))
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
    all.filter(|address| !address.is_pinned()).collect()
}

fn dependency(session: &Session, reference: Reference, out: &mut RowSink) -> Result<()> {
    let kind = match reference.kind {
        ReferenceKind::Normal => 'n',
        ReferenceKind::Auto => 'a',
        ReferenceKind::Extension => 'e',
        ReferenceKind::Owner | ReferenceKind::Acl => return Ok(()),
    };
    // It is the rule of a view that needs what its query names.
    let from = match session.snapshot.relation(medley_catalog::ids::RelationOid(reference.from.oid))
    {
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
