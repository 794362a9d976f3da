//! What exists, who owns it, who may use it.
//!
//! Roles, wrappers, servers, user mappings, schemas, foreign tables, views and what is granted on
//! them; in memory as immutable [`Snapshot`]s, on disk in one redb file. It stores options and
//! does not understand them, and it cannot open a sealed one. Everything here is plain functions
//! and threads.
//!
//! - A [`Snapshot`] never changes; [`Catalog::snapshot`] is the last committed one.
//! - A [`Transaction`] sees the last committed snapshot with its own changes over it. What it
//!   changes is locked to its end, so that its changes fit onto any snapshot that is committed
//!   meanwhile.
//! - When [`Transaction::commit`] returns, the changes are on disk, then visible, and those who
//!   hold connections have been told.
//! - Oids and epochs only increase and are never reused.
pub mod acl;
mod bootstrap;
mod catalog;
mod check;
pub mod dependency;
mod describe;
mod error;
pub mod ids;
mod locks;
pub mod objects;
mod privileges;
mod quote;
mod search_path;
mod snapshot;
mod store;
mod temporary;
mod transaction;
pub mod unique;
pub mod visibility;

pub use catalog::{Bootstrap, BootstrapWrapper, Catalog, CommitListener, Retired};
pub use error::{Error, Result};
pub use locks::{Backend, LockEntry, LockMode, LockTag, WaitListener};
pub use privileges::{Actor, acl_kind};
pub use quote::quote_identifier;
pub use search_path::SearchPath;
pub use snapshot::{MappingEntry, Resolved, Snapshot};
pub use store::STORE_FILE;
pub use temporary::TEMP_SCHEMA;
pub use transaction::{Savepoint, Transaction};
