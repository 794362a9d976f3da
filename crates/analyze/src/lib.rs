//! Which relations a query names, in PostgreSQL's scoping.
//!
//! This crate knows the parser's query AST and the catalog, and no query engine: what it finds
//! out is used where no query runs, for views, their dependencies, and privileges.
mod references;

pub use references::{Reference, Scope, relations, rewritten};
