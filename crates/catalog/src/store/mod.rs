//! The catalog on disk: one redb file, written once for each commit, and read whole at the start
//! but for the options of user mappings.
mod codec;
mod decisions;
mod last;
mod upgrade;

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{
    Builder, DatabaseError, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition,
    WriteTransaction,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use codec::{
    CodecError, decode, decode_mapping, decode_mapping_entry, encode, encode_key, encode_row,
};
use last::LastCommit;
use medley_secret::WrappedKey;

use crate::error::{Error, Result};
use crate::ids::{Class, Epoch, UserMappingOid};
use crate::objects::{
    Comment, Database, DefaultAcl, Extension, Membership, Object, Relation, Role, RowKey, Schema,
    Server, Setting, SystemAcl, UserMapping, Wrapper,
};
use crate::snapshot::Snapshot;
use crate::transaction::Change;

/// The file in the data folder.
pub const STORE_FILE: &str = "catalog.redb";

/// What this version writes, and the newest that it reads. 2 has the table `database`, 3 says of
/// each user mapping whether its role agreed to it, 4 has the table `system_acl`, 5 says of
/// references to secrets how they came to be said.
const FORMAT: u32 = 5;

/// Pages that redb keeps in memory, in bytes. Little: the snapshot has what is asked often.
const CACHE_BYTES: usize = 64 << 20;

type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;

const META: Table = Table::new("meta");
const COMMENTS: Table = Table::new("comment");
const SETTINGS: Table = Table::new("setting");
const DATABASES: Table = Table::new("database");
const ROLES: Table = Table::new("role");
const MEMBERSHIPS: Table = Table::new("membership");
const WRAPPERS: Table = Table::new("wrapper");
const SERVERS: Table = Table::new("server");
const USER_MAPPINGS: Table = Table::new("user_mapping");
const SCHEMAS: Table = Table::new("schema");
const RELATIONS: Table = Table::new("relation");
const EXTENSIONS: Table = Table::new("extension");
const DEFAULT_ACLS: Table = Table::new("default_acl");
const SYSTEM_ACLS: Table = Table::new("system_acl");

/// Every table of rows; each is made at the start, so that a missing one is damage.
const ROW_TABLES: [Table; 13] = [
    COMMENTS,
    SETTINGS,
    DATABASES,
    ROLES,
    MEMBERSHIPS,
    WRAPPERS,
    SERVERS,
    USER_MAPPINGS,
    SCHEMAS,
    RELATIONS,
    EXTENSIONS,
    DEFAULT_ACLS,
    SYSTEM_ACLS,
];

/// Where the format version stands, apart from the rest, so that any version can read it.
const FORMAT_KEY: &[u8] = b"format";
const META_KEY: &[u8] = b"meta";

/// What is kept besides rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// Random, made with the store.
    pub(crate) instance: [u8; 16],
    /// The last commit's number.
    pub(crate) version: u64,
    /// The next oid that was never given out.
    pub(crate) next_oid: u32,
    /// The next epoch that was never given out.
    pub(crate) next_epoch: Epoch,
    /// The data keys, wrapped by the master key.
    pub(crate) data_keys: Vec<WrappedKey>,
}

impl Meta {
    pub(crate) fn new(data_keys: Vec<WrappedKey>) -> Self {
        Self {
            instance: Uuid::new_v4().into_bytes(),
            version: 0,
            next_oid: crate::ids::FIRST_NORMAL_OID,
            next_epoch: Epoch::FIRST,
            data_keys,
        }
    }
}

/// The open store.
pub(crate) struct Store {
    database: redb::Database,
    path: PathBuf,
    /// Not while the store is being made.
    last: Option<LastCommit>,
    /// What it said when the store was opened.
    acknowledged: Option<u64>,
}

impl Store {
    /// Makes the file, which must not exist, with these first rows in it. It has its name only
    /// once it is whole.
    pub(crate) fn create(folder: &Path, meta: &Meta, changes: &[Change]) -> Result<()> {
        let path = folder.join(STORE_FILE);
        if path.exists() {
            return Err(Error::NotEmpty(folder.to_owned()));
        }
        let unfinished = folder.join(format!("{STORE_FILE}.new"));
        let io = |source| Error::Io { path: folder.to_owned(), source };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .map_err(io)?;
        let database = FileBackend::new(file)
            .and_then(|file| builder().create_with_backend(file))
            .map_err(|error| open_error(folder, error))?;
        let store = Self { database, path: unfinished.clone(), last: None, acknowledged: None };
        store.write(meta, changes, WriteKind::First)?;
        drop(store);
        LastCommit::forget(folder).map_err(io)?;
        fs::rename(&unfinished, &path).map_err(io)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
    }

