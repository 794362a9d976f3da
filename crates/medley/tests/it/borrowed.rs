//! Whoever writes does so by the account of the role whose privileges count: through a view its
//! owner's, after SET ROLE the new role's, and never by one that was there before.
use medley_testkit::Postgres;
use tokio_postgres::Client;

use crate::cinema::{Cinema, ask};

/// A table at the remote that writes down who does what to it.
const NOTES: &str = "CREATE TABLE notes (line text PRIMARY KEY); \
    CREATE TABLE done (id serial, who text, what text, line text); \
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        INSERT INTO public.done (who, what, line) \
            VALUES (current_user, tg_op, coalesce(new.line, old.line)); \
        RETURN coalesce(new, old); END $$; \
    CREATE TRIGGER note BEFORE INSERT OR UPDATE OR DELETE ON notes \
        FOR EACH ROW EXECUTE FUNCTION note(); \
    GRANT ALL ON notes, done, done_id_seq TO PUBLIC";

/// alice lets bob write through her view, and he may do nothing to the table itself; oscar may be
/// either of them.
fn cinema() -> Cinema {
    let cinema = Cinema::open();
    cinema.remote.psql(NOTES).unwrap();
    cinema.sql(
        "CREATE FOREIGN TABLE notes (line text) SERVER cinema; \
         GRANT ALL ON notes TO alice; \
         CREATE VIEW hers AS SELECT line FROM notes; ALTER VIEW hers OWNER TO alice; \
         GRANT ALL ON hers TO bob; \
         CREATE ROLE oscar LOGIN; GRANT alice, bob TO oscar WITH INHERIT FALSE",
    );
    cinema
}

/// What was done since the last call, and by whom.
fn done(remote: &Postgres) -> Vec<String> {
    let told = remote
        .psql("WITH d AS (DELETE FROM done RETURNING *) SELECT who, what, line FROM d ORDER BY id")
        .unwrap();
    told.lines().map(str::to_owned).collect()
}

