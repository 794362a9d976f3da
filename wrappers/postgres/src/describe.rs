//! What tables are at the remote: their columns, and whether the account may read them.
use medley_fdw::{RemoteColumn, RemoteTable, Result, TableName};
use medley_types::PgType;

use crate::session::{Session, TextRows};
use crate::sql::literal;

/// Each table, if the account finds it; in one round trip.
pub(crate) async fn tables(
    session: &mut Session,
    tables: &[TableName],
) -> Result<Vec<Option<RemoteTable>>> {
    let statements: Vec<String> = tables.iter().map(statement).collect();
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let mut found = Vec::with_capacity(tables.len());
    for rows in session.each(&statements).await? {
        found.push(table(rows?));
    }
    Ok(found)
}

fn statement(table: &TableName) -> String {
    let schema = match &table.schema {
        Some(schema) => literal(schema),
        None => "'public'".to_owned(),
    };
    format!(
        "SELECT a.attname, a.atttypid, a.atttypmod, CASE WHEN m.nspname = 'pg_catalog' \
         THEN l.collname::text ELSE m.nspname || '.' || l.collname END, \
         has_column_privilege(c.oid, a.attnum, 'SELECT'), \
         c.relkind = 'r' AND NOT c.relrowsecurity AND NOT c.relhassubclass AND NOT EXISTS \
         (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid \
         AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)) AND NOT EXISTS \
         (SELECT 1 FROM pg_catalog.pg_attribute g WHERE g.attrelid = c.oid \
         AND g.attgenerated NOT IN ('', 's')), pg_catalog.pg_relation_size(c.oid) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a \
         ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation \
         LEFT JOIN pg_catalog.pg_namespace m ON m.oid = l.collnamespace \
         WHERE n.nspname = {schema} AND c.relname = {} \
         AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY a.attnum",
        literal(&table.table)
    )
}

fn table(rows: TextRows) -> Option<RemoteTable> {
    let first = rows.first().map(Vec::as_slice).unwrap_or_default();
    let is_plain = first.get(5).is_some_and(|it| it.as_deref() == Some("t"));
    let bytes = first.get(6).and_then(|it| it.as_deref()?.parse().ok()).unwrap_or_default();
    let columns: Vec<_> = rows.into_iter().filter_map(column).collect();
    (!columns.is_empty()).then_some(RemoteTable { columns, is_plain, bytes })
}

fn column(row: Vec<Option<String>>) -> Option<RemoteColumn> {
    let [name, oid, typmod, collation, readable, ..] = <[_; 7]>::try_from(row).ok()?;
    Some(RemoteColumn {
        name: name?,
        pg_type: PgType::plain(oid?.parse().ok()?).with_typmod(typmod?.parse().ok()?),
        collation,
        readable: readable.as_deref() == Some("t"),
    })
}
