//! Opening a file that may have been made to do harm.
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

/// How long to wait for somebody who writes to the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Each with what it is set to: see SQLite's "Defense Against The Dark Arts", and its "quirks"
/// for names in double quotes that are taken for texts where there is no such column.
const SWITCHES: [(DbConfig, bool); 4] = [
    (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
];
const PRAGMAS: &str = "PRAGMA cell_size_check = on; PRAGMA mmap_size = 0;";

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be read.
    Read,
    /// To be changed too, as far as the operating system lets us.
    Write,
}

/// Which file a path stands for.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// As the server's option says.
    pub database: String,
    /// Absolute, so that it is neither `:memory:` nor a URI with parameters.
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Opens the file; what is wrong with it is said as a detail of 08001.
pub(crate) fn open(database: &str, purpose: Purpose) -> Result<(Connection, File), String> {
    let file = File::find(database)
        .map_err(|error| format!("could not open file \"{database}\": {}", plain(&error)))?;
    let connection = secured(&file.path, purpose).map_err(|error| {
        let said = crate::error::message(&error);
        format!("could not read file \"{database}\": {said}")
    })?;
    Ok((connection, file))
}

impl File {
    /// A regular one, so that opening it does not wait for anybody.
    fn find(database: &str) -> io::Result<Self> {
        let path = std::fs::canonicalize(database)?;
        let found = path.metadata()?;
        let (device, inode) = (found.dev(), found.ino());
        match found.is_file() {
            true => Ok(Self { database: database.to_owned(), path, device, inode }),
            false => Err(io::Error::other("not a regular file")),
        }
    }

    /// Whether both are the same file.
    pub fn is(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether the path still stands for it: a file that was replaced is read no more.
    pub fn is_in_place(&self) -> bool {
        Self::find(&self.database).is_ok_and(|found| self.is(&found))
    }
}

/// `No such file or directory`, without the number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Opens it, and looks inside, so that a file of another kind is refused at once.
fn secured(path: &Path, purpose: Purpose) -> rusqlite::Result<Connection> {
    let flags = match purpose {
        Purpose::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Purpose::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    for (switch, value) in SWITCHES {
        connection.set_db_config(switch, value)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.execute_batch(PRAGMAS)?;
    connection.pragma_update(None, "query_only", purpose == Purpose::Read)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}
