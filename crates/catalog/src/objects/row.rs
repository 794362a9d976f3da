use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Database, DefaultAcl, Extension, Membership, Relation, RelationKind, Role, Schema, Server,
    Setting, SettingScope, SystemAcl, UserMapping, Wrapper,
};
use crate::acl::Acl;
use crate::ids::{Epoch, ObjectAddress, RoleOid, SchemaOid};
use crate::unique::UniqueKey;

/// What COMMENT ON said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// On what.
    pub on: ObjectAddress,
    /// The text; never empty.
    pub text: String,
}

/// One entry of the catalog, whatever it is.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "a variant for each type of object, which says what it is")]
pub enum Row {
    Database(Arc<Database>),
    Role(Arc<Role>),
    Membership(Arc<Membership>),
    Wrapper(Arc<Wrapper>),
    Server(Arc<Server>),
    UserMapping(Arc<UserMapping>),
    Schema(Arc<Schema>),
    Relation(Arc<Relation>),
    Extension(Arc<Extension>),
    DefaultAcl(Arc<DefaultAcl>),
    SystemAcl(Arc<SystemAcl>),
    Comment(Arc<Comment>),
    Setting(Arc<Setting>),
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKey {
    /// An object's row.
    Object(ObjectAddress),
    /// An object's comment.
    Comment(ObjectAddress),
    /// The settings of a role or database.
    Setting(SettingScope),
}

/// A type of which the catalog keeps rows.
pub trait Object: Clone + Send + Sync + 'static {
    /// Where its row stands.
    fn key(&self) -> RowKey;

    /// The row.
    fn into_row(self: Arc<Self>) -> Row;
}

macro_rules! objects {
    ($($name:ident: $this:ident => $key:expr;)*) => {$(
        impl Object for $name {
            fn key(&self) -> RowKey {
                let $this = self;
                $key
            }

            fn into_row(self: Arc<Self>) -> Row {
                Row::$name(self)
            }
        }
    )*

        impl Row {
            /// Where it stands.
            pub fn key(&self) -> RowKey {
                match self {
                    $(Self::$name(row) => row.key(),)*
                }
            }

            /// Whether both are one and the same, not only equal.
            pub(crate) fn is_same(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$name(this), Self::$name(other)) => Arc::ptr_eq(this, other),)*
                    _ => false,
                }
            }
        }
    };
}

objects! {
    Database: it => RowKey::Object(it.oid.address());
    Role: it => RowKey::Object(it.oid.address());
    Membership: it => RowKey::Object(it.oid.address());
    Wrapper: it => RowKey::Object(it.oid.address());
    Server: it => RowKey::Object(it.oid.address());
    UserMapping: it => RowKey::Object(it.oid.address());
    Schema: it => RowKey::Object(it.oid.address());
    Relation: it => RowKey::Object(it.oid.address());
    Extension: it => RowKey::Object(it.oid.address());
    DefaultAcl: it => RowKey::Object(it.oid.address());
    SystemAcl: it => RowKey::Object(it.on);
    Comment: it => RowKey::Comment(it.on);
    Setting: it => RowKey::Setting(it.scope);
}

/// Why one object needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// It cannot be without it, and goes with it only by CASCADE.
    Normal,
    /// It goes with it in silence.
    Auto,
    /// It was made by the extension, goes with it, and cannot go alone.
    Extension,
    /// The role owns it, or a mapping is the role's.
    Owner,
    /// A privilege on it names the role.
    Acl,
}

/// One object needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// What is needed.
    pub to: ObjectAddress,
    /// What needs it.
    pub from: ObjectAddress,
    /// Why.
    pub kind: ReferenceKind,
}

impl Row {
    /// All that it needs.
    pub fn references(&self) -> Vec<Reference> {
        let mut edges = Edges(Vec::new());
        match self {
            Self::Role(_) | Self::Comment(_) | Self::Setting(_) => {}
            Self::Database(it) => edges.owned(it.oid.address(), it.owner, it.acl.as_ref()),
            Self::Membership(it) => edges.grantor(it.oid.address(), it.grantor),
            Self::Wrapper(it) => {
                edges.owned(it.oid.address(), it.owner, it.acl.as_ref());
            }
            Self::Server(it) => {
                edges.needs(it.oid.address(), it.wrapper.address());
                edges.owned(it.oid.address(), it.owner, it.acl.as_ref());
            }
            Self::UserMapping(it) => {
                edges.needs(it.oid.address(), it.server.address());
                it.user.role().into_iter().for_each(|role| edges.owner(it.oid.address(), role));
            }
            Self::Schema(it) => edges.owned(it.oid.address(), it.owner, it.acl.as_ref()),
            Self::Relation(it) => edges.relation(it),
            Self::Extension(it) => edges.extension(it),
            Self::DefaultAcl(it) => edges.default_acl(it.oid.address(), it.schema, it),
            Self::SystemAcl(it) => edges.acl(it.on, RoleOid::BOOTSTRAP, Some(&it.acl)),
        }
        edges.0.sort_unstable();
        edges.0.dedup();
        edges.0
    }

