//! A transaction's pending changes and its locks.
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::acl::Acl;
use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::ids::{Class, ObjectAddress};
use crate::locks::{Backend, LockMode, LockTag, TransactionId};
use crate::objects::{Comment, Object, Row, RowKey, SystemAcl};
use crate::snapshot::{Snapshot, Stamp};
use crate::temporary;
use crate::unique::UniqueKey;

/// A row put in its place, or taken out.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) key: RowKey,
    pub(crate) row: Option<Row>,
}

/// Changes that only this transaction sees until it commits, and the locks that keep others from
/// making conflicting ones. Dropped without commit, it is rolled back.
pub struct Transaction {
    catalog: Arc<Catalog>,
    id: TransactionId,
    backend: Backend,
    /// What its schema of temporary relations is called, if it has one.
    temp_schema_name: String,
    /// The committed snapshot under `view`.
    base: Arc<Snapshot>,
    /// `base` with `log` applied.
    view: Arc<Snapshot>,
    log: Vec<Change>,
    /// What was taken, in order.
    locks: Vec<(LockTag, LockMode)>,
    /// The strongest mode of each.
    held: HashMap<LockTag, LockMode>,
    savepoints: Vec<Mark>,
}

/// A point to which a transaction can be rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint(usize);

#[derive(Clone, Copy)]
struct Mark {
    log: usize,
    locks: usize,
}

impl Transaction {
    pub(crate) fn new(catalog: Arc<Catalog>, id: TransactionId, backend: Backend) -> Self {
        let base = catalog.snapshot();
        let view = Arc::clone(&base);
        let mut transaction = Self {
            catalog,
            id,
            temp_schema_name: temporary::schema_name(backend.process_id),
            backend,
            base,
            view,
            log: Vec::new(),
            locks: Vec::new(),
            held: HashMap::new(),
            savepoints: Vec::new(),
        };
        transaction.rebuild();
        transaction
    }

