//! The engine: one a process.
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use medley_sql::Query;
use medley_types::{Column, PgType};

use crate::context::QueryContext;
use crate::error::{Error, Result};
use crate::explain::ExplainOptions;
use crate::rows::Rows;

/// What the engine may use of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory for sorting, grouping and joining, in bytes, of all statements together; beyond
    /// it they spill to disk, or end with 53200.
    pub memory_bytes: usize,
    /// How many threads' worth of work a statement is cut into.
    pub parallelism: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let parallelism = std::thread::available_parallelism().map_or(4, usize::from);
        Self { memory_bytes: 1 << 30, parallelism }
    }
}

/// A parameter's value.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its type, which must be the one that `prepare` answered.
    pub pg_type: PgType,
    /// An array of one value, in the type's form, as `types::ColumnBuilder` makes it.
    pub value: ArrayRef,
}

/// What is known of a query before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What comes out.
    pub columns: Vec<Column>,
    /// What `$1`, `$2` … are.
    pub parameter_types: Vec<PgType>,
}

/// Plans and runs queries.
#[derive(Debug)]
pub struct Engine {
    pub(crate) runtime: Arc<RuntimeEnv>,
    pub(crate) limits: Limits,
}

impl Engine {
    /// Within these limits.
    pub fn new(limits: Limits) -> Result<Self> {
        let pool = Arc::new(FairSpillPool::new(limits.memory_bytes));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc()?;
        Ok(Self { runtime, limits })
    }

    /// Finds out what a query's columns and parameters are. Privileges are not checked, and no
    /// mapping is needed.
    ///
    /// `parameter_types` are those that the client declared, `None` for those that the query is
    /// to tell.
    pub fn prepare(
        &self,
        context: &QueryContext,
        query: &Query,
        parameter_types: &[Option<PgType>],
    ) -> Result<Prepared> {
        let _ = (context, query, parameter_types);
        Err(Error::unsupported("SELECT"))
    }

    /// Plans a query, checks privileges, and starts it. Rows come as they are asked for.
    pub async fn run(
        &self,
        context: &QueryContext,
        query: &Query,
        parameters: &[Parameter],
    ) -> Result<Rows> {
        let _ = (context, query, parameters);
        Err(Error::unsupported("SELECT"))
    }

    /// What EXPLAIN prints, a line each.
    pub async fn explain(
        &self,
        context: &QueryContext,
        query: &Query,
        parameters: &[Parameter],
        options: &ExplainOptions,
    ) -> Result<Vec<String>> {
        let _ = (context, query, parameters, options);
        Err(Error::unsupported("EXPLAIN"))
    }
}
