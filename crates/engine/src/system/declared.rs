//! Every system relation that PostgreSQL 18 has, with its columns: a table in `data`.
use std::collections::HashMap;
use std::sync::LazyLock;

use medley_catalog::ids::SchemaOid;
use medley_types::{CollationOid, PgType, TypeOid};

use super::sources::{self, Source};
use super::{Keys, RowSink, Session, SystemColumn, SystemRelation, stored};
use crate::error::{Error, Result};

/// A relation of `pg_catalog` or `information_schema`, as PostgreSQL declares it.
pub struct Declared {
    schema: &'static str,
    name: &'static str,
    oid: u32,
    kind: char,
    /// `pg_class.reltype`.
    pub row_type: u32,
    /// Whether PUBLIC may read it.
    pub public: bool,
    columns: Vec<SystemColumn>,
    source: Source,
}

struct Table {
    relations: Vec<Declared>,
    by_oid: HashMap<u32, usize>,
    by_name: HashMap<(&'static str, &'static str), usize>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let relations = read(include_str!("data/relations.tsv"));
    let named = |(index, it): (usize, &Declared)| ((it.schema, it.name), index);
    let numbered = |(index, it): (usize, &Declared)| (it.oid, index);
    Table {
        by_oid: relations.iter().enumerate().map(numbered).collect(),
        by_name: relations.iter().enumerate().map(named).collect(),
        relations,
    }
});

/// Every system relation, by schema and name.
pub fn all() -> &'static [Declared] {
    &TABLE.relations
}

/// The system relation of this oid.
pub fn by_oid(oid: u32) -> Option<&'static Declared> {
    TABLE.by_oid.get(&oid).map(|index| &TABLE.relations[*index])
}

/// The system relation of this name.
pub fn by_name(schema: &str, name: &str) -> Option<&'static Declared> {
    let by_name: &HashMap<(&str, &str), usize> = &TABLE.by_name;
    by_name.get(&(schema, name)).map(|index| &TABLE.relations[*index])
}

const MALFORMED: &str = "the tables of system relations are part of the program";

/// A line without an indent begins a relation, the others are its columns.
fn read(text: &'static str) -> Vec<Declared> {
    let mut relations: Vec<Declared> = Vec::new();
    for line in text.lines() {
        let fields: Vec<_> = line.split('\t').collect();
        match (fields[0], relations.last_mut()) {
            ("", Some(relation)) => relation.columns.push(column(&fields)),
            _ => relations.push(header(&fields)),
        }
    }
    relations.iter_mut().for_each(add_own_columns);
    relations
}

fn number<T: std::str::FromStr>(field: &str) -> T {
    field.parse().ok().expect(MALFORMED)
}

fn header(fields: &[&'static str]) -> Declared {
    Declared {
        schema: fields[0],
        name: fields[1],
        oid: number(fields[2]),
        kind: fields[3].chars().next().expect(MALFORMED),
        row_type: number(fields[4]),
        public: fields[5] == "public",
        columns: Vec::new(),
        source: sources::source(fields[0], fields[1]),
    }
}

fn column(fields: &[&'static str]) -> SystemColumn {
    let pg_type = PgType {
        oid: TypeOid(number(fields[2])),
        typmod: number(fields[3]),
        collation: CollationOid(number(fields[4])),
    };
    match fields[5] {
        "nn" => SystemColumn::not_null(fields[1], pg_type),
        _ => SystemColumn::new(fields[1], pg_type),
    }
}

/// psql 15 asks a server of any version for a column that went away with version 17.
fn add_own_columns(relation: &mut Declared) {
    if relation.name == "pg_database" {
        let t = PgType::TEXT.with_collation(CollationOid::C);
        relation.columns.push(SystemColumn::new("daticulocale", t));
    }
}

impl Declared {
    /// The schema's oid.
    pub fn schema_oid(&self) -> SchemaOid {
        match self.schema {
            "pg_catalog" => SchemaOid::PG_CATALOG,
            _ => SchemaOid::INFORMATION_SCHEMA,
        }
    }
}

impl SystemRelation for Declared {
    fn schema(&self) -> &'static str {
        self.schema
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn oid(&self) -> u32 {
        self.oid
    }

    fn kind(&self) -> char {
        self.kind
    }

    fn columns(&self) -> &'static [SystemColumn] {
        by_oid(self.oid).map(|declared| declared.columns.as_slice()).unwrap_or_default()
    }

    fn superuser_only(&self) -> bool {
        !self.public
    }

    fn rows(&self, session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
        match self.source {
            Source::Rows(rows) => rows(session, keys, out),
            Source::Data(text) => stored::rows(&self.columns, text, out),
            Source::Empty => Ok(()),
            Source::Unsupported => {
                Err(Error::unsupported(format_args!("reading {}.{}", self.schema, self.name)))
            }
        }
    }
}
