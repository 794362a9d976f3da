//! Planning and running queries; the only crate that knows DataFusion.
//!
//! What a query means has been found out by `medley_analyze`, by PostgreSQL's rules; here its tree
//! is lowered (`lower`) to a DataFusion plan in which every expression is one of ours
//! (`semantics`) or one whose meaning is the same there; DataFusion's SQL planner, its coercions
//! and its functions are not used. So an expression answers what PostgreSQL answers, or is refused
//! (`0A000`), naming it.
//!
//! This crate knows no protocol and no statement but queries and changes of rows. Nothing that
//! DataFusion plans changes rows: what does is `modify`, with the remotes' own statements.
//!
//! Invariants:
//! - the table name of a scan is unique to (table, check-as role), see `scan`;
//! - privileges are checked in one function, before any mapping is resolved, see
//!   `privileges`;
//! - a plan holds no mapping: remotes are resolved when a scan is executed;
//! - pushing down changes time, never the answer.
mod context;
mod engine;
mod error;
mod explain;
mod lower;
mod memory;
mod modify;
mod plan_cell;
mod privileges;
mod row_store;
mod rows;
mod scan;
pub mod semantics;
mod ship;
mod stoppable;
pub mod system;

pub use context::{
    ActiveBackend, AuditRow, CursorRow, Facts, LoginMap, LoginRule, PreparedRow, QueryContext,
    SettingRow, Trial,
};
pub use engine::{Engine, Limits, Parameter, Prepared};
pub use error::{Error, Result};
pub use explain::{ExplainOptions, Format};
pub use modify::{Changes, Loaded, PreparedChange, TruncateOptions};
pub use plan_cell::PlanCell;
pub use row_store::RowStore;
pub use rows::{Batch, RawFormats, Rows, RunOptions};
