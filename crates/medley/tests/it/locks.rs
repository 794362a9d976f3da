//! Two sessions and one object: the second waits, then succeeds or fails at its own statement.
use std::time::Duration;

use medley_testkit::Medley;
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::{medley, said};

/// How long somebody must at least wait to be said to wait.
const WAITS: Duration = Duration::from_millis(150);

struct Race {
    medley: Medley,
    first: Client,
    second: Client,
    cases: u32,
}

impl Race {
    async fn new() -> Self {
        let medley = medley();
        let first = medley.connect_as_superuser().await.unwrap();
        let second = medley.connect_as_superuser().await.unwrap();
        first.batch_execute("CREATE FOREIGN DATA WRAPPER w").await.unwrap();
        Self { medley, first, second, cases: 0 }
    }

    /// The first session does `one` and has not committed, the second does `other` and waits. Then
    /// the first commits, and the second is told `outcome` ("" where it succeeds).
    async fn check(&mut self, set_up: &str, one: &str, other: &str, outcome: &str) {
        let heard = self.run(set_up, one, other, "COMMIT").await;
        assert_eq!(heard, outcome, "{one} / {other}");
        let heard = self.run(set_up, one, other, "ROLLBACK").await;
        assert_eq!(heard, "", "{one} (undone) / {other}");
    }

    /// `#` makes names new in each run; what the second is told has it again.
    async fn run(&mut self, set_up: &str, one: &str, other: &str, end: &str) -> String {
        self.cases += 1;
        let number = format!("_{}", self.cases);
        let named = |sql: &str| sql.replace('#', &number);
        self.first.batch_execute(&named(set_up)).await.unwrap();
        self.first.batch_execute(&format!("BEGIN; {}", named(one))).await.unwrap();
        let other = named(other);
        let mut waiting = Box::pin(self.second.batch_execute(&other));
        let early = timeout(WAITS, &mut waiting).await;
        assert!(early.is_err(), "{other} does not wait: {early:?}");
        self.first.batch_execute(end).await.unwrap();
        let heard = waiting.await;
        heard.map_or_else(|error| said(&error).replace(&number, "#"), |()| String::new())
    }
}

#[tokio::test]
async fn the_second_who_creates_finds_the_name_taken() {
    let mut race = Race::new().await;
    let taken = |index: &str, key: &str| {
        let message = "23505: duplicate key value violates unique constraint";
        format!("{message} \"{index}\"\nDETAIL: Key {key} already exists.")
    };
    let server = taken("pg_foreign_server_name_index", "(srvname)=(s#)");
    let create = "CREATE SERVER s# FOREIGN DATA WRAPPER w";
    race.check("", create, create, &server).await;
    let if_not_exists = "CREATE SERVER IF NOT EXISTS s# FOREIGN DATA WRAPPER w";
    race.check("", create, if_not_exists, &server).await;
    let two = "CREATE SERVER a# FOREIGN DATA WRAPPER w; CREATE SERVER b# FOREIGN DATA WRAPPER w";
    let rename = "ALTER SERVER a# RENAME TO s#";
    race.check(two, rename, create, &server).await;
    race.check(two, rename, "ALTER SERVER b# RENAME TO s#", &server).await;

    let wrapper = taken("pg_foreign_data_wrapper_name_index", "(fdwname)=(x#)");
    let create = "CREATE FOREIGN DATA WRAPPER x#";
    race.check("", create, create, &wrapper).await;

    let table = taken("pg_type_typname_nsp_index", "(typname, typnamespace)=(t#, 2200)");
    let set_up = "CREATE SERVER s# FOREIGN DATA WRAPPER w";
    let create = "CREATE FOREIGN TABLE t# () SERVER s#";
    race.check(set_up, create, create, &table).await;

    let role = taken("pg_authid_rolname_index", "(rolname)=(r#)");
    race.check("", "CREATE ROLE r#", "CREATE ROLE r#", &role).await;
}

