//! IMPORT FOREIGN SCHEMA: the tables and views of a database.
use medley_fdw::{
    ColumnDef, Error, ImportSchema, Options, Report, Restriction, Result, SqlState, TableDef,
};
use medley_types::PgType;

use crate::describe::RemoteType;
use crate::session::Session;
use crate::sql::literal;

/// A longer name is cut here, and so must be kept as an option.
const MAX_NAME_BYTES: usize = 63;

/// What the statement's options say.
struct Wanted {
    defaults: bool,
    not_null: bool,
    enums_as_text: bool,
    generated: bool,
}

impl Wanted {
    fn new(options: &Options) -> Result<Self> {
        let option = |name, default| Ok::<_, Error>(options.boolean(name)?.unwrap_or(default));
        Ok(Self {
            defaults: option("import_default", false)?,
            not_null: option("import_not_null", true)?,
            enums_as_text: option("import_enum_as_text", false)?,
            generated: option("import_generated", true)?,
        })
    }
}

/// Describes the database's tables and views, by name.
pub(crate) async fn import(session: &mut Session, wanted: &ImportSchema) -> Result<Vec<TableDef>> {
    let options = Wanted::new(&wanted.options)?;
    let database = literal(&wanted.remote_schema);
    let found = format!(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {database}"
    );
    let Some(database) = session.rows(&found).await?.into_iter().flatten().flatten().next() else {
        return Err(no_schema(&wanted.remote_schema, &session.remote.server));
    };
    let rows = session.rows(&columns_sql(&database, &wanted.restriction)).await?;
    let is_mariadb = session.remote.is_mariadb;
    let mut tables: Vec<TableDef> = Vec::new();
    for row in rows.into_iter().map(Row) {
        let name = row.text(0).unwrap_or_default();
        if !wanted.restriction.admits(name) {
            continue;
        }
        let column = row.column(&options, is_mariadb)?;
        match tables.last_mut().filter(|table| table.name == name) {
            Some(table) => table.columns.push(column),
            None => tables.push(table(&database, name, column)),
        }
    }
    Ok(tables)
}

fn no_schema(database: &str, server: &str) -> Error {
    let message = format!("schema \"{database}\" is not present on foreign server \"{server}\"");
    Error::refused(Report::error(SqlState::FDW_SCHEMA_NOT_FOUND, message))
}

fn table(database: &str, name: &str, first: ColumnDef) -> TableDef {
    let options = vec![("dbname", database.to_owned()), ("table_name", name.to_owned())];
    TableDef { name: name.to_owned(), columns: vec![first], options }
}

fn columns_sql(database: &str, restriction: &Restriction) -> String {
    let list = |names: &[String]| names.iter().map(|n| literal(n)).collect::<Vec<_>>().join(", ");
    let names = match restriction {
        Restriction::None => String::new(),
        Restriction::LimitTo(names) => format!(" AND c.TABLE_NAME IN ({})", list(names)),
        Restriction::Except(names) => format!(" AND c.TABLE_NAME NOT IN ({})", list(names)),
    };
    format!(
        "SELECT c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, \
         c.CHARACTER_MAXIMUM_LENGTH, c.NUMERIC_PRECISION, c.NUMERIC_SCALE, c.IS_NULLABLE, \
         c.COLUMN_DEFAULT, c.EXTRA, c.GENERATION_EXPRESSION \
         FROM information_schema.COLUMNS c JOIN information_schema.TABLES t \
         ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME \
         WHERE c.TABLE_SCHEMA = {} AND t.TABLE_TYPE <> 'SEQUENCE'{names} \
         ORDER BY BINARY c.TABLE_NAME, c.ORDINAL_POSITION",
        literal(database)
    )
}

/// A row of [`columns_sql`].
struct Row(Vec<Option<String>>);

impl Row {
    fn text(&self, index: usize) -> Option<&str> {
        self.0.get(index)?.as_deref()
    }

    fn column(&self, wanted: &Wanted, is_mariadb: bool) -> Result<ColumnDef> {
        let name = self.text(1).unwrap_or_default();
        let remote = RemoteType {
            name: self.text(2).unwrap_or_default(),
            whole: self.text(3).unwrap_or_default(),
            length: self.text(4),
            precision: self.text(5),
            scale: self.text(6),
        };
        if remote.is_enum() && !wanted.enums_as_text {
            return Err(no_enum(self.text(0).unwrap_or_default(), name));
        }
        let type_name = remote.pg_name();
        let generated = self.text(10).filter(|expression| !expression.is_empty());
        let default = || default(self.text(8)?, self.text(9).unwrap_or_default(), is_mariadb);
        Ok(ColumnDef {
            pg_type: PgType::parse(&type_name).ok(),
            type_name,
            collation: None,
            not_null: wanted.not_null && self.text(7) == Some("NO"),
            default: default().filter(|_| wanted.defaults && generated.is_none()),
            generated: generated.filter(|_| wanted.generated).map(requoted),
            options: match name.len() > MAX_NAME_BYTES {
                true => vec![("column_name", name.to_owned())],
                false => Vec::new(),
            },
            name: name.to_owned(),
        })
    }
}

/// mysql_fdw makes such a column of a type that must have been created for it before.
fn no_enum(table: &str, column: &str) -> Error {
    let message = format!("type \"{column}_t\" does not exist");
    let report = Report::error(SqlState::UNDEFINED_OBJECT, message)
        .with_detail(format!("Column \"{column}\" of table \"{table}\" is of an enumerated type."))
        .with_hint("Say OPTIONS (import_enum_as_text 'true') to import such columns as text.");
    Error::refused(report)
}

/// A default as PostgreSQL writes it. MariaDB prints an expression, MySQL a value, unless it says
/// that it is generated.
fn default(text: &str, extra: &str, is_mariadb: bool) -> Option<String> {
    let is_expression = is_mariadb || extra.contains("DEFAULT_GENERATED");
    let lower = text.to_ascii_lowercase();
    match () {
        () if is_expression && lower == "null" => None,
        () if lower.starts_with("current_timestamp") => Some("CURRENT_TIMESTAMP".to_owned()),
        () if is_expression => Some(requoted(text)),
        () => Some(literal(text)),
    }
}

/// An expression with names in double quotes; texts stay what they are.
fn requoted(expression: &str) -> String {
    let mut quote = None;
    let mut requoted = String::with_capacity(expression.len());
    for c in expression.chars() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '`') => quote = Some(c),
            _ => {}
        }
        requoted.push(if c == '`' && quote != Some('\'') { '"' } else { c });
    }
    requoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_written_as_here() {
        assert_eq!(requoted("`a` + 1"), "\"a\" + 1");
        assert_eq!(requoted("concat(`a`,'`''x')"), "concat(\"a\",'`''x')");
        let check = |text, extra, is_mariadb, expected: Option<&str>| {
            assert_eq!(default(text, extra, is_mariadb).as_deref(), expected, "{text}");
        };
        check("NULL", "", true, None);
        check("'x'", "", true, Some("'x'"));
        check("x", "", false, Some("'x'"));
        check("7", "", true, Some("7"));
        check("current_timestamp(6)", "", true, Some("CURRENT_TIMESTAMP"));
    }
}
