//! `medley_keys(action)`: which data keys there are, one more, and values sealed anew.
//!
//! A rotation is many small steps, each of which is whole by itself: whoever is interrupted goes
//! on by asking again. Old data keys stay, for a transaction that is open may have sealed under
//! one, and so may a dump.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use medley_catalog::ids::{
    Class, ObjectAddress, RelationOid, ServerOid, UserMappingOid, WrapperOid,
};
use medley_catalog::objects::{OptionValue, Options, Relation, RelationKind};
use medley_catalog::{Backend, Catalog, Snapshot, Transaction};
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_foreign::Foreign;
use medley_secret::{Keyring, MasterKey, Place, WrappedKey};
use parking_lot::Mutex;

/// How many objects are changed by one commit.
const BATCH: usize = 200;
/// How long one call goes on.
const TURN: Duration = Duration::from_secs(1);
/// An object that somebody else is changing is left for later.
const LOCK_TIMEOUT: Duration = Duration::from_millis(1);

/// Where a server's master key is kept, and the one that is to take its place.
pub trait MasterKeys: Send + Sync {
    /// The data folder, whose configuration says so.
    fn folder(&self) -> String;
    /// The key that is to come next, as the configuration says now.
    fn next(&self) -> Result<MasterKey, Report>;
    /// It has come: it is the one that the next start of the server reads.
    fn arrived(&self) -> Result<(), Report>;
}

/// The keys of a server, and what they seal.
pub(crate) struct Keys<'a> {
    pub(crate) catalog: &'a Arc<Catalog>,
    pub(crate) keyring: &'a Keyring,
    pub(crate) foreign: &'a Foreign,
    pub(crate) master_keys: Option<&'a dyn MasterKeys>,
    /// Held while the data keys are changed.
    pub(crate) turn: &'a Mutex<()>,
}

/// What came of a turn.
#[derive(Default)]
struct Turn {
    resealed: usize,
    failed: usize,
    left: usize,
}

impl Keys<'_> {
    pub(crate) fn run(&self, action: &str) -> Result<Vec<String>, Report> {
        match action {
            "status" => self.status(),
            "folder" => Ok(vec![self.master_keys()?.folder()]),
            "rewrap" => self.rewrap().map(|master| vec![master]),
            "add" => self.add().map(|version| vec![version.to_string()]),
            "reseal" => self.reseal().map(|turn| {
                let Turn { resealed, failed, left } = turn;
                vec![format!("resealed {resealed} failed {failed} left {left}")]
            }),
            other => {
                let message = format!("unrecognized action: \"{other}\"");
                Err(Report::error(SqlState::INVALID_PARAMETER_VALUE, message))
            }
        }
    }

    fn status(&self) -> Result<Vec<String>, Report> {
        let keys = self.catalog.data_keys();
        let counts = counts(&self.catalog.snapshot())?;
        let newest = keys.last().map(|key| key.version);
        let line = |key: &WrappedKey| {
            let (version, master) = (key.version, key.master);
            let count = counts.get(&version).copied().unwrap_or_default();
            let role = if Some(version) == newest { ", seals" } else { "" };
            let state = if self.keyring.can_open(key) { "" } else { ", cannot be opened" };
            format!("data key {version}: {count} values, master key {master}{role}{state}")
        };
        let master = match self.keyring.master() {
            Some(master) => format!("master key {master} is loaded"),
            None => "no master key is loaded".to_owned(),
        };
        Ok(keys.iter().map(line).chain([master]).collect())
    }

    fn master_keys(&self) -> Result<&dyn MasterKeys, Report> {
        self.master_keys.ok_or_else(|| Report::unsupported("replacing the master key here"))
    }

    /// Wraps the data keys by the master key that is to come next, in one commit, and takes it up.
    /// Run again after an interruption, it goes on where it stopped.
    fn rewrap(&self) -> Result<String, Report> {
        let _turn = self.turn.lock();
        let next = self.master_keys()?.next()?;
        let mut keys = self.catalog.data_keys();
        if keys.iter().any(|key| key.master != next.id()) {
            keys = self.keyring.rewrapped(&keys, &next).map_err(|error| error.report())?;
            self.catalog.set_data_keys(keys.clone()).map_err(|error| error.report())?;
        }
        self.keyring.replace_master(&next, &keys);
        self.foreign.pool().close_all_idle();
        tracing::info!(master = %next.id(), "another master key wraps the data keys");
        self.master_keys()?.arrived()?;
        Ok(next.id().to_string())
    }

    /// One more data key, which seals from now on.
    fn add(&self) -> Result<u32, Report> {
        let _turn = self.turn.lock();
        let mut keys = self.catalog.data_keys();
        let next = self.keyring.next_data_key(&keys).map_err(|error| error.report())?;
        let version = next.version;
        keys.push(next);
        self.catalog.set_data_keys(keys.clone()).map_err(|error| error.report())?;
        self.keyring.reopen(&keys);
        tracing::info!(version, "data key added");
        Ok(version)
    }

    /// Seals values under older keys anew, for a while.
    fn reseal(&self) -> Result<Turn, Report> {
        let newest = self.catalog.data_keys().last().map_or(0, |key| key.version);
        let old = sealed_before(&self.catalog.snapshot(), newest)?;
        let mut turn = Turn { left: old.len(), ..Turn::default() };
        let deadline = Instant::now() + TURN;
        for batch in old.chunks(BATCH) {
            if Instant::now() >= deadline {
                break;
            }
            self.reseal_batch(batch, &mut turn)?;
        }
        Ok(turn)
    }

    fn reseal_batch(&self, batch: &[ObjectAddress], turn: &mut Turn) -> Result<(), Report> {
        let lock_timeout = Some(LOCK_TIMEOUT);
        let mut tx = self.catalog.begin(Backend { lock_timeout, ..Backend::default() });
        let mut resealed = 0;
        for object in batch {
            match self.reseal_object(&mut tx, *object) {
                Ok(()) => resealed += 1,
                Err(Failed::Busy) => {}
                Err(Failed::Secret(error)) => {
                    let (class, oid) = (object.class.noun(), object.oid);
                    tracing::warn!(class, oid, %error, "value not sealed anew");
                    (turn.failed, turn.left) = (turn.failed + 1, turn.left - 1);
                }
                Err(Failed::Catalog(error)) => return Err(error.report()),
            }
        }
        tx.commit().map_err(|error| error.report())?;
        (turn.resealed, turn.left) = (turn.resealed + resealed, turn.left - resealed);
        Ok(())
    }

    /// Who has been quicker, or is at it, has the object; it is looked at again next time.
    fn reseal_object(&self, tx: &mut Transaction, object: ObjectAddress) -> Result<(), Failed> {
        let snapshot = tx.snapshot();
        macro_rules! reseal {
            ($old:expr) => {{
                let Some(old) = $old else { return Ok(()) };
                let mut new = (*old).clone();
                self.renew(object, 0, &mut new.options)?;
                Ok(tx.update(&old, new)?)
            }};
        }
        match object.class {
            Class::Wrapper => reseal!(snapshot.wrapper(WrapperOid(object.oid)).cloned()),
            Class::Server => reseal!(snapshot.server(ServerOid(object.oid)).cloned()),
            Class::UserMapping => reseal!(snapshot.user_mapping(UserMappingOid(object.oid))?),
            _ => {
                let Some(old) = snapshot.relation(RelationOid(object.oid)).cloned() else {
                    return Ok(());
                };
                let mut new = Relation::clone(&old);
                if let RelationKind::ForeignTable(table) = &mut new.kind {
                    self.renew(object, 0, &mut table.options)?;
                }
                for column in &mut new.columns {
                    self.renew(object, column.number, &mut column.options)?;
                }
                Ok(tx.update(&old, new)?)
            }
        }
    }

    fn renew(&self, on: ObjectAddress, column: i16, options: &mut Options) -> Result<(), Failed> {
        let mut renewed = Vec::new();
        for (option, value) in options.iter() {
            let OptionValue::Sealed(sealed) = value else { continue };
            let place = Place { class: on.class.oid(), object: on.oid, column, option };
            let new = self.keyring.renew(place, sealed).map_err(Failed::Secret)?;
            renewed.extend(new.map(|new| (option.to_owned(), OptionValue::Sealed(new))));
        }
        renewed.into_iter().for_each(|(option, value)| options.set(&option, value));
        Ok(())
    }
}

