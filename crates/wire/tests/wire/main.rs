//! The protocol, as clients meet it: a session of canned behaviours behind a real socket.
#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod cancel;
mod copying;
mod extended;
mod garbage;
mod login;
mod psql;
mod raw;
mod shutdown;
mod simple;
mod tls;
mod toy;
