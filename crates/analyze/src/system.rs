//! The relations of `pg_catalog` and `information_schema` with their columns, as PostgreSQL 18
//! declares them. What their rows are is another crate's matter.
use std::collections::HashMap;
use std::sync::LazyLock;

use medley_catalog::ids::SchemaOid;
use medley_types::{CollationOid, PgType, TypeOid};

/// A column of a system relation.
#[derive(Clone, Copy, Debug)]
pub struct SystemColumn {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub pg_type: PgType,
    /// NOT NULL.
    pub not_null: bool,
    /// The domain of `information_schema` that it is declared with; `pg_type` is the domain's base.
    pub domain: Option<TypeOid>,
}

impl SystemColumn {
    /// The oid of the type that it is declared with.
    pub fn declared_type(&self) -> TypeOid {
        self.domain.unwrap_or(self.pg_type.oid)
    }
}

/// A relation of `pg_catalog` or `information_schema`.
#[derive(Debug)]
pub struct SystemRelation {
    /// Its schema's name.
    pub schema: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its oid, which is PostgreSQL's.
    pub oid: u32,
    /// `pg_class.relkind`.
    pub kind: char,
    /// `pg_class.reltype`.
    pub row_type: u32,
    /// Whether PUBLIC may read it.
    pub public: bool,
    /// Its columns in order, without system columns.
    pub columns: Vec<SystemColumn>,
}

impl SystemRelation {
    /// The schema's oid.
    pub fn schema_oid(&self) -> SchemaOid {
        match self.schema {
            "pg_catalog" => SchemaOid::PG_CATALOG,
            _ => SchemaOid::INFORMATION_SCHEMA,
        }
    }
}

struct Table {
    relations: Vec<SystemRelation>,
    by_oid: HashMap<u32, usize>,
    by_name: HashMap<(&'static str, &'static str), usize>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let relations = read(include_str!("builtin/relations.tsv"));
    let named = |(index, it): (usize, &SystemRelation)| ((it.schema, it.name), index);
    let numbered = |(index, it): (usize, &SystemRelation)| (it.oid, index);
    Table {
        by_oid: relations.iter().enumerate().map(numbered).collect(),
        by_name: relations.iter().enumerate().map(named).collect(),
        relations,
    }
});

/// Every system relation, by schema and name.
pub fn relations() -> &'static [SystemRelation] {
    &TABLE.relations
}

/// The system relation of this oid.
pub fn relation_by_oid(oid: u32) -> Option<&'static SystemRelation> {
    TABLE.by_oid.get(&oid).map(|index| &TABLE.relations[*index])
}

/// The system relation of this name.
pub fn relation_by_name(schema: &str, name: &str) -> Option<&'static SystemRelation> {
    let by_name: &HashMap<(&str, &str), usize> = &TABLE.by_name;
    by_name.get(&(schema, name)).map(|index| &TABLE.relations[*index])
}

const MALFORMED: &str = "the tables of system relations are part of the program";

/// A line without an indent begins a relation, the others are its columns.
fn read(text: &'static str) -> Vec<SystemRelation> {
    let mut relations: Vec<SystemRelation> = Vec::new();
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

fn header(fields: &[&'static str]) -> SystemRelation {
    SystemRelation {
        schema: fields[0],
        name: fields[1],
        oid: number(fields[2]),
        kind: fields[3].chars().next().expect(MALFORMED),
        row_type: number(fields[4]),
        public: fields[5] == "public",
        columns: Vec::new(),
    }
}

fn column(fields: &[&'static str]) -> SystemColumn {
    let pg_type = PgType {
        oid: TypeOid(number(fields[2])),
        typmod: number(fields[3]),
        collation: CollationOid(number(fields[4])),
    };
    let domain = Some(fields[6]).filter(|domain| *domain != "-").map(|oid| TypeOid(number(oid)));
    SystemColumn { name: fields[1], pg_type, not_null: fields[5] == "nn", domain }
}

/// psql 15 asks a server of any version for a column that went away with version 17.
fn add_own_columns(relation: &mut SystemRelation) {
    if relation.name == "pg_database" {
        let pg_type = PgType::TEXT.with_collation(CollationOid::C);
        let name = "daticulocale";
        relation.columns.push(SystemColumn { name, pg_type, not_null: false, domain: None });
    }
}