#[tokio::test]
async fn the_second_mapping_names_both_oids() {
    let mut race = Race::new().await;
    let set_up = "CREATE ROLE r#; CREATE SERVER s# FOREIGN DATA WRAPPER w";
    for create in [
        "CREATE USER MAPPING FOR r# SERVER s#",
        "CREATE USER MAPPING IF NOT EXISTS FOR r# SERVER s#",
    ] {
        let heard = race.run(set_up, create, create, "COMMIT").await;
        let (start, end) = heard.split_once("=(").unwrap();
        assert_eq!(
            start,
            "23505: duplicate key value violates unique constraint \
             \"pg_user_mapping_user_server_index\"\nDETAIL: Key (umuser, umserver)"
        );
        let oids = end.strip_suffix(") already exists.").unwrap();
        assert!(oids.split(", ").all(|oid| oid.parse::<u32>().unwrap() >= 16384), "{oids}");
        assert_eq!(race.run(set_up, create, create, "ROLLBACK").await, "");
    }
}

#[tokio::test]
async fn the_second_who_changes_a_row_finds_it_changed() {
    let mut race = Race::new().await;
    let set_up = "CREATE ROLE r#; CREATE SERVER s# FOREIGN DATA WRAPPER w; \
                  CREATE USER MAPPING FOR r# SERVER s#; CREATE FOREIGN DATA WRAPPER x#";
    let updated = "XX000: tuple concurrently updated";
    let alter_server = "ALTER SERVER s# VERSION '1'";
    let grant = "GRANT USAGE ON FOREIGN SERVER s# TO r#";
    race.check(set_up, alter_server, alter_server, updated).await;
    race.check(set_up, alter_server, grant, updated).await;
    race.check(set_up, grant, alter_server, updated).await;
    let alter_wrapper = "ALTER FOREIGN DATA WRAPPER x# OPTIONS (ADD a '1')";
    race.check(set_up, alter_wrapper, alter_wrapper, updated).await;
    let alter_mapping = "ALTER USER MAPPING FOR r# SERVER s# OPTIONS (ADD a '1')";
    race.check(set_up, alter_mapping, alter_mapping, updated).await;
    let drop_mapping = "DROP USER MAPPING FOR r# SERVER s#";
    race.check(set_up, alter_mapping, drop_mapping, updated).await;
    race.check(set_up, drop_mapping, alter_mapping, "XX000: tuple concurrently deleted").await;
    let heard = race.run(set_up, drop_mapping, drop_mapping, "COMMIT").await;
    let oid = heard.strip_prefix("XX000: cache lookup failed for user mapping ").unwrap();
    oid.parse::<u32>().unwrap();
    assert_eq!(race.run(set_up, drop_mapping, drop_mapping, "ROLLBACK").await, "");
}

#[tokio::test]
async fn who_drops_a_server_second_finds_it_gone() {
    let mut race = Race::new().await;
    let set_up = "CREATE SERVER s# FOREIGN DATA WRAPPER w";
    let missing = "42704: server \"s#\" does not exist";
    race.check(set_up, "DROP SERVER s#", "DROP SERVER s#", missing).await;
    race.check(set_up, "DROP SERVER s#", "DROP SERVER IF EXISTS s#", "").await;
}

#[tokio::test]
async fn who_alters_a_table_second_does_it_on_top() {
    let mut race = Race::new().await;
    let set_up = "CREATE SERVER s# FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE t# () SERVER s#";
    let one = "ALTER FOREIGN TABLE t# ADD COLUMN a integer";
    let other = "ALTER FOREIGN TABLE t# ADD COLUMN b integer";
    race.check(set_up, one, other, "").await;
    // Of the case before the last, both are there; of the last, the second one.
    for (table, columns) in [("t_1", "a, b"), ("t_2", "b")] {
        for column in columns.split(", ") {
            let drop = format!("ALTER FOREIGN TABLE {table} DROP COLUMN {column}");
            race.first.batch_execute(&drop).await.unwrap();
        }
    }
    race.first.batch_execute("ALTER FOREIGN TABLE t_2 DROP COLUMN a").await.unwrap_err();
}

