//! Foreign tables.
use medley_catalog::objects::{Check, Column, DefaultKind, ForeignTable, NotNull, Relation};
use medley_types::CollationOid;

use crate::options::Owner;
use crate::script::{literal, name};
use crate::{Dump, Result};

/// Longer names are cut off, and so are what names are made of.
const LONGEST_NAME: usize = 63;

impl Dump<'_> {
    pub(crate) fn foreign_table(
        &mut self,
        relation: &Relation,
        foreign: &ForeignTable,
        table: &str,
    ) -> Result<()> {
        let mut parts = Vec::new();
        for column in relation.live_columns() {
            parts.push(self.column(relation, column, table)?);
        }
        let whole = relation.checks.iter().filter(|check| is_whole(check));
        parts.extend(whole.map(|check| self.check(relation, check)));
        let body: String =
            parts.iter().map(|part| format!("\n    {part}")).collect::<Vec<_>>().join(",");
        let alter = format!("ALTER FOREIGN TABLE {table}");
        let owner =
            Owner { address: relation.oid.address(), column: 0, alter: &alter, prefixes: "" };
        let options = self.options(owner, &foreign.options)?;
        let server = self.catalog().server(foreign.server).map(|it| name(&it.name));
        let server = server.unwrap_or_default();
        self.script
            .push(format!("CREATE FOREIGN TABLE {table} ({body}\n) SERVER {server}{options}"));
        self.later(relation, &alter);
        Ok(())
    }

    fn column(&mut self, relation: &Relation, column: &Column, table: &str) -> Result<String> {
        let own_name = name(&column.name);
        let alter = format!("ALTER FOREIGN TABLE {table} ALTER COLUMN {own_name}");
        let owner = Owner {
            address: relation.oid.address(),
            column: column.number,
            alter: &alter,
            prefixes: "",
        };
        let options = self.options(owner, &column.options)?.replace('\n', "\n    ");
        let mut text = format!("{own_name} {}{options}", column.pg_type);
        if let Some(collation) = collation(column) {
            text.push_str(&format!(" COLLATE pg_catalog.{}", name(collation)));
        }
        if let Some(default) = &column.default {
            let expression = self.request.definitions.default(relation, default);
            text.push_str(&match default.kind {
                DefaultKind::Default => format!(" DEFAULT {expression}"),
                DefaultKind::Stored => format!(" GENERATED ALWAYS AS ({expression}) STORED"),
                DefaultKind::Virtual => format!(" GENERATED ALWAYS AS ({expression})"),
            });
        }
        if let Some(not_null) = column.not_null.as_ref().filter(|it| it.validated) {
            text.push_str(&named_not_null(relation, column, not_null));
        }
        Ok(text)
    }

    fn check(&self, relation: &Relation, check: &Check) -> String {
        let condition = self.request.definitions.check(relation, check);
        let no_inherit = if check.no_inherit { " NO INHERIT" } else { "" };
        format!("CONSTRAINT {} CHECK ({condition}){no_inherit}", name(&check.name))
    }

    /// What cannot stand in CREATE FOREIGN TABLE.
    fn later(&mut self, relation: &Relation, alter: &str) {
        for check in relation.checks.iter().filter(|check| !is_whole(check)) {
            let mark = if check.enforced { " NOT VALID" } else { " NOT ENFORCED" };
            let check = self.check(relation, check);
            self.script.push(format!("{alter} ADD {check}{mark}"));
        }
        for column in relation.live_columns() {
            let own_name = name(&column.name);
            if let Some(not_null) = column.not_null.as_ref().filter(|it| !it.validated) {
                let constraint = name(&not_null.name);
                let no_inherit = if not_null.no_inherit { " NO INHERIT" } else { "" };
                self.script.push(format!(
                    "{alter} ADD CONSTRAINT {constraint} NOT NULL {own_name}{no_inherit} NOT VALID"
                ));
            }
            let alter = format!("{alter} ALTER COLUMN {own_name}");
            self.column_settings(column, &alter);
        }
    }

    fn column_settings(&mut self, column: &Column, alter: &str) {
        if let Some(target) = column.statistics_target {
            self.script.push(format!("{alter} SET STATISTICS {target}"));
        }
        if !column.attribute_options.is_empty() {
            let options = column.attribute_options.iter();
            let options: Vec<_> = options
                .map(|(option, value)| format!("{} = {}", name(option), literal(value)))
                .collect();
            self.script.push(format!("{alter} SET ({})", options.join(", ")));
        }
        if let Some(storage) = column.storage.and_then(storage_word) {
            self.script.push(format!("{alter} SET STORAGE {storage}"));
        }
    }
}

/// Whether it can stand in CREATE FOREIGN TABLE.
fn is_whole(check: &Check) -> bool {
    check.validated && check.enforced
}

/// ` NOT NULL`, with its name where that is not the one that it gets by itself.
fn named_not_null(relation: &Relation, column: &Column, not_null: &NotNull) -> String {
    let own = format!("{}_{}_not_null", relation.name, column.name);
    let named = match own.len() <= LONGEST_NAME && own == not_null.name {
        true => String::new(),
        false => format!(" CONSTRAINT {}", name(&not_null.name)),
    };
    let no_inherit = if not_null.no_inherit { " NO INHERIT" } else { "" };
    format!("{named} NOT NULL{no_inherit}")
}

/// The collation's name, where it is not the type's own.
fn collation(column: &Column) -> Option<&'static str> {
    let own = medley_types::PgType::plain(column.pg_type.oid.0).collation;
    (column.pg_type.collation != own && column.pg_type.collation != CollationOid::NONE)
        .then(|| column.pg_type.collation.name())
        .flatten()
}

/// The word for `pg_attribute.attstorage`.
fn storage_word(letter: char) -> Option<&'static str> {
    match letter {
        'p' => Some("PLAIN"),
        'e' => Some("EXTERNAL"),
        'm' => Some("MAIN"),
        'x' => Some("EXTENDED"),
        _ => None,
    }
}
