//! `medley_remote_query`: a query in the remote's own words, as the caller's own account, on a
//! connection that nobody else gets.
use medley_testkit::MariaDb;

use crate::cinema::{Cinema, ask, user};

/// A call with these columns.
fn call(sql: &str, columns: &str) -> String {
    call_at("cinema", sql, columns)
}

fn call_at(server: &str, sql: &str, columns: &str) -> String {
    format!("SELECT * FROM medley_remote_query('{server}', $q${sql}$q$) AS t ({columns})")
}

const GRANT: &str = "GRANT EXECUTE ON FUNCTION medley_remote_query(text, text) TO alice, bob, \
                     carol; GRANT USAGE ON FOREIGN SERVER cinema TO alice, bob";

#[tokio::test]
async fn it_is_for_those_who_may_execute_it_and_use_the_server() {
    let cinema = Cinema::open();
    let who = call("SELECT current_user::text", "account text");
    let [alice, carol] = [cinema.log_in("alice").await, cinema.log_in("carol").await];
    let denied = "42501: permission denied for function medley_remote_query";
    assert_eq!(ask(&alice, &who).await.unwrap_err(), denied);
    cinema.sql(
        "CREATE VIEW peep AS SELECT * FROM medley_remote_query('cinema', 'SELECT \
                current_user::text') AS t (account text); GRANT SELECT ON peep TO PUBLIC",
    );
    assert_eq!(ask(&alice, "SELECT * FROM peep").await.unwrap_err(), denied);
    cinema.sql(GRANT);
    assert_eq!(ask(&alice, &who).await.unwrap(), ["films_alice"]);
    // A view lends nobody its owner's account: whoever calls, calls as themselves.
    assert_eq!(ask(&alice, "SELECT * FROM peep").await.unwrap(), ["films_alice"]);
    let denied = "42501: permission denied for foreign server cinema";
    assert_eq!(ask(&carol, &who).await.unwrap_err(), denied);
    let unknown = call_at("nope", "SELECT 1", "a integer");
    let said = ask(&alice, &unknown).await.unwrap_err();
    assert_eq!(said, "42704: server \"nope\" does not exist");
    cinema
        .sql("DROP USER MAPPING FOR PUBLIC SERVER cinema; DROP USER MAPPING FOR bob SERVER cinema");
    let bob = cinema.log_in("bob").await;
    let said = ask(&bob, &who).await.unwrap_err();
    assert_eq!(said, "42704: user mapping not found for user \"bob\", server \"cinema\"");
    cinema.sql("REVOKE EXECUTE ON FUNCTION medley_remote_query(text, text) FROM alice");
    let denied = "42501: permission denied for function medley_remote_query";
    assert_eq!(ask(&alice, &who).await.unwrap_err(), denied);
}

#[tokio::test]
async fn its_rows_are_those_of_the_remote_as_the_columns_are_declared() {
    let cinema = Cinema::open();
    cinema.sql(GRANT);
    let alice = cinema.log_in("alice").await;
    let check = async |sql: &str, expected: &[&str]| {
        assert_eq!(ask(&alice, sql).await.unwrap(), expected, "{sql}");
    };
    let fails = async |sql: &str, expected: &str| {
        assert_eq!(ask(&alice, sql).await.unwrap_err(), expected, "{sql}");
    };
    let top = "SELECT id, title FROM public.films ORDER BY id DESC LIMIT 2; -- the last";
    check(&call(top, "id integer, title text"), &["1000|film 1000", "999|film 999"]).await;
    // Another type is what the text of the remote's is to us.
    check(&call("SELECT 7::bigint, 'x'", "a numeric(5,2), b varchar(3)"), &["7.00|x"]).await;
    check(&call("VALUES (1, NULL), (2, 'b')", "a integer, b text"), &["1|NULL", "2|b"]).await;
    check(&call("SHOW server_encoding", "a text"), &["UTF8"]).await;
    let joined = "SELECT f.title, t.b FROM films f JOIN medley_remote_query('cinema', 'VALUES (3, \
                  true), (4, false)') AS t (a integer, b boolean) ON f.id = t.a WHERE b";
    check(joined, &["film 3|t"]).await;
    let some = "SELECT b FROM medley_remote_query('cinema', 'VALUES (1, 2, 3)') AS t (a int, b int, c \
                int) WHERE c = 3";
    check(some, &["2"]).await;
    check(
        "SELECT count(*) FROM medley_remote_query('cinema', 'VALUES (1), (2)') AS (a int)",
        &["2"],
    )
    .await;
    check("SELECT * FROM medley_remote_query('cinema', NULL) AS t (a int)", &[]).await;
    check("SELECT * FROM medley_remote_query('cin' || 'ema', 'SELECT ' || 1) AS t (a int)", &["1"])
        .await;

    let mismatch =
        "42804: remote query result rowtype does not match the specified FROM clause rowtype";
    fails(&call("SELECT 1, 2", "a integer"), mismatch).await;
    fails(&call("SET search_path = public", "a integer"), mismatch).await;
    fails(&call("SELECT 'x'", "a integer"), "22P02: invalid input syntax for type integer: \"x\"")
        .await;
    fails(&call("SELEC 1", "a integer"), "42601: syntax error at or near \"SELEC\"").await;
    let two = call("SELECT 1; SELECT 2", "a integer");
    fails(&two, "42601: cannot insert multiple commands into a prepared statement").await;
    fails(&call("SELECT 1/0", "a integer"), "22012: division by zero").await;
    let record = "a column definition list is required for functions returning \"record\"";
    let bare = "SELECT * FROM medley_remote_query('cinema', 'SELECT 1')";
    fails(bare, &format!("42601: {record}")).await;
    let of_row =
        "SELECT * FROM films f, LATERAL medley_remote_query('cinema', f.title) AS t (a int)";
    fails(of_row, "0A000: a column definition list is not supported").await;
    let twice = "WITH q AS (SELECT * FROM medley_remote_query('cinema', 'SELECT random()') AS t (a \
                 float8)) SELECT count(*) FROM q x JOIN q y ON x.a = y.a";
    fails(twice, "0A000: a volatile CTE that is read more than once is not supported").await;

    let prepared = "SELECT * FROM medley_remote_query($1, $2) AS t (account text)";
    let rows = alice.query(prepared, &[&"cinema", &"SELECT current_user::text"]).await.unwrap();
    assert_eq!(rows[0].get::<_, &str>(0), "films_alice");
    let explained = format!("EXPLAIN (VERBOSE, COSTS off) {}", call("SELECT 1", "a integer"));
    check(
        &explained,
        &[
            "Foreign Scan",
            "  Output: a",
            "  Remote SQL: SELECT 1",
            "  User Mapping: alice (own)",
            "  Not shipped: type record is not shippable",
        ],
    )
    .await;
}

