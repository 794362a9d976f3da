//! The collations there are.
use medley_types::CollationOid;

const LINES: &str = include_str!("data/pg_collation.tsv");

fn all() -> impl Iterator<Item = (u32, &'static str)> {
    LINES.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        Some((fields.next()?.parse().ok()?, fields.next()?))
    })
}

/// Their names.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(_, name)| name)
}

/// The name of this collation.
pub fn name(oid: u32) -> Option<&'static str> {
    all().find(|(known, _)| *known == oid).map(|(_, name)| name)
}

/// The oid of the collation of this name.
pub fn named(name: &str) -> Option<u32> {
    all().find(|(_, known)| *known == name).map(|(oid, _)| oid)
}

/// The name of a collation that is not the database's.
pub fn shown_name(collation: CollationOid) -> Option<&'static str> {
    name(collation.0).filter(|_| collation != CollationOid::DEFAULT)
}
