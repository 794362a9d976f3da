//! Tells whether a row is still the one that was read.
use std::sync::Arc;

use super::{MappingEntry, Snapshot};
use crate::ids::{Class, UserMappingOid};
use crate::objects::{Row, RowKey, UserMapping};

/// What stands for a row, to be compared with what stands for it later.
pub(crate) enum Stamp {
    /// There is no such row.
    Gone,
    /// The row itself.
    Row(Row),
    /// A mapping's entry, and the mapping if this transaction changed it.
    Mapping(MappingEntry, Option<Arc<UserMapping>>),
}

impl Stamp {
    /// Whether both stand for one and the same row.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Row(this), Self::Row(other)) => this.is_same(other),
            (Self::Mapping(this, _), Self::Mapping(other, _)) if this.epoch.is_some() => {
                this == other
            }
            (Self::Mapping(_, Some(this)), Self::Mapping(_, Some(other))) => {
                Arc::ptr_eq(this, other)
            }
            _ => false,
        }
    }

    /// Whether it stands for this row.
    pub(crate) fn is_of(&self, row: &Row) -> bool {
        match (self, row) {
            (Self::Row(this), row) => this.is_same(row),
            (Self::Mapping(entry, _), Row::UserMapping(row)) if entry.epoch.is_some() => {
                entry.epoch == row.epoch
            }
            (Self::Mapping(_, Some(this)), Row::UserMapping(row)) => Arc::ptr_eq(this, row),
            _ => false,
        }
    }
}

impl Snapshot {
    pub(crate) fn stamp(&self, key: RowKey) -> Stamp {
        match key {
            RowKey::Object(address) if address.class == Class::UserMapping => {
                let oid = UserMappingOid(address.oid);
                let changed = || self.mappings.uncommitted.get(&oid).cloned();
                self.mapping(oid).map_or(Stamp::Gone, |entry| Stamp::Mapping(entry, changed()))
            }
            _ => self.row(key).map_or(Stamp::Gone, Stamp::Row),
        }
    }
}
