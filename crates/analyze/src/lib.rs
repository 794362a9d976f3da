//! Which relations, types, functions and operators a query names, in PostgreSQL's scoping.
//!
//! This crate knows the parser's query AST and the catalog, and no query engine: what it finds
//! out is used where no query runs, for views, their dependencies, and privileges, and by the
//! engine before it plans.
//!
//! The signature table (`builtin`) is PostgreSQL's own `pg_proc`, `pg_operator` and `pg_cast`,
//! whole: a call is resolved among all of them (`resolve`), so that it means what it means there,
//! even where nothing here computes it.
pub mod builtin;
mod calls;
mod error;
mod reads;
mod references;
pub mod resolve;
pub mod ruleutils;
pub mod stored;
pub mod system;
mod transform;
pub mod tree;
pub mod type_name;
mod updatable;

pub use calls::{Call, calls};
pub use error::{Error, Result};
pub use reads::{Read, ReadOf, reads};
pub use references::{Reference, Scope, relations, relations_of_change};
pub use transform::{
    Analysed, AnalysedStatement, Context, ExpressionKind, Main, Parameters, TableExpression,
    definition, expression, load, query, statement, view,
};
pub use updatable::{not_updatable, updatable_columns};
