//! The catalog at one moment: immutable, and cheap to clone.
mod apply;
mod mappings;
mod named;
mod stamp;

pub use mappings::MappingEntry;
pub(crate) use stamp::Stamp;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use crate::acl::{Acl, initial_acl};
use crate::error::{Error, Result};
use crate::ids::{
    Class, DatabaseOid, DefaultAclOid, Epoch, ExtensionOid, MembershipOid, ObjectAddress,
    RelationOid, RoleOid, RoleOrPublic, SchemaOid, ServerOid, UserMappingOid, WrapperOid,
};
use crate::objects::{
    Comment, Database, DefaultAcl, DefaultAclKind, Extension, Membership, Reference, ReferenceKind,
    Relation, Role, RowKey, Schema, Server, Setting, SettingScope, SystemAcl, UserMapping, Wrapper,
};
use crate::store::StoreView;
use crate::temporary::TEMP_SCHEMA;
use crate::unique::UniqueKey;
use mappings::Mappings;
use named::NamedObjects;

/// The catalog at one moment: as some commit left it, or as a transaction sees it.
///
/// A clone shares everything, and a change copies only the path to it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    version: u64,
    databases: NamedObjects<Database>,
    roles: NamedObjects<Role>,
    wrappers: NamedObjects<Wrapper>,
    servers: NamedObjects<Server>,
    schemas: NamedObjects<Schema>,
    /// The one of the session whose snapshot it is, which is also found as `pg_temp`.
    own_temp_schema: Option<SchemaOid>,
    extensions: NamedObjects<Extension>,
    relations: OrdMap<RelationOid, Arc<Relation>>,
    relation_names: OrdMap<SchemaOid, OrdMap<Arc<str>, RelationOid>>,
    relation_parts: OrdMap<u32, RelationOid>,
    memberships: OrdMap<MembershipOid, Arc<Membership>>,
    memberships_by_member: OrdSet<(RoleOid, RoleOid, RoleOid, MembershipOid)>,
    memberships_by_role: OrdSet<(RoleOid, RoleOid, RoleOid, MembershipOid)>,
    mappings: Mappings,
    default_acls: OrdMap<DefaultAclOid, Arc<DefaultAcl>>,
    system_acls: OrdMap<ObjectAddress, Arc<SystemAcl>>,
    default_acl_keys: OrdMap<(RoleOid, Option<SchemaOid>, DefaultAclKind), DefaultAclOid>,
    comments: OrdMap<ObjectAddress, Arc<Comment>>,
    settings: OrdMap<SettingScope, Arc<Setting>>,
    /// By what is needed; a mapping's are in `mappings`.
    references: OrdSet<Reference>,
    store: StoreView,
}

/// What a role's use of a server comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The role's own mapping, else PUBLIC's.
    pub mapping: UserMappingOid,
    /// Whose mapping it is.
    pub user: RoleOrPublic,
    /// Changes with every committed change to the wrapper, the server or the mapping: it is the
    /// greatest of their three epochs. `None` if one of them was changed by this transaction: a
    /// connection opened so must never be pooled.
    pub epoch: Option<Epoch>,
}

impl Snapshot {
    /// Counts commits: two committed snapshots of one version are the same.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Where the temporary relations are of the session whose snapshot it is, if it has any.
    pub fn own_temp_schema(&self) -> Option<SchemaOid> {
        self.own_temp_schema
    }

    pub(crate) fn set_own_temp_schema(&mut self, schema: Option<SchemaOid>) {
        self.schemas.alias(TEMP_SCHEMA, schema);
        self.own_temp_schema = schema;
    }

    /// Finds the mapping that counts when `role` uses `server`: its own, else PUBLIC's. Role
    /// membership plays no part.
    pub fn resolve(&self, server: ServerOid, role: RoleOid) -> Option<Resolved> {
        let entry = self
            .mappings
            .find(server, RoleOrPublic::Role(role))
            .or_else(|| self.mappings.find(server, RoleOrPublic::Public))?;
        Some(self.resolved(entry))
    }

    /// What the use of this mapping comes to, by whichever way it was found.
    pub fn resolved(&self, entry: MappingEntry) -> Resolved {
        let epoch = self.connect_epoch(entry.server, entry.epoch);
        Resolved { mapping: entry.oid, user: entry.user, epoch }
    }

