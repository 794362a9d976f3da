//! Whose remote account serves whom.
use tokio_postgres::Client;

use crate::cinema::{ALICE, BOB, Cinema, GUEST, account, ask, user};

#[tokio::test]
async fn each_role_is_served_by_its_own_account() {
    let cinema = Cinema::open();
    for (role, expected) in [("alice", ALICE), ("bob", BOB), ("carol", GUEST)] {
        let client = cinema.log_in(role).await;
        assert_eq!(account(&client).await.unwrap(), expected);
    }
    // An empty mapping of one's own is not filled up from PUBLIC's.
    cinema.sql("CREATE USER MAPPING FOR carol SERVER cinema");
    let carol = cinema.log_in("carol").await;
    assert_eq!(
        account(&carol).await.unwrap_err(),
        "2F003: password or GSSAPI delegated credentials required\n\
         DETAIL: Non-superusers must delegate GSSAPI credentials, provide a password, or enable \
         SCRAM pass-through in user mapping."
    );
    cinema.sql(
        "DROP USER MAPPING FOR carol SERVER cinema; DROP USER MAPPING FOR PUBLIC SERVER cinema",
    );
    let missing = "42704: user mapping not found for user \"carol\", server \"cinema\"";
    assert_eq!(account(&carol).await.unwrap_err(), missing);
    assert_eq!(account(&cinema.log_in("alice").await).await.unwrap(), ALICE);
    // Nobody's mapping is the superuser's either.
    let missing = "42704: user mapping not found for user \"postgres\", server \"cinema\"";
    assert_eq!(account(&cinema.log_in("postgres").await).await.unwrap_err(), missing);
}

#[tokio::test]
async fn membership_and_usage_change_no_account() {
    let cinema = Cinema::open();
    cinema.sql(
        "CREATE ROLE dave LOGIN; GRANT alice TO dave; GRANT USAGE ON FOREIGN SERVER cinema TO dave",
    );
    let dave = cinema.log_in("dave").await;
    assert_eq!(account(&dave).await.unwrap(), GUEST);
    dave.batch_execute("SET ROLE alice").await.unwrap();
    assert_eq!(account(&dave).await.unwrap(), ALICE);
    dave.batch_execute("RESET ROLE").await.unwrap();
    assert_eq!(account(&dave).await.unwrap(), GUEST);
    assert_eq!(
        dave.batch_execute("SET ROLE bob").await.map_err(|error| crate::said(&error)),
        Err("42501: permission denied to set role \"bob\"".to_owned())
    );
    cinema.sql("REVOKE SELECT ON whoami FROM PUBLIC");
    // Privileges come before the mapping.
    assert_eq!(
        account(&dave).await.unwrap_err(),
        "42501: permission denied for foreign table whoami"
    );
}

#[tokio::test]
async fn an_open_session_follows_its_mapping() {
    let cinema = Cinema::open();
    let alice = cinema.log_in("alice").await;
    let prepared = alice.prepare("SELECT account FROM whoami").await.unwrap();
    let execute = async || alice.query_one(&prepared, &[]).await.map(|row| row.get::<_, String>(0));
    assert_eq!(execute().await.unwrap(), ALICE);
    let alter = format!(
        "ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET user '{BOB}', SET password '{BOB}')"
    );
    cinema.sql(&alter);
    assert_eq!(account(&alice).await.unwrap(), BOB);
    assert_eq!(execute().await.unwrap(), BOB);
    cinema.sql("ALTER USER MAPPING FOR alice SERVER cinema OPTIONS (SET password 'wrong')");
    let refused = account(&alice).await.unwrap_err();
    assert!(refused.starts_with("08001: could not connect to server \"cinema\""), "{refused}");
    cinema.sql("DROP USER MAPPING FOR alice SERVER cinema");
    assert_eq!(account(&alice).await.unwrap(), GUEST);
    assert_eq!(execute().await.unwrap(), GUEST);
    cinema.sql("DROP USER MAPPING FOR PUBLIC SERVER cinema");
    let missing = "42704: user mapping not found for user \"alice\", server \"cinema\"";
    assert_eq!(account(&alice).await.unwrap_err(), missing);
    assert_eq!(execute().await.map_err(|error| crate::said(&error)), Err(missing.to_owned()));
    // Explaining and preparing need no mapping.
    ask(&alice, "EXPLAIN SELECT account FROM whoami").await.unwrap();
    alice.prepare("SELECT account FROM whoami").await.unwrap();
    cinema.sql(&format!("CREATE USER MAPPING FOR alice SERVER cinema {}", user(ALICE)));
    assert_eq!(execute().await.unwrap(), ALICE);
}

#[tokio::test]
async fn a_transaction_sees_its_own_mapping_and_undoes_it() {
    let cinema = Cinema::open();
    cinema.sql("GRANT USAGE ON FOREIGN SERVER cinema TO carol");
    let carol = cinema.log_in("carol").await;
    let other = cinema.log_in("carol").await;
    carol.batch_execute("BEGIN").await.unwrap();
    let create = format!("CREATE USER MAPPING FOR carol SERVER cinema {}", user(BOB));
    carol.batch_execute(&create).await.unwrap();
    assert_eq!(account(&carol).await.unwrap(), BOB);
    assert_eq!(account(&other).await.unwrap(), GUEST);
    carol.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(account(&carol).await.unwrap(), GUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_two_roles_never_meet_in_an_account() {
    const TIMES: usize = 1000;
    let cinema = Cinema::open();
    let (alice, bob) = (cinema.log_in("alice").await, cinema.log_in("bob").await);
    let follow = |client: Client, expected: &'static str| {
        tokio::spawn(async move {
            for turn in 0..TIMES {
                assert_eq!(account(&client).await.as_deref(), Ok(expected), "turn {turn}");
            }
        })
    };
    let (alice, bob) = (follow(alice, ALICE), follow(bob, BOB));
    alice.await.unwrap();
    bob.await.unwrap();
}

#[tokio::test]
async fn one_session_of_changing_roles_takes_their_accounts() {
    let cinema = Cinema::open();
    let client = cinema.log_in("postgres").await;
    let turns = [("alice", ALICE), ("bob", BOB), ("carol", GUEST)];
    for (role, expected) in turns.into_iter().cycle().take(300) {
        client.batch_execute(&format!("SET ROLE {role}")).await.unwrap();
        assert_eq!(account(&client).await.unwrap(), expected);
    }
    client.batch_execute("RESET ROLE; BEGIN").await.unwrap();
    for (role, expected) in turns.into_iter().cycle().take(300) {
        client.batch_execute(&format!("SET LOCAL ROLE {role}")).await.unwrap();
        assert_eq!(account(&client).await.unwrap(), expected);
    }
    client.batch_execute("SAVEPOINT s; SET ROLE alice; ROLLBACK TO s").await.unwrap();
    assert_eq!(account(&client).await.unwrap(), GUEST);
    for sql in ["COMMIT", "SET ROLE bob", "BEGIN", "SET ROLE alice", "ROLLBACK"] {
        client.batch_execute(sql).await.unwrap();
    }
    assert_eq!(account(&client).await.unwrap(), BOB);
    client.batch_execute("SET SESSION AUTHORIZATION alice").await.unwrap();
    assert_eq!(account(&client).await.unwrap(), ALICE);
}
