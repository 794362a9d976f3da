//! Texts in, statements or errors out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod corpus;
mod deep;
mod mutation;
mod secrets;
mod speed;
mod statements;
