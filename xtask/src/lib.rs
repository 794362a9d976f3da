//! The project's own tasks.
//!
//! [`tidy`] keeps what no compiler keeps: the arrows between crates, the truth of ARCHITECTURE.md,
//! sizes, words. [`test`] runs every test there is, and finds or installs what they need.
//! [`compat`] sets Medley against a real PostgreSQL.
//! This crate builds in seconds and links nothing of ours but what starts servers.
mod cargo;
pub mod compat;
pub mod test;
pub mod tidy;

use std::path::PathBuf;

/// The checkout's root.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask is a folder of the checkout").to_owned()
}
