//! Functions that ask the session or the catalog, by subject.
mod acl;
mod comments;
mod definitions;
mod describe;
pub mod format_type;
mod options;
mod privileges;
mod quoting;
mod registered;
mod session;
mod sizes;
mod visible;

pub use registered::{INPUTS, OUTPUTS};

use crate::semantics::Table;
use crate::semantics::set_returning::SetTable;

/// All of them, by `pg_proc.prosrc`.
pub const KERNELS: &[Table] = &[
    acl::KERNELS,
    comments::KERNELS,
    definitions::KERNELS,
    describe::KERNELS,
    format_type::KERNELS,
    privileges::FAMILIES,
    privileges::KERNELS,
    quoting::KERNELS,
    registered::KERNELS,
    session::KERNELS,
    sizes::KERNELS,
    visible::KERNELS,
];

/// Those that return sets.
pub const SET_FUNCTIONS: &[SetTable] = &[acl::SET_FUNCTIONS, options::SET_FUNCTIONS];
