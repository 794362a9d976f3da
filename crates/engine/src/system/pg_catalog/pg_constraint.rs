//! CHECK and NOT NULL constraints; `conbin` is the expression's text.
use super::super::constraints::{self, Constraint};
use super::super::relations;
use super::super::value::{NULL, flag, int2, int2s, letter, oid, optional, text};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Adds its rows.
pub fn rows(session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    for relation in relations::stored(session, keys, "conrelid", Some("oid")) {
        let mut admitted = constraints::of(relation)
            .into_iter()
            .filter(|it| keys.admits_oid("oid", it.oid) && keys.admits_text("conname", it.name));
        admitted.try_for_each(|it| row(&it, out))?;
    }
    Ok(())
}

fn row(constraint: &Constraint<'_>, out: &mut RowSink) -> Result<()> {
    out.push(&[
        oid(constraint.oid),
        text(constraint.name),
        oid(constraint.relation.schema.0),
        letter(constraint.kind()),
        flag(false),
        flag(false),
        flag(constraint.enforced),
        flag(constraint.validated),
        oid(constraint.relation.oid.0),
        oid(0),
        oid(0),
        oid(0),
        oid(0),
        letter(' '),
        letter(' '),
        letter(' '),
        flag(true),
        int2(0),
        flag(constraint.no_inherit),
        flag(false),
        int2s(constraint.columns.iter().copied()),
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        optional(constraint.check),
    ])
}
