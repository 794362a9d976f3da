//! What must hold of every committed snapshot.
use crate::error::{Error, Result};
use crate::ids::{Class, ObjectAddress, UserMappingOid};
use crate::objects::{ReferenceKind, Row, RowKey};
use crate::snapshot::Snapshot;

impl Snapshot {
    /// Checks what a commit touches: keys are unique, and nothing refers to what is not there.
    pub(crate) fn check(&self, touched: impl IntoIterator<Item = RowKey>) -> Result<()> {
        touched.into_iter().try_for_each(|key| match key {
            RowKey::Object(address) if self.contains(address) => self.check_present(address),
            RowKey::Object(address) => self.check_absent(address),
            RowKey::Comment(on) if self.comment(on).is_some() => self.must_contain(on),
            RowKey::Comment(_) | RowKey::Setting(_) => Ok(()),
        })
    }

    /// Checks all rows; for tests.
    pub fn check_all(&self) -> Result<()> {
        let objects = (self.databases().map(|it| it.oid.address()))
            .chain(self.roles().map(|it| it.oid.address()))
            .chain(self.wrappers().map(|it| it.oid.address()))
            .chain(self.servers().map(|it| it.oid.address()))
            .chain(self.schemas().map(|it| it.oid.address()))
            .chain(self.extensions().map(|it| it.oid.address()))
            .chain(self.relations().map(|it| it.oid.address()))
            .chain(self.memberships().map(|it| it.oid.address()))
            .chain(self.default_acls().map(|it| it.oid.address()))
            .chain(self.mappings().map(|it| it.oid.address()))
            .chain(self.system_acls().map(|it| it.on))
            .map(RowKey::Object);
        self.check(objects.chain(self.comments().map(|it| RowKey::Comment(it.on))))
    }

    fn check_present(&self, address: ObjectAddress) -> Result<()> {
        if address.class == Class::UserMapping {
            return self.check_mapping(UserMappingOid(address.oid));
        }
        let Some(row) = self.row(RowKey::Object(address)) else { return Ok(()) };
        for key in row.unique_keys() {
            if self.holder_of(&key) != Some(address) {
                return Err(Error::Unique(key.index()));
            }
        }
        if let Row::Membership(it) = &row {
            self.must_contain(it.role.address())?;
            self.must_contain(it.member.address())?;
        }
        row.references().iter().try_for_each(|reference| {
            self.must_contain(reference.to)?;
            self.must_contain(reference.from)
        })
    }

    fn check_mapping(&self, oid: UserMappingOid) -> Result<()> {
        let Some(entry) = self.mapping(oid) else { return Ok(()) };
        self.must_contain(entry.server.address())?;
        entry.user.role().map_or(Ok(()), |role| self.must_contain(role.address()))?;
        match self.mapping_for(entry.server, entry.user) {
            Some(found) if found.oid == oid => Ok(()),
            _ => {
                let key = crate::unique::UniqueKey::UserMapping(entry.user, entry.server);
                Err(Error::Unique(key.index()))
            }
        }
    }

    fn check_absent(&self, address: ObjectAddress) -> Result<()> {
        match self.dependents(address).iter().find(|it| it.kind != ReferenceKind::Auto) {
            None => Ok(()),
            Some(_) => Err(Error::ConcurrentlyDropped(address)),
        }
    }

    fn must_contain(&self, address: ObjectAddress) -> Result<()> {
        match self.contains(address.whole()) {
            true => Ok(()),
            false => Err(Error::ConcurrentlyDropped(address)),
        }
    }
}
