use std::collections::BTreeMap;
use std::sync::Arc;

use medley_catalog::Snapshot;
use medley_catalog::objects::{Object, Row, RowKey};

/// Every row, as text.
pub type Contents = BTreeMap<RowKey, String>;

/// Whether contents tell epochs, which only a commit gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epochs {
    /// They do.
    Shown,
    /// They do not.
    Hidden,
}

/// All that there is, for a comparison of two states.
pub fn contents(snapshot: &Snapshot, epochs: Epochs) -> Contents {
    let text = |row: Row| match epochs {
        Epochs::Shown => (row.key(), format!("{row:?}")),
        Epochs::Hidden => (row.key(), format!("{:?}", without_epoch(row))),
    };
    rows(snapshot).into_iter().map(text).collect()
}

fn without_epoch(mut row: Row) -> Row {
    match &mut row {
        Row::Wrapper(it) => Arc::make_mut(it).epoch = None,
        Row::Server(it) => Arc::make_mut(it).epoch = None,
        Row::UserMapping(it) => Arc::make_mut(it).epoch = None,
        _ => {}
    }
    row
}

/// Every row. A mapping that is listed and cannot be read is left out: [`super::check`] says so.
pub(super) fn rows(snapshot: &Snapshot) -> Vec<Row> {
    fn of<'a, T: Object>(objects: impl Iterator<Item = &'a Arc<T>>) -> Vec<Row> {
        objects.map(|object| Arc::clone(object).into_row()).collect()
    }
    let mappings = snapshot.mappings().filter_map(|it| snapshot.user_mapping(it.oid).ok()?);
    [
        of(snapshot.roles()),
        of(snapshot.databases()),
        of(snapshot.wrappers()),
        of(snapshot.servers()),
        of(snapshot.schemas()),
        of(snapshot.extensions()),
        of(snapshot.relations()),
        of(snapshot.memberships()),
        of(snapshot.default_acls()),
        of(snapshot.system_acls()),
        of(snapshot.comments()),
        of(snapshot.settings()),
        mappings.map(Object::into_row).collect(),
    ]
    .concat()
}
