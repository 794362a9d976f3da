//! What a session holds (a cursor, a prepared statement, a transaction) while it becomes somebody
//! else, or while what it was is taken away: each answer here is PostgreSQL 18's over postgres_fdw.
use std::time::Duration;

use futures::TryStreamExt;
use medley_testkit::{Medley, Postgres, TempFolder};
use tokio_postgres::Client;

use crate::cinema::{ALICE, BOB, Cinema, GUEST, ask};

/// oscar may be alice or bob; each of them has a view that says who they are, and one that says who
/// asks.
fn cinema() -> Cinema {
    let cinema = Cinema::open();
    cinema.sql(
        "CREATE ROLE oscar LOGIN; GRANT alice, bob TO oscar WITH INHERIT FALSE; \
         CREATE VIEW alice_is AS SELECT account FROM whoami; ALTER VIEW alice_is OWNER TO alice; \
         CREATE VIEW asker WITH (security_invoker) AS SELECT account FROM whoami; \
         ALTER VIEW asker OWNER TO alice; \
         GRANT SELECT ON alice_is, asker TO PUBLIC; \
         CREATE VIEW around_asker AS SELECT account FROM asker; \
         CREATE VIEW around_alice WITH (security_invoker) AS SELECT account FROM alice_is; \
         ALTER VIEW around_asker OWNER TO bob; ALTER VIEW around_alice OWNER TO bob; \
         GRANT SELECT ON around_asker, around_alice TO PUBLIC",
    );
    cinema
}

/// The one value of a query, or the error's SQLSTATE.
async fn told(client: &Client, sql: &str) -> String {
    match ask(client, sql).await {
        Ok(mut rows) => rows.pop().unwrap_or_default(),
        Err(error) => error[..5].to_owned(),
    }
}

