//! What is in the catalog, as SQL that makes it again in an empty Medley.
//!
//! A dump is made of one snapshot and for one role, so that it is of one moment, whole, and shows
//! nothing that the catalog would not show to that role. It does not know how a query or an
//! expression is printed ([`Definitions`] does), nor which wrappers a build has ([`Wrappers`]).
//!
//! - The same catalog gives the same text, and what a dump makes gives the dump again, byte for
//!   byte: nothing in it depends on oids, on the time, or on the order in which things were made
//!   where that order means nothing.
//! - No secret is in it in clear. With [`Secrets::Sealed`] it has ciphertext, and verifiers of
//!   login passwords; only superusers get it so.
//! - What the role may not see stands as a comment that begins with [`NOT_VISIBLE`], never as a
//!   statement that makes something less than what there is.
//! - Every statement can stand in a transaction, and each mapping has its own.
mod database;
mod default_privileges;
mod foreign_table;
mod grants;
mod mapping;
mod options;
mod relations;
mod role;
mod schema;
mod script;
mod server;
mod settings;
mod system_acl;
mod view;
mod wrapper;

use std::str::FromStr;

use medley_catalog::ids::RoleOid;
use medley_catalog::objects::{Check, ColumnDefault, Relation};
use medley_catalog::{Actor, BootstrapWrapper, Snapshot};
use medley_diagnostic::{Diagnostic, SqlState};
use medley_secret::WrappedKey;

use script::Script;

/// What a comment begins with that stands for something the role may not see.
pub const NOT_VISIBLE: &str = "-- Not visible to ";

/// What becomes of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They are left empty, and comments say what to enter again.
    Omit,
    /// They go as ciphertext, for a server with the same master key.
    Sealed,
}

impl FromStr for Secrets {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "omit" => Ok(Self::Omit),
            "sealed" => Ok(Self::Sealed),
            other => Err(Error::Secrets(other.to_owned())),
        }
    }
}

/// The wrappers that a new catalog has.
pub type Wrappers = [BootstrapWrapper];

/// Prints what is defined by a query or an expression, so that it means the same under an empty
/// search path.
pub trait Definitions {
    /// A view's query.
    fn view(&self, relation: &Relation) -> String;
    /// A column's default or generation expression.
    fn default(&self, relation: &Relation, default: &ColumnDefault) -> String;
    /// The condition of a CHECK constraint.
    fn check(&self, relation: &Relation, check: &Check) -> String;
}

/// What is to be dumped, and for whom.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The catalog.
    pub snapshot: &'a Snapshot,
    /// Who asks.
    pub role: RoleOid,
    /// What becomes of secrets.
    pub secrets: Secrets,
    /// The data keys, as the master key wrapped them.
    pub data_keys: &'a [WrappedKey],
    /// The wrappers that a new catalog of this build has.
    pub wrappers: &'a Wrappers,
    /// Prints queries and expressions.
    pub definitions: &'a dyn Definitions,
}

/// Why there is no dump.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such way to treat secrets.
    #[error("invalid value for secrets: \"{0}\"")]
    Secrets(String),
    /// Sealed secrets are for superusers.
    #[error("permission denied to dump sealed secrets")]
    Sealed,
    /// The catalog cannot be read.
    #[error(transparent)]
    Catalog(#[from] medley_catalog::Error),
    /// A sealed value is of no key that there is.
    #[error(transparent)]
    Secret(#[from] medley_secret::Error),
    /// A value cannot be printed.
    #[error(transparent)]
    Type(#[from] medley_types::Error),
}

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Secrets(_) => SqlState::INVALID_PARAMETER_VALUE,
            Self::Sealed => SqlState::INSUFFICIENT_PRIVILEGE,
            Self::Catalog(error) => error.sqlstate(),
            Self::Secret(error) => error.sqlstate(),
            Self::Type(error) => error.sqlstate(),
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Sealed => Some("Only superusers dump sealed secrets.".to_owned()),
            Self::Catalog(error) => error.detail(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Secrets(_) => Some("It is \"omit\" or \"sealed\".".to_owned()),
            Self::Sealed => Some("Dump with secrets omitted.".to_owned()),
            Self::Catalog(error) => error.hint(),
            Self::Secret(error) => error.hint(),
            Self::Type(error) => error.hint(),
        }
    }
}

/// The statements, in their order; each ends with a semicolon, or is a comment.
pub fn dump(request: Request<'_>) -> Result<Vec<String>> {
    let actor = request.snapshot.actor(request.role);
    if request.secrets == Secrets::Sealed && !actor.is_superuser() {
        return Err(Error::Sealed);
    }
    let mut dump = Dump { request, actor, script: Script::default() };
    dump.everything()?;
    Ok(dump.script.into_statements())
}

/// A dump in the making.
struct Dump<'a> {
    request: Request<'a>,
    actor: Actor<'a>,
    script: Script,
}

impl<'a> Dump<'a> {
    /// In an order in which each statement finds what it needs. Default privileges come after
    /// what they would change, settings after what they name.
    fn everything(&mut self) -> Result<()> {
        self.preamble();
        self.roles()?;
        self.memberships();
        self.database();
        self.schemas();
        self.extensions();
        self.wrappers()?;
        self.servers()?;
        self.relations()?;
        self.system_acls();
        self.default_privileges();
        self.settings();
        Ok(())
    }

    fn catalog(&self) -> &'a Snapshot {
        self.request.snapshot
    }

    fn preamble(&mut self) {
        let superuser = script::in_comment(&self.catalog().role_name(RoleOid::BOOTSTRAP));
        let secrets = match self.request.secrets {
            Secrets::Omit => {
                "-- Passwords and other secrets are not in it: comments say what to enter again."
            }
            Secrets::Sealed => {
                "-- Secrets are sealed in it: they are taken by a Medley with the same master key."
            }
        };
        self.script.comment(&format!(
            "-- Medley dump\n\
             -- For an empty Medley whose first superuser is \"{superuser}\"; run as a superuser.\n\
             {secrets}"
        ));
        for (name, value) in PREAMBLE {
            self.script.push(format!("SET {name} = {value}"));
        }
    }
}

/// What the statements are run under.
const PREAMBLE: [(&str, &str); 5] = [
    ("client_encoding", "'UTF8'"),
    ("standard_conforming_strings", "on"),
    ("client_min_messages", "warning"),
    ("default_transaction_read_only", "off"),
    ("search_path", "''"),
];
