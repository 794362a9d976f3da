//! Sizes: nothing that the catalog lists takes room here. And what else is asked of a relation.
use medley_catalog::ids::RelationOid;

use super::super::{relations, updatable};
use crate::error::Result;
use crate::semantics::{Datum, Frame, Table};

pub const KERNELS: Table = &[
    ("pg_relation_size", |frame, args| of_relation(frame, args, Datum::Int8(0))),
    ("pg_relation_size.sql", |frame, args| of_relation(frame, args, Datum::Int8(0))),
    ("pg_table_size", |frame, args| of_relation(frame, args, Datum::Int8(0))),
    ("pg_total_relation_size", |frame, args| of_relation(frame, args, Datum::Int8(0))),
    ("pg_indexes_size", |frame, args| of_relation(frame, args, Datum::Int8(0))),
    ("pg_tablespace_size_oid", |_, _| Ok(Datum::Int8(0))),
    ("pg_tablespace_size_name", |_, _| Ok(Datum::Int8(0))),
    ("pg_partition_root", |_, _| Ok(Datum::Null)),
    ("pg_relation_filenode", |_, _| Ok(Datum::Null)),
    ("pg_relation_is_publishable", |frame, args| of_relation(frame, args, Datum::Bool(false))),
    ("pg_relation_is_updatable", |frame, args| {
        let relation = RelationOid(args[0].oid()?);
        Ok(Datum::Int4(updatable::events(frame.session(), relation, None)))
    }),
    ("pg_column_is_updatable", |frame, args| {
        let (relation, column) = (RelationOid(args[0].oid()?), args[1].int2()?);
        let both = updatable::UPDATE | updatable::DELETE;
        let events = || updatable::events(frame.session(), relation, Some(column));
        Ok(Datum::Bool(column > 0 && events() & both == both))
    }),
    ("pg_size_pretty", |_, args| Ok(Datum::of_text(pretty(args[0].int8()?)))),
];

/// NULL of an unknown relation.
fn of_relation<'a>(frame: &Frame<'_>, args: &[Datum<'a>], value: Datum<'a>) -> Result<Datum<'a>> {
    let found = relations::by_oid(&frame.session().snapshot, args[0].oid()?);
    Ok(found.map_or(Datum::Null, |_| value))
}

/// A unit holds sizes below this many of it, before it is halved for rounding.
const LIMIT: i64 = 20 * 1024 - 1;

/// As `pg_size_pretty` prints it: whole numbers, half away from zero.
fn pretty(size: i64) -> String {
    if size.unsigned_abs() < 10 * 1024 {
        return format!("{size} bytes");
    }
    // From here on the size is kept at twice its value, to be rounded at the end.
    let mut doubled = size / (1 << 9);
    for unit in ["kB", "MB", "GB", "TB"] {
        if doubled.abs() < LIMIT {
            return format!("{} {unit}", halved(doubled));
        }
        doubled /= 1 << 10;
    }
    format!("{} PB", halved(doubled))
}

fn halved(doubled: i64) -> i64 {
    (doubled + doubled.signum()) / 2
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn sizes_print_as_postgresql_prints_them() {
        for (size, text) in [
            (0, "0 bytes"),
            (10239, "10239 bytes"),
            (10240, "10 kB"),
            (10751, "10 kB"),
            (10752, "11 kB"),
            (-10752, "-11 kB"),
            (1 << 24, "16 MB"),
            (123_456_789_012, "115 GB"),
            (i64::MAX, "8192 PB"),
        ] {
            assert_eq!(pretty(size), text);
        }
    }
}