    /// The epoch of what `connect` receives of this server for this mapping epoch.
    fn connect_epoch(&self, server: ServerOid, mapping: Option<Epoch>) -> Option<Epoch> {
        let server = self.server(server)?;
        let wrapper = self.wrapper(server.wrapper)?;
        Some(mapping?.max(server.epoch?).max(wrapper.epoch?))
    }

    /// The epoch of a server alone: for what connects without a mapping. `None` if this
    /// transaction changed it or its wrapper.
    pub fn server_epoch(&self, server: ServerOid) -> Option<Epoch> {
        let server = self.server(server)?;
        Some(server.epoch?.max(self.wrapper(server.wrapper)?.epoch?))
    }
}

macro_rules! named_lookups {
    ($($class:ident, $object:ident, $oid:ident, $field:ident:
       $by_oid:ident, $by_name:ident, $must:ident;)*) => {
        impl Snapshot {$(
            #[doc = concat!("The ", stringify!($by_oid), " of this oid.")]
            pub fn $by_oid(&self, oid: $oid) -> Option<&Arc<$object>> {
                self.$field.get(oid)
            }

            #[doc = concat!("The ", stringify!($by_oid), " of this name.")]
            pub fn $by_name(&self, name: &str) -> Option<&Arc<$object>> {
                self.$field.named(name)
            }

            #[doc = concat!("The ", stringify!($by_oid), " of this name, or the error that ",
                "there is none.")]
            pub fn $must(&self, name: &str) -> Result<&Arc<$object>> {
                self.$by_name(name).ok_or_else(|| Error::undefined(Class::$class, name))
            }

            /// All of them, by ascending oid.
            pub fn $field(&self) -> impl Iterator<Item = &Arc<$object>> {
                self.$field.iter()
            }
        )*}
    };
}

named_lookups! {
    Database, Database, DatabaseOid, databases: database, database_named, find_database;
    Role, Role, RoleOid, roles: role, role_named, find_role;
    Wrapper, Wrapper, WrapperOid, wrappers: wrapper, wrapper_named, find_wrapper;
    Server, Server, ServerOid, servers: server, server_named, find_server;
    Schema, Schema, SchemaOid, schemas: schema, schema_named, find_schema;
    Extension, Extension, ExtensionOid, extensions: extension, extension_named, find_extension;
}

/// Relations.
impl Snapshot {
    /// The relation of this oid.
    pub fn relation(&self, oid: RelationOid) -> Option<&Arc<Relation>> {
        self.relations.get(&oid)
    }

    /// The relation of this name in this schema.
    pub fn relation_named(&self, schema: SchemaOid, name: &str) -> Option<&Arc<Relation>> {
        self.relation(*self.relation_names.get(&schema)?.get(name)?)
    }

    /// The relation that this type, constraint, default or rule is part of.
    pub fn relation_with(&self, part: u32) -> Option<&Arc<Relation>> {
        self.relation(*self.relation_parts.get(&part)?)
    }

    /// All of them, by ascending oid.
    pub fn relations(&self) -> impl Iterator<Item = &Arc<Relation>> {
        self.relations.values()
    }

    /// How many there are.
    pub fn relation_count(&self) -> usize {
        self.relations.len()
    }

    /// Those of one schema, by name.
    pub fn relations_in(&self, schema: SchemaOid) -> impl Iterator<Item = &Arc<Relation>> {
        let oids = self.relation_names.get(&schema).into_iter().flat_map(OrdMap::values);
        oids.filter_map(|oid| self.relation(*oid))
    }
}

/// User mappings.
impl Snapshot {
    /// What is known of a mapping without its options.
    pub fn mapping(&self, oid: UserMappingOid) -> Option<MappingEntry> {
        self.mappings.get(oid)
    }

    /// The mapping of exactly this role, or PUBLIC, on this server.
    pub fn mapping_for(&self, server: ServerOid, user: RoleOrPublic) -> Option<MappingEntry> {
        self.mappings.find(server, user)
    }

    /// All of them, by ascending oid.
    pub fn mappings(&self) -> impl Iterator<Item = MappingEntry> {
        self.mappings.iter()
    }

    /// How many there are.
    pub fn mapping_count(&self) -> usize {
        self.mappings.len()
    }

    /// Those of one server, PUBLIC's first, then by the role's oid.
    pub fn mappings_of_server(&self, server: ServerOid) -> impl Iterator<Item = MappingEntry> {
        self.mappings.of_server(server).filter_map(|oid| self.mapping(oid))
    }

