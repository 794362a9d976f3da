//! Programs that come as crates, and are built here.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::cache;

/// An object store that speaks S3's protocol. It is no dependency of the tests: its features would
/// have the engine built anew.
const S3S_FS: (&str, &str) = ("s3s-fs", "0.14.1");

/// The folder that has the program.
pub fn find_or_install() -> Result<Option<PathBuf>> {
    let (name, version) = S3S_FS;
    let folder = cache::folder(&format!("{name}-{version}"), install)?;
    Ok(Some(folder.join("bin")))
}

fn install(folder: &Path) -> Result<()> {
    let (name, version) = S3S_FS;
    let target = folder.join("target");
    let output = Command::new("cargo")
        .args(["install", "--quiet", "--locked", "--debug", "--features", "binary"])
        .args(["--version", version, "--root"])
        .arg(folder)
        .arg(name)
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .context("running cargo install")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo install {name}: {said}");
    fs::remove_dir_all(&target).context("removing what the build left")
}
