//! The traffic cop: dispatch, prepared statements, portals, settings, role, transaction.
//!
//! A [`Session`] is one person's conversation. It takes text (or the extended protocol's
//! messages), parses it, and hands each statement to who can run it: queries to the engine,
//! utility statements to `commands`, and what concerns the session itself (SET, transactions,
//! prepared statements) it does itself. What comes of it goes to an [`Output`].
//!
//! It knows no protocol and no socket; the binary brings it together with `wire`.
//!
//! Invariants:
//! - when a tag has gone out, what it tells of is on disk;
//! - a statement that fails leaves nothing of itself, and fails the transaction block it is in;
//! - role, session user and settings are part of the transaction.
mod analyze;
mod audit;
mod backends;
mod change;
mod control;
mod copy;
mod cursor;
mod dispatch;
mod explain;
mod extended;
mod facts;
mod gateways;
mod identity;
mod import;
mod instance;
mod keys;
mod locks;
mod login;
mod mappings;
mod output;
mod portal;
mod query;
mod session;
mod set;
mod settings;
mod standing;
mod statements;
mod transaction;

pub use audit::{AuditTrail, CatalogChange};
pub use backends::{Activity, Backends, State};
pub use extended::{Description, Parameter};
pub use facts::new_wrappers;
pub use identity::Identity;
pub use instance::{Configuration, Instance, Signals};
pub use keys::MasterKeys;
pub use login::Login;
pub use output::{Interrupt, Output, Uninterrupted};
pub use portal::Execution;
pub use session::{Session, Status};
pub use settings::{Context, SERVER_VERSION, SETTINGS, Setting, Settings};