    /// Opens it. Every page's checksum is verified first; damage is an error, and so is another
    /// process that has it open.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(STORE_FILE);
        if !path.is_file() {
            return Err(Error::NotADataDirectory(folder.to_owned()));
        }
        // redb itself may panic on bytes that it never wrote.
        let opened = catch_unwind(AssertUnwindSafe(|| builder().open(&path)));
        let database = match opened {
            Ok(opened) => opened.map_err(|error| open_error(folder, error))?,
            Err(_) => {
                return Err(Error::Damaged { path, what: "its pages make no sense".into() });
            }
        };
        let (last, acknowledged) = LastCommit::open(folder)
            .map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        Ok(Self { database, path, last: Some(last), acknowledged })
    }

    /// Reads everything but the options of user mappings.
    pub(crate) fn load(&self) -> Result<(Meta, Snapshot)> {
        let (format, meta) = self.meta()?;
        if let Some(acknowledged) = self.acknowledged.filter(|number| *number > meta.version) {
            let missing = format!("commit {acknowledged} is not in it, but {}", meta.version);
            return Err(self.damaged(&missing));
        }
        if format < FORMAT {
            self.upgrade(format, &meta)?;
        }
        let mut snapshot = Snapshot::default();
        self.load_rows::<Database>(DATABASES, &mut snapshot)?;
        self.load_rows::<Role>(ROLES, &mut snapshot)?;
        self.load_rows::<Membership>(MEMBERSHIPS, &mut snapshot)?;
        self.load_rows::<Wrapper>(WRAPPERS, &mut snapshot)?;
        self.load_rows::<Server>(SERVERS, &mut snapshot)?;
        self.load_rows::<Schema>(SCHEMAS, &mut snapshot)?;
        self.load_rows::<Relation>(RELATIONS, &mut snapshot)?;
        self.load_rows::<Extension>(EXTENSIONS, &mut snapshot)?;
        self.load_rows::<DefaultAcl>(DEFAULT_ACLS, &mut snapshot)?;
        self.load_rows::<SystemAcl>(SYSTEM_ACLS, &mut snapshot)?;
        self.load_rows::<Comment>(COMMENTS, &mut snapshot)?;
        self.load_rows::<Setting>(SETTINGS, &mut snapshot)?;
        self.for_each(USER_MAPPINGS, |value| {
            snapshot.put_stored_mapping(decode_mapping_entry(value)?);
            Ok(())
        })?;
        snapshot.publish(meta.version, self.view()?);
        Ok((meta, snapshot))
    }

    /// Writes a commit; when this returns, it is on disk.
    pub(crate) fn commit(&self, meta: &Meta, changes: &[Change]) -> Result<()> {
        self.write(meta, changes, WriteKind::Next)?;
        // The commit stands without it.
        if let Some(Err(error)) = self.last.as_ref().map(|last| last.write(meta.version)) {
            tracing::warn!(%error, "last commit's number not written");
        }
        Ok(())
    }

    /// The store as the last commit left it; it stays so for whoever holds the view.
    pub(crate) fn view(&self) -> Result<StoreView> {
        let table = self.read_table(USER_MAPPINGS)?;
        Ok(StoreView(Some(Arc::new(View { table, path: self.path.clone() }))))
    }

    /// The format, and what is kept besides rows.
    fn meta(&self) -> Result<(u32, Meta)> {
        let table = self.read_table(META)?;
        let get = |key| -> Result<Vec<u8>> {
            let value = table.get(key).map_err(|error| self.store_error(error))?;
            let value = value.ok_or_else(|| self.damaged("its format is not in it"))?;
            Ok(value.value().to_vec())
        };
        let format = <[u8; 4]>::try_from(get(FORMAT_KEY)?.as_slice())
            .map(u32::from_be_bytes)
            .map_err(|_| self.damaged("its format is not a number"))?;
        if format > FORMAT {
            let path = self.path.parent().unwrap_or(&self.path).to_owned();
            return Err(Error::NewerFormat { path, found: format, known: FORMAT });
        }
        let meta = decode(&get(META_KEY)?).map_err(|error| self.codec_error(error))?;
        Ok((format, meta))
    }

    fn load_rows<T: Object + DeserializeOwned>(
        &self,
        table: Table,
        snapshot: &mut Snapshot,
    ) -> Result<()> {
        self.for_each(table, |value| {
            snapshot.put(Arc::new(decode::<T>(value)?).into_row());
            Ok(())
        })
    }

    fn for_each(
        &self,
        table: Table,
        mut take: impl FnMut(&[u8]) -> Result<(), CodecError>,
    ) -> Result<()> {
        let table = self.read_table(table)?;
        for entry in table.iter().map_err(|error| self.store_error(error))? {
            let (_, value) = entry.map_err(|error| self.store_error(error))?;
            take(value.value()).map_err(|error| self.codec_error(error))?;
        }
        Ok(())
    }

    fn read_table(&self, table: Table) -> Result<ReadOnlyTable<&'static [u8], &'static [u8]>> {
        let transaction = self.database.begin_read().map_err(|error| self.store_error(error))?;
        transaction.open_table(table).map_err(|error| match error {
            redb::TableError::TableDoesNotExist(name) => {
                self.damaged(&format!("table \"{name}\" is not in it"))
            }
            other => self.store_error(other),
        })
    }

    fn write(&self, meta: &Meta, changes: &[Change], kind: WriteKind) -> Result<()> {
        let transaction = self.begin_write()?;
        if kind == WriteKind::First {
            for table in ROW_TABLES {
                transaction.open_table(table).map_err(|error| self.store_error(error))?;
            }
        }
        self.write_meta(&transaction, meta)?;
        changes.iter().try_for_each(|change| self.write_change(&transaction, change))?;
        transaction.commit().map_err(|error| self.store_error(error))
    }

    fn begin_write(&self) -> Result<WriteTransaction> {
        self.database.begin_write().map_err(|error| self.store_error(error))
    }

    fn write_meta(&self, transaction: &WriteTransaction, meta: &Meta) -> Result<()> {
        let bytes = encode(meta).map_err(|error| self.codec_error(error))?;
        let mut table = transaction.open_table(META).map_err(|error| self.store_error(error))?;
        for (key, value) in [(FORMAT_KEY, &FORMAT.to_be_bytes()[..]), (META_KEY, &bytes)] {
            table.insert(key, value).map_err(|error| self.store_error(error))?;
        }
        Ok(())
    }

    fn write_change(&self, transaction: &WriteTransaction, change: &Change) -> Result<()> {
        let definition = table_of(change.key)
            .ok_or_else(|| self.damaged("a change is of a kind that is not stored"))?;
        let mut table =
            transaction.open_table(definition).map_err(|error| self.store_error(error))?;
        let key = encode_key(change.key);
        match &change.row {
            Some(row) => {
                let value = encode_row(row).map_err(|error| self.codec_error(error))?;
                table
                    .insert(key.as_slice(), value.as_slice())
                    .map(drop)
                    .map_err(|error| self.store_error(error))
            }
            None => table.remove(key.as_slice()).map(drop).map_err(|error| self.store_error(error)),
        }
    }

    fn damaged(&self, what: &str) -> Error {
        Error::Damaged { path: self.path.clone(), what: what.to_owned() }
    }

    fn codec_error(&self, error: CodecError) -> Error {
        self.damaged(&error.to_string())
    }

    fn store_error(&self, error: impl Into<redb::Error>) -> Error {
        store_error(&self.path, error.into())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WriteKind {
    First,
    Next,
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

fn table_of(key: RowKey) -> Option<Table> {
    Some(match key {
        RowKey::Comment(_) => COMMENTS,
        RowKey::Setting(_) => SETTINGS,
        RowKey::Object(address) => match address.class {
            Class::Database => DATABASES,
            Class::Role => ROLES,
            Class::Membership => MEMBERSHIPS,
            Class::Wrapper => WRAPPERS,
            Class::Server => SERVERS,
            Class::UserMapping => USER_MAPPINGS,
            Class::Schema => SCHEMAS,
            Class::Relation => RELATIONS,
            Class::Extension => EXTENSIONS,
            Class::DefaultAcl => DEFAULT_ACLS,
            Class::Type | Class::Function | Class::Language => SYSTEM_ACLS,
            Class::ColumnDefault | Class::Constraint | Class::Rule => return None,
        },
    })
}

fn open_error(folder: &Path, error: DatabaseError) -> Error {
    let path = folder.join(STORE_FILE);
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            Error::InUse(folder.to_owned())
        }
        DatabaseError::UpgradeRequired(version) => {
            Error::Damaged { path, what: format!("its file format {version} is unknown") }
        }
        other => store_error(&path, other.into()),
    }
}

