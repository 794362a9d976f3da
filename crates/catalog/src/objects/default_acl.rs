use serde::{Deserialize, Serialize};

use crate::acl::{Acl, AclKind};
use crate::ids::{DefaultAclOid, RoleOid, SchemaOid};

/// What kind of new objects an entry of ALTER DEFAULT PRIVILEGES is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DefaultAclKind {
    /// TABLES: foreign tables and views too.
    Relation,
    /// SEQUENCES.
    Sequence,
    /// FUNCTIONS, ROUTINES.
    Function,
    /// TYPES.
    Type,
    /// SCHEMAS.
    Schema,
    /// LARGE OBJECTS.
    LargeObject,
}

impl DefaultAclKind {
    /// Which privileges there are on such objects.
    pub const fn acl_kind(self) -> AclKind {
        match self {
            Self::Relation => AclKind::Relation,
            Self::Sequence => AclKind::Sequence,
            Self::Function => AclKind::Function,
            Self::Type => AclKind::Type,
            Self::Schema => AclKind::Schema,
            Self::LargeObject => AclKind::LargeObject,
        }
    }

    /// `pg_default_acl.defaclobjtype`.
    pub const fn letter(self) -> char {
        match self {
            Self::Relation => 'r',
            Self::Sequence => 'S',
            Self::Function => 'f',
            Self::Type => 'T',
            Self::Schema => 'n',
            Self::LargeObject => 'L',
        }
    }

    /// What descriptions call new objects of it.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Relation => "relations",
            Self::Sequence => "sequences",
            Self::Function => "functions",
            Self::Type => "types",
            Self::Schema => "schemas",
            Self::LargeObject => "large objects",
        }
    }
}

/// The privileges that new objects of a role start with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultAcl {
    /// Its oid.
    pub oid: DefaultAclOid,
    /// Who makes the objects.
    pub role: RoleOid,
    /// In which schema; `None` for all.
    pub schema: Option<SchemaOid>,
    /// Which objects.
    pub kind: DefaultAclKind,
    /// The privileges: instead of the built-in default if global, else in addition to it.
    pub acl: Acl,
}