    /// Those of one role, by ascending oid.
    pub fn mappings_of_role(&self, role: RoleOid) -> impl Iterator<Item = MappingEntry> {
        self.mappings.of_role(role).filter_map(|oid| self.mapping(oid))
    }

    /// The whole mapping, with its options as this snapshot has them. It reads the store, unless
    /// this transaction changed the mapping.
    pub fn user_mapping(&self, oid: UserMappingOid) -> Result<Option<Arc<UserMapping>>> {
        if self.mapping(oid).is_none() {
            return Ok(None);
        }
        match self.mappings.uncommitted.get(&oid) {
            Some(mapping) => Ok(Some(Arc::clone(mapping))),
            None => Ok(self.store.user_mapping(oid)?.map(Arc::new)),
        }
    }
}

/// Memberships.
impl Snapshot {
    /// The membership of this oid.
    pub fn membership(&self, oid: MembershipOid) -> Option<&Arc<Membership>> {
        self.memberships.get(&oid)
    }

    /// All of them, by ascending oid.
    pub fn memberships(&self) -> impl Iterator<Item = &Arc<Membership>> {
        self.memberships.values()
    }

    /// What was granted to this member.
    pub fn memberships_of_member(&self, member: RoleOid) -> impl Iterator<Item = &Arc<Membership>> {
        self.membership_range(&self.memberships_by_member, member)
    }

    /// To whom this role was granted.
    pub fn memberships_in_role(&self, role: RoleOid) -> impl Iterator<Item = &Arc<Membership>> {
        self.membership_range(&self.memberships_by_role, role)
    }

    /// The grant of `role` to `member` by `grantor`.
    pub fn membership_of(
        &self,
        role: RoleOid,
        member: RoleOid,
        grantor: RoleOid,
    ) -> Option<&Arc<Membership>> {
        let (first, last) = (MembershipOid(0), MembershipOid(u32::MAX));
        let range = (role, member, grantor, first)..=(role, member, grantor, last);
        let (.., oid) = self.memberships_by_role.range(range).next()?;
        self.membership(*oid)
    }

    fn membership_range<'a>(
        &'a self,
        index: &'a OrdSet<(RoleOid, RoleOid, RoleOid, MembershipOid)>,
        key: RoleOid,
    ) -> impl Iterator<Item = &'a Arc<Membership>> {
        let (least, most) = (RoleOid(0), RoleOid(u32::MAX));
        let range =
            (key, least, least, MembershipOid(0))..=(key, most, most, MembershipOid(u32::MAX));
        index.range(range).filter_map(|(.., oid)| self.membership(*oid))
    }
}

/// Comments, settings, default privileges.
impl Snapshot {
    /// The comment on an object or column.
    pub fn comment(&self, on: ObjectAddress) -> Option<&str> {
        self.comments.get(&on).map(|comment| comment.text.as_str())
    }

    /// The comment's row.
    pub fn comment_row(&self, on: ObjectAddress) -> Option<&Arc<Comment>> {
        self.comments.get(&on)
    }

    /// All comments, by class, oid and column.
    pub fn comments(&self) -> impl Iterator<Item = &Arc<Comment>> {
        self.comments.values()
    }

    /// The comments on an object and on its columns.
    pub fn comments_on(&self, object: ObjectAddress) -> impl Iterator<Item = &Arc<Comment>> {
        let first = ObjectAddress { subid: i32::MIN, ..object };
        let last = ObjectAddress { subid: i32::MAX, ..object };
        self.comments.range(first..=last).map(|(_, comment)| comment)
    }

    /// The settings of this scope exactly.
    pub fn setting(&self, scope: SettingScope) -> Option<&Arc<Setting>> {
        self.settings.get(&scope)
    }

    /// All settings.
    pub fn settings(&self) -> impl Iterator<Item = &Arc<Setting>> {
        self.settings.values()
    }

    /// The default privileges of this role, schema and kind exactly.
    pub fn default_acl(
        &self,
        role: RoleOid,
        schema: Option<SchemaOid>,
        kind: DefaultAclKind,
    ) -> Option<&Arc<DefaultAcl>> {
        self.default_acls.get(self.default_acl_keys.get(&(role, schema, kind))?)
    }

    /// All default privileges, by ascending oid.
    pub fn default_acls(&self) -> impl Iterator<Item = &Arc<DefaultAcl>> {
        self.default_acls.values()
    }

    /// The default privileges of this oid.
    pub fn default_acl_by_oid(&self, oid: DefaultAclOid) -> Option<&Arc<DefaultAcl>> {
        self.default_acls.get(&oid)
    }
}

