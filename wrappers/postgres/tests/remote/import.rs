use crate::fixture::{alice, cluster, refused};
use medley_fdw::{ImportSchema, Options, Restriction, Result, TableDef};

const SETUP: &str = r#"
    CREATE SCHEMA shop;
    CREATE TYPE shop.mood AS ENUM ('sad', 'ok');
    CREATE TABLE shop.films (
        id int PRIMARY KEY, title varchar(40) COLLATE "C" NOT NULL DEFAULT 'no''ne',
        price numeric(8,2), tags text[], feeling shop.mood, dropped int,
        twice int GENERATED ALWAYS AS (id * 2) STORED, CHECK (price > 0));
    ALTER TABLE shop.films DROP COLUMN dropped;
    CREATE VIEW shop.a_view AS SELECT id FROM shop.films;
    CREATE MATERIALIZED VIEW shop.a_matview AS SELECT id FROM shop.films;
    CREATE TABLE shop.parts (n int) PARTITION BY LIST (n);
    CREATE TABLE shop.part_1 PARTITION OF shop.parts FOR VALUES IN (1);
    CREATE TABLE shop."Odd ""name""" ("A b" int, c text);
    CREATE TABLE shop.nothing ();
    CREATE SEQUENCE shop.a_sequence;
    CREATE INDEX an_index ON shop.films (title);
    GRANT USAGE ON SCHEMA shop TO PUBLIC;
"#;

static SCHEMA: std::sync::LazyLock<()> =
    std::sync::LazyLock::new(|| drop(cluster().psql(SETUP).expect("a schema")));

async fn import(restriction: Restriction, pairs: &[(&str, &str)]) -> Result<Vec<TableDef>> {
    *SCHEMA;
    let mut options = Options::default();
    pairs.iter().for_each(|(name, value)| options.set(*name, *value));
    let remote_schema = "shop".to_owned();
    alice(&[]).await.import(&ImportSchema { remote_schema, restriction, options }).await
}

fn names(tables: &[TableDef]) -> Vec<&str> {
    tables.iter().map(|table| table.name.as_str()).collect()
}

/// The columns as a foreign table would declare them.
fn columns(table: &TableDef) -> Vec<String> {
    table
        .columns
        .iter()
        .map(|column| {
            let mut text = format!("{} {}", column.name, column.type_name);
            let clauses = [
                ("COLLATE", &column.collation),
                ("DEFAULT", &column.default),
                ("GENERATED", &column.generated),
            ];
            for (word, value) in clauses {
                if let Some(value) = value {
                    text.push_str(&format!(" {word} {value}"));
                }
            }
            if column.not_null {
                text.push_str(" NOT NULL");
            }
            assert_eq!(column.options, [("column_name", column.name.clone())]);
            text
        })
        .collect()
}

#[tokio::test]
async fn relations_of_every_readable_kind_are_described() {
    let tables = import(Restriction::None, &[]).await.expect("tables");
    let expected = ["Odd \"name\"", "a_matview", "a_view", "films", "nothing", "parts"];
    assert_eq!(names(&tables), expected);
    let films = &tables[3];
    let options = [("schema_name", "shop".to_owned()), ("table_name", "films".to_owned())];
    assert_eq!(films.options, options);
    assert_eq!(
        columns(films),
        [
            "id integer NOT NULL",
            "title character varying(40) COLLATE \"pg_catalog\".\"C\" NOT NULL",
            "price numeric(8,2)",
            "tags text[]",
            "feeling shop.mood",
            "twice integer GENERATED (id * 2)",
        ]
    );
    let known: Vec<_> = films.columns.iter().map(|c| c.pg_type.map(|t| t.to_string())).collect();
    assert_eq!(known[2].as_deref(), Some("numeric(8,2)"));
    assert_eq!(known[4], None);
    assert_eq!(columns(&tables[0]), ["A b integer", "c text"]);
    assert_eq!(columns(&tables[4]), [""; 0]);
}

#[tokio::test]
async fn options_say_what_comes_along() {
    let only = || Restriction::LimitTo(vec!["films".to_owned()]);
    let all = [
        ("import_default", "true"),
        ("import_collate", "false"),
        ("import_generated", "off"),
        ("import_not_null", "FALSE"),
    ];
    let tables = import(only(), &all).await.expect("a table");
    let films = columns(&tables[0]);
    assert_eq!(films[0], "id integer");
    assert_eq!(films[1], "title character varying(40) DEFAULT 'no''ne'::character varying");
    assert_eq!(films[5], "twice integer");
    let outcome = refused(import(only(), &[("import_default", "1")]).await);
    assert_eq!(outcome, "42601 import_default requires a Boolean value");
}

#[tokio::test]
async fn names_limit_and_partitions_come_only_by_name() {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let some = Restriction::LimitTo(list(&["part_1", "films", "films", "no_such"]));
    assert_eq!(names(&import(some, &[]).await.expect("tables")), ["films", "part_1"]);
    let rest = Restriction::Except(list(&["films", "Odd \"name\"", "it's none"]));
    let rest = import(rest, &[]).await.expect("tables");
    assert_eq!(names(&rest), ["a_matview", "a_view", "nothing", "parts"]);
}

#[tokio::test]
async fn a_schema_that_is_not_there_is_named() {
    let wanted = ImportSchema {
        remote_schema: "o'none".to_owned(),
        restriction: Restriction::None,
        options: Options::default(),
    };
    let outcome = refused(alice(&[]).await.import(&wanted).await);
    assert_eq!(outcome, "HV00Q schema \"o'none\" is not present on foreign server \"remote\"");
}
