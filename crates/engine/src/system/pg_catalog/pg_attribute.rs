//! Columns.
use medley_catalog::objects::{Column, Options};
use medley_types::TypeInfo;

use super::super::relations::{self, AnyColumn, AnyRelation};
use super::super::value::{NULL, acl, flag, int2, int4, letter, oid, options, text, texts_or_null};
use crate::semantics::Datum;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let relations = relations::keyed(session, keys, "attrelid", None);
    relations.into_iter().try_for_each(|it| of_relation(session, it, keys, out))
}

fn of_relation(
    session: &Session,
    relation: AnyRelation<'_>,
    keys: &Keys,
    out: &mut RowSink,
) -> Result<()> {
    let columns = relation.all_columns();
    let mut admitted = columns.iter().filter(|it| keys.admits_text("attname", it.name));
    admitted.try_for_each(|column| row(session, relation, column, out))
}

fn row(
    session: &Session,
    relation: AnyRelation<'_>,
    column: &AnyColumn<'_>,
    out: &mut RowSink,
) -> Result<()> {
    let info = column.pg_type.info();
    let dropped = column.is_dropped();
    let default = column.stored.and_then(|column| column.default.as_ref());
    let is_array = relation.kind() != 'v'
        && info.is_some_and(|info| info.category == 'A' && info.length == -1);
    out.push(&[
        oid(relation.oid()),
        text(column.name),
        oid(if dropped { 0 } else { column.domain.unwrap_or(column.pg_type.oid).0 }),
        int2(info.map_or(-1, |info| info.length)),
        int2(column.number),
        int4(if column.domain.is_some() { -1 } else { column.pg_type.typmod }),
        int2(i16::from(is_array)),
        flag(info.is_some_and(|info| info.by_value)),
        letter(info.map_or('i', |info| info.align)),
        letter(storage(info, column.stored)),
        letter('\0'),
        flag(column.not_null),
        flag(default.is_some()),
        flag(false),
        letter('\0'),
        letter(default.and_then(|default| default.kind.letter()).unwrap_or('\0')),
        flag(dropped),
        flag(true),
        int2(0),
        oid(if dropped { 0 } else { column.pg_type.collation.0 }),
        target(column.stored),
        acl(session, column.stored.and_then(|column| column.acl.as_ref()))?,
        attribute_options(column.stored),
        options(column.stored.map_or(&Options::default(), |column| &column.options)),
        NULL,
    ])
}

fn storage(info: Option<&TypeInfo>, stored: Option<&Column>) -> char {
    stored.and_then(|column| column.storage).or(info.map(|info| info.storage)).unwrap_or('p')
}

fn target(stored: Option<&Column>) -> Datum<'static> {
    let target = stored.and_then(|column| column.statistics_target);
    target.and_then(|target| i16::try_from(target).ok()).map_or(NULL, int2)
}

fn attribute_options(stored: Option<&Column>) -> Datum<'static> {
    let options = stored.map(|column| column.attribute_options.as_slice()).unwrap_or_default();
    let shown: Vec<_> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    texts_or_null(&shown)
}
