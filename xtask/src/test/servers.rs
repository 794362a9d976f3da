//! The real servers that tests run against.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use medley_testkit::{MissingProgram, Program};

use super::phase::say;

/// Installs the packages without starting a service, and leaves nothing of its own behind: while
/// it runs, `policy-rc.d` tells Debian's scripts to start none.
const INSTALL: &str = r#"
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get -q update
apt-get -q -y install --no-install-recommends postgresql postgresql-client mariadb-server
"#;

/// Where each program is, by the variable that tells the tests so.
pub fn find_or_install() -> Result<Vec<(&'static str, PathBuf)>> {
    let found = match find() {
        Err(missing) if can_install() => {
            say(format_args!("{} is missing: installing PostgreSQL and MariaDB", missing.0.name));
            install()?;
            find()?
        }
        found => found?,
    };
    for (variable, place) in &found {
        say(format_args!("{variable}={}", place.display()));
    }
    Ok(found)
}

fn find() -> Result<Vec<(&'static str, PathBuf)>, MissingProgram> {
    let mut found: Vec<_> = Program::ALL
        .into_iter()
        .map(|program| Ok((program.variable, place(program)?)))
        .collect::<Result<_, _>>()?;
    found.dedup();
    Ok(found)
}

/// Programs that share a variable share a folder, which is then what the variable names.
fn place(program: Program) -> Result<PathBuf, MissingProgram> {
    let mut sharing = Program::ALL.to_vec();
    sharing.retain(|other| other.variable == program.variable);
    match sharing.as_slice() {
        [alone] => alone.locate(),
        together => Program::locate_together(together),
    }
}

fn can_install() -> bool {
    is_root() && is_debian() && Path::new("/usr/bin/apt-get").exists()
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Debian, or something made from it.
fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .any(|ids| ids.trim_matches('"').split(' ').any(|id| id == "debian"))
}

/// What apt-get prints is shown only when it fails.
fn install() -> Result<()> {
    let output =
        Command::new("/bin/sh").args(["-c", INSTALL]).output().context("running apt-get")?;
    if !output.status.success() {
        let mut stderr = std::io::stderr();
        stderr.write_all(&output.stdout)?;
        stderr.write_all(&output.stderr)?;
        bail!("apt-get could not install PostgreSQL and MariaDB ({})", output.status);
    }
    ensure!(find().is_ok(), "apt-get succeeded, and the servers are still not found");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_of_a_cluster_are_named_by_their_folder() {
        let postgres = place(Program::POSTGRES).unwrap();
        assert_eq!(postgres, place(Program::INITDB).unwrap());
        assert!(postgres.is_dir() && postgres.join("postgres").is_file());
    }
}
