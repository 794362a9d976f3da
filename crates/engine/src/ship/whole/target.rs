//! Whether a remote is one where the statement means what it means here.
use medley_fdw::{Facts, RemoteTable};
use medley_types::PgType;

use super::plan::{Source, Whole};
use super::signature::UNKNOWN;
use super::{NotShipped, Shippable};

/// Whether the server fits, and each table is there as it was declared; `tables` are those of the
/// sources, in order.
pub(crate) fn fits(whole: &Whole, facts: &Facts, tables: &[Option<&RemoteTable>]) -> Shippable<()> {
    server_fits(whole, facts)?;
    whole.sources.iter().zip(tables).try_for_each(|(source, table)| table_fits(source, *table))
}

fn server_fits(whole: &Whole, facts: &Facts) -> Shippable<()> {
    /// Numbers may be written as SQL writes them since then.
    const NEW_NUMBERS: u32 = 160_000;
    if !facts.can.raw_rows {
        return Err(NotShipped::because("the remote is not a PostgreSQL"));
    }
    if !facts.dialect.backslash_is_plain {
        return Err(NotShipped::because("the remote reads string constants in its own way"));
    }
    let needed = match whole.new_numbers {
        true => whole.needs.version.max(NEW_NUMBERS),
        false => whole.needs.version,
    };
    if facts.version < needed {
        return Err(NotShipped::because(format_args!(
            "it needs version {} of PostgreSQL at the remote",
            needed / 10_000
        )));
    }
    if facts.version >= UNKNOWN {
        return Err(NotShipped::because("the remote is of a version that is not known"));
    }
    if whole.needs.order && !facts.byte_order_collation {
        return Err(NotShipped::because("the remote orders text otherwise"));
    }
    if whole.needs.letters && !facts.unicode_letters {
        return Err(NotShipped::because("the remote knows other letters"));
    }
    Ok(())
}

fn table_fits(source: &Source, table: Option<&RemoteTable>) -> Shippable<()> {
    let Some(table) = table else {
        return Err(NotShipped::because(format_args!(
            "the table of \"{source}\" is not found at the remote"
        )));
    };
    source.columns.iter().try_for_each(|(name, declared)| {
        let remote = table.columns.iter().find(|column| column.name == *name);
        let Some(remote) = remote else {
            return Err(NotShipped::because(format_args!(
                "column \"{name}\" of \"{source}\" is not found at the remote"
            )));
        };
        if !remote.readable {
            return Err(NotShipped::because(format_args!(
                "column \"{name}\" of \"{source}\" may not be read at the remote"
            )));
        }
        match is_same_type(*declared, remote.pg_type, remote.collation.as_deref()) {
            true => Ok(()),
            false => Err(NotShipped::because(format_args!(
                "column \"{name}\" of \"{source}\" is of another type at the remote"
            ))),
        }
    })
}

/// Whether a column is at the remote what it was declared as.
pub(crate) fn is_same_type(declared: PgType, remote: PgType, collation: Option<&str>) -> bool {
    declared.oid == remote.oid
        && declared.typmod == remote.typmod
        && declared.collation.name() == collation
}

#[cfg(test)]
mod tests {
    use medley_types::CollationOid;

    use super::*;

    #[test]
    fn types_are_the_same_with_typmod_and_collation() {
        let check = |declared, remote, collation, expected| {
            assert_eq!(is_same_type(declared, remote, collation), expected);
        };
        check(PgType::INT4, PgType::INT4, None, true);
        check(PgType::INT4, PgType::INT8, None, false);
        check(PgType::TEXT, PgType::TEXT, Some("default"), true);
        check(PgType::TEXT, PgType::TEXT, Some("de_DE"), false);
        check(PgType::TEXT.with_collation(CollationOid::C), PgType::TEXT, Some("C"), true);
        check(PgType::varchar(5), PgType::varchar(6), Some("default"), false);
    }
}