#[tokio::test]
async fn what_it_leaves_behind_goes_with_its_connection() {
    let cinema = Cinema::open();
    cinema.sql(GRANT);
    cinema.remote.psql("CREATE TABLE notes (a text); GRANT ALL ON notes TO films_alice").unwrap();
    cinema.sql("CREATE FOREIGN TABLE notes (a text) SERVER cinema; GRANT ALL ON notes TO alice");
    let alice = cinema.log_in("alice").await;
    let check = async |sql: &str, expected: &[&str]| {
        assert_eq!(ask(&alice, sql).await.unwrap(), expected, "{sql}");
    };
    check("SELECT count(*) > 0 FROM films", &["t"]).await;
    cinema.wait_for_backends(1).await;
    let pid = "SELECT pg_backend_pid()";
    let ours = "SELECT remote_backend_pid FROM postgres_fdw_get_connections()";
    let ours = ask(&alice, ours).await.unwrap();
    let theirs = ask(&alice, &call(pid, "pid integer")).await.unwrap();
    assert_ne!(ours, theirs);
    let set = "SELECT set_config('application_name', 'left behind', false)";
    check(&call(set, "a text"), &["left behind"]).await;
    check(&call("SELECT pg_advisory_lock(7)::text", "a text"), &[""]).await;
    cinema.wait_for_backends(1).await;
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'left behind'";
    assert_eq!(cinema.remote.psql(left).unwrap(), "0");
    assert_eq!(cinema.remote.psql("SELECT pg_try_advisory_lock(7)").unwrap(), "t");

    // It is in no transaction of ours, and changes nothing where ours may not.
    let insert = call("INSERT INTO public.notes VALUES (''kept'') RETURNING a", "a text");
    let insert = insert.replace("''", "'");
    alice.batch_execute("BEGIN").await.unwrap();
    alice.batch_execute("INSERT INTO notes VALUES ('undone')").await.unwrap();
    check(&insert, &["kept"]).await;
    alice.batch_execute("ROLLBACK").await.unwrap();
    check("SELECT a FROM notes", &["kept"]).await;
    alice.batch_execute("BEGIN READ ONLY").await.unwrap();
    let refused = ask(&alice, &insert).await.unwrap_err();
    assert_eq!(refused, "25006: cannot execute INSERT in a read-only transaction");
    alice.batch_execute("ROLLBACK").await.unwrap();
    alice.batch_execute("BEGIN READ ONLY").await.unwrap();
    let writable = "SELECT set_config('transaction_read_only', 'off', true)";
    assert!(ask(&alice, &call(writable, "a text")).await.is_err());
    alice.batch_execute("ROLLBACK").await.unwrap();
    check("SELECT a FROM notes", &["kept"]).await;

    // Ended early, it is ended there.
    alice.batch_execute("SET statement_timeout = '300ms'").await.unwrap();
    let slow = ask(&alice, &call("SELECT pg_sleep(60)::text", "a text")).await.unwrap_err();
    assert_eq!(slow, "57014: canceling statement due to statement timeout");
    cinema.wait_for_backends(1).await;
}

#[tokio::test]
async fn mariadb_and_files_are_asked_as_they_can_be() {
    let cinema = Cinema::open();
    cinema.sql(GRANT);
    let mariadb = MariaDb::start().unwrap();
    mariadb.create_account("films_alice", "films_alice").unwrap();
    cinema.sql(&format!(
        "CREATE SERVER maria FOREIGN DATA WRAPPER mysql_fdw OPTIONS (host '127.0.0.1', port '{}'); \
         CREATE USER MAPPING FOR alice SERVER maria {}; GRANT USAGE ON FOREIGN SERVER maria TO \
         alice; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; GRANT USAGE ON FOREIGN SERVER \
         files TO alice",
        mariadb.port(),
        user("films_alice").replace("user '", "username '"),
    ));
    let alice = cinema.log_in("alice").await;
    let who = call_at("maria", "SELECT current_user(), 1 + 1 AS `a b`", "account text, b bigint");
    let rows = ask(&alice, &who).await.unwrap();
    assert!(rows.concat().starts_with("films_alice@") && rows.concat().ends_with("|2"), "{rows:?}");
    let mismatch =
        "42804: remote query result rowtype does not match the specified FROM clause rowtype";
    let none = ask(&alice, &call_at("maria", "SET @a = 1", "a text")).await.unwrap_err();
    assert_eq!(none, mismatch);
    let files = ask(&alice, &call_at("files", "SELECT 1", "a text")).await.unwrap_err();
    assert_eq!(
        files,
        "0A000: medley_remote_query of server \"files\", which does not speak SQL is not supported"
    );
}
