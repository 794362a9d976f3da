//! Operators.
use medley_catalog::ids::{RoleOid, SchemaOid};

use super::super::value::{flag, letter, oid, text};
use crate::semantics::builtin::{self, Operator};

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// Oid, merges, hashes, commutator, negator, restriction and join estimators.
const DETAILS: &str = include_str!("../data/operators.tsv");

/// Adds its rows.
pub fn rows(_: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
    let both = builtin::all_operators().iter().zip(DETAILS.lines());
    let mut admitted = both
        .filter(|(it, _)| keys.admits_oid("oid", it.oid) && keys.admits_text("oprname", it.name));
    admitted.try_for_each(|(operator, details)| row(operator, details, out))
}

fn row(operator: &Operator, details: &str, out: &mut RowSink) -> Result<()> {
    let details: Vec<_> = details.split('\t').collect();
    let number = |index: usize| oid(details.get(index).and_then(|it| it.parse().ok()).unwrap_or(0));
    let truth = |index: usize| flag(details.get(index) == Some(&"t"));
    out.push(&[
        oid(operator.oid),
        text(operator.name),
        oid(SchemaOid::PG_CATALOG.0),
        oid(RoleOid::BOOTSTRAP.0),
        letter(if operator.left.is_some() { 'b' } else { 'l' }),
        truth(1),
        truth(2),
        oid(operator.left.map_or(0, |left| left.0)),
        oid(operator.right.0),
        oid(operator.result.0),
        number(3),
        number(4),
        oid(operator.function),
        number(5),
        number(6),
    ])
}
