//! Oids that carry their kind in the type, addresses of objects, epochs.
use std::fmt;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

/// The first oid that is not a built-in object's.
pub const FIRST_NORMAL_OID: u32 = 16384;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $oid:literal,)*) => {
        /// A kind of object, as the catalog that lists it.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Class {
            $($(#[$doc])* $name = $oid,)*
        }

        impl Class {
            /// Every class.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

classes! {
    /// `pg_default_acl`.
    DefaultAcl = 826,
    /// `pg_type`.
    Type = 1247,
    /// `pg_proc`.
    Function = 1255,
    /// `pg_class`.
    Relation = 1259,
    /// `pg_authid`.
    Role = 1260,
    /// `pg_auth_members`.
    Membership = 1261,
    /// `pg_database`.
    Database = 1262,
    /// `pg_foreign_server`.
    Server = 1417,
    /// `pg_user_mapping`.
    UserMapping = 1418,
    /// `pg_foreign_data_wrapper`.
    Wrapper = 2328,
    /// `pg_attrdef`.
    ColumnDefault = 2604,
    /// `pg_constraint`.
    Constraint = 2606,
    /// `pg_language`.
    Language = 2612,
    /// `pg_namespace`.
    Schema = 2615,
    /// `pg_rewrite`.
    Rule = 2618,
    /// `pg_extension`.
    Extension = 3079,
}

impl Class {
    /// The oid of the catalog.
    pub const fn oid(self) -> u32 {
        self as u32
    }

    /// The class whose catalog has this oid.
    pub fn of_oid(oid: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.oid() == oid)
    }

    /// What error messages call one of it when it is looked up by oid.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::DefaultAcl => "default ACL",
            Self::Type => "type",
            Self::Function => "function",
            Self::Relation => "relation",
            Self::Role => "role",
            Self::Membership => "role membership",
            Self::Database => "database",
            Self::Server => "server",
            Self::UserMapping => "user mapping",
            Self::Wrapper => "foreign-data wrapper",
            Self::ColumnDefault => "column default",
            Self::Constraint => "constraint",
            Self::Language => "language",
            Self::Schema => "schema",
            Self::Rule => "rule",
            Self::Extension => "extension",
        }
    }
}

/// Names one object, or one column of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectAddress {
    /// Its kind.
    pub class: Class,
    /// Which one.
    pub oid: u32,
    /// The column's number, or 0 for the whole.
    pub subid: i32,
}

impl ObjectAddress {
    /// The whole object.
    pub const fn new(class: Class, oid: u32) -> Self {
        Self { class, oid, subid: 0 }
    }

    /// A column of it.
    pub const fn column(self, number: i16) -> Self {
        Self { subid: number as i32, ..self }
    }

    /// The object that this is, or is a column of.
    pub const fn whole(self) -> Self {
        Self { subid: 0, ..self }
    }

    /// Built in, and therefore never dropped, nor locked when something refers to it.
    pub const fn is_pinned(self) -> bool {
        self.oid < FIRST_NORMAL_OID
    }
}

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident => $class:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub u32);

        impl $name {
            /// Its address.
            pub const fn address(self) -> ObjectAddress {
                ObjectAddress::new(Class::$class, self.0)
            }
        }

        impl From<$name> for ObjectAddress {
            fn from(oid: $name) -> Self {
                oid.address()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

oids! {
    /// A role.
    RoleOid => Role;
    /// A grant of a role to another.
    MembershipOid => Membership;
    /// A foreign-data wrapper.
    WrapperOid => Wrapper;
    /// A server.
    ServerOid => Server;
    /// A user mapping.
    UserMappingOid => UserMapping;
    /// A schema.
    SchemaOid => Schema;
    /// A foreign table or view.
    RelationOid => Relation;
    /// An extension.
    ExtensionOid => Extension;
    /// An entry of `pg_default_acl`.
    DefaultAclOid => DefaultAcl;
    /// A database.
    DatabaseOid => Database;
}

impl RoleOid {
    /// The superuser that `init` makes.
    pub const BOOTSTRAP: Self = Self(10);
    /// `pg_database_owner`, whose one implicit member is the database's owner.
    pub const DATABASE_OWNER: Self = Self(6171);
    /// `pg_read_all_data`.
    pub const READ_ALL_DATA: Self = Self(6181);
    /// `pg_write_all_data`.
    pub const WRITE_ALL_DATA: Self = Self(6182);
    /// `pg_maintain`.
    pub const MAINTAIN: Self = Self(6337);
    /// `pg_read_server_files`.
    pub const READ_SERVER_FILES: Self = Self(4569);
    /// `pg_write_server_files`.
    pub const WRITE_SERVER_FILES: Self = Self(4570);
    /// `pg_execute_server_program`.
    pub const EXECUTE_SERVER_PROGRAM: Self = Self(4571);
}

impl SchemaOid {
    /// `pg_catalog`.
    pub const PG_CATALOG: Self = Self(11);
    /// `public`.
    pub const PUBLIC: Self = Self(2200);
    /// `information_schema`.
    pub const INFORMATION_SCHEMA: Self = Self(13001);
}

impl DatabaseOid {
    /// The one database, `medley`.
    pub const MEDLEY: Self = Self(5);
}

/// The name of the one database.
pub const DATABASE_NAME: &str = "medley";

/// A role, or everybody: whom a user mapping is for, whom a privilege is granted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RoleOrPublic {
    /// Everybody.
    Public,
    /// One role.
    Role(RoleOid),
}

impl RoleOrPublic {
    /// As catalogs keep it: 0 for PUBLIC.
    pub const fn oid(self) -> u32 {
        match self {
            Self::Public => 0,
            Self::Role(role) => role.0,
        }
    }

    /// The role, if it is one.
    pub const fn role(self) -> Option<RoleOid> {
        match self {
            Self::Public => None,
            Self::Role(role) => Some(role),
        }
    }
}

impl From<RoleOid> for RoleOrPublic {
    fn from(role: RoleOid) -> Self {
        Self::Role(role)
    }
}

/// Stamps what `connect` receives.
///
/// All epochs come from one persisted counter and are never reused. A committed change to a
/// wrapper, a server or a mapping gives it a new one, greater than all before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub NonZeroU64);

impl Epoch {
    /// The first.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The one after this.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
