//! Columns that the actor has something to do with.
use medley_analyze::ruleutils::Layout;
use medley_catalog::Actor;
use medley_catalog::acl::Privileges;
use medley_catalog::ids::RelationOid;

use super::super::relations::{self, AnyColumn, AnyRelation};
use super::super::value::{NULL, int4, optional, optional_int4, text, yes_or_no};
use super::super::{collations, definitions, domains, updatable};
use super::type_facts::TypeFacts;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let actor = session.snapshot.actor(session.role);
    let named = relations::keyed(session, keys, "", Some("table_name"));
    for relation in named.into_iter().filter(|it| keys.admits_text("table_name", it.name())) {
        let columns = relation.columns();
        let mut visible = columns.iter().filter(|column| is_visible(&actor, relation, column));
        visible.try_for_each(|column| row(session, relation, column, out))?;
    }
    Ok(())
}

fn is_visible(actor: &Actor<'_>, relation: AnyRelation<'_>, column: &AnyColumn<'_>) -> bool {
    actor.has_privileges_of(relation.owner())
        || relation.has_on_column(actor, column.number, Privileges::ALL_COLUMN)
}

fn row(
    session: &Session,
    relation: AnyRelation<'_>,
    column: &AnyColumn<'_>,
    out: &mut RowSink,
) -> Result<()> {
    let database = session.facts.database();
    let facts = TypeFacts::of(column.pg_type);
    let collation = collations::shown_name(column.pg_type.collation);
    let domain = column.domain.and_then(|oid| domains::by_oid(oid.0)).map(|it| it.name);
    let default = column.stored.and_then(|column| column.default.as_ref());
    let generated = default.filter(|default| default.is_generated());
    let expression = match (relation, default) {
        (AnyRelation::Stored(it), Some(default)) => {
            Some(definitions::expression(session, it, &default.expression, Layout::PLAIN)?)
        }
        _ => None,
    };
    let (generation, default) = match generated {
        Some(_) => (expression, None),
        None => (None, expression),
    };
    let both = updatable::UPDATE | updatable::DELETE;
    let events = updatable::events(session, RelationOid(relation.oid()), Some(column.number));
    out.push(&[
        text(database),
        text(relation.schema_name(&session.snapshot)),
        text(relation.name()),
        text(column.name),
        int4(i32::from(column.number)),
        optional(default),
        yes_or_no(!column.not_null),
        text(facts.data_type),
        optional_int4(facts.character_length),
        optional_int4(facts.octet_length),
        optional_int4(facts.numeric_precision),
        optional_int4(facts.numeric_radix),
        optional_int4(facts.numeric_scale),
        optional_int4(facts.datetime_precision),
        optional(facts.interval_type),
        NULL,
        NULL,
        NULL,
        NULL,
        optional(collation.map(|_| database)),
        optional(collation.map(|_| "pg_catalog")),
        optional(collation),
        optional(domain.map(|_| database)),
        optional(domain.map(|_| "information_schema")),
        optional(domain),
        text(database),
        text("pg_catalog"),
        text(facts.type_name),
        NULL,
        NULL,
        NULL,
        NULL,
        text(column.number.to_string()),
        yes_or_no(false),
        yes_or_no(false),
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        yes_or_no(false),
        text(if generation.is_some() { "ALWAYS" } else { "NEVER" }),
        optional(generation),
        yes_or_no(events & both == both),
    ])
}
