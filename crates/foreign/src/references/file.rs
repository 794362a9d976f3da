//! A secret in a file.
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::sys::statfs::{PROC_SUPER_MAGIC, SYSFS_MAGIC, fstatfs};
use zeroize::Zeroizing;

use super::value::{self, MOST_BYTES};
use super::{FetchError, ReferenceRules};

/// What the system tells of itself, and devices: nothing in there is a secret's place.
const SYSTEM_FOLDERS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Reads a file, but for the end of its last line.
///
/// Which file it is, is looked at after it was found, links followed: what was judged is what is
/// read, whatever happens to its name meanwhile. Nothing is opened for reading before it is judged,
/// for opening alone does something to a device and waits at a pipe.
pub(super) fn read(rules: &ReferenceRules, path: &Path) -> Result<Zeroizing<String>, FetchError> {
    let found = find(path).map_err(|error| told(path, &error))?;
    let metadata = found.metadata().map_err(|error| told(path, &error))?;
    judge(rules, &found, &metadata)?;
    let file = File::open(own_path(&found)).map_err(|error| told(path, &error))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 1));
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| told(path, &error))?;
    value::line(&bytes)
}

/// The file of this name, which cannot be read yet.
fn find(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlag::O_PATH.bits()).open(path)
}

/// By which this process reaches a file that it has found, and no other.
fn own_path(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Opens a file that is neither the operating system's nor this server's own, in whatever folder:
/// for rows, not for secrets.
pub(crate) fn open(rules: &ReferenceRules, path: &Path) -> io::Result<File> {
    let found = find(path)?;
    if found.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    place(rules, &found, &found.metadata()?).map_err(|_| io::ErrorKind::PermissionDenied)?;
    File::open(own_path(&found))
}

fn judge(rules: &ReferenceRules, file: &File, metadata: &Metadata) -> Result<(), FetchError> {
    let real = place(rules, file, metadata)?;
    match rules.folders.iter().any(|folder| real.starts_with(real_path(folder))) {
        true => Ok(()),
        false => Err(FetchError::Refused {
            why: "the file is in none of the folders that the configuration allows",
            hint: "Name its folder in medley.toml: folders under [references].",
        }),
    }
}

/// Where a file really is, unless nobody may read it.
fn place(rules: &ReferenceRules, file: &File, metadata: &Metadata) -> Result<PathBuf, FetchError> {
    // Where nobody can tell which file it is, none is read.
    let real = fs::read_link(own_path(file)).map_err(|_| refused("its place cannot be told"))?;
    if !metadata.is_file() {
        return Err(refused("it is not an ordinary file"));
    }
    let within = |folder: &Path| real.starts_with(real_path(folder));
    let is_systems = SYSTEM_FOLDERS.iter().any(|folder| real.starts_with(folder))
        || fstatfs(file)
            .map_or(true, |it| [PROC_SUPER_MAGIC, SYSFS_MAGIC].contains(&it.filesystem_type()));
    if is_systems {
        return Err(refused("it is of the operating system's own"));
    }
    if rules.private_folders.iter().any(|folder| within(folder)) || is_private(rules, metadata) {
        return Err(refused("it is of this server's own"));
    }
    Ok(real)
}

/// Whether it is one of ours under another name: files, and folders, may be in several places
/// without any link.
fn is_private(rules: &ReferenceRules, metadata: &Metadata) -> bool {
    let is_same = |path: &Path| {
        fs::metadata(path).is_ok_and(|it| (it.dev(), it.ino()) == (metadata.dev(), metadata.ino()))
    };
    let holds_it = |folder: &PathBuf| holds(folder, &is_same);
    rules.private_files.iter().any(|file| is_same(file))
        || rules.private_folders.iter().any(holds_it)
}

fn holds(folder: &Path, is_same: &dyn Fn(&Path) -> bool) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => holds(&entry.path(), is_same),
        _ => is_same(&entry.path()),
    })
}

