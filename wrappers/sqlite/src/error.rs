//! What SQLite says, as a client is told.
use medley_fdw::{Error, Report, SqlState};
use rusqlite::{ErrorCode, ffi};

/// SQLite's codes, extended ones first, where PostgreSQL has one of its own for it.
const STATES: [(i32, &str); 11] = [
    (ffi::SQLITE_CONSTRAINT_UNIQUE, "23505"),
    (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "23505"),
    (ffi::SQLITE_CONSTRAINT_ROWID, "23505"),
    (ffi::SQLITE_CONSTRAINT_NOTNULL, "23502"),
    (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "23503"),
    (ffi::SQLITE_CONSTRAINT_CHECK, "23514"),
    (ffi::SQLITE_CONSTRAINT_DATATYPE, "42804"),
    (ffi::SQLITE_CONSTRAINT, "23000"),
    (ffi::SQLITE_BUSY, "55P03"),
    (ffi::SQLITE_READONLY, "25006"),
    (ffi::SQLITE_FULL, "53100"),
];

/// An error of this statement.
pub(crate) fn of_statement(error: &rusqlite::Error, sql: &str) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => Error::Cancelled,
        _ => {
            let report = Report::error(state(error), message(error));
            Error::remote(report.with_context(format!("remote SQL command: {sql}")))
        }
    }
}

/// The lowest byte of a code is its kind.
fn state(error: &rusqlite::Error) -> SqlState {
    let code = error.sqlite_error().map_or(ffi::SQLITE_OK, |error| error.extended_code);
    let state = |code| STATES.iter().find(|(known, _)| *known == code);
    state(code)
        .or_else(|| state(code & 0xff))
        .map_or(SqlState::FDW_ERROR, |(_, state)| SqlState::from_remote(state))
}

/// SQLite's own words, without the statement.
pub(crate) fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        error => error.to_string(),
    }
}
