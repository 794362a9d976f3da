use std::env;
use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A program that the tests need and cargo does not bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// The file's name.
    pub name: &'static str,
    /// The environment variable that says where it is: the file, or its folder.
    pub variable: &'static str,
    /// Where it may be when it is not in PATH; `*` stands for a version, of which the highest counts.
    folders: &'static [&'static str],
}

const POSTGRES_FOLDERS: &[&str] = &["/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin"];
const MARIADB_FOLDERS: &[&str] = &["/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/bin"];

const fn postgres(name: &'static str) -> Program {
    Program { name, variable: "MEDLEY_TEST_POSTGRES_BIN", folders: POSTGRES_FOLDERS }
}

const fn mariadb(name: &'static str, variable: &'static str) -> Program {
    Program { name, variable, folders: MARIADB_FOLDERS }
}

impl Program {
    /// Makes a PostgreSQL cluster.
    pub const INITDB: Self = postgres("initdb");
    /// PostgreSQL's server; taken from the folder that `initdb` is in.
    pub const POSTGRES: Self = postgres("postgres");
    /// PostgreSQL's client.
    pub const PSQL: Self =
        Self { name: "psql", variable: "MEDLEY_TEST_PSQL", folders: POSTGRES_FOLDERS };
    /// MariaDB's server.
    pub const MARIADBD: Self = mariadb("mariadbd", "MEDLEY_TEST_MARIADBD");
    /// Makes a MariaDB data folder.
    pub const MARIADB_INSTALL_DB: Self =
        mariadb("mariadb-install-db", "MEDLEY_TEST_MARIADB_INSTALL_DB");
    /// MariaDB's client.
    pub const MARIADB: Self = mariadb("mariadb", "MEDLEY_TEST_MARIADB");

    /// All that the tests need.
    pub const ALL: [Self; 6] = [
        Self::INITDB,
        Self::POSTGRES,
        Self::PSQL,
        Self::MARIADBD,
        Self::MARIADB_INSTALL_DB,
        Self::MARIADB,
    ];

    /// Where the program is: as its variable says, else in PATH, else where packages put it.
    pub fn locate(self) -> Result<PathBuf, MissingProgram> {
        let found = match env::var_os(self.variable) {
            Some(place) => self.named_by(Path::new(&place)),
            None => self.candidates().into_iter().find(|file| file.is_file()),
        };
        found.ok_or(MissingProgram(self))
    }

    fn named_by(self, place: &Path) -> Option<PathBuf> {
        let file = if place.is_dir() { place.join(self.name) } else { place.to_owned() };
        file.is_file().then_some(file)
    }

    fn candidates(self) -> Vec<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        let packaged = self.folders.iter().flat_map(|pattern| expand(pattern));
        env::split_paths(&path).chain(packaged).map(|folder| folder.join(self.name)).collect()
    }
}

/// The folders that a pattern with at most one `*` names, the highest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((parent, rest)) = pattern.split_once("/*/") else {
        return vec![PathBuf::from(pattern)];
    };
    let mut versions = versions_in(Path::new(parent));
    versions.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    versions.into_iter().map(|(_, folder)| folder.join(rest)).collect()
}

fn versions_in(parent: &Path) -> Vec<(f64, PathBuf)> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect()
}

/// A program that the tests need is not there.
#[derive(Clone, Copy, Debug)]
pub struct MissingProgram(pub Program);

impl Error for MissingProgram {}

impl fmt::Display for MissingProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Program { name, variable, .. } = self.0;
        write!(
            f,
            "the program {name} was not found: install PostgreSQL and MariaDB (Debian: apt-get \
             install postgresql postgresql-client mariadb-server, which `cargo xtask test` does \
             when it is root), or set {variable} to the program or its folder"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_comes_first() {
        let parent = env::temp_dir().join(format!("medley-versions-{}", std::process::id()));
        for version in ["9.6", "15", "18", "readme"] {
            fs::create_dir_all(parent.join(version)).unwrap();
        }
        let found = expand(&format!("{}/*/bin", parent.display()));
        fs::remove_dir_all(&parent).unwrap();
        let expected = ["18/bin", "15/bin", "9.6/bin"].map(|folder| parent.join(folder));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_missing_program_says_what_to_do() {
        let absent = Program { name: "absent", variable: "MEDLEY_TEST_ABSENT", folders: &[] };
        let error = absent.locate().unwrap_err().to_string();
        assert!(error.contains("apt-get install") && error.contains("MEDLEY_TEST_ABSENT"));
    }
}
