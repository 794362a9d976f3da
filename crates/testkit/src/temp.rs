use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Users that a server may run as when we are root, the first that exists.
const UNPRIVILEGED: &[&str] = &["postgres", "mysql", "nobody"];

/// A temporary folder that a server may write to; it goes away with its owner.
#[derive(Debug)]
pub struct TempFolder {
    path: PathBuf,
    /// Whom it was given to; none when we are not root, and servers run as ourselves.
    user: Option<User>,
}

/// A user of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct User {
    uid: u32,
    gid: u32,
}

impl TempFolder {
    /// A new empty folder, given to an unprivileged user when we are root.
    pub fn new() -> Result<Self> {
        let path = tempfile::Builder::new()
            .prefix("medley-test-")
            .tempdir()
            .context("making a temporary folder")?
            .keep();
        let mut folder = Self { path, user: None };
        if fs::metadata(&folder.path)?.uid() == 0 {
            let user = unprivileged(&fs::read_to_string("/etc/passwd")?)
                .context("we are root, and there is no unprivileged user to run a server as")?;
            chown(&folder.path, Some(user.uid), Some(user.gid))?;
            folder.user = Some(user);
        }
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file that the folder's user, and nobody else, may read.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        use std::os::unix::fs::PermissionsExt;

        let path = self.join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        if let Some(User { uid, gid }) = self.user {
            chown(&path, Some(uid), Some(gid))?;
        }
        Ok(path)
    }

    /// A program that runs in the folder as its user, and sees none of our settings of clients.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(&self.path);
        for (name, _) in std::env::vars_os() {
            if is_client_setting(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        if let Some(User { uid, gid }) = self.user {
            command.uid(uid).gid(gid).env("HOME", &self.path);
        }
        command
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // A guard may have removed it already.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn is_client_setting(name: &str) -> bool {
    ["PG", "MYSQL", "MARIADB"].iter().any(|prefix| name.starts_with(prefix))
}

fn unprivileged(passwd: &str) -> Option<User> {
    UNPRIVILEGED.iter().find_map(|name| {
        let mut fields =
            passwd.lines().find(|line| line.split(':').next() == Some(name))?.split(':');
        let uid = fields.nth(2)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(User { uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_user_that_exists_is_taken() {
        let passwd = "root:x:0:0::/:/bin/sh\nnobody:x:65534:65533::/:\nmysql:x:7:8::/:\n";
        assert_eq!(unprivileged(passwd), Some(User { uid: 7, gid: 8 }));
        assert_eq!(unprivileged("root:x:0:0::/:/bin/sh\n"), None);
    }

    #[test]
    fn a_program_in_it_is_not_root_and_can_write() {
        let folder = TempFolder::new().unwrap();
        let output =
            folder.command("/bin/sh").args(["-c", "id -u >>file; cat file"]).output().unwrap();
        let uid: u32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        assert_ne!(uid, 0);
    }

    #[test]
    fn it_goes_away() {
        let folder = TempFolder::new().unwrap();
        folder.write("file", "text").unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }
}
