//! DuckDB and its postgres and mysql extensions as packages of PyPI, for the bench.
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::cache;

const PACKAGES: &[&str] = &[
    "duckdb==1.5.5",
    "duckdb-extension-postgres-scanner==1.5.5",
    "duckdb-extension-mysql-scanner==1.5.5",
];

/// Where in the folder the extensions are.
pub const DUCKDB_EXTENSIONS: [&str; 2] = [
    "duckdb_extension_postgres_scanner/extensions/v1.5.5/postgres_scanner.duckdb_extension",
    "duckdb_extension_mysql_scanner/extensions/v1.5.5/mysql_scanner.duckdb_extension",
];

/// The folder that has all.
pub fn duckdb() -> Result<PathBuf> {
    cache::folder("duckdb-1.5.5-with-mysql", install)
}

fn install(folder: &Path) -> Result<()> {
    let output = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target"])
        .arg(folder)
        .args(PACKAGES)
        .output()
        .context("running pip")?;
    ensure!(output.status.success(), "pip install: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