    /// The objects that must be there as long as it is.
    pub(crate) fn needed_objects(&self) -> Vec<ObjectAddress> {
        let mut needed: Vec<_> =
            self.references().iter().map(|reference| reference.to.whole()).collect();
        match self {
            Self::Membership(it) => needed.extend([it.role.address(), it.member.address()]),
            Self::Setting(it) => needed.extend(it.scope.role.map(RoleOid::address)),
            Self::Comment(it) => needed.push(it.on.whole()),
            _ => {}
        }
        needed.retain(|address| RowKey::Object(*address) != self.key());
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// The same, marked as not committed.
    pub(crate) fn uncommitted(mut self) -> Self {
        if let Some(epoch) = self.epoch_mut() {
            *epoch = None;
        }
        self
    }

    /// The epoch, of what has one.
    pub(crate) fn epoch_mut(&mut self) -> Option<&mut Option<Epoch>> {
        match self {
            Self::Wrapper(row) => Some(&mut Arc::make_mut(row).epoch),
            Self::Server(row) => Some(&mut Arc::make_mut(row).epoch),
            Self::UserMapping(row) => Some(&mut Arc::make_mut(row).epoch),
            _ => None,
        }
    }

    /// The values that no other row may have.
    pub fn unique_keys(&self) -> Vec<UniqueKey> {
        match self {
            Self::Database(it) => vec![UniqueKey::DatabaseName(it.name.as_str().into())],
            Self::Role(it) => vec![UniqueKey::RoleName(it.name.as_str().into())],
            Self::Membership(it) => {
                vec![UniqueKey::Membership(it.role, it.member, it.grantor)]
            }
            Self::Wrapper(it) => vec![UniqueKey::WrapperName(it.name.as_str().into())],
            Self::Server(it) => vec![UniqueKey::ServerName(it.name.as_str().into())],
            Self::UserMapping(it) => vec![UniqueKey::UserMapping(it.user, it.server)],
            Self::Schema(it) => vec![UniqueKey::SchemaName(it.name.as_str().into())],
            Self::Relation(it) => {
                vec![UniqueKey::RelationName(it.schema, it.name.as_str().into())]
            }
            Self::Extension(it) => vec![UniqueKey::ExtensionName(it.name.as_str().into())],
            Self::DefaultAcl(it) => vec![UniqueKey::DefaultAcl(it.role, it.schema, it.kind)],
            // It is found by its key.
            Self::SystemAcl(_) => Vec::new(),
            Self::Comment(it) => vec![UniqueKey::Comment(it.on)],
            Self::Setting(it) => vec![UniqueKey::Setting(it.scope)],
        }
    }
}

struct Edges(Vec<Reference>);

impl Edges {
    fn add(&mut self, from: ObjectAddress, to: ObjectAddress, kind: ReferenceKind) {
        self.0.push(Reference { to, from, kind });
    }

    fn needs(&mut self, from: ObjectAddress, to: ObjectAddress) {
        self.add(from, to, ReferenceKind::Normal);
    }

    fn owner(&mut self, from: ObjectAddress, role: RoleOid) {
        self.add(from, role.address(), ReferenceKind::Owner);
    }

    fn grantor(&mut self, from: ObjectAddress, role: RoleOid) {
        self.add(from, role.address(), ReferenceKind::Acl);
    }

    /// The owner's own entries in an ACL are no dependency.
    fn acl(&mut self, from: ObjectAddress, owner: RoleOid, acl: Option<&Acl>) {
        for role in acl.into_iter().flat_map(Acl::roles).filter(|role| *role != owner) {
            self.add(from, role.address(), ReferenceKind::Acl);
        }
    }

    fn owned(&mut self, from: ObjectAddress, owner: RoleOid, acl: Option<&Acl>) {
        self.owner(from, owner);
        self.acl(from, owner, acl);
    }

    fn relation(&mut self, relation: &Relation) {
        let from = relation.oid.address();
        self.needs(from, relation.schema.address());
        self.owned(from, relation.owner, relation.acl.as_ref());
        for column in &relation.columns {
            self.acl(from.column(column.number), relation.owner, column.acl.as_ref());
        }
        match &relation.kind {
            RelationKind::ForeignTable(table) => self.needs(from, table.server.address()),
            RelationKind::View(view) => {
                view.depends_on.iter().for_each(|on| self.needs(from, *on));
            }
        }
    }

    fn extension(&mut self, extension: &Extension) {
        let to = extension.oid.address();
        self.owner(to, extension.owner);
        self.needs(to, extension.schema.address());
        for member in &extension.members {
            self.add(*member, to, ReferenceKind::Extension);
        }
    }

    fn default_acl(&mut self, from: ObjectAddress, schema: Option<SchemaOid>, entry: &DefaultAcl) {
        self.owned(from, entry.role, Some(&entry.acl));
        if let Some(schema) = schema {
            self.add(from, schema.address(), ReferenceKind::Auto);
        }
    }
}
