//! The parser against PostgreSQL's own grammar.
#![expect(clippy::print_stdout, reason = "the rates are what these tests tell")]
mod agreement;
mod corpus;
mod masking;
mod mutation;
mod quoting;
mod tree;
mod verdict;
