use super::{Keys, RowCount, RowSink, Session, SystemColumn};
use crate::error::Result;

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

    /// How many rows it has for these keys; an error where they cannot be told.
    fn row_count(&self, session: &Session, keys: &Keys) -> Result<RowCount>;

    /// Adds its rows: all of them, or at least those that `keys` admits.
    fn rows(&self, session: &Session, keys: &Keys, out: &mut RowSink) -> Result<()>;
}
