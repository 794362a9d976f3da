//! The session's prepared statements.
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use medley_diagnostic::{Report, SqlState};
use medley_engine::PreparedRow;
use medley_types::Column;

use crate::extended::Prepared;
use crate::login::micros;

/// Prepared statements by name. Cheap to clone, for who lists them.
#[derive(Clone, Default)]
pub(crate) struct Statements(Arc<HashMap<String, Arc<Named>>>);

/// A prepared statement, and how it came to be one.
struct Named {
    prepared: Arc<Prepared>,
    text: Arc<str>,
    from_sql: bool,
    at: SystemTime,
    runs: AtomicI64,
}

impl Statements {
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn insert(&mut self, name: &str, prepared: Prepared, text: &str, from_sql: bool) {
        let named = Named {
            prepared: Arc::new(prepared),
            text: text.into(),
            from_sql,
            at: SystemTime::now(),
            runs: AtomicI64::new(0),
        };
        Arc::make_mut(&mut self.0).insert(name.to_owned(), Arc::new(named));
    }

    /// The statement of this name, else 26000.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<Prepared>, Report> {
        self.0.get(name).map(|named| Arc::clone(&named.prepared)).ok_or_else(|| {
            let message = match name {
                "" => "unnamed prepared statement does not exist".to_owned(),
                name => format!("prepared statement \"{name}\" does not exist"),
            };
            Report::error(SqlState::INVALID_SQL_STATEMENT_NAME, message)
        })
    }

    /// It runs.
    pub(crate) fn count(&self, name: &str) {
        if let Some(named) = self.0.get(name) {
            named.runs.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if self.contains(name) {
            Arc::make_mut(&mut self.0).remove(name);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0 = Arc::default();
    }

    /// As `pg_prepared_statements` lists them; the unnamed one is not among them.
    pub(crate) fn rows(&self) -> Vec<PreparedRow> {
        let named = self.0.iter().filter(|(name, _)| !name.is_empty());
        let mut rows: Vec<_> = named.map(|(name, named)| row(name, named)).collect();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        rows
    }
}

fn row(name: &str, named: &Named) -> PreparedRow {
    let description = named.prepared.describe();
    let oids = |columns: Arc<[Column]>| columns.iter().map(|it| it.pg_type.oid.0).collect();
    PreparedRow {
        name: name.to_owned(),
        statement: Arc::clone(&named.text),
        prepared: micros(named.at),
        parameter_types: description.parameters.iter().map(|it| it.oid.0).collect(),
        result_types: description.columns.map(oids),
        from_sql: named.from_sql,
        runs: named.runs.load(Ordering::Relaxed),
    }
}
