//! Casts.
use super::super::value::{letter, oid};
use crate::semantics::builtin;

use super::super::{Keys, RowSink, Session};
use crate::error::Result;

/// `pg_cast.oid`, in the order of the table of casts.
const OIDS: &str = include_str!("../data/casts.tsv");

/// Adds its rows.
pub fn rows(_: &Session, _: &Keys, out: &mut RowSink) -> Result<()> {
    OIDS.lines().zip(builtin::all_casts()).try_for_each(|(number, cast)| {
        out.push(&[
            oid(number.parse().unwrap_or_default()),
            oid(cast.source.0),
            oid(cast.target.0),
            oid(cast.function.unwrap_or(0)),
            letter(cast.context),
            letter(cast.method),
        ])
    })
}
