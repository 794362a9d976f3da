//! Access control lists: their text, and the arithmetic of GRANT and REVOKE.
mod grant;
mod initial;
mod privileges;

pub use grant::{
    Behavior, BestGrantor, Grant, GrantError, GrantOptionsOnly, GrantOutcome, select_best_grantor,
};
pub use initial::initial_acl;
pub use privileges::Privileges;

use serde::{Deserialize, Serialize};

use crate::ids::{RoleOid, RoleOrPublic};

/// One line of an ACL: what a grantor gave a grantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclItem {
    /// To whom.
    pub grantee: RoleOrPublic,
    /// By whom.
    pub grantor: RoleOid,
    /// What.
    pub privileges: Privileges,
    /// Which of it may be granted on.
    pub grant_options: Privileges,
}

/// What kind of thing an ACL is on: it decides the default and which privileges there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AclKind {
    /// A foreign table or view.
    Relation,
    /// A column of one.
    Column,
    /// A sequence.
    Sequence,
    /// A database.
    Database,
    /// A function.
    Function,
    /// A type.
    Type,
    /// A schema.
    Schema,
    /// A foreign-data wrapper.
    Wrapper,
    /// A server.
    Server,
    /// A large object.
    LargeObject,
    /// A language.
    Language,
    /// A tablespace.
    Tablespace,
    /// A configuration parameter.
    Parameter,
}

impl AclKind {
    /// Every privilege that there is on it.
    pub const fn all_privileges(self) -> Privileges {
        match self {
            Self::Relation => Privileges::ALL_RELATION,
            Self::Column => Privileges::ALL_COLUMN,
            Self::Sequence => Privileges::ALL_SEQUENCE,
            Self::Database => Privileges::ALL_DATABASE,
            Self::Function => Privileges::EXECUTE,
            Self::Schema => Privileges::ALL_SCHEMA,
            Self::LargeObject => Privileges::ALL_LARGE_OBJECT,
            Self::Type | Self::Language | Self::Wrapper | Self::Server => Privileges::USAGE,
            Self::Tablespace => Privileges::CREATE,
            Self::Parameter => Privileges::ALL_PARAMETER,
        }
    }

    /// What everybody has by default.
    const fn public_default(self) -> Privileges {
        match self {
            Self::Database => Privileges::PUBLIC_DATABASE,
            Self::Function => Privileges::EXECUTE,
            Self::Type | Self::Language => Privileges::USAGE,
            Self::Relation
            | Self::Column
            | Self::Sequence
            | Self::Schema
            | Self::Wrapper
            | Self::Server
            | Self::LargeObject
            | Self::Tablespace
            | Self::Parameter => Privileges::NONE,
        }
    }

    /// The kind that `acldefault` knows by this letter.
    pub const fn of_letter(letter: char) -> Option<Self> {
        Some(match letter {
            'c' => Self::Column,
            'r' => Self::Relation,
            's' => Self::Sequence,
            'd' => Self::Database,
            'f' => Self::Function,
            'n' => Self::Schema,
            'F' => Self::Wrapper,
            'S' => Self::Server,
            'T' => Self::Type,
            'L' => Self::LargeObject,
            'l' => Self::Language,
            't' => Self::Tablespace,
            'p' => Self::Parameter,
            _ => return None,
        })
    }
}

/// Who may do what. Where an object has none at all (NULL), [`Acl::default_for`] holds; an empty
/// one gives nobody anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl(Vec<AclItem>);

impl Acl {
    /// `acldefault`: what holds where there is no ACL.
    pub fn default_for(kind: AclKind, owner: RoleOid) -> Self {
        let public = AclItem {
            grantee: RoleOrPublic::Public,
            grantor: owner,
            privileges: kind.public_default(),
            grant_options: Privileges::NONE,
        };
        // A column's default is empty: the table's privileges hold for it anyway.
        let privileges = match kind {
            AclKind::Column => Privileges::NONE,
            _ => kind.all_privileges(),
        };
        let own = AclItem { grantee: RoleOrPublic::Role(owner), privileges, ..public };
        Self([public, own].into_iter().filter(|item| !item.privileges.is_empty()).collect())
    }

    /// Its lines, in order.
    pub fn items(&self) -> &[AclItem] {
        &self.0
    }

    /// Every role that it names, as grantee or grantor; some more than once.
    pub fn roles(&self) -> impl Iterator<Item = RoleOid> {
        self.0.iter().flat_map(|item| item.grantee.role().into_iter().chain([item.grantor]))
    }

    /// As `aclitem[]` shows its elements: `grantee=U*/grantor`.
    pub fn shown(&self, name_of: impl Fn(RoleOid) -> Option<String>) -> Vec<String> {
        self.0.iter().map(|item| item.shown(&name_of)).collect()
    }

    /// What is given to those grantees that `counts` accepts.
    pub fn given_to(&self, counts: impl Fn(RoleOrPublic) -> bool) -> AclItemBits {
        self.0.iter().filter(|item| counts(item.grantee)).fold(
            AclItemBits::default(),
            |bits, item| AclItemBits {
                privileges: bits.privileges | item.privileges,
                grant_options: bits.grant_options | item.grant_options,
            },
        )
    }
}

impl FromIterator<AclItem> for Acl {
    fn from_iter<I: IntoIterator<Item = AclItem>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

/// Privileges and grant options together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AclItemBits {
    /// What may be done.
    pub privileges: Privileges,
    /// What may be granted on.
    pub grant_options: Privileges,
}

impl AclItem {
    /// `grantee=U*/grantor`; a role without a name shows its oid.
    pub fn shown(&self, name_of: impl Fn(RoleOid) -> Option<String>) -> String {
        let name = |role: RoleOid| {
            name_of(role).map_or_else(|| role.to_string(), |name| quote_if_needed(&name))
        };
        let grantee = self.grantee.role().map(&name).unwrap_or_default();
        let letters: String = self
            .privileges
            .iter()
            .flat_map(|(privilege, letter, _)| {
                let star = self.grant_options.contains(privilege).then_some('*');
                [Some(letter), star]
            })
            .flatten()
            .collect();
        format!("{grantee}={letters}/{}", name(self.grantor))
    }
}

/// Names in aclitem text are quoted unless they consist of letters, digits and `_`.
fn quote_if_needed(name: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.chars().all(safe) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}
