//! `pg_catalog` and `information_schema`: a file a relation, generated for one session.
//!
//! All that PostgreSQL has are declared in one table (`declared`), columns and all; `sources`
//! says where the rows of each come from. Rows are made anew for each scan, from the snapshot,
//! the role and the facts of a [`Session`]. Equality conditions on columns are handed over as
//! [`Keys`], so that a look-up by oid or name need not make all rows; they may be ignored, for
//! they are checked again. `pg_catalog::pg_namespace` is the one to copy.
//!
//! Functions that depend on the session are kernels like all others (`semantics::kernels`), found
//! by `pg_proc.prosrc`, and ask [`Frame::session`](crate::semantics::Frame::session).
//!
//! Every relation also has the system column `tableoid`; the oids that PostgreSQL gave its own
//! relations are theirs here.
mod collations;
mod constraints;
mod declared;
mod definitions;
mod descriptions;
mod domains;
pub(crate) mod functions;
mod grants;
mod information_schema;
pub(crate) mod mappings;
mod names;
mod pg_catalog;
mod procedures;
mod relation;
mod relations;
mod roles;
mod rows;
mod session;
mod sizes;
mod sources;
mod stored;
mod types;
mod updatable;
mod value;

pub use medley_analyze::system::SystemColumn;
pub use relation::SystemRelation;
pub use rows::{Keys, RowCount, RowSink};
pub use session::Session;

use crate::semantics::set_returning::SetTable;
use crate::semantics::{RowFn, Table};

/// Kernels that ask the session, by `pg_proc.prosrc`.
pub const KERNELS: &[Table] = functions::KERNELS;

/// Output functions of the types whose text needs the catalog (`regclass`, `regrole` …), by
/// type: from the type's value to text.
pub const OUTPUTS: &[(u32, RowFn)] = functions::OUTPUTS;

/// Their input functions: from text to the type's value.
pub const INPUTS: &[(u32, RowFn)] = functions::INPUTS;

/// Functions that return sets and ask the session, by `pg_proc.prosrc`.
pub const SET_FUNCTIONS: &[SetTable] = functions::SET_FUNCTIONS;

/// The system relation of this oid.
pub fn relation_by_oid(oid: u32) -> Option<&'static dyn SystemRelation> {
    declared::by_oid(oid).map(|it| it as &dyn SystemRelation)
}
