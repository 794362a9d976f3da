//! `quote_ident` and its kin.
use medley_catalog::quote_identifier;

use crate::semantics::{Datum, Table};

pub const KERNELS: Table = &[
    ("quote_ident", |_, args| Ok(Datum::of_text(quote_identifier(args[0].text()?)))),
    ("quote_literal", |_, args| Ok(Datum::of_text(quote_literal(args[0].text()?)))),
    ("quote_nullable", |_, args| match args[0].is_null() {
        true => Ok(Datum::of_text("NULL")),
        false => Ok(Datum::of_text(quote_literal(args[0].text()?))),
    }),
];

/// A literal that reads as this text; with `E` in front if it has backslashes.
fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    match text.contains('\\') {
        true => format!("E'{}'", doubled.replace('\\', "\\\\")),
        false => format!("'{doubled}'"),
    }
}
