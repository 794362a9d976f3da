//! Every system relation that PostgreSQL 18 has, with where its rows come from.
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::LazyLock;

use medley_analyze::system as table;

use super::sources::{self, Source};
use super::{Keys, RowCount, RowSink, Session, SystemColumn, SystemRelation, sizes, stored};
use crate::error::{Error, Result};

/// A relation of `pg_catalog` or `information_schema`, as PostgreSQL declares it.
pub struct Declared {
    relation: &'static table::SystemRelation,
    source: Source,
}

impl Deref for Declared {
    type Target = table::SystemRelation;

    fn deref(&self) -> &Self::Target {
        self.relation
    }
}

static ALL: LazyLock<Vec<Declared>> = LazyLock::new(|| {
    let declared = |relation: &'static table::SystemRelation| Declared {
        relation,
        source: sources::source(relation.schema, relation.name),
    };
    table::relations().iter().map(declared).collect()
});

static BY_OID: LazyLock<HashMap<u32, &'static Declared>> =
    LazyLock::new(|| ALL.iter().map(|it| (it.oid, it)).collect());

impl Declared {
    fn unsupported(&self) -> Error {
        let (schema, name) = (self.relation.schema, self.relation.name);
        Error::unsupported(format_args!("reading {schema}.{name}"))
    }
}

static BY_ROW_TYPE: LazyLock<HashMap<u32, &'static Declared>> =
    LazyLock::new(|| ALL.iter().map(|it| (it.row_type, it)).collect());

/// Every system relation, by schema and name.
pub fn all() -> &'static [Declared] {
    &ALL
}

/// The system relation of this oid.
pub fn by_oid(oid: u32) -> Option<&'static Declared> {
    BY_OID.get(&oid).copied()
}

/// The system relation whose rows are of this type.
pub fn by_row_type(oid: u32) -> Option<&'static Declared> {
    BY_ROW_TYPE.get(&oid).copied()
}

/// The system relation of this name.
pub fn by_name(schema: &str, name: &str) -> Option<&'static Declared> {
    by_oid(table::relation_by_name(schema, name)?.oid)
}

impl SystemRelation for Declared {
    fn schema(&self) -> &'static str {
        self.relation.schema
    }

    fn name(&self) -> &'static str {
        self.relation.name
    }

    fn oid(&self) -> u32 {
        self.relation.oid
    }

    fn kind(&self) -> char {
        self.relation.kind
    }

    fn columns(&self) -> &'static [SystemColumn] {
        &self.relation.columns
    }

    fn superuser_only(&self) -> bool {
        !self.relation.public
    }

    fn row_count(&self, session: &Session, keys: &Keys) -> Result<RowCount> {
        Ok(match self.source {
            Source::Rows(_) => RowCount::About(sizes::estimate(self.relation.name, session, keys)),
            Source::Data(text) => RowCount::Exactly(text.lines().count()),
            Source::Empty => RowCount::Exactly(0),
            Source::Unsupported => return Err(self.unsupported()),
        })
    }

    fn rows(&self, session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()> {
        match self.source {
            Source::Rows(rows) => rows(session, keys, out),
            Source::Data(text) => stored::rows(&self.relation.columns, text, out),
            Source::Empty => Ok(()),
            Source::Unsupported => Err(self.unsupported()),
        }
    }
}
