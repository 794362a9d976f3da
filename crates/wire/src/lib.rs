//! PostgreSQL's protocol, as a server speaks it.
//!
//! [`serve`] takes connections on [`Listener`]s, asks a [`Server`] how a user proves who they are
//! and for a [`Session`], and then carries messages between client and session. This crate knows
//! neither SQL nor roles nor an engine: they are behind those two traits.
//!
//! Invariants:
//! - A result never piles up: rows are encoded into about 64 KiB and wait for the socket.
//! - What comes from a socket is bounds-checked and cannot panic; a session that panics ends its
//!   own connection only.
//! - The socket is read while a statement runs, so that a client that went away, and a cancel
//!   request, stop the statement at once.
//! - A cancel request stops the statement that runs when it arrives, never a later one.
//! - No text of a statement, no parameter and no password reaches a log.
mod bearer;
mod cancel;
mod connection;
mod conversation;
mod frontend;
mod inbox;
mod listen;
mod options;
mod report;
mod responder;
mod row;
mod sasl;
mod scram;
mod serve;
mod session;
mod startup;
mod tls;

pub use bearer::{Judge, Token};
pub use cancel::{CancelHandle, CancelReason, Cancels};
pub use listen::Listener;
pub use responder::{CopyIn, Responder};
pub use serve::TlsSlot;
pub use serve::{Options, serve};
pub use session::{
    Authentication, Bind, Completion, Format, Parse, Peer, RowShape, Server, Session, StartUp,
    StatementDescription, TransactionStatus,
};
pub use tls::{ClientCertificate, Tls, TlsError, TlsFiles};
