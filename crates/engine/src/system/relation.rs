use medley_types::PgType;

use super::{Keys, RowSink, Session};
use crate::error::Result;

/// A column of a system relation.
#[derive(Clone, Copy, Debug)]
pub struct SystemColumn {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub pg_type: PgType,
    /// NOT NULL.
    pub not_null: bool,
}

impl SystemColumn {
    /// A column that may be NULL.
    pub const fn new(name: &'static str, pg_type: PgType) -> Self {
        Self { name, pg_type, not_null: false }
    }

    /// A column that is never NULL.
    pub const fn not_null(name: &'static str, pg_type: PgType) -> Self {
        Self { name, pg_type, not_null: true }
    }
}

/// A relation of `pg_catalog` or `information_schema`.
pub trait SystemRelation: Send + Sync {
    /// Its schema.
    fn schema(&self) -> &'static str {
        "pg_catalog"
    }

    /// Its name.
    fn name(&self) -> &'static str;

    /// Its oid, which is PostgreSQL's.
    fn oid(&self) -> u32;

    /// `pg_class.relkind`.
    fn kind(&self) -> char {
        'r'
    }

    /// Its columns, in order, without system columns.
    fn columns(&self) -> &'static [SystemColumn];

    /// Whether only superusers may read it (`pg_authid`, `pg_user_mapping`).
    fn superuser_only(&self) -> bool {
        false
    }

    /// Adds its rows: all of them, or at least those that `keys` admits.
    fn rows(&self, session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()>;
}
