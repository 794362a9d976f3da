//! The project's own tasks.
//!
//! [`tidy`] keeps what no compiler keeps: the arrows between crates, the truth of ARCHITECTURE.md,
//! sizes, words. [`test`] runs every test there is, and finds or installs what they need.
//! [`compat`] sets Medley against a real PostgreSQL, [`catalogs`] copies what that has of its own.
//! [`bench_catalog`] measures what psql asks of a large catalog, [`bench`] queries beside peers.
//! This crate builds in seconds and links nothing of ours but what starts servers.
pub mod bench;
pub mod bench_catalog;
mod cargo;
pub mod catalogs;
pub mod compat;
pub mod new_wrapper;
mod packages;
pub mod test;
pub mod tidy;

use std::path::PathBuf;

/// The checkout's root.
pub fn root() -> PathBuf {
    // Asked at run time: a target directory may serve several checkouts, and this program with it.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().expect("xtask is a folder of the checkout").to_owned()
}
