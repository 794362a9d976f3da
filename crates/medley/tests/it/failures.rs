//! What goes wrong at a remote: its error arrives, the session goes on, nothing is left there.
use std::pin::pin;

use futures::TryStreamExt;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::cinema::{ALICE, Cinema, account, ask};
use crate::said;

/// A remote table that takes long to read to its end.
const MANY: &str = "CREATE VIEW many AS SELECT i AS id, repeat('x', 100) AS filling \
                    FROM generate_series(1, 20000000) i; GRANT SELECT ON many TO PUBLIC";

async fn goes_on(client: &Client) {
    assert_eq!(ask(client, "SELECT 1").await, Ok(vec!["1".to_owned()]));
}

/// Reads some rows, lets something happen, and reads on until the error comes.
async fn interrupted(client: &Client, sql: &str, happens: impl FnOnce()) -> String {
    let mut rows = pin!(client.simple_query_raw(sql).await.unwrap());
    for _ in 0..10 {
        assert!(rows.try_next().await.unwrap().is_some());
    }
    happens();
    loop {
        match rows.try_next().await {
            Ok(Some(SimpleQueryMessage::CommandComplete(_)) | None) => panic!("it came to its end"),
            Ok(Some(_)) => {}
            Err(error) => return said(&error),
        }
    }
}

#[tokio::test]
async fn a_remote_that_is_down() {
    let cinema = Cinema::open();
    let alice = cinema.log_in("alice").await;
    assert_eq!(account(&alice).await.unwrap(), ALICE);
    cinema.remote.kill().unwrap();
    // The connection in the pool is dead too: that is no reason for another error.
    let port = cinema.remote.port();
    let refused = format!(
        "08001: could not connect to server \"cinema\"\n\
         DETAIL: connection to server at \"127.0.0.1\", port {port} failed: Connection refused\n\
         \tIs the server running on that host and accepting TCP/IP connections?"
    );
    assert_eq!(account(&alice).await.unwrap_err(), refused);
    goes_on(&alice).await;
    assert_eq!(account(&cinema.log_in("bob").await).await.unwrap_err(), refused);
}

#[tokio::test]
async fn a_password_that_is_refused() {
    let cinema = Cinema::open();
    cinema.sql("ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password 'mistaken')");
    let alice = cinema.log_in("alice").await;
    let refused = account(&alice).await.unwrap_err();
    let port = cinema.remote.port();
    assert_eq!(
        refused,
        format!(
            "08001: could not connect to server \"cinema\"\n\
             DETAIL: connection to server at \"127.0.0.1\", port {port} failed: FATAL:  password \
             authentication failed for user \"films_alice\""
        )
    );
    goes_on(&alice).await;
    cinema.wait_for_backends(0).await;
}

#[tokio::test]
async fn a_remote_session_that_is_ended_in_the_midst() {
    let cinema = Cinema::open();
    cinema.remote.psql(MANY).unwrap();
    cinema.sql("CREATE FOREIGN TABLE many (id integer, filling text) SERVER cinema; GRANT SELECT ON many TO alice");
    let alice = cinema.log_in("alice").await;
    let end = || {
        let sessions =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'films_alice'";
        cinema.remote.psql(sessions).unwrap();
    };
    let heard = interrupted(&alice, "SELECT * FROM many", end).await;
    // Who is ended while it waits to be read may still say why, or nothing more.
    let lost = [
        "FATAL:  terminating connection due to administrator command",
        "server closed the connection unexpectedly\n\
         \tThis probably means the server terminated abnormally\n\
         \tbefore or while processing the request.",
    ]
    .map(|cause| format!("08006: connection to server \"cinema\" was lost\nDETAIL: {cause}"));
    assert!(lost.contains(&heard), "{heard}");
    goes_on(&alice).await;
    assert_eq!(account(&alice).await.unwrap(), ALICE);
    cinema.wait_for_backends(1).await;

    alice.batch_execute("BEGIN").await.unwrap();
    let heard = interrupted(&alice, "SELECT * FROM many", || cinema.remote.kill().unwrap()).await;
    assert!(heard.starts_with("08006: ") || heard.starts_with("57P"), "{heard}");
    let aborted =
        "25P02: current transaction is aborted, commands ignored until end of transaction block";
    assert_eq!(ask(&alice, "SELECT 1").await.unwrap_err(), aborted);
    alice.batch_execute("ROLLBACK").await.unwrap();
    goes_on(&alice).await;
}

#[tokio::test]
async fn a_column_or_a_table_that_is_gone() {
    let cinema = Cinema::open();
    let alice = cinema.log_in("alice").await;
    assert_eq!(ask(&alice, "SELECT count(*) FROM films").await, Ok(vec!["1000".to_owned()]));
    cinema.remote.psql("ALTER TABLE films DROP COLUMN title").unwrap();
    let heard = ask(&alice, "SELECT title FROM films").await.unwrap_err();
    assert_eq!(heard, "42703: column \"title\" does not exist");
    goes_on(&alice).await;
    // A remote that has answered in full is fit for the next statement.
    cinema.wait_for_backends(1).await;
    assert_eq!(
        ask(&alice, "SELECT year FROM films WHERE id = 1").await,
        Ok(vec!["1901".to_owned()])
    );
    cinema.remote.psql("DROP TABLE films").unwrap();
    let heard = ask(&alice, "SELECT title FROM films").await.unwrap_err();
    assert_eq!(heard, "42P01: relation \"public.films\" does not exist");
    cinema.remote.psql("REVOKE SELECT ON whoami FROM PUBLIC").unwrap();
    let heard = account(&alice).await.unwrap_err();
    assert_eq!(heard, "42501: permission denied for view whoami");
}

#[tokio::test]
async fn a_value_that_the_declared_type_does_not_take() {
    let cinema = Cinema::open();
    cinema.sql("CREATE FOREIGN TABLE wrong (title integer) SERVER cinema OPTIONS (table_name 'films'); GRANT SELECT ON wrong TO alice");
    let alice = cinema.log_in("alice").await;
    let heard = ask(&alice, "SELECT title FROM wrong").await.unwrap_err();
    assert_eq!(heard, "22P02: invalid input syntax for type integer: \"film 1\"");
    goes_on(&alice).await;
}

#[tokio::test]
async fn an_error_in_the_midst_of_rows_is_the_remotes() {
    let cinema = Cinema::open();
    let view = "CREATE VIEW late AS SELECT 1000 / (50000 - i) AS id FROM generate_series(1, 60000) i; \
                GRANT SELECT ON late TO PUBLIC";
    cinema.remote.psql(view).unwrap();
    cinema
        .sql("CREATE FOREIGN TABLE late (id integer) SERVER cinema; GRANT SELECT ON late TO alice");
    let alice = cinema.log_in("alice").await;
    assert_eq!(ask(&alice, "SELECT * FROM late").await.unwrap_err(), "22012: division by zero");
    goes_on(&alice).await;
    cinema.wait_for_backends(1).await;
}
