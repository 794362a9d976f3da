//! The program, as people meet it: one test binary, a module for each subject.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]
mod absent;
mod accounts;
mod audit;
mod borrowed;
mod bound;
mod canary;
mod cancel;
mod cancelled;
mod catalogs;
mod chain;
mod cinema;
mod command_line;
mod conformance;
mod crash;
mod demo;
mod differential;
mod drift;
mod dump;
mod failures;
mod fdw_functions;
mod federated;
mod files;
mod gateways;
mod guide;
mod held;
mod http_json;
mod isolation;
mod keys;
mod large_result;
mod locks;
mod logins;
mod manuals;
mod mappings;
mod mariadb;
mod openbao;
mod partitions;
mod pg_compat;
mod psql;
mod races;
mod readme;
mod references;
mod reloading;
mod remote_query;
mod replay;
mod scripts;
mod signals;
mod sqlite;
mod statements;
mod subplans;
mod tokens;
mod two_phase;
mod views;
mod way_in;
mod whole;
mod writing;

use std::time::{Duration, Instant};

use medley_testkit::{Medley, MedleyBuilder};

/// A Medley that trusts everybody.
fn medley() -> Medley {
    builder().start().unwrap()
}

/// For one with settings of its own.
fn builder() -> MedleyBuilder {
    Medley::builder(env!("CARGO_BIN_EXE_medley"))
}

/// Lets a server that logs what it does (`-v`) read its files again, and waits until it has.
fn reload(medley: &Medley) {
    let times = || medley.log().unwrap().matches("configuration files are read").count();
    let before = times();
    medley.signal("HUP").unwrap();
    wait_until(|| times() > before);
}

fn wait_until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "it takes too long");
        std::thread::sleep(Duration::from_millis(10));
    }
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
