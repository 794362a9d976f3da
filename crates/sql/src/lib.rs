//! Text to statements; the parser's types stop at this door.
//!
//! [`parse`] reads a whole text before anything of it runs, as PostgreSQL does: the answer is a
//! [`Script`] or the first [`SyntaxError`]. What PostgreSQL 18 knows and Medley has no use for
//! comes out as [`Statement::Unsupported`]; what PostgreSQL does not know is a syntax error.
//!
//! Of sqlparser only the AST of queries, of INSERT, UPDATE, DELETE and MERGE, and of expressions
//! crosses (re-exported as [`query_ast`]). Its spans are ours: see [`span`].
//!
//! This crate knows no catalog: names are not looked up, types not resolved, privileges are words.
//!
//! Invariants:
//! - a value of OPTIONS and of PASSWORD is a `Secret` from the scanner on, so that no `Debug` of
//!   anything here prints one;
//! - no text makes `parse` panic or overflow a stack of 2 MiB: what is too deep is 54001;
//! - names are folded and cut to 63 bytes; nobody folds them again.
pub mod ast;
mod error;
mod escape;
mod grammar;
pub mod keyword;
mod mask;
mod parser;
mod query;
pub mod quote;
mod scanner;
mod script;
pub mod span;
mod token;

pub use ast::*;
pub use error::SyntaxError;
pub use mask::mask_literals;
pub use query::construct::{Construct, construct};
pub use query::place::operator_position;
pub use quote::{parse_name_list, quote_identifier, quote_literal};
pub use script::{parse, parse_expression, parse_query, parse_type_name};
pub use sqlparser::ast as query_ast;