#[tokio::test]
async fn a_mapping_and_its_role_and_server_do_not_miss_each_other() {
    let mut race = Race::new().await;
    let set_up = "CREATE ROLE r#; CREATE SERVER s# FOREIGN DATA WRAPPER w";
    let map = "CREATE USER MAPPING FOR r# SERVER s#";
    let depends = "2BP01: role \"r#\" cannot be dropped because some objects depend on it\n\
                   DETAIL: owner of user mapping for r# on server s#";
    race.check(set_up, map, "DROP ROLE r#", depends).await;
    let heard = race.run(set_up, "DROP ROLE r#", map, "COMMIT").await;
    let oid = heard.strip_prefix("42704: role ").unwrap();
    oid.strip_suffix(" was concurrently dropped").unwrap().parse::<u32>().unwrap();
    assert_eq!(race.run(set_up, "DROP ROLE r#", map, "ROLLBACK").await, "");

    // PostgreSQL up to 18 leaves an orphan here; 19 waits.
    let depends = "2BP01: cannot drop server s# because other objects depend on it\n\
                   DETAIL: user mapping for r# on server s# depends on server s#";
    race.check(set_up, map, "DROP SERVER s#", depends).await;
    let dropped = "42704: referenced server was concurrently dropped";
    race.check(set_up, "DROP SERVER s#", map, dropped).await;
    let table = "CREATE FOREIGN TABLE t# () SERVER s#";
    race.check(set_up, "DROP SERVER s#", table, dropped).await;
}

#[tokio::test]
async fn of_two_who_wait_for_each_other_one_fails() {
    let race = Race::new().await;
    let Race { medley, first, second, .. } = race;
    let third = medley.connect_as_superuser().await.unwrap();
    third.batch_execute("CREATE SERVER a FOREIGN DATA WRAPPER w").await.unwrap();
    third.batch_execute("CREATE SERVER b FOREIGN DATA WRAPPER w").await.unwrap();
    first.batch_execute("BEGIN; ALTER SERVER a VERSION '1'").await.unwrap();
    second.batch_execute("BEGIN; ALTER SERVER b VERSION '2'").await.unwrap();
    let one = first.batch_execute("ALTER SERVER b VERSION '1'");
    let other = second.batch_execute("ALTER SERVER a VERSION '2'");
    // Whoever fails gives back its locks when it rolls back, and the other goes on.
    let end = async |client: &Client, result: Result<(), tokio_postgres::Error>| match result {
        Ok(()) => None,
        Err(error) => {
            client.batch_execute("ROLLBACK").await.unwrap();
            Some(said(&error).lines().next().unwrap().to_owned())
        }
    };
    let (one, other) = tokio::join!(async { end(&first, one.await).await }, async {
        end(&second, other.await).await
    });
    let failed: Vec<_> = [one, other].into_iter().flatten().collect();
    assert_eq!(failed, ["40P01: deadlock detected"]);
}

#[tokio::test]
async fn a_wait_ends_with_its_time_or_with_a_cancel() {
    let race = Race::new().await;
    let Race { first, second, .. } = &race;
    first.batch_execute("BEGIN; CREATE ROLE r").await.unwrap();
    second.batch_execute("SET lock_timeout = '50ms'").await.unwrap();
    let late = second.batch_execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!(said(&late), "55P03: canceling statement due to lock timeout");
    second.batch_execute("SET lock_timeout = 0; SET statement_timeout = '50ms'").await.unwrap();
    let late = second.batch_execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!(said(&late), "57014: canceling statement due to statement timeout");
    second.batch_execute("SET statement_timeout = 0").await.unwrap();
    let cancel = second.cancel_token();
    let waiting = second.batch_execute("CREATE ROLE r");
    let (cancelled, sent) = tokio::join!(waiting, async {
        tokio::time::sleep(WAITS).await;
        cancel.cancel_query(tokio_postgres::NoTls).await
    });
    sent.unwrap();
    assert_eq!(said(&cancelled.unwrap_err()), "57014: canceling statement due to user request");
    first.batch_execute("ROLLBACK").await.unwrap();
    second.batch_execute("CREATE ROLE r").await.unwrap();
}

#[tokio::test]
async fn who_goes_away_gives_back_its_locks() {
    let Race { medley: _medley, first, second, .. } = Race::new().await;
    first.batch_execute("BEGIN; CREATE ROLE r").await.unwrap();
    drop(first);
    second.batch_execute("CREATE ROLE r").await.unwrap();
}