async fn run(client: &Client, sql: &str) {
    ask(client, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[tokio::test]
async fn who_writes_through_a_view_writes_as_its_owner() {
    let cinema = cinema();
    let bob = cinema.log_in("bob").await;
    for sql in [
        "INSERT INTO hers VALUES ('a'), ('b')",
        "UPDATE hers SET line = 'c' WHERE line = 'a'",
        "UPDATE hers SET line = line || line WHERE random() >= 0 AND line = 'b'",
        "DELETE FROM hers WHERE line = 'c'",
        "BEGIN; INSERT INTO hers VALUES ('d'); SAVEPOINT s; DELETE FROM hers; COMMIT",
    ] {
        run(&bob, sql).await;
        let told = done(&cinema.remote);
        assert!(!told.is_empty(), "{sql}");
        assert!(told.iter().all(|it| it.starts_with("films_alice|")), "{sql}: {told:?}");
    }
    // The table itself is not his, nor is her account once she may not write either.
    for sql in
        ["INSERT INTO notes VALUES ('x')", "UPDATE notes SET line = 'x'", "DELETE FROM notes"]
    {
        let told = ask(&bob, sql).await.unwrap_err();
        assert!(told.starts_with("42501: permission denied for foreign table notes"), "{told}");
    }
    cinema.sql("REVOKE INSERT ON notes FROM alice");
    let told = ask(&bob, "INSERT INTO hers VALUES ('x')").await.unwrap_err();
    assert!(told.starts_with("42501"), "{told}");
    assert_eq!(done(&cinema.remote), [""; 0]);
}

#[tokio::test]
async fn a_statement_that_was_prepared_writes_as_who_executes_it() {
    let cinema = cinema();
    cinema.sql("GRANT INSERT ON notes TO bob");
    let oscar = cinema.log_in("oscar").await;
    run(&oscar, "SET ROLE alice; PREPARE p AS INSERT INTO notes VALUES ($1)").await;
    let extended = oscar.prepare("INSERT INTO notes VALUES ($1)").await.unwrap();
    for (role, account) in
        [("alice", "films_alice"), ("bob", "films_bob"), ("alice", "films_alice")]
    {
        let line = format!("{role}{}", rand::random::<u64>());
        run(&oscar, &format!("SET ROLE {role}; EXECUTE p('{line}')")).await;
        oscar.execute(&extended, &[&format!("{role}{}", rand::random::<u64>())]).await.unwrap();
        let told = done(&cinema.remote);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told.iter().all(|it| it.starts_with(&format!("{account}|INSERT|{role}"))),
            "{told:?}"
        );
    }
    // Nor does a transaction keep somebody's connection for somebody else.
    run(&oscar, "BEGIN; SET ROLE alice; INSERT INTO notes VALUES ('1'); SET ROLE bob").await;
    run(&oscar, "INSERT INTO notes VALUES ('2'); RESET ROLE; COMMIT").await;
    assert_eq!(done(&cinema.remote), ["films_alice|INSERT|1", "films_bob|INSERT|2"]);
    // Whoever is neither is neither there: oscar has PUBLIC's mapping, and no right here.
    let told = oscar.execute(&extended, &[&"x"]).await.unwrap_err();
    assert_eq!(told.code().unwrap().code(), "42501");
}

#[tokio::test]
async fn what_is_read_and_what_is_written_are_each_ones_own() {
    let cinema = cinema();
    cinema.sql(
        "CREATE VIEW alice_is AS SELECT account FROM whoami; ALTER VIEW alice_is OWNER TO alice; \
         GRANT SELECT ON alice_is TO bob; GRANT ALL ON notes TO bob",
    );
    let bob = cinema.log_in("bob").await;
    run(&bob, "INSERT INTO notes SELECT account FROM alice_is").await;
    run(&bob, "INSERT INTO notes SELECT account FROM whoami").await;
    run(&bob, "UPDATE notes SET line = 'was ' || a.account FROM alice_is a WHERE line = a.account")
        .await;
    assert_eq!(
        done(&cinema.remote),
        [
            "films_bob|INSERT|films_alice",
            "films_bob|INSERT|films_bob",
            "films_bob|UPDATE|was films_alice"
        ]
    );
    // The audit trail has each with its own account.
    let told = cinema
        .medley
        .psql(
            "SELECT DISTINCT role, remote_user, tables FROM medley_audit WHERE event = 'REMOTE' \
             AND session_role = 'bob' ORDER BY 1, 3",
        )
        .unwrap();
    assert!(told.contains("alice|films_alice|{public.whoami}"), "{told}");
    assert!(told.contains("bob|films_bob|{public.notes}"), "{told}");
    assert!(!told.contains("bob|films_alice") && !told.contains("alice|films_bob"), "{told}");
}

#[tokio::test]
async fn a_cursor_reads_as_who_declared_it_and_nobody_else_does() {
    let cinema = cinema();
    let oscar = cinema.log_in("oscar").await;
    let fetched = async |sql: &str| ask(&oscar, sql).await.unwrap();
    run(&oscar, "BEGIN; SET ROLE alice; DECLARE c CURSOR FOR SELECT account FROM whoami").await;
    run(&oscar, "SET ROLE bob").await;
    assert_eq!(fetched("FETCH c").await, ["films_alice"]);
    assert_eq!(fetched("SELECT account FROM whoami").await, ["films_bob"]);
    run(&oscar, "COMMIT; SET ROLE alice").await;
    run(&oscar, "DECLARE h CURSOR WITH HOLD FOR SELECT account FROM whoami").await;
    run(&oscar, "SET ROLE bob").await;
    assert_eq!(fetched("FETCH h").await, ["films_alice"]);
    assert_eq!(fetched("SELECT account FROM whoami").await, ["films_bob"]);
    run(&oscar, "CLOSE h; RESET ROLE").await;
    assert_eq!(fetched("SELECT account FROM whoami").await, ["films_guest"]);
}
