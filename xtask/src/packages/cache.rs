use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A folder of the cache, filled by `install` if it is not there.
///
/// What is filled is a folder beside, so that what has the name is whole.
pub fn folder(name: &str, install: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = root()?.join(name);
    if folder.exists() {
        return Ok(folder);
    }
    let partial = folder.with_extension(format!("{}.partial", std::process::id()));
    fs::create_dir_all(&partial).with_context(|| format!("making {}", partial.display()))?;
    install(&partial)?;
    match fs::rename(&partial, &folder) {
        Err(_) if folder.exists() => fs::remove_dir_all(&partial)?,
        moved => moved.context("moving the package into its place")?,
    }
    Ok(folder)
}

/// Whether the cache has this folder.
pub fn has(name: &str) -> Result<bool> {
    Ok(root()?.join(name).exists())
}

/// The user's cache. Root's own is closed to those whom it runs servers as.
fn root() -> Result<PathBuf> {
    if fs::metadata("/proc/self")?.uid() == 0 {
        return Ok(PathBuf::from("/var/cache/medley"));
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(".cache"));
    Ok(cache.or_else(home).context("there is no home folder to cache in")?.join("medley"))
}
