//! Changes of rows, as a wrapper is asked for them.
//!
//! The engine says what is to change in the remote's SQL, by the wrapper's
//! [`Dialect`](crate::Dialect); a wrapper runs it and says how many rows it was. What a wrapper
//! must do:
//!
//! - Say [`SqlWrapper::modifies`](crate::SqlWrapper::modifies), and `modify` and `transactions` in
//!   its [`Capabilities`](crate::Capabilities). The engine begins a transaction before each change
//!   and ends it after: a statement changes everything or nothing.
//! - Implement [`SqlConnection::modify`](crate::SqlConnection::modify), `begin`, `commit`,
//!   `rollback`, the savepoints, and [`SqlConnection::row_identity`](crate::SqlConnection) where
//!   the dialect's own does not do.
//! - Where it has something faster than one INSERT after the other,
//!   [`SqlConnection::copy_in`](crate::SqlConnection::copy_in).
//! - Answer the remote's refusals as [`Error::Remote`](crate::Error::Remote), with the SQLSTATE
//!   that says what PostgreSQL would (23505, 23502, 23503, 23514, 22001 …), its message, its
//!   detail, and the context `remote SQL command: …` with the text of the statement, which holds
//!   no value that came as a parameter.
//! - Never try a change again whose answer did not come.
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use medley_types::PgType;

/// A statement that changes rows, run once for each of `runs`, in order, as if each were sent by
/// itself: none is run after one that failed.
#[derive(Clone, Debug)]
pub struct Modify {
    /// Its text, the same for all runs: to be prepared once. Parameters are `$1`, `$2` … in
    /// PostgreSQL's family, `?1`, `?2` … in SQLite's; in MySQL's each `?` is the next one.
    pub sql: Arc<str>,
    /// The types of its parameters.
    pub types: Vec<PgType>,
    /// The parameters of each run, in their types' text form under
    /// [`Style::default`](medley_types::Style) with all digits of floats. One empty list for a
    /// statement without parameters.
    pub runs: Vec<Vec<Option<String>>>,
    /// The columns of RETURNING as declared here, if it has one.
    pub returning: Option<SchemaRef>,
}

/// What a [`Modify`] did.
#[derive(Clone, Debug, Default)]
pub struct Modified {
    /// How many rows each run changed: those that were found, whether their values are others
    /// now or not.
    pub counts: Vec<u64>,
    /// What RETURNING returned, in the order of the runs: as many rows as were changed.
    pub returned: Vec<RecordBatch>,
}

impl Modified {
    /// How many rows were changed.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// By what a row of a table is found again within a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowIdentity {
    /// By something that every row has besides its columns, read and compared under this name:
    /// `ctid`, `rowid`.
    System {
        /// As it is written in the remote's SQL.
        name: &'static str,
        /// What it is read as.
        pg_type: PgType,
    },
    /// By the values of these remote columns, which are unique and not NULL.
    Columns(Vec<String>),
    /// By nothing: such a table's rows are changed by conditions only.
    None,
}

impl RowIdentity {
    /// PostgreSQL's.
    pub const CTID: Self = Self::System { name: "ctid", pg_type: PgType::plain(27) };
    /// SQLite's.
    pub const ROWID: Self = Self::System { name: "rowid", pg_type: PgType::INT8 };
}
