//! How a snapshot changes, one row at a time.
use std::sync::Arc;

use super::{MappingEntry, Snapshot};
use crate::ids::{
    Class, DatabaseOid, DefaultAclOid, ExtensionOid, MembershipOid, ObjectAddress, RelationOid,
    RoleOid, SchemaOid, ServerOid, UserMappingOid, WrapperOid,
};
use crate::objects::{DefaultAcl, Membership, Object, Relation, Row, RowKey, UserMapping};
use crate::store::StoreView;

impl Snapshot {
    /// Puts a row in the place of the one that had its key.
    pub(crate) fn put(&mut self, row: Row) {
        // A mapping's references are kept by `Mappings`.
        if !matches!(row, Row::UserMapping(_)) {
            self.forget_references(row.key());
            self.references.extend(row.references());
        }
        match row {
            Row::Database(row) => drop(self.databases.put(row)),
            Row::Role(row) => drop(self.roles.put(row)),
            Row::Wrapper(row) => drop(self.wrappers.put(row)),
            Row::Server(row) => drop(self.servers.put(row)),
            Row::Schema(row) => drop(self.schemas.put(row)),
            Row::Extension(row) => drop(self.extensions.put(row)),
            Row::Relation(row) => self.put_relation(row),
            Row::Membership(row) => self.put_membership(row),
            Row::UserMapping(row) => self.put_mapping(&row),
            Row::DefaultAcl(row) => self.put_default_acl(row),
            Row::SystemAcl(row) => drop(self.system_acls.insert(row.on, row)),
            Row::Comment(row) => drop(self.comments.insert(row.on, row)),
            Row::Setting(row) => drop(self.settings.insert(row.scope, row)),
        }
    }

    /// Takes a row out, if it is there.
    pub(crate) fn remove(&mut self, key: RowKey) {
        self.forget_references(key);
        match key {
            RowKey::Object(address) => self.remove_object(address),
            RowKey::Comment(on) => drop(self.comments.remove(&on)),
            RowKey::Setting(scope) => drop(self.settings.remove(&scope)),
        }
    }

    /// The row of this key; of a mapping, nothing, for it is not here.
    pub(crate) fn row(&self, key: RowKey) -> Option<Row> {
        fn row<T: Object>(object: Option<&Arc<T>>) -> Option<Row> {
            object.cloned().map(Object::into_row)
        }
        match key {
            RowKey::Comment(on) => row(self.comments.get(&on)),
            RowKey::Setting(scope) => row(self.settings.get(&scope)),
            RowKey::Object(ObjectAddress { class, oid, .. }) => match class {
                Class::Database => row(self.database(DatabaseOid(oid))),
                Class::Role => row(self.role(RoleOid(oid))),
                Class::Wrapper => row(self.wrapper(WrapperOid(oid))),
                Class::Server => row(self.server(ServerOid(oid))),
                Class::Schema => row(self.schema(SchemaOid(oid))),
                Class::Extension => row(self.extension(ExtensionOid(oid))),
                Class::Relation => row(self.relation(RelationOid(oid))),
                Class::Membership => row(self.membership(MembershipOid(oid))),
                Class::DefaultAcl => row(self.default_acls.get(&DefaultAclOid(oid))),
                Class::Function | Class::Type | Class::Language => {
                    row(self.system_acls.get(&ObjectAddress::new(class, oid)))
                }
                _ => None,
            },
        }
    }

    /// Becomes what a commit publishes.
    pub(crate) fn publish(&mut self, version: u64, store: StoreView) {
        self.version = version;
        self.store = store;
        self.mappings.uncommitted.clear();
    }

    /// Takes up a mapping whose options are in the store.
    pub(crate) fn put_stored_mapping(&mut self, entry: MappingEntry) {
        self.mappings.put(entry);
    }

    fn remove_object(&mut self, address: ObjectAddress) {
        let oid = address.oid;
        match address.class {
            Class::Database => drop(self.databases.remove(DatabaseOid(oid))),
            Class::Role => drop(self.roles.remove(RoleOid(oid))),
            Class::Wrapper => drop(self.wrappers.remove(WrapperOid(oid))),
            Class::Server => drop(self.servers.remove(ServerOid(oid))),
            Class::Schema => drop(self.schemas.remove(SchemaOid(oid))),
            Class::Extension => drop(self.extensions.remove(ExtensionOid(oid))),
            Class::Relation => self.remove_relation(RelationOid(oid)),
            Class::Membership => self.remove_membership(MembershipOid(oid)),
            Class::UserMapping => drop(self.mappings.remove(UserMappingOid(oid))),
            Class::DefaultAcl => self.remove_default_acl(DefaultAclOid(oid)),
            Class::Type | Class::Function | Class::Language => {
                drop(self.system_acls.remove(&address));
            }
            Class::ColumnDefault | Class::Constraint | Class::Rule => {}
        }
    }

    fn forget_references(&mut self, key: RowKey) {
        let Some(old) = self.row(key) else { return };
        for reference in old.references() {
            self.references.remove(&reference);
        }
    }

    fn put_relation(&mut self, row: Arc<Relation>) {
        self.remove_relation(row.oid);
        let names = self.relation_names.entry(row.schema).or_default();
        names.insert(row.name.as_str().into(), row.oid);
        self.relation_parts.extend(row.parts().map(|part| (part, row.oid)));
        self.relations.insert(row.oid, row);
    }

    fn remove_relation(&mut self, oid: RelationOid) {
        let Some(old) = self.relations.remove(&oid) else { return };
        for part in old.parts() {
            self.relation_parts.remove(&part);
        }
        let Some(names) = self.relation_names.get_mut(&old.schema) else { return };
        if names.get(old.name.as_str()) == Some(&oid) {
            names.remove(old.name.as_str());
        }
        if names.is_empty() {
            self.relation_names.remove(&old.schema);
        }
    }

    fn put_membership(&mut self, row: Arc<Membership>) {
        self.remove_membership(row.oid);
        self.memberships_by_member.insert((row.member, row.role, row.grantor, row.oid));
        self.memberships_by_role.insert((row.role, row.member, row.grantor, row.oid));
        self.memberships.insert(row.oid, row);
    }

    fn remove_membership(&mut self, oid: MembershipOid) {
        let Some(old) = self.memberships.remove(&oid) else { return };
        self.memberships_by_member.remove(&(old.member, old.role, old.grantor, oid));
        self.memberships_by_role.remove(&(old.role, old.member, old.grantor, oid));
    }

    fn put_mapping(&mut self, row: &Arc<UserMapping>) {
        let UserMapping { oid, server, user, epoch, .. } = **row;
        self.mappings.put(MappingEntry { oid, server, user, epoch });
        self.mappings.uncommitted.insert(oid, Arc::clone(row));
    }

    fn put_default_acl(&mut self, row: Arc<DefaultAcl>) {
        self.remove_default_acl(row.oid);
        self.default_acl_keys.insert((row.role, row.schema, row.kind), row.oid);
        self.default_acls.insert(row.oid, row);
    }

    fn remove_default_acl(&mut self, oid: DefaultAclOid) {
        let Some(old) = self.default_acls.remove(&oid) else { return };
        let key = (old.role, old.schema, old.kind);
        if self.default_acl_keys.get(&key) == Some(&oid) {
            self.default_acl_keys.remove(&key);
        }
    }
}
