//! The functions of postgres_fdw: which connections there are, and their end. What is expected is
//! what PostgreSQL 18.4 prints, but that a connection is no session's.
use crate::cinema::{Cinema, ask};

const LIST: &str = "SELECT server_name, user_name, valid, used_in_xact, closed, \
                    remote_backend_pid > 0 FROM postgres_fdw_get_connections()";

#[tokio::test]
async fn connections_are_listed_and_closed() {
    let cinema = Cinema::open();
    let alice = cinema.log_in("alice").await;
    let check = async |sql: &str, expected: &[&str]| {
        assert_eq!(ask(&alice, sql).await.unwrap(), expected, "{sql}");
    };
    let film = "SELECT count(*) > 0 FROM films";
    check(LIST, &[]).await;
    check(film, &["t"]).await;
    check(LIST, &["cinema|alice|t|f|NULL|t"]).await;
    let pid = "SELECT remote_backend_pid FROM postgres_fdw_get_connections(true)";
    let pid = ask(&alice, pid).await.unwrap();
    let there = "SELECT pid FROM pg_stat_activity WHERE usename = 'films_alice'";
    assert_eq!(cinema.remote.psql(there).unwrap(), pid.concat());

    // In a transaction it is in use.
    alice.batch_execute("BEGIN").await.unwrap();
    check(film, &["t"]).await;
    check(LIST, &["cinema|alice|t|t|NULL|t"]).await;
    check("SELECT postgres_fdw_disconnect('cinema')", &["f"]).await;
    check("SELECT postgres_fdw_disconnect_all()", &["f"]).await;
    check(film, &["t"]).await;
    alice.batch_execute("COMMIT").await.unwrap();

    // It is nobody else's to see, or to close.
    let bob = cinema.log_in("bob").await;
    assert_eq!(ask(&bob, LIST).await.unwrap(), [""; 0]);
    assert_eq!(ask(&bob, "SELECT postgres_fdw_disconnect_all()").await.unwrap(), ["f"]);
    check(LIST, &["cinema|alice|t|f|NULL|t"]).await;

    check("SELECT postgres_fdw_disconnect('cinema')", &["t"]).await;
    cinema.wait_for_backends(0).await;
    check(LIST, &[]).await;
    check("SELECT postgres_fdw_disconnect('cinema')", &["f"]).await;
    check("SELECT postgres_fdw_disconnect(NULL)", &["NULL"]).await;
    let unknown = ask(&alice, "SELECT postgres_fdw_disconnect('nope')").await;
    assert_eq!(unknown.unwrap_err(), "42704: server \"nope\" does not exist");
    check(film, &["t"]).await;
    check("SELECT postgres_fdw_disconnect_all()", &["t"]).await;
    cinema.wait_for_backends(0).await;
}
