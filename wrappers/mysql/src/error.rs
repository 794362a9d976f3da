//! What the server says, as a client is told.
use medley_fdw::{Error, Report, SqlState};

use crate::protocol::Refused;

/// The statement was stopped by KILL QUERY.
const INTERRUPTED: u16 = 1317;
/// A deadlock: the server has rolled the whole transaction back.
pub(crate) const DEADLOCK: u16 = 1213;
/// The session is ended: KILL CONNECTION, a shutdown, an idle session.
const ENDED: [u16; 4] = [1053, 1927, 4031, 1152];

/// The server's numbers where its own SQLSTATE says less than PostgreSQL's would.
#[rustfmt::skip]
const STATES: &[(u16, &str)] = &[
    (1022, "23505"), (1062, "23505"), (1169, "23505"), (1586, "23505"),
    (1048, "23502"), (1364, "23502"), (1263, "23502"),
    (1216, "23503"), (1217, "23503"), (1451, "23503"), (1452, "23503"),
    (3819, "23514"), (4025, "23514"), (1369, "44000"),
    (1406, "22001"), (1265, "22001"),
    (1264, "22003"), (1690, "22003"), (1916, "22003"),
    (1292, "22007"), (1366, "22P02"), (3140, "22P02"), (1365, "22012"), (1525, "22007"),
    (1205, "55P03"), (3572, "55P03"), (DEADLOCK, "40P01"), (1020, "40001"),
    (1792, "25006"), (1290, "25006"), (1836, "25006"),
    (1305, "3B001"),
    (1044, "42501"), (1142, "42501"), (1143, "42501"), (1227, "42501"), (1370, "42501"),
    (1049, "3F000"), (1051, "42P01"), (1146, "42P01"), (1054, "42703"), (1064, "42601"),
    (1969, "57014"), (3024, "57014"),
    (1021, "53100"), (1114, "53100"), (1037, "53200"), (1038, "53200"), (1041, "53200"),
    (1040, "53300"), (1203, "53300"), (1226, "53300"),
];

/// An error of this statement.
pub(crate) fn of_statement(refused: &Refused, sql: &str, server: &str) -> Error {
    match refused.code {
        INTERRUPTED => Error::Cancelled,
        code if ENDED.contains(&code) => {
            Error::Lost { server: server.to_owned(), detail: refused.message.clone() }
        }
        _ => Error::remote(
            Report::error(state(refused), refused.message.clone())
                .with_context(format!("remote SQL command: {sql}")),
        ),
    }
}

/// PostgreSQL's code for it; one that no table knows is the wrapper's own.
pub(crate) fn state(refused: &Refused) -> SqlState {
    let found = STATES.iter().find(|(code, _)| *code == refused.code);
    let given = match refused.state.as_str() {
        "HY000" => "HV000",
        given => given,
    };
    SqlState::from_remote(found.map_or(given, |(_, state)| state))
}
