use std::path::PathBuf;

use medley_diagnostic::{Constraint, Diagnostic, Report, SqlState};

use crate::acl::GrantError;
use crate::ids::{Class, ObjectAddress};
use crate::unique::UniqueIndex;

/// What goes wrong in the catalog.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing has this name. Relations and schemas have SQLSTATEs of their own.
    #[error("{} \"{name}\" does not exist", class.noun())]
    Undefined {
        /// What was looked for.
        class: Class,
        /// The name.
        name: String,
    },
    /// Nothing has this oid, though something that was just looked up should.
    #[error("cache lookup failed for {} {oid}", class.noun())]
    CacheLookup {
        /// What was looked for.
        class: Class,
        /// The oid.
        oid: u32,
    },
    /// The same, where PostgreSQL says it so.
    #[error("could not find tuple for {} {oid}", class.noun())]
    NoTuple {
        /// What was looked for.
        class: Class,
        /// The oid.
        oid: u32,
    },
    /// Another transaction committed a row with the same key first.
    #[error("duplicate key value violates unique constraint \"{}\"", .0.name)]
    Unique(UniqueIndex),
    /// Another transaction committed a change to the row since it was read.
    #[error("tuple concurrently updated")]
    ConcurrentlyUpdated,
    /// Another transaction committed the row's end since it was read.
    #[error("tuple concurrently deleted")]
    ConcurrentlyDeleted,
    /// The own transaction changed the row since it was read.
    #[error("tuple already updated by self")]
    UpdatedBySelf,
    /// What a new row refers to is gone.
    #[error("{}", dropped_text(*.0))]
    ConcurrentlyDropped(ObjectAddress),
    /// Two transactions wait for each other.
    #[error("deadlock detected")]
    Deadlock {
        /// Who waits for what.
        detail: String,
    },
    /// The wait took longer than `lock_timeout`.
    #[error("canceling statement due to lock timeout")]
    LockTimeout,
    /// The statement was cancelled while it waited.
    #[error("canceling statement due to user request")]
    Cancelled,
    /// Something depends on what should be dropped.
    #[error("{message}")]
    DependentsExist {
        /// The primary message.
        message: String,
        /// What depends on what.
        detail: Option<String>,
        /// What to do.
        hint: Option<String>,
    },
    /// The actor is not the owner.
    #[error("must be owner of {0} {1}")]
    MustBeOwner(&'static str, String),
    /// The actor lacks a privilege.
    #[error("permission denied for {0} {1}")]
    PermissionDenied(&'static str, String),
    /// The actor cannot become the new owner.
    #[error("must be able to SET ROLE \"{0}\"")]
    MustBeAbleToSetRole(String),
    /// A GRANT or REVOKE that cannot be.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// A savepoint that was released or rolled back is used.
    #[error("savepoint does not exist")]
    NoSavepoint,
    /// Every oid was used once.
    #[error("the catalog has no object identifiers left")]
    OutOfOids,
    /// The folder holds something already.
    #[error("data directory \"{}\" is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The folder holds no catalog.
    #[error("\"{}\" is not a Medley data directory", .0.display())]
    NotADataDirectory(PathBuf),
    /// Another process has the folder open.
    #[error("data directory \"{}\" is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The store was written by a newer version.
    #[error("data directory \"{}\" has catalog format {found}, and this version reads up to format {known}", path.display())]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// What it says.
        found: u32,
        /// What is known here.
        known: u32,
    },
    /// The store is damaged.
    #[error("catalog store \"{}\" is damaged: {what}", path.display())]
    Damaged {
        /// The store's file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The store cannot be read or written.
    #[error("could not access catalog store \"{}\": {source}", path.display())]
    Store {
        /// The store's file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<redb::Error>,
    },
    /// The folder cannot be made or read.
    #[error("could not access data directory \"{}\": {source}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn undefined(class: Class, name: &str) -> Self {
        Self::Undefined { class, name: name.to_owned() }
    }
}

/// A role is named by its oid, as PostgreSQL does for what all databases share.
fn dropped_text(address: ObjectAddress) -> String {
    match address.class {
        Class::Role => format!("role {} was concurrently dropped", address.oid),
        class => format!("referenced {} was concurrently dropped", class.noun()),
    }
}

impl Diagnostic for Error {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Undefined { class: Class::Schema, .. } => SqlState::INVALID_SCHEMA_NAME,
            Self::Undefined { class: Class::Database, .. } => SqlState::INVALID_CATALOG_NAME,
            Self::Undefined { class: Class::Relation, .. } => SqlState::UNDEFINED_TABLE,
            Self::Undefined { .. } | Self::ConcurrentlyDropped(_) => SqlState::UNDEFINED_OBJECT,
            Self::CacheLookup { .. }
            | Self::NoTuple { .. }
            | Self::ConcurrentlyUpdated
            | Self::ConcurrentlyDeleted
            | Self::UpdatedBySelf => SqlState::INTERNAL_ERROR,
            Self::Unique(_) => SqlState::UNIQUE_VIOLATION,
            Self::Deadlock { .. } => SqlState::DEADLOCK_DETECTED,
            Self::LockTimeout => SqlState::LOCK_NOT_AVAILABLE,
            Self::Cancelled => SqlState::QUERY_CANCELED,
            Self::DependentsExist { .. } | Self::Grant(GrantError::DependentPrivileges) => {
                SqlState::DEPENDENT_OBJECTS_STILL_EXIST
            }
            Self::MustBeOwner(..) | Self::PermissionDenied(..) | Self::MustBeAbleToSetRole(_) => {
                SqlState::INSUFFICIENT_PRIVILEGE
            }
            Self::Grant(GrantError::Circular | GrantError::OptionToPublic) => {
                SqlState::INVALID_GRANT_OPERATION
            }
            Self::NoSavepoint => SqlState::INVALID_SAVEPOINT_SPECIFICATION,
            Self::OutOfOids => SqlState::PROGRAM_LIMIT_EXCEEDED,
            Self::InUse(_) => SqlState::OBJECT_IN_USE,
            Self::NotEmpty(_) | Self::NotADataDirectory(_) | Self::NewerFormat { .. } => {
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Self::Damaged { .. } => SqlState::DATA_CORRUPTED,
            Self::Store { .. } | Self::Io { .. } => SqlState::IO_ERROR,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Unique(index) => {
                Some(format!("Key ({})=({}) already exists.", index.columns, index.values))
            }
            Self::Deadlock { detail } => Some(detail.clone()),
            Self::DependentsExist { detail, .. } => detail.clone(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::DependentsExist { hint, .. } => hint.clone(),
            Self::Grant(GrantError::DependentPrivileges) => {
                Some("Use CASCADE to revoke them too.".into())
            }
            Self::Deadlock { .. } => Some("See server log for query details.".into()),
            Self::NotADataDirectory(path) => {
                Some(format!("Run \"medley init --data {}\" first.", path.display()))
            }
            Self::InUse(_) => Some("Stop the other process, or use another folder.".into()),
            Self::NewerFormat { .. } => {
                Some("Use the version of Medley that wrote it, or a newer one.".into())
            }
            Self::Damaged { .. } => {
                Some("Keep a copy of the data directory, then restore it from a backup.".into())
            }
            _ => None,
        }
    }

    fn report(&self) -> Report {
        let mut report = Report::error(self.sqlstate(), self.to_string());
        report.detail = self.detail();
        report.hint = self.hint();
        if let Self::Unique(index) = self {
            report.constraint = Some(Constraint {
                schema: "pg_catalog".into(),
                table: index.table.into(),
                name: index.name.into(),
            });
        }
        report
    }
}