/// All classes alike.
impl Snapshot {
    /// Whether this object (a column: its relation) is there.
    pub fn contains(&self, address: ObjectAddress) -> bool {
        match address.class {
            Class::Role => self.role(RoleOid(address.oid)).is_some(),
            Class::Membership => self.membership(MembershipOid(address.oid)).is_some(),
            Class::Wrapper => self.wrapper(WrapperOid(address.oid)).is_some(),
            Class::Server => self.server(ServerOid(address.oid)).is_some(),
            Class::UserMapping => self.mapping(UserMappingOid(address.oid)).is_some(),
            Class::Schema => self.schema(SchemaOid(address.oid)).is_some(),
            Class::Relation => self.relation(RelationOid(address.oid)).is_some(),
            Class::Extension => self.extension(ExtensionOid(address.oid)).is_some(),
            Class::DefaultAcl => self.default_acls.contains_key(&DefaultAclOid(address.oid)),
            Class::Database => self.database(DatabaseOid(address.oid)).is_some(),
            Class::Constraint => {
                self.relations().any(|relation| relation.constraints().any(|it| it == address))
            }
            Class::Type | Class::Function | Class::Language => address.is_pinned(),
            Class::ColumnDefault | Class::Rule => false,
        }
    }

    /// What was changed about who may use this function, type or language of the system.
    pub fn system_acl(&self, address: ObjectAddress) -> Option<&Arc<SystemAcl>> {
        self.system_acls.get(&address)
    }

    /// All of them, by class and oid.
    pub fn system_acls(&self) -> impl Iterator<Item = &Arc<SystemAcl>> {
        self.system_acls.values()
    }

    /// Who owns it; of a mapping, whose it is.
    pub fn owner(&self, address: ObjectAddress) -> Option<RoleOid> {
        match address.class {
            Class::Wrapper => self.wrapper(WrapperOid(address.oid)).map(|it| it.owner),
            Class::Server => self.server(ServerOid(address.oid)).map(|it| it.owner),
            Class::UserMapping => self.mapping(UserMappingOid(address.oid))?.user.role(),
            Class::Schema => self.schema(SchemaOid(address.oid)).map(|it| it.owner),
            Class::Relation => self.relation(RelationOid(address.oid)).map(|it| it.owner),
            Class::Extension => self.extension(ExtensionOid(address.oid)).map(|it| it.owner),
            Class::Database => self.database(DatabaseOid(address.oid)).map(|it| it.owner),
            Class::Function | Class::Type | Class::Language if address.is_pinned() => {
                Some(RoleOid::BOOTSTRAP)
            }
            _ => None,
        }
    }

    /// Its access control list, if it has one and it is not the default.
    pub fn acl(&self, address: ObjectAddress) -> Option<&Acl> {
        match address.class {
            Class::Wrapper => self.wrapper(WrapperOid(address.oid))?.acl.as_ref(),
            Class::Server => self.server(ServerOid(address.oid))?.acl.as_ref(),
            Class::Schema => self.schema(SchemaOid(address.oid))?.acl.as_ref(),
            Class::Database => self.database(DatabaseOid(address.oid))?.acl.as_ref(),
            Class::Relation if address.subid == 0 => {
                self.relation(RelationOid(address.oid))?.acl.as_ref()
            }
            Class::Relation => {
                let number = i16::try_from(address.subid).ok()?;
                let relation = self.relation(RelationOid(address.oid))?;
                relation.column_numbered(number)?.acl.as_ref()
            }
            Class::Function | Class::Type | Class::Language => {
                let changed = self.system_acls.get(&address).map(|it| &it.acl);
                changed.or_else(|| initial_acl(address))
            }
            _ => None,
        }
    }

    /// What needs this object, by ascending address of what needs it. Given a column, what needs
    /// just that column; given a whole, what needs it or a column of it.
    pub fn dependents(&self, of: ObjectAddress) -> Vec<Reference> {
        let mut found: Vec<_> = self.reference_range(of).copied().collect();
        let kind = match of.class {
            Class::Server => ReferenceKind::Normal,
            _ => ReferenceKind::Owner,
        };
        let mapping = |oid: UserMappingOid| Reference { to: of, from: oid.address(), kind };
        match of.class {
            Class::Server => found.extend(self.mappings.of_server(ServerOid(of.oid)).map(mapping)),
            Class::Role => found.extend(self.mappings.of_role(RoleOid(of.oid)).map(mapping)),
            _ => {}
        }
        found.sort_unstable_by_key(|reference| (reference.from, reference.kind));
        found
    }