    /// The latest committed state with this transaction's changes.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        self.refresh();
        Arc::clone(&self.view)
    }

    /// An older state with this transaction's changes: what a transaction sees whose isolation is
    /// REPEATABLE READ.
    pub fn snapshot_over(&self, base: &Arc<Snapshot>) -> Arc<Snapshot> {
        let mut view = Arc::clone(base);
        if !self.log.is_empty() {
            let changed = Arc::make_mut(&mut view);
            self.log.iter().cloned().for_each(|change| changed.apply(change));
        }
        adopt_temp_schema(&mut view, &self.temp_schema_name);
        view
    }

    /// Whether it has changed anything.
    pub fn has_changes(&self) -> bool {
        !self.log.is_empty()
    }

    /// Whom errors name, and how its waits are cut short; `lock_timeout` may change between
    /// statements.
    pub fn backend_mut(&mut self) -> &mut Backend {
        &mut self.backend
    }

    /// An oid that was never given out before.
    pub fn allocate_oid(&mut self) -> Result<u32> {
        self.catalog.allocate_oid()
    }

    /// Adds a new object. Waits for whoever is adding one with the same key: if that commits,
    /// this fails with 23505. What it refers to cannot go from now on: if it went just now, this
    /// fails with 42704.
    pub fn create<T: Object>(&mut self, object: T) -> Result<()> {
        let row = Arc::new(object).into_row().uncommitted();
        for key in row.unique_keys() {
            self.lock_unique(&key)?;
        }
        self.lock_needed(&row, None)?;
        self.apply(Change { key: row.key(), row: Some(row) });
        Ok(())
    }

    /// Replaces an object by a changed one. `old` must come from this transaction's snapshot:
    /// if another transaction has committed a change to it since, this fails with `XX000 tuple
    /// concurrently updated` (or `deleted`), waiting first for one that is about to.
    pub fn update<T: Object>(&mut self, old: &Arc<T>, new: T) -> Result<()> {
        let old = Arc::clone(old).into_row();
        let new = Arc::new(new).into_row().uncommitted();
        self.lock_row(&old)?;
        let kept = old.unique_keys();
        for key in new.unique_keys().iter().filter(|key| !kept.contains(key)) {
            self.lock_unique(key).map_err(|error| match error {
                Error::Unique(_) => Error::Unique(key.index_of_change()),
                other => other,
            })?;
        }
        self.lock_needed(&new, Some(&old))?;
        self.remove_comments_on_lost_constraints(&old, &new)?;
        self.apply(Change { key: new.key(), row: Some(new) });
        Ok(())
    }

    fn remove_comments_on_lost_constraints(&mut self, old: &Row, new: &Row) -> Result<()> {
        let (Row::Relation(old), Row::Relation(new)) = (old, new) else { return Ok(()) };
        let kept: Vec<_> = new.constraints().collect();
        for lost in old.constraints().filter(|constraint| !kept.contains(constraint)) {
            self.remove_row(RowKey::Comment(lost))?;
        }
        Ok(())
    }

    /// Takes an object out, and with it its comments, and of a role its memberships and settings.
    /// What depends on it must be gone already: see [`Transaction::drop_objects`]. Fails with
    /// `XX000 cache lookup failed` if another transaction took it out since, and with `tuple
    /// concurrently updated` if it changed it.
    pub fn remove(&mut self, address: ObjectAddress) -> Result<()> {
        self.lock_for_removal(address)?;
        self.remove_belongings(address)?;
        self.apply(Change { key: RowKey::Object(address), row: None });
        Ok(())
    }

    pub(crate) fn remove_belongings(&mut self, address: ObjectAddress) -> Result<()> {
        for key in self.view.belongings(address) {
            self.lock(tag_of(key), LockMode::Exclusive)?;
            self.apply(Change { key, row: None });
        }
        Ok(())
    }

    /// Takes out a row that is no object: a comment or a setting.
    pub fn remove_row(&mut self, key: RowKey) -> Result<()> {
        self.refresh();
        let Some(old) = self.view.row(key) else { return Ok(()) };
        self.lock_row(&old)?;
        self.apply(Change { key, row: None });
        Ok(())
    }

    /// Says who may use a function, type or language of the system, of which descriptions say
    /// `name`. The caller has locked it ([`Transaction::lock_object`]) before it read the ACL that
    /// was there.
    pub fn set_system_acl(&mut self, on: ObjectAddress, name: String, acl: Acl) -> Result<()> {
        let new = SystemAcl { on, name, acl };
        match self.snapshot().system_acl(on).cloned() {
            Some(old) => self.update(&old, new),
            None => self.create(new),
        }
    }

    /// COMMENT ON: an empty text removes the comment. Of two at once, the second counts.
    pub fn set_comment(&mut self, on: ObjectAddress, text: &str) -> Result<()> {
        self.lock(tag_of(RowKey::Comment(on)), LockMode::Exclusive)?;
        self.refresh();
        if text.is_empty() {
            return self.remove_row(RowKey::Comment(on));
        }
        let comment = Comment { on, text: text.to_owned() };
        match self.snapshot().comment_row(on) {
            Some(old) => self.update(old, comment),
            None => self.create(comment),
        }
    }
}

/// Locks.
impl Transaction {
    /// Makes sure that no other transaction adds this key. Waits for one that is adding it, and
    /// fails with 23505 if it is there now. [`Transaction::create`] and [`Transaction::update`]
    /// do this themselves.
    pub fn lock_unique(&mut self, key: &UniqueKey) -> Result<()> {
        self.lock(LockTag::Key(key.clone()), LockMode::Exclusive)?;
        self.refresh();
        match self.view.holder_of(key) {
            None => Ok(()),
            Some(_) => Err(Error::Unique(key.index())),
        }
    }

    /// Makes sure that an object stays while this transaction lasts, because something in it
    /// refers to the object. Fails with 42704 if it is gone.
    pub fn lock_referenced(&mut self, address: ObjectAddress) -> Result<()> {
        let address = address.whole();
        if address.is_pinned() {
            return Ok(());
        }
        self.lock(LockTag::Object(address), LockMode::Reference)?;
        self.refresh();
        match self.view.contains(address) {
            true => Ok(()),
            false => Err(Error::ConcurrentlyDropped(address)),
        }
    }

