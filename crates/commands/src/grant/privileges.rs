//! From the words of GRANT to privileges.
use medley_catalog::acl::{AclKind, Privileges};
use medley_sql::{GrantObjects, Name, Privilege, RoutineKind};

use crate::error::{Error, GrantError, Result};

/// What is to be granted or revoked.
pub(super) struct Wanted {
    /// On the object itself.
    pub(super) whole: Privileges,
    /// That is all there is.
    pub(super) all: bool,
    /// On columns by name.
    pub(super) columns: Vec<(Name, Privileges)>,
}

impl Wanted {
    /// Everything that there is on such an object.
    pub(super) fn everything(kind: AclKind) -> Self {
        Self { whole: kind.all_privileges(), all: true, columns: Vec::new() }
    }

    /// What the words say, or why they cannot be said of such an object.
    pub(super) fn of(privileges: &medley_sql::Privileges, kind: AclKind) -> Result<Self> {
        match privileges {
            medley_sql::Privileges::All { columns } if columns.is_empty() => {
                Ok(Self::everything(kind))
            }
            medley_sql::Privileges::All { columns } => {
                check_columns(kind)?;
                let all = columns.iter().map(|name| (name.clone(), Privileges::ALL_COLUMN));
                Ok(Self { whole: Privileges::NONE, all: false, columns: all.collect() })
            }
            medley_sql::Privileges::Named(named) => Self::named(named, kind),
        }
    }

    /// The same of objects that are named. A sequence is a relation too, so that USAGE is refused
    /// only where it is known to be none.
    pub(super) fn of_objects(
        privileges: &medley_sql::Privileges,
        kind: AclKind,
        objects: &GrantObjects,
    ) -> Result<Self> {
        Self::of(privileges, kind).map_err(|error| match error {
            Error::Grant(GrantError::InvalidPrivilege { privilege, object }) => {
                let object = match objects {
                    GrantObjects::AllInSchema { kind: "PROCEDURES", .. }
                    | GrantObjects::Functions { kind: RoutineKind::Procedure, .. } => "procedure",
                    GrantObjects::AllInSchema { kind: "ROUTINES", .. }
                    | GrantObjects::Functions { kind: RoutineKind::Routine, .. } => "routine",
                    _ if kind == AclKind::Relation && privilege == "USAGE" => "table",
                    _ => object,
                };
                GrantError::InvalidPrivilege { privilege, object }.into()
            }
            error => error,
        })
    }

    fn named(named: &[Privilege], kind: AclKind) -> Result<Self> {
        let mut wanted = Self { whole: Privileges::NONE, all: false, columns: Vec::new() };
        for privilege in named {
            if privilege.columns.is_empty() {
                wanted.whole = wanted.whole | privilege_of(&privilege.name, kind)?;
                continue;
            }
            check_columns(kind)?;
            let of_column = privilege_of(&privilege.name, AclKind::Column)?;
            wanted.columns.extend(privilege.columns.iter().map(|name| (name.clone(), of_column)));
        }
        Ok(wanted)
    }
}

fn check_columns(kind: AclKind) -> Result<()> {
    match kind {
        AclKind::Relation => Ok(()),
        _ => Err(GrantError::ColumnsOfNoRelation.into()),
    }
}

fn privilege_of(word: &str, kind: AclKind) -> Result<Privileges> {
    let unknown = || GrantError::UnknownPrivilege(word.to_owned());
    // The parser has folded it, unless it stands in quotes.
    let is_folded = !word.contains(|c: char| c.is_ascii_uppercase());
    let privilege = Privileges::of_word(word).filter(|_| is_folded).ok_or_else(unknown)?;
    match kind.all_privileges().contains(privilege) {
        true => Ok(privilege),
        false => {
            Err(GrantError::InvalidPrivilege { privilege: name_of(privilege), object: noun(kind) }
                .into())
        }
    }
}

fn name_of(privilege: Privileges) -> String {
    privilege.iter().map(|(.., word)| word).collect()
}

fn noun(kind: AclKind) -> &'static str {
    match kind {
        AclKind::Relation => "relation",
        AclKind::Column => "column",
        AclKind::Sequence => "sequence",
        AclKind::Database => "database",
        AclKind::Function => "function",
        AclKind::Type => "type",
        AclKind::Schema => "schema",
        AclKind::Wrapper => "foreign-data wrapper",
        AclKind::Server => "foreign server",
        AclKind::LargeObject => "large object",
        AclKind::Language => "language",
        AclKind::Tablespace => "tablespace",
        AclKind::Parameter => "parameter",
    }
}
