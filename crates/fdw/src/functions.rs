//! The functions that a build's wrappers bring, as `pg_proc` lists them.
use crate::Registry;

/// A wrapper's handler or validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapperFunction {
    /// Its oid, from the range that PostgreSQL never gives out.
    pub oid: u32,
    /// Its name.
    pub name: String,
    /// A handler, not a validator.
    pub is_handler: bool,
}

/// The oids that PostgreSQL leaves to those who change it, but for those of our own functions.
const OIDS: std::ops::Range<u32> = 8000..9900;

impl Registry {
    /// The handlers and validators that are known.
    ///
    /// The oid of each follows from its name, so that it is the same in every build; of two whose
    /// names lead to the same, the second in the alphabet has the next that is free.
    pub fn functions(&self) -> Vec<WrapperFunction> {
        let mut names: Vec<_> = self
            .known()
            .flat_map(|wrapper| [(wrapper.handler(), true), (wrapper.validator(), false)])
            .collect();
        names.sort_unstable();
        let mut functions: Vec<WrapperFunction> = Vec::with_capacity(names.len());
        for (name, is_handler) in names {
            let mut oid = oid_of(name);
            while functions.iter().any(|known| known.oid == oid) {
                oid = next(oid);
            }
            functions.push(WrapperFunction { oid, name: name.to_owned(), is_handler });
        }
        functions
    }
}

/// FNV-1a over the name, folded into the range.
fn oid_of(name: &str) -> u32 {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    OIDS.start + hash % (OIDS.end - OIDS.start)
}

fn next(oid: u32) -> u32 {
    if oid + 1 < OIDS.end { oid + 1 } else { OIDS.start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oids_of_wrappers_functions_follow_from_their_names() {
        assert_eq!(oid_of("postgres_fdw_handler"), 8417);
        assert_eq!(oid_of("postgres_fdw_validator"), 8415);
        assert_eq!(next(9899), 8000);
    }
}
