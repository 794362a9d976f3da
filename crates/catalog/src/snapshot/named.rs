use std::sync::Arc;

use imbl::OrdMap;

use crate::ids::{DatabaseOid, ExtensionOid, RoleOid, SchemaOid, ServerOid, WrapperOid};
use crate::objects::{Database, Extension, Role, Schema, Server, Wrapper};

/// An object that is found by its name alone.
pub(super) trait Named {
    type Oid: Copy + Ord;
    fn oid(&self) -> Self::Oid;
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($object:ident => $oid:ident;)*) => {$(
        impl Named for $object {
            type Oid = $oid;
            fn oid(&self) -> $oid {
                self.oid
            }
            fn name(&self) -> &str {
                &self.name
            }
        }
    )*};
}

named! {
    Database => DatabaseOid;
    Role => RoleOid;
    Wrapper => WrapperOid;
    Server => ServerOid;
    Schema => SchemaOid;
    Extension => ExtensionOid;
}

/// Objects by oid and by name.
#[derive(Debug)]
pub(super) struct NamedObjects<T: Named> {
    rows: OrdMap<T::Oid, Arc<T>>,
    oids: OrdMap<Arc<str>, T::Oid>,
}

impl<T: Named> NamedObjects<T> {
    pub(super) fn get(&self, oid: T::Oid) -> Option<&Arc<T>> {
        self.rows.get(&oid)
    }

    pub(super) fn named(&self, name: &str) -> Option<&Arc<T>> {
        self.rows.get(self.oids.get(name)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.rows.values()
    }

    /// Puts a row in the place of the one that had its oid, which is returned.
    pub(super) fn put(&mut self, row: Arc<T>) -> Option<Arc<T>> {
        let old = self.remove(row.oid());
        self.oids.insert(row.name().into(), row.oid());
        self.rows.insert(row.oid(), row);
        old
    }

    /// Has the row found by this name too; `None` ends that.
    pub(super) fn alias(&mut self, name: &str, oid: Option<T::Oid>) {
        match oid {
            Some(oid) => drop(self.oids.insert(name.into(), oid)),
            None => drop(self.oids.remove(name)),
        }
    }

    pub(super) fn remove(&mut self, oid: T::Oid) -> Option<Arc<T>> {
        let old = self.rows.remove(&oid)?;
        // Another row may have taken the name meanwhile: a swap of names applies one by one.
        if self.oids.get(old.name()) == Some(&oid) {
            self.oids.remove(old.name());
        }
        Some(old)
    }
}

impl<T: Named> Clone for NamedObjects<T> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), oids: self.oids.clone() }
    }
}

impl<T: Named> Default for NamedObjects<T> {
    fn default() -> Self {
        Self { rows: OrdMap::new(), oids: OrdMap::new() }
    }
}
