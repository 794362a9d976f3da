//! Utility statements in a catalog of their own, without a server.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may end so")]

mod interleave;
mod matrix;
mod races;
mod runner;
mod scripts;
mod secrets;
