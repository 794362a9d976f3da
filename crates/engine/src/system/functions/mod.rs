//! Functions that ask the session or the catalog, by subject.
mod acl;
mod comments;
mod connections;
mod definitions;
mod describe;
mod drift;
mod dump;
mod extensions;
pub mod format_type;
mod function_text;
mod identify;
mod keys;
mod mappings;
mod privileges;
mod registered;
mod session;
mod sizes;
mod type_names;
mod visible;

pub(crate) use mappings::server_named;
pub use registered::{INPUTS, OUTPUTS};

use crate::semantics::Table;
use crate::semantics::set_returning::SetTable;

/// All of them, by `pg_proc.prosrc`.
pub const KERNELS: &[Table] = &[
    acl::KERNELS,
    comments::KERNELS,
    connections::KERNELS,
    definitions::KERNELS,
    describe::KERNELS,
    format_type::KERNELS,
    function_text::KERNELS,
    identify::KERNELS,
    mappings::KERNELS,
    privileges::FAMILIES,
    privileges::KERNELS,
    registered::KERNELS,
    session::KERNELS,
    sizes::KERNELS,
    visible::KERNELS,
];

/// Those that return sets.
pub const SET_FUNCTIONS: &[SetTable] = &[
    acl::SET_FUNCTIONS,
    connections::SET_FUNCTIONS,
    drift::SET_FUNCTIONS,
    dump::SET_FUNCTIONS,
    extensions::SET_FUNCTIONS,
    identify::SET_FUNCTIONS,
    keys::SET_FUNCTIONS,
    mappings::SET_FUNCTIONS,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{KERNELS, SET_FUNCTIONS};
    use crate::semantics::builtin;

    #[test]
    fn every_kernel_is_a_function_of_postgresql() {
        let known: HashSet<_> = builtin::all_functions().iter().map(|it| it.source).collect();
        let kernels = KERNELS.iter().flat_map(|table| table.iter()).map(|(source, _)| *source);
        let sets = SET_FUNCTIONS.iter().flat_map(|table| table.iter()).map(|it| it.source);
        let mut seen = HashSet::new();
        for source in kernels.chain(sets) {
            assert!(known.contains(source), "{source}");
            assert!(seen.insert(source), "{source} is there twice");
        }
    }
}
