//! Stands in for the real `bindgen` while `pg_query` is built.
//!
//! That crate's build script asks bindgen for the declarations of libpg_query's C interface, and
//! bindgen needs libclang, which a machine with Rust and gcc alone does not have. What it would
//! make is small and, for one version of `pg_query`, always the same: it is `declarations.rs`
//! beside this file, checked against `pg_query.h` by hand. The workspace pins `pg_query`, so a new
//! version cannot come with another header unnoticed.
//!
//! It has only what that build script calls.
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

const DECLARATIONS: &str = include_str!("declarations.rs");

/// As in bindgen; it has nothing to remember.
#[derive(Debug, Default)]
pub struct Builder(());

/// As in bindgen.
#[derive(Debug)]
pub struct Bindings(());

/// Never made.
#[derive(Debug)]
pub enum BindgenError {}

impl Builder {
    /// Takes the header that the declarations are of.
    #[must_use]
    pub fn header(self, _header: impl Into<String>) -> Self {
        self
    }

    /// Does not fail.
    pub fn generate(self) -> Result<Bindings, BindgenError> {
        Ok(Bindings(()))
    }
}

impl Bindings {
    /// Writes the declarations.
    pub fn write_to_file(&self, path: impl AsRef<Path>) -> io::Result<()> {
        fs::write(path, DECLARATIONS)
    }
}

impl fmt::Display for BindgenError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for BindgenError {}
