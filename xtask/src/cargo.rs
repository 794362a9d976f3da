use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The cargo that runs us, else the one in PATH.
///
/// It does not see what cargo told us of ourselves: build scripts look at it, and ring, and all
/// that is over it, would be built anew at each turn.
pub fn command() -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    for (name, _) in std::env::vars_os() {
        let is_of_ourselves = |prefix| name.to_string_lossy().starts_with(prefix);
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].into_iter().any(is_of_ourselves) {
            command.env_remove(name);
        }
    }
    command
}

/// The packages of the workspace at `root`; needs no network.
pub fn packages(root: &Path) -> Result<Vec<Value>> {
    let output = command()
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .context("running cargo metadata")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    metadata["packages"].as_array().cloned().context("cargo metadata without packages")
}