/// Why an object was not sealed anew.
enum Failed {
    /// Somebody else is changing it, or just has.
    Busy,
    Secret(medley_secret::Error),
    Catalog(medley_catalog::Error),
}

impl From<medley_catalog::Error> for Failed {
    fn from(error: medley_catalog::Error) -> Self {
        use medley_catalog::Error;
        match error {
            Error::LockTimeout
            | Error::Deadlock { .. }
            | Error::ConcurrentlyUpdated
            | Error::ConcurrentlyDeleted => Self::Busy,
            error => Self::Catalog(error),
        }
    }
}

/// How many values each data key seals.
fn counts(snapshot: &Snapshot) -> Result<BTreeMap<u32, usize>, Report> {
    let mut counts = BTreeMap::new();
    each_sealed(snapshot, |_, version| *counts.entry(version).or_default() += 1)?;
    Ok(counts)
}

/// What has a value that is sealed under an older key.
fn sealed_before(snapshot: &Snapshot, newest: u32) -> Result<Vec<ObjectAddress>, Report> {
    let mut found = Vec::new();
    each_sealed(snapshot, |on, version| {
        if version < newest && found.last() != Some(&on) {
            found.push(on);
        }
    })?;
    Ok(found)
}

/// Every sealed value: what it is on, and the version of its key.
fn each_sealed(
    snapshot: &Snapshot,
    mut take: impl FnMut(ObjectAddress, u32),
) -> Result<(), Report> {
    let mut each = |on: ObjectAddress, options: &Options| {
        for (_, value) in options.iter() {
            if let OptionValue::Sealed(sealed) = value {
                take(on, sealed.key_version().unwrap_or_default());
            }
        }
    };
    snapshot.wrappers().for_each(|it| each(it.oid.address(), &it.options));
    snapshot.servers().for_each(|it| each(it.oid.address(), &it.options));
    for relation in snapshot.relations() {
        let on = relation.oid.address();
        relation.foreign_table().into_iter().for_each(|table| each(on, &table.options));
        relation.columns.iter().for_each(|column| each(on, &column.options));
    }
    for entry in snapshot.mappings() {
        let mapping = snapshot.user_mapping(entry.oid).map_err(|error| error.report())?;
        mapping.iter().for_each(|mapping| each(entry.oid.address(), &mapping.options));
    }
    Ok(())
}