    /// Makes sure that nobody else changes an object's row until this transaction ends; for
    /// statements that judge the row before they change it. `old` is as in
    /// [`Transaction::update`], which does this itself.
    pub fn lock_for_update<T: Object>(&mut self, old: &Arc<T>) -> Result<()> {
        self.lock_row(&Arc::clone(old).into_row())
    }

    /// Makes sure that nobody else drops, changes or refers to an object that is about to go. Fails
    /// with `XX000 tuple concurrently updated` if another transaction changed it meanwhile.
    pub fn lock_for_removal(&mut self, address: ObjectAddress) -> Result<()> {
        for tag in [LockTag::Object(address), LockTag::Row(address)] {
            self.lock_unchanged(tag, address)?;
        }
        Ok(())
    }

    /// Takes a lock, and fails if the object's row is another after the wait.
    fn lock_unchanged(&mut self, tag: LockTag, address: ObjectAddress) -> Result<()> {
        let key = RowKey::Object(address);
        let before = self.view.stamp(key);
        self.lock(tag, LockMode::Exclusive)?;
        self.refresh();
        match (before, self.view.stamp(key)) {
            (_, Stamp::Gone) => Err(gone(address)),
            (Stamp::Gone, _) => Ok(()),
            (before, now) if now.is_same(&before) => Ok(()),
            _ => Err(Error::ConcurrentlyUpdated),
        }
    }

    /// Looks a name up and locks what it names, over again until the name means the same before
    /// and after the wait: exclusively for DROP, RENAME, and ALTER of a relation, else as a
    /// reference. `None` if the name means nothing, then.
    pub fn lock_resolved<E: From<Error>>(
        &mut self,
        mode: LockMode,
        resolve: impl Fn(&Snapshot) -> Result<Option<ObjectAddress>, E>,
    ) -> Result<Option<ObjectAddress>, E> {
        self.refresh();
        loop {
            let Some(address) = resolve(&self.view)? else { return Ok(None) };
            self.lock_object(address, mode)?;
            if resolve(&self.view)? == Some(address) {
                return Ok(Some(address));
            }
        }
    }

    /// Locks an object, without a look at whether it is still there after the wait.
    pub fn lock_object(&mut self, address: ObjectAddress, mode: LockMode) -> Result<()> {
        let address = address.whole();
        if mode == LockMode::Exclusive || !address.is_pinned() {
            self.lock(LockTag::Object(address), mode)?;
        }
        self.refresh();
        Ok(())
    }

    /// Locks an object as a reference if nobody has to be waited for; false if somebody has.
    pub fn try_lock_object(&mut self, address: ObjectAddress) -> bool {
        let (tag, mode) = (LockTag::Object(address.whole()), LockMode::Reference);
        if self.held.contains_key(&tag) {
            return true;
        }
        let locked = self.catalog.locks().try_acquire(self.id, &self.backend, &tag, mode);
        if locked {
            self.held.insert(tag.clone(), mode);
            self.locks.push((tag, mode));
        }
        locked
    }

    /// Keeps others from making memberships until this transaction ends.
    pub fn lock_memberships(&mut self) -> Result<()> {
        self.lock(LockTag::Memberships, LockMode::Exclusive)?;
        self.refresh();
        Ok(())
    }

    /// Takes a lock; without waiting if it was taken before.
    pub(crate) fn lock(&mut self, tag: LockTag, mode: LockMode) -> Result<()> {
        let held = self.held.get(&tag).copied();
        if held.is_some_and(|held| held == mode || held == LockMode::Exclusive) {
            return Ok(());
        }
        self.catalog.locks().acquire(self.id, &self.backend, &tag, mode)?;
        self.held.insert(tag.clone(), held.map_or(mode, |held| held.max(mode)));
        self.locks.push((tag, mode));
        Ok(())
    }

    fn lock_row(&mut self, old: &Row) -> Result<()> {
        self.lock(tag_of(old.key()), LockMode::Exclusive)?;
        self.refresh();
        let own = || self.log.iter().any(|change| change.key == old.key());
        match self.view.stamp(old.key()) {
            Stamp::Gone => Err(Error::ConcurrentlyDeleted),
            now if now.is_of(old) => Ok(()),
            _ if own() => Err(Error::UpdatedBySelf),
            _ => Err(Error::ConcurrentlyUpdated),
        }
    }

