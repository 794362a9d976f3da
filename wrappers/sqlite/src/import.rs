//! IMPORT FOREIGN SCHEMA: the tables and views of the file. A file has one schema, whatever the
//! statement calls it.
use medley_fdw::{ColumnDef, ImportSchema, Restriction, Result, TableDef};
use medley_types::PgType;
use rusqlite::{Connection, Row};

use crate::error::of_statement;

/// A longer name is cut here, and so must be kept as an option.
const MAX_NAME_BYTES: usize = 63;

/// Without SQLite's own tables, and those that virtual tables keep their data in.
const TABLES: &str = "SELECT name FROM pragma_table_list \
    WHERE schema = 'main' AND type <> 'shadow' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name";

/// Without the hidden columns of virtual tables.
const COLUMNS: &str = "SELECT name, type, \"notnull\", dflt_value, pk \
    FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid";

/// What the statement asks for.
pub(crate) struct Wanted {
    restriction: Restriction,
    defaults: bool,
    not_null: bool,
}

impl Wanted {
    /// Reads the statement's options.
    pub fn new(wanted: &ImportSchema) -> Result<Self> {
        let option = |name, default| {
            Ok::<_, medley_fdw::Error>(wanted.options.boolean(name)?.unwrap_or(default))
        };
        Ok(Self {
            restriction: wanted.restriction.clone(),
            defaults: option("import_default", false)?,
            not_null: option("import_not_null", true)?,
        })
    }

    fn column(&self, row: &Row<'_>) -> rusqlite::Result<ColumnDef> {
        let name: String = row.get(0)?;
        let declared: String = row.get(1)?;
        let type_name = type_name(&declared);
        let default: Option<String> = row.get(3)?;
        Ok(ColumnDef {
            pg_type: PgType::parse(&type_name).ok(),
            type_name,
            collation: None,
            not_null: self.not_null && row.get(2)?,
            default: default.filter(|_| self.defaults),
            generated: None,
            options: column_options(&name, row.get::<_, i64>(4)? > 0),
            name,
        })
    }
}

fn column_options(name: &str, is_key: bool) -> Vec<(&'static str, String)> {
    let column_name = (name.len() > MAX_NAME_BYTES).then(|| ("column_name", name.to_owned()));
    let key = is_key.then(|| ("key", "true".to_owned()));
    column_name.into_iter().chain(key).collect()
}

/// Describes tables and views, by name.
pub(crate) fn import(connection: &Connection, wanted: &Wanted) -> Result<Vec<TableDef>> {
    let tables = tables(connection).map_err(|error| of_statement(&error, TABLES))?;
    let table = |name: String| {
        let columns =
            columns(connection, &name, wanted).map_err(|error| of_statement(&error, COLUMNS))?;
        Ok(TableDef { options: vec![("table", name.clone())], name, columns })
    };
    tables.into_iter().filter(|name| wanted.restriction.admits(name)).map(table).collect()
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(TABLES)?;
    statement.query_map([], |row| row.get(0))?.collect()
}

fn columns(
    connection: &Connection,
    table: &str,
    wanted: &Wanted,
) -> rusqlite::Result<Vec<ColumnDef>> {
    let mut statement = connection.prepare(COLUMNS)?;
    statement.query_map([table], |row| wanted.column(row))?.collect()
}

/// Types that are PostgreSQL's too, by how they begin; each must be one as it is written.
const SAME: [&str; 7] = ["time", "date", "bool", "varchar", "char", "uuid", "json"];

/// What a type is that has one of these in it, by SQLite's rules of affinity.
const AFFINITIES: [(&str, &str); 8] = [
    ("int", "bigint"),
    ("char", "text"),
    ("clob", "text"),
    ("text", "text"),
    ("blob", "bytea"),
    ("real", "double precision"),
    ("floa", "double precision"),
    ("doub", "double precision"),
];

/// The type for values of a column that the file declares so. A scale is left out: SQLite does
/// not round to it.
fn type_name(declared: &str) -> String {
    let declared = declared.to_lowercase();
    let by_affinity = || {
        let found = AFFINITIES.iter().find(|(part, _)| declared.contains(part));
        found.map_or("numeric", |(_, name)| name).to_owned()
    };
    match declared.as_str() {
        "" => "bytea".to_owned(),
        // Without a length it is not PostgreSQL's, which has one character.
        "char" | "character" => "text".to_owned(),
        _ if declared.starts_with("datetime") => "timestamp without time zone".to_owned(),
        _ if SAME.iter().any(|start| declared.starts_with(start)) => {
            PgType::parse(&declared).map_or_else(|_| by_affinity(), |t| t.to_string())
        }
        _ => by_affinity(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_become_postgresqls() {
        let check = |declared: &str, expected: &str| assert_eq!(type_name(declared), expected);
        check("INTEGER", "bigint");
        check("UNSIGNED BIG INT", "bigint");
        check("VARCHAR(20)", "character varying(20)");
        check("NVARCHAR(20)", "text");
        check("CHAR(3)", "character(3)");
        check("CHAR", "text");
        check("CHARINT", "bigint");
        check("TEXT", "text");
        check("BLOB", "bytea");
        check("", "bytea");
        check("DOUBLE PRECISION", "double precision");
        check("REAL", "double precision");
        check("DECIMAL(10,5)", "numeric");
        check("NUMERIC(10,5)", "numeric");
        check("BOOLEAN", "boolean");
        check("DATETIME", "timestamp without time zone");
        check("TIMESTAMP WITH TIME ZONE", "timestamp with time zone");
        check("DATE", "date");
        check("JSONB", "jsonb");
        check("ANY", "numeric");
    }
}
