//! IMPORT FOREIGN SCHEMA, from PostgreSQL's own catalogs; the queries are plain enough for
//! anything that shows those catalogs.
use medley_fdw::{
    ColumnDef, Error, ImportSchema, Options, Report, Restriction, Result, SqlState, TableDef,
};
use medley_types::PgType;

use crate::session::Session;
use crate::sql::{identifier, literal};

/// Partitions there are since then, generated columns since then.
const PARTITIONS_SINCE: u32 = 100_000;
const GENERATED_SINCE: u32 = 120_000;

/// What the statement's options say.
struct Wanted {
    collations: bool,
    defaults: bool,
    generated: bool,
    not_null: bool,
}

impl Wanted {
    fn new(options: &Options) -> Result<Self> {
        let option = |name, default| Ok::<_, Error>(options.boolean(name)?.unwrap_or(default));
        Ok(Self {
            collations: option("import_collate", true)?,
            defaults: option("import_default", false)?,
            generated: option("import_generated", true)?,
            not_null: option("import_not_null", true)?,
        })
    }
}

/// Describes the schema's tables, views, materialized views, foreign tables and partitioned
/// tables, by name.
pub(crate) async fn import(
    session: &mut Session,
    version: u32,
    wanted: &ImportSchema,
) -> Result<Vec<TableDef>> {
    let options = Wanted::new(&wanted.options)?;
    let schema = literal(&wanted.remote_schema);
    let found = format!("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {schema}");
    if session.rows(&found).await?.is_empty() {
        return Err(no_schema(&wanted.remote_schema, session.server()));
    }
    let columns_sql = columns_sql(&schema, version, &wanted.restriction);
    let tables = session.rows(&tables_sql(&schema, version, &wanted.restriction)).await?;
    let columns = session.rows(&columns_sql).await?;
    let names = tables.into_iter().filter_map(|row| row.into_iter().next()?);
    let mut columns = columns.into_iter().map(Row).peekable();
    Ok(names
        .filter(|name| wanted.restriction.admits(name))
        .map(|name| {
            // Both lists are in the same order; a table that has come since is passed over.
            let mut of_table = Vec::new();
            while let Some(row) = columns.next_if(|row| row.table().as_bytes() <= name.as_bytes()) {
                if row.table() == name {
                    of_table.push(row.column(&options));
                }
            }
            table(&wanted.remote_schema, name, of_table)
        })
        .collect())
}

fn no_schema(schema: &str, server: &str) -> Error {
    let message = format!("schema \"{schema}\" is not present on foreign server \"{server}\"");
    Error::refused(Report::error(SqlState::FDW_SCHEMA_NOT_FOUND, message))
}

fn table(schema: &str, name: String, columns: Vec<ColumnDef>) -> TableDef {
    let options = vec![("schema_name", schema.to_owned()), ("table_name", name.clone())];
    TableDef { name, columns, options }
}

/// Which relations are meant, of pg_class as `c` and pg_namespace as `n`.
fn condition(schema: &str, version: u32, restriction: &Restriction) -> String {
    let list = |names: &[String]| names.iter().map(|n| literal(n)).collect::<Vec<_>>().join(", ");
    let mut condition = format!("n.nspname = {schema} AND c.relkind IN ('r', 'v', 'm', 'f', 'p')");
    match restriction {
        Restriction::LimitTo(names) => {
            condition += &format!(" AND c.relname IN ({})", list(names));
        }
        Restriction::None | Restriction::Except(_) if version >= PARTITIONS_SINCE => {
            condition += " AND NOT c.relispartition";
        }
        Restriction::None | Restriction::Except(_) => {}
    }
    condition
}

fn tables_sql(schema: &str, version: u32, restriction: &Restriction) -> String {
    format!(
        "SELECT c.relname FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE {} ORDER BY c.relname",
        condition(schema, version, restriction)
    )
}

fn columns_sql(schema: &str, version: u32, restriction: &Restriction) -> String {
    let generated = if version >= GENERATED_SINCE { "a.attgenerated" } else { "''" };
    format!(
        "SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), \
         a.atttypid, a.atttypmod, a.attnotnull, {generated}, \
         pg_catalog.pg_get_expr(d.adbin, d.adrelid), l.collname, ln.nspname \
         FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         LEFT JOIN pg_catalog.pg_collation l \
         ON l.oid = a.attcollation AND a.attcollation <> t.typcollation \
         LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace \
         WHERE {} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum",
        condition(schema, version, restriction)
    )
}

/// A row of [`columns_sql`].
struct Row(Vec<Option<String>>);

impl Row {
    fn text(&self, index: usize) -> Option<&str> {
        self.0.get(index)?.as_deref()
    }

    fn table(&self) -> &str {
        self.text(0).unwrap_or_default()
    }

    fn column(&self, wanted: &Wanted) -> ColumnDef {
        let name = self.text(1).unwrap_or_default();
        let expression = |when: bool| self.text(7).filter(|_| when).map(str::to_owned);
        let generated = self.text(6).unwrap_or_default();
        ColumnDef {
            name: name.to_owned(),
            type_name: self.text(2).unwrap_or_default().to_owned(),
            pg_type: self.pg_type(),
            collation: self.collation().filter(|_| wanted.collations),
            not_null: wanted.not_null && self.text(5) == Some("t"),
            default: expression(wanted.defaults && generated.is_empty()),
            generated: expression(wanted.generated && generated == "s"),
            options: vec![("column_name", name.to_owned())],
        }
    }

    fn pg_type(&self) -> Option<PgType> {
        let number = |index| self.text(index)?.parse::<i64>().ok();
        let oid = u32::try_from(number(3)?).ok()?;
        let typmod = i32::try_from(number(4)?).ok()?;
        let t = PgType::plain(oid).with_typmod(typmod);
        t.info().map(|_| t)
    }

    fn collation(&self) -> Option<String> {
        let (name, schema) = (self.text(8)?, self.text(9)?);
        Some(format!("{}.{}", identifier(schema), identifier(name)))
    }
}
