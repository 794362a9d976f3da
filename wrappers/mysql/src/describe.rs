//! What tables are at the remote, and what their types are here.
use medley_fdw::{RemoteColumn, RemoteTable, Result, RowIdentity, TableName};
use medley_types::PgType;

use crate::session::Session;
use crate::sql::literal;

/// A column's type as `information_schema` describes it.
pub(crate) struct RemoteType<'a> {
    /// `DATA_TYPE`: a word.
    pub name: &'a str,
    /// `COLUMN_TYPE`: all of it.
    pub whole: &'a str,
    /// `CHARACTER_MAXIMUM_LENGTH`.
    pub length: Option<&'a str>,
    /// `NUMERIC_PRECISION`.
    pub precision: Option<&'a str>,
    /// `NUMERIC_SCALE`.
    pub scale: Option<&'a str>,
}

/// Types that are called otherwise here, and what an unsigned one needs.
const NAMES: &[(&str, &str, &str)] = &[
    ("tinyint", "smallint", "smallint"),
    ("smallint", "smallint", "integer"),
    ("mediumint", "integer", "integer"),
    ("int", "integer", "bigint"),
    ("bigint", "bigint", "numeric(20,0)"),
    ("float", "real", "real"),
    ("double", "double precision", "double precision"),
    ("date", "date", "date"),
    ("datetime", "timestamp without time zone", ""),
    // A moment, which the server keeps in UTC.
    ("timestamp", "timestamp with time zone", ""),
    ("time", "time without time zone", ""),
    ("year", "smallint", "smallint"),
    ("json", "json", ""),
    ("uuid", "uuid", ""),
    ("inet4", "inet", ""),
    ("inet6", "inet", ""),
    ("binary", "bytea", ""),
    ("varbinary", "bytea", ""),
    ("tinyblob", "bytea", ""),
    ("blob", "bytea", ""),
    ("mediumblob", "bytea", ""),
    ("longblob", "bytea", ""),
    ("vector", "bytea", ""),
];

impl RemoteType<'_> {
    /// The type whose values it has, as PostgreSQL writes it.
    pub fn pg_name(&self) -> String {
        let named = NAMES.iter().find(|(name, ..)| *name == self.name);
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
        match (self.name, number(self.length), number(self.precision)) {
            ("decimal", _, Some(precision)) => {
                format!("numeric({precision},{})", number(self.scale).unwrap_or(0))
            }
            ("bit", _, Some(bits)) => format!("bit({bits})"),
            ("char", Some(length @ 1..), _) => format!("character({length})"),
            ("varchar", Some(length @ 1..), _) => format!("character varying({length})"),
            _ => match named {
                Some((_, _, unsigned)) if self.is_unsigned() => (*unsigned).to_owned(),
                Some((_, signed, _)) => (*signed).to_owned(),
                // Texts of all lengths, sets, geometries.
                None => "text".to_owned(),
            },
        }
    }

    fn is_unsigned(&self) -> bool {
        self.whole.contains(" unsigned")
    }

    /// One of a list of words.
    pub fn is_enum(&self) -> bool {
        self.name == "enum"
    }
}

/// Each table, if the account finds it.
pub(crate) async fn tables(
    session: &mut Session,
    tables: &[TableName],
) -> Result<Vec<Option<RemoteTable>>> {
    let mut found = Vec::with_capacity(tables.len());
    for name in tables {
        let sql = format!(
            "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, \
             NUMERIC_PRECISION, NUMERIC_SCALE, COLLATION_NAME, PRIVILEGES \
             FROM information_schema.COLUMNS WHERE {} ORDER BY ORDINAL_POSITION",
            of_table(name)
        );
        let columns: Vec<_> = session.rows(&sql).await?.into_iter().filter_map(column).collect();
        found.push((!columns.is_empty()).then_some(RemoteTable {
            columns,
            is_plain: false,
            bytes: 0,
        }));
    }
    Ok(found)
}

fn column(row: Vec<Option<String>>) -> Option<RemoteColumn> {
    let [name, data_type, column_type, length, precision, scale, collation, privileges] =
        row.try_into().ok()?;
    let (data_type, column_type) = (data_type?, column_type?);
    let remote = RemoteType {
        name: &data_type,
        whole: &column_type,
        length: length.as_deref(),
        precision: precision.as_deref(),
        scale: scale.as_deref(),
    };
    Some(RemoteColumn {
        name: name?,
        pg_type: PgType::parse(&remote.pg_name()).unwrap_or(PgType::TEXT),
        collation,
        readable: privileges?.split(',').any(|privilege| privilege == "select"),
    })
}

/// A table's rows are found by its primary key.
pub(crate) async fn row_identity(session: &mut Session, table: &TableName) -> Result<RowIdentity> {
    let columns: Vec<String> = primary_key(session, table).await?;
    Ok(if columns.is_empty() { RowIdentity::None } else { RowIdentity::Columns(columns) })
}

/// The columns of a table's primary key, in its order.
pub(crate) async fn primary_key(session: &mut Session, table: &TableName) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT COLUMN_NAME FROM information_schema.STATISTICS \
         WHERE {} AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX",
        of_table(table)
    );
    let rows = session.rows(&sql).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next()?).collect())
}

/// Which rows of a relation of `information_schema` are about a table.
pub(crate) fn of_table(table: &TableName) -> String {
    let database = table.schema.as_deref().unwrap_or_default();
    format!("TABLE_SCHEMA = {} AND TABLE_NAME = {}", literal(database), literal(&table.table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_here() {
        let check = |whole: &str, length, precision, scale, expected: &str| {
            let name = whole.split(['(', ' ']).next().unwrap_or_default();
            let remote = RemoteType { name, whole, length, precision, scale };
            assert_eq!(remote.pg_name(), expected, "{whole}");
            if !matches!(name, "bit") {
                assert!(PgType::parse(expected).is_ok(), "{expected}");
            }
        };
        check("tinyint(1)", None, Some("3"), Some("0"), "smallint");
        check("int(10) unsigned", None, Some("10"), Some("0"), "bigint");
        check("bigint(20) unsigned", None, Some("20"), Some("0"), "numeric(20,0)");
        check("decimal(65,30)", None, Some("65"), Some("30"), "numeric(65,30)");
        check("varchar(40)", Some("40"), None, None, "character varying(40)");
        check("char(3)", Some("3"), None, None, "character(3)");
        check("char(0)", Some("0"), None, None, "text");
        check("longtext", Some("4294967295"), None, None, "text");
        check("enum('a','b')", Some("1"), None, None, "text");
        check("bit(8)", None, Some("8"), None, "bit(8)");
        check("datetime(6)", None, None, None, "timestamp without time zone");
        check("point", None, None, None, "text");
    }
}
