//! `pg_catalog` and `information_schema`: a file a relation, generated for one session.
//!
//! A [`SystemRelation`] is stateless; its rows are made anew for each scan, from the snapshot,
//! the role and the facts of a [`Session`]. Equality conditions on its columns are handed to it
//! as [`Keys`], so that a look-up by oid or name need not make all rows; it may ignore them, for
//! they are checked again. `pg_namespace` is the one to copy.
//!
//! Functions that depend on the session are kernels like all others (`semantics::kernels`), found
//! by `pg_proc.prosrc`, and ask [`Frame::session`](crate::semantics::Frame::session).
//!
//! Every relation also has the system column `tableoid`; the oids that PostgreSQL gave its own
//! relations are theirs here.
mod pg_namespace;
mod relation;
mod rows;
mod session;

pub use relation::{SystemColumn, SystemRelation};
pub use rows::{Keys, RowSink};
pub use session::Session;

use crate::semantics::set_returning::SetTable;
use crate::semantics::{RowFn, Table};

/// Every system relation.
pub const RELATIONS: &[&dyn SystemRelation] = &[&pg_namespace::PgNamespace];

/// Kernels that ask the session, by `pg_proc.prosrc`.
pub const KERNELS: &[Table] = &[];

/// Output functions of the types whose text needs the catalog (`regclass`, `regrole` …), by
/// type: from the type's value to text.
pub const OUTPUTS: &[(u32, RowFn)] = &[];

/// Their input functions: from text to the type's value.
pub const INPUTS: &[(u32, RowFn)] = &[];

/// Functions that return sets and ask the session, by `pg_proc.prosrc`.
pub const SET_FUNCTIONS: &[SetTable] = &[];

/// The system relation of this name.
pub fn relation(schema: &str, name: &str) -> Option<&'static dyn SystemRelation> {
    RELATIONS.iter().copied().find(|r| r.name() == name && r.schema() == schema)
}
