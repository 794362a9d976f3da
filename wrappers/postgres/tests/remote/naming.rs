//! What a session is called at the remote: the statement of ours that it serves.
use crate::fixture::PASSWORD;
use crate::fixture::{alice, cluster, log_in, mapping, print, query, refused, server};
use medley_fdw::{Begin, Isolation, SqlConnection};
use medley_types::PgType;

const NAME: &str = "SELECT current_setting('application_name')";

async fn name(connection: &mut dyn SqlConnection) -> String {
    print(connection, query(NAME, &[PgType::TEXT])).await.expect("a row")
}

#[tokio::test]
async fn a_session_is_called_what_it_is_used_for() {
    let mut connection = alice(&[]).await;
    assert_eq!(name(connection.as_mut()).await, "postgres_fdw");
    for id in ["1", "2", "2", "3"] {
        connection.begin_query(id);
        for _ in 0..2 {
            assert_eq!(name(connection.as_mut()).await, format!("postgres_fdw/{id}"));
        }
        assert!(connection.reset().await, "it may be lent again");
    }
    assert_eq!(connection.account(), Some("alice"));
}

#[tokio::test]
async fn what_a_server_says_stays() {
    let options = server(&[("application_name", "mine")]);
    let mapping = mapping("alice", Some(PASSWORD));
    let mut connection = log_in(&options, &mapping, false).await.expect("a session");
    connection.begin_query("1");
    assert_eq!(name(connection.as_mut()).await, "mine");
}

#[tokio::test]
async fn a_name_comes_and_goes_with_transactions() {
    let mut connection = alice(&[]).await;
    let begin = || Begin { isolation: Isolation::RepeatableRead, read_only: true, snapshot: None };
    connection.begin_query("1");
    connection.begin(begin()).await.expect("a transaction");
    connection.begin_query("2");
    connection.declare("c1", query(NAME, &[PgType::TEXT])).await.expect("a cursor");
    let batch = connection.fetch("c1", 1).await.expect("rows");
    assert!(batch.is_some());
    assert_eq!(name(connection.as_mut()).await, "postgres_fdw/2");
    // What fails, fails as it would without a name, and with its own error.
    let failed = print(connection.as_mut(), query("SELECT 1/0", &[PgType::INT4])).await;
    assert!(refused(failed).starts_with("22012"));
    connection.begin_query("3");
    let failed = print(connection.as_mut(), query(NAME, &[PgType::TEXT])).await;
    assert!(refused(failed).starts_with("25P02"));
    connection.rollback().await.expect("undone");
    assert!(connection.reset().await);
    // The remote has gone back to the name of before; the same is asked for once more.
    for id in ["2", "3", "3"] {
        connection.begin_query(id);
        assert_eq!(name(connection.as_mut()).await, format!("postgres_fdw/{id}"));
    }
}

#[tokio::test]
async fn a_session_that_was_ended_says_so() {
    let mut connection = alice(&[]).await;
    let process = print(connection.as_mut(), query("SELECT pg_backend_pid()", &[PgType::INT4]));
    let process = process.await.expect("a row");
    cluster().psql(&format!("SELECT pg_terminate_backend({process}, 5000)")).expect("an end");
    connection.begin_query("1");
    let error = print(connection.as_mut(), query(NAME, &[PgType::TEXT])).await.expect_err("gone");
    assert!(error.is_connection_lost(), "{error}");
    assert!(!connection.reset().await);
}

/// A name's worth of time: no more than a part of a round trip's, and no round trip.
#[tokio::test]
#[ignore = "a measurement"]
async fn what_a_name_costs() {
    let mut connection = alice(&[]).await;
    for round in 0..3 {
        for named in [false, true] {
            let since = std::time::Instant::now();
            for number in 0..2000 {
                if named {
                    connection.begin_query(&format!("{round}.{number}"));
                }
                name(connection.as_mut()).await;
            }
            println!("named {named}: {:?} a query", since.elapsed() / 2000);
        }
    }
}
