//! What queries answer, whose accounts they reach remotes with, and what remotes are sent.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod columns;
mod explain;
mod expressions;
mod fake;
mod identity;
mod pushdown;
mod queries;
mod system;
mod world;