/// Corruption is told apart from a disk that fails.
fn store_error(path: &Path, error: redb::Error) -> Error {
    let path = path.to_owned();
    match error {
        redb::Error::Corrupted(what) => Error::Damaged { path, what },
        redb::Error::Io(source)
            if matches!(
                source.kind(),
                std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
            ) =>
        {
            Error::Damaged { path, what: source.to_string() }
        }
        source => Error::Store { path, source: Box::new(source) },
    }
}

/// User mappings with their options, as one commit left them. Without a store there are none.
#[derive(Clone, Default)]
pub(crate) struct StoreView(Option<Arc<View>>);

struct View {
    table: ReadOnlyTable<&'static [u8], &'static [u8]>,
    path: PathBuf,
}

impl StoreView {
    pub(crate) fn user_mapping(&self, oid: UserMappingOid) -> Result<Option<UserMapping>> {
        let Some(view) = &self.0 else { return Ok(None) };
        let key = encode_key(RowKey::Object(oid.address()));
        let value = view
            .table
            .get(key.as_slice())
            .map_err(|error| store_error(&view.path, error.into()))?;
        value
            .map(|value| decode_mapping(value.value()))
            .transpose()
            .map_err(|error| Error::Damaged { path: view.path.clone(), what: error.to_string() })
    }
}

impl fmt::Debug for StoreView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreView")
    }
}
