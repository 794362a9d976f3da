//! Functions that return sets.
use medley_types::PgType;

use super::call::Frame;
use super::datum::Datum;
use crate::error::Result;

/// Computes the rows of one call; each has a value for each column.
pub type SetFn = for<'a> fn(&Frame<'_>, &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>>;

/// A function that returns a set.
#[derive(Clone, Copy)]
pub struct SetFunction {
    /// `pg_proc.prosrc`.
    pub source: &'static str,
    /// The names and types of its columns, if it has several; a single one is called as the
    /// function is, and has its result's type.
    pub columns: &'static [(&'static str, PgType)],
    /// What computes it.
    pub rows: SetFn,
}

/// Functions that return sets.
pub type SetTable = &'static [SetFunction];