async fn run(client: &Client, sql: &str) {
    ask(client, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[tokio::test]
async fn a_view_with_security_invoker_is_whoever_asks() {
    let cinema = cinema();
    let views = ["asker", "alice_is", "around_asker", "around_alice"];
    let account = |role| match role {
        "alice" => ALICE,
        "bob" => BOB,
        _ => GUEST,
    };
    for role in ["alice", "bob", "carol"] {
        let client = cinema.log_in(role).await;
        let mine = account(role);
        for (view, expected) in views.into_iter().zip([mine, ALICE, mine, ALICE]) {
            let sql = format!("SELECT account FROM {view}");
            assert_eq!(told(&client, &sql).await, expected, "{view} of {role}");
        }
    }
    // Its owner's right to the table is nobody else's.
    cinema.sql("REVOKE SELECT ON whoami FROM PUBLIC; GRANT SELECT ON whoami TO alice");
    let bob = cinema.log_in("bob").await;
    for (view, expected) in views.into_iter().zip(["42501", ALICE, "42501", ALICE]) {
        assert_eq!(told(&bob, &format!("SELECT account FROM {view}")).await, expected, "{view}");
    }
}

/// What psql is told where somebody copies a line to a relation, by `COPY` in these commands.
fn copied(medley: &Medley, who: &str, relation: &str, commands: &[&str]) -> String {
    let folder = TempFolder::new().unwrap();
    let lines = folder.write("lines", "copied\n").unwrap();
    let copy = format!("\\copy {relation} (line) from '{}'", lines.display());
    let mut psql = medley.psql_command(who, "").unwrap();
    for command in commands {
        psql.args(["-c", if *command == "COPY" { &copy } else { command }]);
    }
    let output = psql.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn copy_is_by_the_role_whose_privileges_count() {
    let cinema = cinema();
    let remote = "CREATE TABLE notes (line text, account text DEFAULT current_user); \
                  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
                    'BEGIN new.account := current_user; RETURN new; END'; \
                  CREATE TRIGGER note BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION note(); \
                  GRANT ALL ON notes TO PUBLIC";
    cinema.remote.psql(remote).unwrap();
    cinema.sql(
        "CREATE FOREIGN TABLE notes (line text) SERVER cinema; GRANT ALL ON notes TO alice; \
         CREATE VIEW hers AS SELECT line FROM notes; ALTER VIEW hers OWNER TO alice; \
         GRANT ALL ON hers TO bob; \
         CREATE VIEW invoked WITH (security_invoker) AS SELECT line FROM notes; \
         ALTER VIEW invoked OWNER TO alice; GRANT ALL ON invoked TO bob",
    );
    let written = || {
        let taken = "WITH d AS (DELETE FROM notes RETURNING *) SELECT account FROM d";
        cinema.remote.psql(taken).unwrap()
    };
    let bob = cinema.log_in("bob").await;
    let copied = |who, relation, commands: &[_]| copied(&cinema.medley, who, relation, commands);
    let denied = "ERROR:  permission denied for foreign table notes";
    assert_eq!(copied("bob", "notes", &["COPY"]), denied);
    assert_eq!(copied("bob", "hers", &["COPY"]), "ERROR:  cannot copy to view \"hers\"");
    assert_eq!(copied("oscar", "notes", &["COPY"]), denied);
    for (sql, expected) in [
        ("COPY notes TO STDOUT", "42501"),
        ("COPY (SELECT line FROM notes) TO STDOUT", "42501"),
        ("COPY (SELECT account FROM whoami) TO '/tmp/x'", "42501"),
        ("COPY notes FROM '/tmp/x'", "42501"),
        ("COPY notes FROM PROGRAM 'true'", "42501"),
        ("INSERT INTO invoked VALUES ('x')", "42501"),
    ] {
        assert_eq!(told(&bob, sql).await, expected, "{sql}");
    }
    assert_eq!(written(), "");
    let out = async |client: &Client, sql: &str| {
        let lines = client.copy_out(sql).await.unwrap().try_collect::<Vec<_>>().await.unwrap();
        String::from_utf8(lines.concat()).unwrap()
    };
    let alice_is = "COPY (SELECT account FROM alice_is) TO STDOUT";
    assert_eq!(out(&bob, alice_is).await, format!("{ALICE}\n"));
    let bob_is = "COPY (SELECT account FROM around_asker) TO STDOUT";
    assert_eq!(out(&bob, bob_is).await, format!("{BOB}\n"));

    assert_eq!(copied("oscar", "notes", &["SET ROLE alice", "COPY"]), "");
    assert_eq!(written(), ALICE);
    let both = ["BEGIN", "SET ROLE alice", "COPY", "SET ROLE bob", "COPY", "COMMIT"];
    assert_eq!(copied("oscar", "notes", &both), denied);
    assert_eq!(written(), "");
    cinema.sql("GRANT INSERT ON notes TO bob");
    // Each by their own account, in one transaction too.
    assert_eq!(copied("oscar", "notes", &both), "");
    assert_eq!(written(), format!("{ALICE}\n{BOB}"));
    run(&bob, "INSERT INTO invoked VALUES ('x')").await;
    assert_eq!(written(), BOB);
}

#[tokio::test]
async fn what_was_declared_stays_and_what_was_prepared_becomes_who_executes_it() {
    let cinema = cinema();
    let postgres = cinema.log_in("postgres").await;
    run(&postgres, "BEGIN; SET SESSION AUTHORIZATION alice").await;
    run(&postgres, "DECLARE c CURSOR FOR SELECT account FROM whoami").await;
    run(&postgres, "DECLARE unread CURSOR FOR SELECT account FROM whoami").await;
    run(&postgres, "PREPARE p AS SELECT account FROM whoami").await;
    let extended = postgres.prepare("SELECT account FROM whoami").await.unwrap();
    assert_eq!(told(&postgres, "EXECUTE p").await, ALICE);
    run(&postgres, "SET SESSION AUTHORIZATION bob").await;
    assert_eq!(told(&postgres, "FETCH c").await, ALICE);
    assert_eq!(told(&postgres, "EXECUTE p").await, BOB);
    let row = postgres.query_one(&extended, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), BOB);
    assert_eq!(told(&postgres, "FETCH unread").await, ALICE);
    run(&postgres, "RESET SESSION AUTHORIZATION; COMMIT").await;
    assert_eq!(told(&postgres, "EXECUTE p").await, GUEST);
    run(&postgres, "SET SESSION AUTHORIZATION bob").await;
    assert_eq!(told(&postgres, "EXECUTE p").await, BOB);
    // Nobody becomes somebody else by way of it.
    for who in ["alice", "bob"] {
        let client = cinema.log_in(who).await;
        assert_eq!(told(&client, "SET SESSION AUTHORIZATION carol").await, "42501");
        assert_eq!(told(&client, "SET SESSION AUTHORIZATION postgres").await, "42501");
        assert_eq!(told(&client, "SET ROLE carol").await, "42501");
    }
}

#[tokio::test]
async fn a_mapping_that_is_dropped_ends_with_the_statement() {
    let cinema = cinema();
    let alice = cinema.log_in("alice").await;
    run(&alice, "PREPARE p AS SELECT account FROM whoami").await;
    run(&alice, "BEGIN; DECLARE c CURSOR FOR SELECT account FROM whoami").await;
    assert_eq!(told(&alice, "EXECUTE p").await, ALICE);
    run(&alice, "DECLARE h CURSOR WITH HOLD FOR SELECT account FROM whoami").await;
    cinema.sql("DROP USER MAPPING FOR alice SERVER cinema");
    assert_eq!(told(&alice, "FETCH c").await, ALICE);
    assert_eq!(told(&alice, "EXECUTE p").await, GUEST);
    assert_eq!(told(&alice, "SELECT account FROM whoami").await, GUEST);
    run(&alice, "COMMIT").await;
    assert_eq!(told(&alice, "FETCH h").await, ALICE);
    assert_eq!(told(&alice, "EXECUTE p").await, GUEST);
    // What she had is nobody's: no session of it waits.
    assert_eq!(sessions(&cinema.remote, ALICE), "0");
    cinema.sql("DROP USER MAPPING FOR PUBLIC SERVER cinema");
    assert_eq!(told(&alice, "EXECUTE p").await, "42704");
}

/// The session at the remote is another one after each change to what it was made from.
#[tokio::test]
async fn what_a_session_was_made_from_ends_it() {
    let cinema = cinema();
    let process = "CREATE VIEW process AS SELECT pg_backend_pid() AS pid; \
                   GRANT SELECT ON process TO PUBLIC";
    cinema.remote.psql(process).unwrap();
    cinema.sql(
        "CREATE FOREIGN TABLE process (pid integer) SERVER cinema; \
         GRANT SELECT ON process TO PUBLIC",
    );
    let alice = cinema.log_in("alice").await;
    let process = async || told(&alice, "SELECT pid FROM process").await;
    let mut before = process().await;
    for (sql, ends) in [
        ("SELECT 1", false),
        ("ALTER USER MAPPING FOR bob SERVER cinema OPTIONS (SET password 'x')", false),
        ("CREATE ROLE other; COMMENT ON SERVER cinema IS 'x'", false),
        ("BEGIN; ALTER SERVER cinema OPTIONS (ADD fetch_size '7'); ROLLBACK", false),
        ("ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password 'films_alice')", true),
        ("ALTER SERVER cinema OPTIONS (ADD fetch_size '50')", true),
        (
            "DROP USER MAPPING FOR alice SERVER cinema; CREATE USER MAPPING FOR alice \
             SERVER cinema OPTIONS (user 'films_alice', password 'films_alice')",
            true,
        ),
    ] {
        cinema.sql(sql);
        let after = process().await;
        assert_eq!(after != before, ends, "{sql}: {before}, then {after}");
        before = after;
    }
    let mut rotation = cinema.medley.command();
    let server = format!("host=127.0.0.1 port={} user=postgres", cinema.medley.port());
    assert!(rotation.args(["key", "rotate", &server]).output().unwrap().status.success());
    assert_ne!(process().await, before);
}

fn sessions(remote: &Postgres, account: &str) -> String {
    let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{account}'");
    remote.psql(&sql).unwrap()
}

#[tokio::test]
async fn what_is_revoked_is_refused_at_the_next_execution() {
    let cinema = cinema();
    let alice = cinema.log_in("alice").await;
    run(&alice, "PREPARE p AS SELECT account FROM whoami; EXECUTE p").await;
    let extended = alice.prepare("SELECT account FROM whoami").await.unwrap();
    run(&alice, "BEGIN; DECLARE c CURSOR FOR SELECT account FROM whoami").await;
    cinema.sql("REVOKE SELECT ON whoami FROM PUBLIC");
    assert_eq!(told(&alice, "FETCH c").await, ALICE);
    assert_eq!(told(&alice, "EXECUTE p").await, "42501");
    run(&alice, "ROLLBACK").await;
    for sql in ["EXECUTE p", "SELECT account FROM whoami", "SELECT account FROM asker"] {
        assert_eq!(told(&alice, sql).await, "42501", "{sql}");
    }
    let refused = alice.query(&extended, &[]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501");
    // Nor is her view more than she is.
    let carol = cinema.log_in("carol").await;
    assert_eq!(told(&carol, "SELECT account FROM alice_is").await, "42501");
    // A membership that is taken back is no way any more, though the session is there already.
    cinema.sql("GRANT SELECT ON whoami TO PUBLIC");
    let oscar = cinema.log_in("oscar").await;
    run(&oscar, "SET ROLE alice").await;
    assert_eq!(told(&oscar, "SELECT account FROM whoami").await, ALICE);
    run(&oscar, "RESET ROLE").await;
    cinema.sql("REVOKE alice FROM oscar");
    assert_eq!(told(&oscar, "SET ROLE alice").await, "42501");
    assert_eq!(told(&oscar, "SELECT account FROM whoami").await, GUEST);
}

#[tokio::test]
async fn a_view_that_is_given_away_is_its_new_owners() {
    let cinema = cinema();
    let carol = cinema.log_in("carol").await;
    run(&carol, "PREPARE v AS SELECT account FROM alice_is").await;
    assert_eq!(told(&carol, "EXECUTE v").await, ALICE);
    run(&carol, "BEGIN; DECLARE c CURSOR FOR SELECT account FROM alice_is").await;
    cinema.sql("REASSIGN OWNED BY alice TO bob");
    assert_eq!(told(&carol, "FETCH c").await, ALICE);
    assert_eq!(told(&carol, "EXECUTE v").await, BOB);
    run(&carol, "COMMIT").await;
    assert_eq!(told(&carol, "EXECUTE v").await, BOB);
    // Mappings are not given away with it.
    let alice = cinema.log_in("alice").await;
    assert_eq!(told(&alice, "SELECT account FROM whoami").await, ALICE);
    cinema.sql("DROP OWNED BY bob");
    assert_eq!(told(&carol, "EXECUTE v").await, "42P01");
}

/// Each sees what is in the audit log of themselves; a condition is not asked of the other rows,
/// nor does somebody else's view show them.
#[tokio::test]
async fn nobody_looks_into_the_audit_log_of_others() {
    let cinema = cinema();
    let (alice, bob) = (cinema.log_in("alice").await, cinema.log_in("bob").await);
    run(&alice, "SELECT account FROM whoami").await;
    cinema.sql(
        "SELECT account FROM whoami; CREATE VIEW trail AS SELECT * FROM medley_audit; \
         GRANT SELECT ON trail TO PUBLIC",
    );
    let all = cinema.medley.psql("SELECT count(*) FROM medley_audit WHERE role = 'alice'").unwrap();
    assert_ne!(all, "0");
    let oscar = cinema.log_in("oscar").await;
    for (client, who) in [(&bob, "bob"), (&oscar, "oscar")] {
        for sql in [
            "SELECT count(*) FROM medley_audit",
            "SELECT count(*) FROM medley_audit WHERE 1 / (role <> 'alice')::integer > 0",
            "SELECT count(*) FROM (SELECT role FROM medley_audit OFFSET 0) x WHERE role = 'alice'",
            "SELECT count(*) FROM medley_audit a, medley_audit b WHERE b.role = 'alice'",
            "SELECT count(*) FROM trail",
        ] {
            assert_eq!(told(client, sql).await, "0", "{sql} by {who}");
        }
        assert_eq!(told(client, "DELETE FROM medley_audit").await, "55000");
    }
    // What oscar does as alice is hers to know, and not bob's.
    run(&oscar, "SET ROLE alice; SELECT account FROM whoami; RESET ROLE").await;
    let oscars = "SELECT count(*) > 0 FROM medley_audit WHERE session_role = 'oscar'";
    for (client, expected) in [(&oscar, "t"), (&alice, "t"), (&bob, "f")] {
        assert_eq!(told(client, oscars).await, expected);
    }
}

/// Waits until the remote has this many prepared transactions.
async fn wait_for_prepared(remote: &Postgres, count: &str) {
    let prepared = "SELECT count(*) FROM pg_prepared_xacts";
    for _ in 0..600 {
        if remote.psql(prepared).unwrap() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there are never {count} prepared transactions");
}

/// A transaction whose remote goes away between the phases is ended by the account that it was
/// made with, and shown to whom it belongs.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_doubt_is_its_own_roles() {
    let cinema = cinema();
    let slow = "CREATE TABLE t (a integer); GRANT ALL ON t TO PUBLIC; \
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
                  'BEGIN PERFORM pg_sleep(3); RETURN NULL; END'; \
                CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED \
                  FOR EACH ROW WHEN (new.a = 2) EXECUTE FUNCTION slow()";
    cinema.remote.psql(slow).unwrap();
    cinema.sql(
        "ALTER SERVER cinema OPTIONS (ADD two_phase 'on'); \
         CREATE FOREIGN TABLE t (a integer) SERVER cinema; GRANT ALL ON t TO alice, bob; \
         CREATE VIEW bobs AS SELECT a FROM t; ALTER VIEW bobs OWNER TO bob; \
         GRANT ALL ON bobs TO alice; CREATE ROLE watcher LOGIN; GRANT pg_read_all_stats TO watcher",
    );
    let alice = cinema.log_in("alice").await;
    let both = "BEGIN; INSERT INTO t VALUES (1); INSERT INTO bobs VALUES (2); COMMIT";
    let committing = tokio::spawn(async move { told(&alice, both).await });
    // Hers is prepared while bob's takes its time.
    wait_for_prepared(&cinema.remote, "1").await;
    let end = format!(
        "ALTER ROLE {ALICE} NOLOGIN; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ALICE}'"
    );
    cinema.remote.psql(&end).unwrap();
    assert_eq!(committing.await.unwrap(), "");
    let list = "SELECT role, server, decision FROM medley_in_doubt";
    let listed = async |who: &str| told(&cinema.log_in(who).await, list).await;
    for (who, expected) in [
        ("alice", "alice|cinema|commit"),
        ("watcher", "alice|cinema|commit"),
        ("postgres", "alice|cinema|commit"),
        ("bob", ""),
        ("carol", ""),
        ("oscar", ""),
    ] {
        assert_eq!(listed(who).await, expected, "{who}");
    }
    // Who was given her mapping's place at the remote cannot end it: not by the resolver, not by
    // hand.
    let give_her = |account: &str| {
        cinema.sql(&format!(
            "ALTER USER MAPPING FOR alice SERVER cinema \
             OPTIONS (SET user '{account}', SET password '{account}')"
        ));
    };
    give_her(BOB);
    cinema.remote.psql(&format!("ALTER ROLE {ALICE} LOGIN")).unwrap();
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(listed("alice").await, "alice|cinema|commit");
    let bob = cinema.log_in("bob").await;
    let name = cinema.remote.psql("SELECT gid FROM pg_prepared_xacts").unwrap();
    for sql in ["COMMIT", "ROLLBACK"] {
        let sql = format!("{sql} PREPARED '{name}'");
        assert!(ask(&bob, &sql).await.is_err(), "{sql}");
    }
    wait_for_prepared(&cinema.remote, "1").await;
    give_her(ALICE);
    wait_for_prepared(&cinema.remote, "0").await;
    assert_eq!(
        cinema.remote.psql("SELECT string_agg(a::text, ',' ORDER BY a) FROM t").unwrap(),
        "1,2"
    );
}
