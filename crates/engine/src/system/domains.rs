//! The domains that the columns of `information_schema` are declared with.
use std::sync::LazyLock;

/// Their rows of `pg_type`, and those of the arrays of them.
pub const ROWS: &str = include_str!("data/domains.tsv");

/// A domain.
pub struct Domain {
    /// `pg_type.oid`.
    pub oid: u32,
    /// `pg_type.typname`.
    pub name: &'static str,
    /// `pg_type.typarray`.
    pub array: u32,
}

/// All of them.
pub fn all() -> &'static [Domain] {
    static ALL: LazyLock<Vec<Domain>> = LazyLock::new(|| ROWS.lines().filter_map(read).collect());
    &ALL
}

fn read(line: &'static str) -> Option<Domain> {
    let fields: Vec<_> = line.split('\t').collect();
    let (oid, name, array) =
        (fields[0].parse().ok()?, *fields.get(1)?, fields.get(14)?.parse().ok()?);
    (fields[6] == "d").then_some(Domain { oid, name, array })
}

/// The domain of this name in `information_schema`.
pub fn by_name(name: &str) -> Option<&'static Domain> {
    all().iter().find(|it| it.name == name)
}

/// The domain of this oid.
pub fn by_oid(oid: u32) -> Option<&'static Domain> {
    all().iter().find(|it| it.oid == oid)
}

/// `information_schema.sql_identifier`, or an array of it.
pub fn shown(oid: u32) -> Option<String> {
    all().iter().find_map(|it| {
        let suffix = match oid {
            _ if oid == it.oid => "",
            _ if oid == it.array => "[]",
            _ => return None,
        };
        Some(format!("information_schema.{}{suffix}", it.name))
    })
}
