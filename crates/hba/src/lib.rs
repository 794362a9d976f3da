//! Who may come in, and how they prove who they are: `pg_hba.conf` and `pg_ident.conf`.
//!
//! The format is PostgreSQL 18's, and so are the messages of [`Line::Bad`]. This crate reads files
//! and says which [`Rule`] a connection falls under; it knows no socket, no password and no
//! catalog. Which roles a role is a member of it asks of [`Roles`].
//!
//! Invariants:
//! - Of a file with one bad line nothing is used: a rule that is missing lets the wrong people in.
//! - The first rule that matches counts, whatever comes after it; without one nobody comes in.
//!
//! What PostgreSQL has and this has not is an error in the file, never a rule that is passed over:
//! the methods that [`Method`] does not list, and `delegate_ident_mapping`. Regular expressions are
//! those of the `regex` crate, which has no back references and no look-around.
mod address;
mod file;
mod ident;
mod matching;
mod options;
mod pattern;
mod rule;
mod token;

pub use address::{Address, HostName};
pub use file::{BadFile, Line, Place, Source};
pub use ident::{IdentLine, IdentMaps};
pub use matching::{Client, Host, HostUnasked, Roles};
pub use options::{ClientCertificate, ClientName, Options};
pub use pattern::Pattern;
pub use rule::{Kind, Method, Rule, Rules};
