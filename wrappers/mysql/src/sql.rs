//! The few things that are written into the remote's SQL here.
use medley_fdw::TableName;

/// A name, always in backquotes.
pub(crate) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text constant, in a session where a backslash is a backslash.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A table's name, qualified if it has a database.
pub(crate) fn qualified(table: &TableName) -> String {
    match &table.schema {
        Some(database) => format!("{}.{}", identifier(database), identifier(&table.table)),
        None => identifier(&table.table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_stay_what_they_are() {
        assert_eq!(identifier("a`b\""), "`a``b\"`");
        assert_eq!(literal("it's \\"), "'it''s \\'");
        let table = TableName { schema: Some("s".to_owned()), table: "T".to_owned() };
        assert_eq!(qualified(&table), "`s`.`T`");
    }
}
