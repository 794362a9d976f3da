//! The program, as people meet it: one test binary, a module for each subject.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]
mod accounts;
mod audit;
mod bound;
mod canary;
mod cancel;
mod catalogs;
mod cinema;
mod command_line;
mod crash;
mod demo;
mod dump;
mod failures;
mod isolation;
mod keys;
mod large_result;
mod locks;
mod logins;
mod mappings;
mod pg_compat;
mod psql;
mod races;
mod readme;
mod references;
mod replay;
mod scripts;
mod signals;
mod statements;
mod tokens;
mod views;
mod way_in;
mod whole;

use medley_testkit::{Medley, MedleyBuilder};

/// A Medley that trusts everybody.
fn medley() -> Medley {
    builder().start().unwrap()
}

/// For one with settings of its own.
fn builder() -> MedleyBuilder {
    Medley::builder(env!("CARGO_BIN_EXE_medley"))
}

/// What a client was told: `42704: role "alice" does not exist`, and a line for the detail.
fn said(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => {
            let detail = error.detail().map(|detail| format!("\nDETAIL: {detail}"));
            let (code, message) = (error.code().code(), error.message());
            format!("{code}: {message}{}", detail.unwrap_or_default())
        }
        None => format!("(connection lost) {error}"),
    }
}
