//! What must hold of every catalog that was committed, whoever did what to it at the same time.
//!
//! [`check`] looks at one state by itself, and does not believe the catalog: it reads all rows, and
//! compares them with each other and with what every index of the snapshot says. [`History`] looks
//! at the states that follow each other. Nothing that is shipped can reach this crate.
mod acls;
mod contents;
mod history;
mod rows;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use medley_catalog::{Catalog, Snapshot};

pub use contents::{Contents, Epochs, contents};
pub use history::History;

/// What is broken, a line each.
#[derive(Debug, Default)]
pub struct Broken(Vec<String>);

impl Broken {
    fn note(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.note(what());
        }
    }

    /// An error that lists what is broken, if anything is.
    pub fn into_result(self) -> Result<()> {
        ensure!(self.0.is_empty(), "the catalog is broken:\n{}", self.0.join("\n"));
        Ok(())
    }
}

/// Checks a committed state by itself.
pub fn check(snapshot: &Snapshot) -> Result<()> {
    let mut broken = Broken::default();
    rows::check(snapshot, &mut broken);
    acls::check(snapshot, &mut broken);
    broken.into_result()
}

/// Checks that nobody holds a lock or waits for one: no transaction is open.
pub fn check_no_locks(catalog: &Catalog) -> Result<()> {
    let entries = catalog.lock_entries();
    ensure!(entries.is_empty(), "locks are left: {entries:?}");
    Ok(())
}

/// Opens the catalog of a server that has ended, in whatever way, and checks it.
pub fn check_folder(folder: &Path) -> Result<()> {
    let catalog = Catalog::open(folder).with_context(|| format!("opening {}", folder.display()))?;
    check(&catalog.snapshot())?;
    check_no_locks(&catalog)
}
