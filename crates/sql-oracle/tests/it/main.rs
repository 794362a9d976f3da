//! The parser against PostgreSQL's own grammar.
mod agreement;
mod corpus;
mod masking;
mod mutation;
mod quoting;
mod verdict;
