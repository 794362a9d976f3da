use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::Result;
use medley_catalog::Snapshot;
use medley_catalog::ids::Epoch;
use medley_catalog::objects::RowKey;

use super::contents::{Contents, Epochs, contents, rows};
use super::{Broken, rows::epoch};

/// Watches a catalog from commit to commit.
#[derive(Debug)]
pub struct History {
    version: u64,
    contents: Contents,
    epochs: BTreeMap<RowKey, Epoch>,
    /// The greatest that ever was.
    newest: Option<Epoch>,
    /// Objects that are no more, and must never be again.
    gone: HashSet<RowKey>,
}

impl History {
    /// From this state on.
    pub fn new(snapshot: &Snapshot) -> Self {
        let epochs = epochs(snapshot);
        let newest = epochs.values().max().copied();
        let contents = contents(snapshot, Epochs::Shown);
        Self { version: snapshot.version(), contents, epochs, newest, gone: HashSet::new() }
    }

    /// The state that came after the one that was seen last.
    pub fn observe(&mut self, snapshot: &Snapshot) -> Result<()> {
        let mut broken = Broken::default();
        let after = contents(snapshot, Epochs::Shown);
        let version = snapshot.version();
        broken.unless(version >= self.version, || "the version goes back".to_owned());
        broken.unless(version > self.version || after == self.contents, || {
            format!("there are two states of version {version}")
        });
        self.check_epochs(snapshot, &after, &mut broken);
        self.check_gone(&after, &mut broken);
        (self.version, self.contents) = (version, after);
        broken.into_result()
    }

    /// What has changed has an epoch greater than any before.
    fn check_epochs(&mut self, snapshot: &Snapshot, after: &Contents, broken: &mut Broken) {
        let epochs = epochs(snapshot);
        for (key, epoch) in &epochs {
            let is_new = self.contents.get(key) != after.get(key);
            let kept = self.epochs.get(key) == Some(epoch);
            broken
                .unless(is_new != kept, || format!("{key:?} has changed: {is_new}; epoch {epoch}"));
            broken.unless(kept || Some(*epoch) > self.newest, || {
                format!(
                    "{key:?} has the epoch {epoch}, which is not greater than {:?}",
                    self.newest
                )
            });
        }
        self.newest = self.newest.max(epochs.values().max().copied());
        self.epochs = epochs;
    }

    /// An object that is gone does not come back: its oid is not given out again.
    fn check_gone(&mut self, after: &Contents, broken: &mut Broken) {
        let objects = |contents: &Contents| -> BTreeSet<RowKey> {
            contents.keys().copied().filter(|key| matches!(key, RowKey::Object(_))).collect()
        };
        let (before, after) = (objects(&self.contents), objects(after));
        for key in &after {
            broken.unless(!self.gone.contains(key), || format!("{key:?} is there again"));
        }
        self.gone.extend(before.difference(&after));
    }
}

fn epochs(snapshot: &Snapshot) -> BTreeMap<RowKey, Epoch> {
    let rows = rows(snapshot);
    rows.iter().filter_map(epoch).filter_map(|(key, epoch)| Some((key, epoch?))).collect()
}
