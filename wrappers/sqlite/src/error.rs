//! What SQLite says, as a client is told.
use medley_fdw::{Error, Report, SqlState};
use rusqlite::ErrorCode;

/// An error of this statement.
pub(crate) fn of_statement(error: &rusqlite::Error, sql: &str) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => Error::Cancelled,
        _ => {
            let report = Report::error(SqlState::FDW_ERROR, message(error));
            Error::remote(report.with_context(format!("remote SQL command: {sql}")))
        }
    }
}

/// SQLite's own words, without the statement.
pub(crate) fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        error => error.to_string(),
    }
}
