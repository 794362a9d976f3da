/// Which SQL a remote speaks: the engine's deparser starts from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// PostgreSQL's.
    Postgres,
    /// MySQL's and MariaDB's.
    MySql,
    /// SQLite's.
    Sqlite,
}

/// What may be said to a remote, as data and not as code.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Whose SQL.
    pub family: Family,
    /// What stands around a name; doubled inside.
    pub name_quote: char,
    /// A backslash inside '…' is just a backslash.
    pub backslash_is_plain: bool,
}

impl Dialect {
    /// What is said after a text, by `COLLATE`, wherever it is compared, sorted or grouped, so
    /// that it is by bytes; `None` where the remote says in [`Facts`] how it compares. A column of
    /// SQLite's may be declared with a collation for which 'A' equals 'a'.
    pub fn text_collation(&self) -> Option<&'static str> {
        match self.family {
            Family::Sqlite => Some("BINARY"),
            Family::Postgres | Family::MySql => None,
        }
    }
}

/// What a remote can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Several queries can take turns on one connection.
    pub cursors: bool,
    /// Transactions and savepoints.
    pub transactions: bool,
    /// A snapshot can be shared between connections.
    pub snapshots: bool,
    /// A table can be read in parts: under one snapshot, if there are [`snapshots`], else only
    /// where somebody has said that the parts may see different moments.
    ///
    /// [`snapshots`]: Self::snapshots
    pub splits: bool,
    /// Rows can be changed.
    pub modify: bool,
    /// Rows can be relayed unread.
    pub raw_rows: bool,
}

/// What a connection says of the remote.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The remote's SQL.
    pub dialect: &'static Dialect,
    /// Its version, as a number that grows: 180004, 101106.
    pub version: u32,
    /// Text compares there by bytes, as it does here; where the dialect has a
    /// [`Dialect::text_collation`], under that one.
    pub byte_order_collation: bool,
    /// Which characters are letters, and which is the other case of which, is there what it is
    /// here: by Unicode, in no language.
    pub unicode_letters: bool,
    /// What it can do.
    pub can: Capabilities,
}