/// A folder that is not there contains nothing, but its name says where it will be.
fn real_path(folder: &Path) -> PathBuf {
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

fn refused(why: &'static str) -> FetchError {
    FetchError::Refused {
        why,
        hint: "Neither the files of the operating system nor this server's own are read.",
    }
}

/// What the operating system says of a file, without what is in it.
fn told(path: &Path, error: &io::Error) -> FetchError {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            FetchError::Missing(format!("there is no file \"{path}\""))
        }
        io::ErrorKind::PermissionDenied => {
            FetchError::Denied(format!("the file \"{path}\" may not be read"))
        }
        kind => FetchError::Unavailable(format!("the file \"{path}\" cannot be read: {kind}")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct World {
        folder: tempfile::TempDir,
        rules: ReferenceRules,
    }

    /// Folders `secrets`, which is allowed, `data`, which is ours, and `elsewhere`.
    fn world() -> World {
        let folder = tempfile::tempdir().unwrap();
        for name in ["secrets", "data", "data/deep", "elsewhere"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for name in ["secrets/a", "data/deep/catalog", "elsewhere/b", "master.key"] {
            fs::write(folder.path().join(name), format!("{name}\n")).unwrap();
        }
        let rules = ReferenceRules {
            folders: vec![folder.path().join("secrets")],
            private_folders: vec![folder.path().join("data")],
            private_files: vec![folder.path().join("master.key")],
            ..ReferenceRules::default()
        };
        World { folder, rules }
    }

    impl World {
        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn read(&self, path: &Path) -> String {
            match read(&self.rules, path) {
                Ok(text) => text.to_string(),
                Err(error) => format!("{error:?}").split([' ', '(']).next().unwrap().to_owned(),
            }
        }

        fn link(&self, name: &str, to: impl AsRef<Path>) -> String {
            symlink(to, self.path(name)).unwrap();
            self.read(&self.path(name))
        }
    }

    #[test]
    fn a_file_is_read_but_for_the_end_of_its_last_line() {
        let world = world();
        let check = |text: &str, expected: &str| {
            fs::write(world.path("secrets/x"), text).unwrap();
            assert_eq!(world.read(&world.path("secrets/x")), expected, "{text:?}");
        };
        check("p", "p");
        check("p\n", "p");
        check("p\r\n", "p");
        check("p\n\n", "p\n");
        check(" p ", " p ");
        check("", "Unusable");
        check("\n", "Unusable");
        check("a\0b", "Unusable");
        check(&"x".repeat(MOST_BYTES + 1), "Unusable");
        fs::write(world.path("secrets/x"), [0xff, 0xfe]).unwrap();
        assert_eq!(world.read(&world.path("secrets/x")), "Unusable");
        assert_eq!(world.read(&world.path("secrets/none")), "Missing");
    }

    #[test]
    fn links_lead_nowhere_else() {
        let world = world();
        assert_eq!(world.link("secrets/l1", world.path("secrets/a")), "secrets/a");
        assert_eq!(world.link("secrets/l2", "a"), "secrets/a");
        assert_eq!(world.link("secrets/l3", world.path("elsewhere/b")), "Refused");
        assert_eq!(world.link("secrets/l4", world.path("data/deep/catalog")), "Refused");
        assert_eq!(world.link("secrets/l5", world.path("master.key")), "Refused");
        assert_eq!(world.link("secrets/l6", "/proc/self/environ"), "Refused");
        assert_eq!(world.link("secrets/l7", "/proc/self/cmdline"), "Refused");
        assert_eq!(
            world.link("secrets/l8", "/sys/kernel/mm/transparent_hugepage/enabled"),
            "Refused"
        );
        assert_eq!(world.link("secrets/l9", "/dev/zero"), "Refused");
        assert_eq!(world.link("secrets/l10", world.path("secrets/l3")), "Refused");
        symlink(world.path("data"), world.path("secrets/folder")).unwrap();
        assert_eq!(world.read(&world.path("secrets/folder/deep/catalog")), "Refused");
        assert_eq!(world.read(&world.path("secrets/../elsewhere/b")), "Refused");
        assert_eq!(world.read(&world.path("elsewhere/b")), "Refused");
        assert_eq!(world.read(&world.path("secrets")), "Refused");
    }

    #[test]
    fn other_names_of_our_files_are_refused() {
        let world = world();
        fs::hard_link(world.path("data/deep/catalog"), world.path("secrets/h1")).unwrap();
        fs::hard_link(world.path("master.key"), world.path("secrets/h2")).unwrap();
        fs::hard_link(world.path("secrets/a"), world.path("secrets/h3")).unwrap();
        assert_eq!(world.read(&world.path("secrets/h1")), "Refused");
        assert_eq!(world.read(&world.path("secrets/h2")), "Refused");
        assert_eq!(world.read(&world.path("secrets/h3")), "secrets/a");
    }

    #[test]
    fn what_is_the_systems_own_is_refused_even_where_it_is_allowed() {
        let mut world = world();
        world.rules.folders = ["/proc", "/sys", "/dev", "/"].map(PathBuf::from).to_vec();
        for path in ["/proc/self/environ", "/proc/1/cmdline", "/dev/null", "/sys/kernel/notes"] {
            assert!(
                ["Refused", "Missing"].contains(&world.read(Path::new(path)).as_str()),
                "{path}"
            );
        }
        assert_eq!(world.read(&world.path("data/deep/catalog")), "Refused");
        assert_eq!(world.read(&world.path("master.key")), "Refused");
        assert_eq!(world.read(&world.path("elsewhere/b")), "elsewhere/b");
    }

    /// A pipe would be waited at for ever.
    #[test]
    fn a_pipe_is_refused_without_waiting() {
        let world = world();
        let pipe = world.path("secrets/pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert_eq!(world.read(&pipe), "Refused");
    }

    /// Somebody swaps the name while it is judged: what is read is one file or the other's refusal,
    /// never the other file.
    #[test]
    fn a_name_that_changes_hands_meanwhile_is_of_no_use() {
        let world = world();
        let (name, new) = (world.path("secrets/race"), world.path("secrets/race.new"));
        let targets = [world.path("secrets/a"), world.path("data/deep/catalog")];
        symlink(&targets[0], &name).unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for turn in (0..).take_while(|_| !done.load(std::sync::atomic::Ordering::Relaxed)) {
                    symlink(&targets[turn % 2], &new).unwrap();
                    fs::rename(&new, &name).unwrap();
                }
            });
            let read: Vec<_> = (0..2000).map(|_| world.read(&name)).collect();
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(read.iter().all(|it| it == "secrets/a" || it == "Refused"), "{read:?}");
            assert!(read.iter().any(|it| it == "secrets/a"));
        });
    }
}
