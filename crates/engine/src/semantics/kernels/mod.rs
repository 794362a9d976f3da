//! The code behind PostgreSQL's functions, found by `pg_proc.prosrc`.
mod arrays;
mod casts;
mod datetime;
mod floats;
mod format;
mod integers;
mod numerics;
mod patterns;
mod session;
mod strings;
mod text;

use std::collections::HashMap;
use std::sync::LazyLock;

use medley_types::TypeOid;

use super::call::RowFn;
use crate::system;

pub use datetime::{DAY, compared_day};
pub(super) use patterns::{compiled, folded};
pub(super) use text::{left, lower, right, upper};

/// Kernels under their names.
pub type Table = &'static [(&'static str, RowFn)];

const TABLES: &[Table] = &[
    arrays::KERNELS,
    casts::KERNELS,
    datetime::KERNELS,
    floats::KERNELS,
    format::KERNELS,
    integers::KERNELS,
    numerics::KERNELS,
    patterns::KERNELS,
    session::KERNELS,
    strings::KERNELS,
    text::KERNELS,
];

/// The kernel of this `prosrc`, if there is one.
pub fn kernel(source: &str) -> Option<RowFn> {
    static BY_NAME: LazyLock<HashMap<&'static str, RowFn>> = LazyLock::new(|| {
        let all = TABLES.iter().chain(system::KERNELS);
        all.flat_map(|table| table.iter().copied()).collect()
    });
    BY_NAME.get(source).copied()
}

/// What prints a type whose text needs the catalog (`regclass`).
pub fn registered_output(t: TypeOid) -> Option<RowFn> {
    system::OUTPUTS.iter().find(|(oid, _)| *oid == t.0).map(|(_, output)| *output)
}

/// What reads it.
pub fn registered_input(t: TypeOid) -> Option<RowFn> {
    system::INPUTS.iter().find(|(oid, _)| *oid == t.0).map(|(_, input)| *input)
}

/// Those of the kernels that see NULLs themselves are so in `pg_proc` too.
#[cfg(test)]
mod tests {
    use super::super::builtin;
    use super::*;

    #[test]
    fn every_kernel_is_a_function_of_postgresql() {
        let known: std::collections::HashSet<_> =
            builtin::all_functions().iter().map(|function| function.source).collect();
        for (source, _) in TABLES.iter().flat_map(|table| table.iter()) {
            assert!(known.contains(source), "{source}");
        }
    }
}
