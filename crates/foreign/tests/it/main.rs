//! Whose connection a statement gets, and what becomes of it.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod auditing;
mod choosing;
mod committing;
mod fake;
mod pooling;
mod referring;
mod resolving;
mod transactions;
mod world;