    fn lock_needed(&mut self, row: &Row, old: Option<&Row>) -> Result<()> {
        let known = old.map(Row::needed_objects).unwrap_or_default();
        let needed = row.needed_objects();
        needed
            .into_iter()
            .filter(|address| !known.contains(address))
            .try_for_each(|address| self.lock_referenced(address))
    }
}

fn tag_of(key: RowKey) -> LockTag {
    match key {
        RowKey::Object(address) => LockTag::Row(address),
        RowKey::Comment(on) => LockTag::Key(UniqueKey::Comment(on)),
        RowKey::Setting(scope) => LockTag::Key(UniqueKey::Setting(scope)),
    }
}

/// Savepoints and the end.
impl Transaction {
    /// Marks a point to go back to.
    pub fn savepoint(&mut self) -> Savepoint {
        self.savepoints.push(Mark { log: self.log.len(), locks: self.locks.len() });
        Savepoint(self.savepoints.len() - 1)
    }

    /// Undoes all since the savepoint, gives back the locks taken since, and forgets later
    /// savepoints. The savepoint itself stays.
    pub fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        let mark = *self.savepoints.get(savepoint.0).ok_or(Error::NoSavepoint)?;
        self.savepoints.truncate(savepoint.0 + 1);
        self.log.truncate(mark.log);
        let released = self.locks.split_off(mark.locks);
        self.catalog.locks().release(self.id, &released);
        self.held.clear();
        for (tag, mode) in &self.locks {
            let held = self.held.entry(tag.clone()).or_insert(*mode);
            *held = (*held).max(*mode);
        }
        self.rebuild();
        Ok(())
    }

    /// Forgets the savepoint and later ones; what was done since stays.
    pub fn release(&mut self, savepoint: Savepoint) -> Result<()> {
        if savepoint.0 >= self.savepoints.len() {
            return Err(Error::NoSavepoint);
        }
        self.savepoints.truncate(savepoint.0);
        Ok(())
    }

    /// Makes the changes durable, then visible to all. Returns the version that has them.
    pub fn commit(mut self) -> Result<u64> {
        let log = std::mem::take(&mut self.log);
        if log.is_empty() {
            return Ok(self.catalog.snapshot().version());
        }
        // The last change to a key counts.
        let changes: BTreeMap<RowKey, Change> =
            log.into_iter().map(|change| (change.key, change)).collect();
        self.catalog.commit(changes.into_values().collect())
    }

    /// Undoes everything.
    pub fn rollback(self) {
        drop(self);
    }

    pub(crate) fn refresh(&mut self) {
        let latest = self.catalog.snapshot();
        if !Arc::ptr_eq(&latest, &self.base) {
            self.base = latest;
            self.rebuild();
        }
    }

    fn rebuild(&mut self) {
        self.view = self.snapshot_over(&self.base);
    }

    pub(crate) fn temp_schema_name(&self) -> &str {
        &self.temp_schema_name
    }

    fn apply(&mut self, change: Change) {
        Arc::make_mut(&mut self.view).apply(change.clone());
        if matches!(change.key, RowKey::Object(address) if address.class == Class::Schema) {
            adopt_temp_schema(&mut self.view, &self.temp_schema_name);
        }
        self.log.push(change);
    }
}

/// Knows the session's schema of temporary relations as such, if it is there.
fn adopt_temp_schema(view: &mut Arc<Snapshot>, name: &str) {
    let own = view.schema_named(name).map(|schema| schema.oid);
    if own != view.own_temp_schema() {
        Arc::make_mut(view).set_own_temp_schema(own);
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.catalog.locks().release(self.id, &self.locks);
    }
}

impl Snapshot {
    pub(crate) fn apply(&mut self, change: Change) {
        match change.row {
            Some(row) => self.put(row),
            None => self.remove(change.key),
        }
    }
}

/// What is said of a row that is not there any more; of those without a cache of their own
/// PostgreSQL says it otherwise.
fn gone(ObjectAddress { class, oid, .. }: ObjectAddress) -> Error {
    match class {
        Class::DefaultAcl => Error::NoTuple { class, oid },
        _ => Error::CacheLookup { class, oid },
    }
}
