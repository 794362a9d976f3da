//! The catalog as its users see it.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]
mod database;
mod dependencies;
mod fixture;
mod matrices;
mod model;
mod races;
mod store;
mod temporary;
mod transactions;
