use medley_fdw::{ImportSchema, Restriction, Result, TableDef};

use crate::fixture::{File, options};

const SCHEMA: &str = "
    CREATE TABLE films (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title VARCHAR(40) NOT NULL,
        rating DOUBLE DEFAULT 1.5,
        seen DATETIME,
        poster BLOB,
        price DECIMAL(10, 2),
        shout TEXT GENERATED ALWAYS AS (upper(title)) VIRTUAL
    );
    CREATE TABLE \"Odd \"\"name\" (a, \"b c\" TEXT, PRIMARY KEY (a, \"b c\")) WITHOUT ROWID;
    CREATE VIEW titles AS SELECT title FROM films;
    CREATE VIRTUAL TABLE search USING fts5(body);
";

async fn import(
    file: &File,
    restriction: Restriction,
    given: &[(&str, &str)],
) -> Result<Vec<TableDef>> {
    let remote_schema = "public".to_owned();
    let wanted = ImportSchema { remote_schema, restriction, options: options(given) };
    file.connect().await.import(&wanted).await
}

/// A line a column: as CREATE FOREIGN TABLE would say it, and its options.
fn lines(table: &TableDef) -> Vec<String> {
    let line = |column: &medley_fdw::ColumnDef| {
        let mut line = format!("{} {}", column.name, column.type_name);
        assert_eq!(column.pg_type.map(|t| t.to_string()), Some(column.type_name.clone()));
        column.options.iter().for_each(|(name, value)| line += &format!(" [{name} {value}]"));
        column.default.iter().for_each(|default| line += &format!(" DEFAULT {default}"));
        line += if column.not_null { " NOT NULL" } else { "" };
        line
    };
    table.columns.iter().map(line).collect()
}

fn names(tables: &[TableDef]) -> Vec<&str> {
    tables.iter().map(|table| table.name.as_str()).collect()
}

#[tokio::test]
async fn tables_and_views_are_imported() {
    let file = File::new(SCHEMA);
    let tables = import(&file, Restriction::None, &[]).await.expect("tables");
    assert_eq!(names(&tables), ["Odd \"name", "films", "search", "titles"]);
    let films = [
        "id bigint [key true]",
        "title character varying(40) NOT NULL",
        "rating double precision",
        "seen timestamp without time zone",
        "poster bytea",
        "price numeric",
        "shout text",
    ];
    assert_eq!(lines(&tables[1]), films);
    assert_eq!(tables[1].options, [("table", "films".to_owned())]);
    assert_eq!(lines(&tables[0]), ["a bytea [key true] NOT NULL", "b c text [key true] NOT NULL"]);
    assert_eq!(lines(&tables[3]), ["title character varying(40)"]);
}

#[tokio::test]
async fn the_statements_options_count() {
    let file = File::new(SCHEMA);
    let films = || Restriction::LimitTo(vec!["films".to_owned(), "nosuch".to_owned()]);
    let given = [("import_default", "true"), ("import_not_null", "off")];
    let tables = import(&file, films(), &given).await.expect("tables");
    assert_eq!(names(&tables), ["films"]);
    let columns = lines(&tables[0]);
    assert_eq!(
        columns[1..3],
        ["title character varying(40)", "rating double precision DEFAULT 1.5"]
    );
    let except = Restriction::Except(vec!["films".to_owned(), "search".to_owned()]);
    let tables = import(&file, except, &[]).await.expect("tables");
    assert_eq!(names(&tables), ["Odd \"name", "titles"]);
}

#[tokio::test]
async fn a_name_that_would_be_cut_is_kept_as_an_option() {
    let long = "n".repeat(64);
    let file = File::new(&format!("CREATE TABLE t ({long} TEXT)"));
    let tables = import(&file, Restriction::None, &[]).await.expect("tables");
    assert_eq!(lines(&tables[0]), [format!("{long} text [column_name {long}]")]);
}
