use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// Stands for a name that a remote session was told: two are equal if and only if the names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NameId(u32);

/// The names that stand in keys. A role that is renamed brings one more.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<Arc<str>, NameId>>);

impl Names {
    pub(crate) fn id(&self, name: &str) -> NameId {
        let mut ids = self.0.lock();
        if let Some(id) = ids.get(name) {
            return *id;
        }
        let id = NameId(u32::try_from(ids.len()).unwrap_or(u32::MAX));
        ids.insert(name.into(), id);
        id
    }
}
