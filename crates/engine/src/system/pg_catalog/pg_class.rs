//! Relations.
use super::super::relations::{self, AnyRelation};
use super::super::value::{NULL, acl, flag, int2, int4, letter, oid, text, texts_or_null};
use crate::semantics::Datum;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// The catalogs that PostgreSQL shares among databases.
const SHARED: &[u32] = &[1213, 1214, 1260, 1261, 1262, 2396, 2964, 3592, 6000, 6100, 6243];

/// `pg_tablespace.oid` of `pg_global`, where they are.
const GLOBAL_TABLESPACE: u32 = 1664;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let relations = relations::keyed(session, keys, "oid", Some("relname"));
    let admitted = relations.into_iter().filter(|it| {
        keys.admits_text("relname", it.name()) && keys.admits_oid("relnamespace", it.schema().0)
    });
    admitted.into_iter().try_for_each(|it| row(session, it, out))
}

fn row(session: &Session, relation: AnyRelation<'_>, out: &mut RowSink) -> Result<()> {
    let (row_type, attributes, checks) = match relation {
        AnyRelation::Stored(it) => (it.row_type, it.columns.len(), it.checks.len()),
        AnyRelation::System(it) => (it.row_type, relation.columns().len(), 0),
    };
    let is_view = relation.kind() == 'v';
    let is_temporary = session.snapshot.is_temp_schema(relation.schema());
    let is_shared = SHARED.contains(&relation.oid());
    out.push(&[
        oid(relation.oid()),
        text(relation.name()),
        oid(relation.schema().0),
        oid(row_type),
        oid(0),
        oid(relation.owner().0),
        oid(0),
        oid(0),
        oid(if is_shared { GLOBAL_TABLESPACE } else { 0 }),
        int4(0),
        Datum::Float4(-1.0),
        int4(0),
        int4(0),
        oid(0),
        flag(false),
        flag(is_shared),
        letter(if is_temporary { 't' } else { 'p' }),
        letter(relation.kind()),
        int2(attributes as i16),
        int2(checks as i16),
        flag(is_view),
        flag(false),
        flag(false),
        flag(false),
        flag(false),
        flag(true),
        letter('n'),
        flag(false),
        oid(0),
        oid(0),
        oid(0),
        acl(session, relation.acl().as_ref())?,
        reloptions(relation),
        NULL,
    ])
}

fn reloptions(relation: AnyRelation<'_>) -> Datum<'static> {
    let options = relation.view().map(|view| view.reloptions.as_slice()).unwrap_or_default();
    let shown: Vec<_> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    texts_or_null(&shown)
}