    /// What this object needs.
    pub fn references_of(&self, object: ObjectAddress) -> Vec<Reference> {
        let of_mapping = |mapping: MappingEntry| Reference {
            to: mapping.server.address(),
            from: object,
            kind: ReferenceKind::Normal,
        };
        match object.class {
            Class::UserMapping => {
                self.mapping(UserMappingOid(object.oid)).map(of_mapping).into_iter().collect()
            }
            _ => self.row(RowKey::Object(object)).map(|row| row.references()).unwrap_or_default(),
        }
    }

    fn reference_range(&self, of: ObjectAddress) -> impl Iterator<Item = &Reference> {
        let (least, most) = if of.subid == 0 { (0, i32::MAX) } else { (of.subid, of.subid) };
        let end = |subid, address, kind| Reference {
            to: ObjectAddress { subid, ..of },
            from: address,
            kind,
        };
        let first = ObjectAddress { class: Class::ALL[0], oid: 0, subid: i32::MIN };
        let last = ObjectAddress { class: Class::Extension, oid: u32::MAX, subid: i32::MAX };
        self.references
            .range(end(least, first, ReferenceKind::Normal)..=end(most, last, ReferenceKind::Acl))
    }

    /// The rows that go with an object in silence: comments; of a role, memberships and settings;
    /// of a schema, default privileges in it.
    pub(crate) fn belongings(&self, of: ObjectAddress) -> Vec<RowKey> {
        let mut keys: Vec<_> =
            self.comments_on(of).map(|comment| RowKey::Comment(comment.on)).collect();
        let auto = self.dependents(of).into_iter().filter(|it| it.kind == ReferenceKind::Auto);
        keys.extend(auto.map(|reference| RowKey::Object(reference.from)));
        if of.class == Class::Role {
            let role = RoleOid(of.oid);
            let memberships =
                self.memberships_of_member(role).chain(self.memberships_in_role(role));
            keys.extend(memberships.map(|it| RowKey::Object(it.oid.address())));
            let settings = self.settings().filter(|it| it.scope.role == Some(role));
            keys.extend(settings.map(|it| RowKey::Setting(it.scope)));
        }
        if of.class == Class::Relation {
            let constraints = self.relation(RelationOid(of.oid)).into_iter();
            let constraints = constraints.flat_map(|relation| relation.constraints());
            let commented = constraints.filter(|it| self.comment(*it).is_some());
            keys.extend(commented.map(RowKey::Comment));
        }
        keys
    }

    /// The extension that it is a member of.
    pub fn extension_of(&self, member: ObjectAddress) -> Option<&Arc<Extension>> {
        self.extensions().find(|extension| extension.members.contains(&member))
    }

    /// Which object has this key.
    pub fn holder_of(&self, key: &UniqueKey) -> Option<ObjectAddress> {
        match key {
            UniqueKey::DatabaseName(name) => self.database_named(name).map(|it| it.oid.address()),
            UniqueKey::RoleName(name) => self.role_named(name).map(|it| it.oid.address()),
            UniqueKey::WrapperName(name) => self.wrapper_named(name).map(|it| it.oid.address()),
            UniqueKey::ServerName(name) => self.server_named(name).map(|it| it.oid.address()),
            UniqueKey::SchemaName(name) => self.schema_named(name).map(|it| it.oid.address()),
            UniqueKey::ExtensionName(name) => self.extension_named(name).map(|it| it.oid.address()),
            UniqueKey::RelationName(schema, name) => {
                self.relation_named(*schema, name).map(|it| it.oid.address())
            }
            UniqueKey::Membership(role, member, grantor) => {
                self.membership_of(*role, *member, *grantor).map(|it| it.oid.address())
            }
            UniqueKey::UserMapping(user, server) => {
                self.mapping_for(*server, *user).map(|it| it.oid.address())
            }
            UniqueKey::DefaultAcl(role, schema, kind) => {
                self.default_acl(*role, *schema, *kind).map(|it| it.oid.address())
            }
            UniqueKey::Comment(on) => self.comment_row(*on).map(|it| it.on),
            UniqueKey::Setting(scope) => self
                .setting(*scope)
                .map(|_| ObjectAddress::new(Class::Role, scope.role.map_or(0, |role| role.0))),
        }
    }
}
