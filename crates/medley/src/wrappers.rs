//! The wrappers of this build: the one place where they are named.
use std::sync::Arc;

use medley_fdw::{Handler, Registry};

/// All of them, in the order in which they are listed.
pub fn registry() -> Arc<Registry> {
    let wrappers = Registry::new(vec![
        Handler::Sql(Arc::new(medley_wrapper_postgres::Postgres::new())),
        Handler::Sql(Arc::new(medley_wrapper_postgres::Postgres::dblink())),
        Handler::Sql(Arc::new(medley_wrapper_postgres::Postgres::medley())),
        Handler::Sql(Arc::new(medley_wrapper_mysql::MySql)),
        Handler::Sql(Arc::new(medley_wrapper_sqlite::Sqlite)),
        Handler::File(Arc::new(medley_wrapper_file::Files)),
        Handler::File(Arc::new(medley_wrapper_file::ParquetS3)),
        Handler::Scan(Arc::new(medley_wrapper_http_json::HttpJson)),
        Handler::Scan(Arc::new(medley_wrapper_hello::Hello)),
    ]);
    Arc::new(wrappers.with_absent(crate::absent::absent()))
}
