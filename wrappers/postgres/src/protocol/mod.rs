//! PostgreSQL's protocol 3.0 from the client's side: frames, messages, SCRAM.
//!
//! It knows sockets and bytes; it knows nothing of options, mappings or Arrow. What is malformed
//! is an [`std::io::Error`], never a panic.
mod bind;
mod message;
mod scram;
mod wire;

pub(crate) use bind::{bind, bind_values};
pub(crate) use message::{
    Authentication, BackendKey, Body, RemoteColumn, authentication, backend_key, columns, counted,
    parameter_status, parameter_types, report,
};
pub(crate) use scram::{Binding, ProvenBy, Scram};
pub(crate) use wire::{Frame, Wire};

use std::io;

/// What is said of bytes that are no message.
pub(crate) fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("invalid {what} from server"))
}
