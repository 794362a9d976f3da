//! A planted password, and what SCRAM makes of it, is found nowhere: in no relation, answer, error,
//! plan, dump, log or file, also after a crash. `places` says where it is planted, `wrappers` in which options of
//! wrappers, `keys` what is made of it, `drivers` drives all that leaves the process.
mod drivers;
mod keys;
mod places;
mod search;
mod wrappers;

use medley_testkit::{Medley, Postgres, SUPERUSER};

use self::search::{Ear, Search};
use crate::builder;

/// Its log has every statement that it is sent after its accounts were made.
fn remote(search: &Search) -> Postgres {
    let remote = Postgres::start().unwrap();
    remote.create_account("films_alice", search.canary.value()).unwrap();
    remote.create_account("films_guest", "another").unwrap();
    let view = "CREATE VIEW whoami AS SELECT current_user::text AS account; \
                GRANT SELECT ON whoami TO PUBLIC";
    remote.psql(view).unwrap();
    remote.psql("ALTER SYSTEM SET log_statement = 'all'").unwrap();
    remote.psql("SELECT pg_reload_conf()").unwrap();
    remote
}

fn server(remote: &Postgres) -> String {
    format!(
        "CREATE SERVER cinema FOREIGN DATA WRAPPER postgres_fdw \
         OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres')",
        remote.port()
    )
}

/// One that logs everything it does, and writes down who did what.
fn medley(search: &Search, format: &str) -> Medley {
    let mut medley = builder()
        .password(search.canary.value())
        .argument("-vvv")
        .argument(&format!("--log-format={format}"))
        .start()
        .unwrap();
    let config = medley.data_folder().join("medley.toml");
    let text = std::fs::read_to_string(&config).unwrap() + "\n[audit]\nfile = 'audit.jsonl'\n";
    std::fs::write(config, text).unwrap();
    medley.stop().unwrap();
    medley.restart().unwrap();
    medley
}

async fn plant(ear: &Ear<'_>) {
    for sql in places::KEPT {
        assert!(ear.hear(sql, sql).await, "{sql} fails: {:?}", ear.say(sql).await);
    }
    for sql in places::REFUSED {
        assert!(!ear.hear(sql, sql).await, "{sql} succeeds");
        ear.prepare(sql).await;
        ear.say("ROLLBACK").await.unwrap();
    }
    for sql in places::OWN_WORDS {
        let _ = ear.say(sql).await;
    }
    for sql in places::OWN_PARAMETERS {
        ear.bind(sql).await;
    }
    for sql in places::MARKED {
        let said = ear.say(sql).await.unwrap_err();
        assert!(said.starts_with("22023"), "{sql}: {said}");
    }
}

async fn drive(search: &Search, medley: &Medley) {
    // Somebody is in the middle of something all the while.
    let busy = search.ear(medley, "alice").await;
    let _ = busy.say("BEGIN; ALTER ROLE alice PASSWORD '#'").await;
    let mut ears = Vec::new();
    for who in [SUPERUSER, "alice", "carol"] {
        ears.push(search.ear(medley, who).await);
    }
    drivers::relations(&ears).await;
    drivers::options(&ears).await;
    drivers::plans(&ears).await;
    for ear in &ears {
        ear.hear("SHOW ALL", "SHOW ALL").await;
        ear.hear("SELECT account FROM whoami", "a remote's answer").await;
        ear.hear("SELECT account FROM passed", "a remote's answer").await;
    }
    drop(busy);
    drivers::dumps(search, medley, true);
    drivers::programs(search, medley);
}

async fn strangers(search: &Search, medley: &Medley) {
    let value = search.canary.value();
    for (who, password) in [("nobody", value), ("alice", &value[1..])] {
        let refused = medley.connect(who, password).await.unwrap_err();
        search.look(format!("{refused:?}").as_bytes(), "what a stranger hears");
    }
}

#[tokio::test]
async fn a_planted_password_is_found_nowhere() {
    for format in ["text", "json"] {
        let search = Search::new();
        let remote = remote(&search);
        let mut medley = medley(&search, format);
        let postgres = search.ear(&medley, SUPERUSER).await;
        postgres.say(&server(&remote)).await.unwrap();
        plant(&postgres).await;
        wrappers::plant(&postgres, &medley).await;
        keys::plant(&search, &remote, &medley).await;
        // The password is the right one for alice, and the wrong one for carol.
        let whoami = "SELECT account FROM whoami";
        assert!(search.ear(&medley, "alice").await.hear(whoami, "alice").await);
        assert!(!search.ear(&medley, "carol").await.hear(whoami, "carol").await);
        // Her login is passed on.
        let passed = "SELECT account FROM passed";
        assert!(search.ear(&medley, "alice").await.hear(passed, "alice, passed through").await);
        drive(&search, &medley).await;
        if format == "text" {
            let ears = [search.ear(&medley, SUPERUSER).await, search.ear(&medley, "alice").await];
            drivers::functions(&ears).await;
        }
        strangers(&search, &medley).await;
        drivers::traces(&search, &medley);
        drivers::process(&search, &medley);
        medley.kill9();
        drivers::traces(&search, &medley);
        medley.restart().unwrap();
        drive(&search, &medley).await;
        medley.stop().unwrap();
        drivers::dumps(&search, &medley, false);
        drivers::traces(&search, &medley);
        search.look(remote.log().unwrap().as_bytes(), "the remote's log");
        assert_eq!(search.found(), [""; 0]);
        let promised = search.promised();
        for key in ["stored key", "server key"] {
            for place in ["disk", "medley dump"] {
                assert!(promised.contains(&format!("{key} in {place}")), "{promised:?}");
            }
        }
    }
}

/// A search that finds nothing is worth something only if it finds what is there.
#[tokio::test]
async fn what_is_planted_in_the_open_is_found() {
    let search = Search::new();
    let remote = remote(&search);
    let mut medley = medley(&search, "text");
    let postgres = search.ear(&medley, SUPERUSER).await;
    for sql in [
        server(&remote).as_str(),
        "CREATE ROLE alice LOGIN PASSWORD '#'",
        "CREATE ROLE carol LOGIN PASSWORD '#'",
        "CREATE USER MAPPING FOR PUBLIC SERVER cinema OPTIONS (user '#', password 'x')",
        "CREATE FOREIGN TABLE whoami (account text) SERVER cinema OPTIONS (table_name '#')",
        "COMMENT ON SERVER cinema IS '#'",
        "ALTER ROLE alice SET application_name = '#'",
        "GRANT SELECT ON whoami TO PUBLIC",
    ] {
        postgres.say(sql).await.unwrap();
    }
    drive(&search, &medley).await;
    medley.kill9();
    drivers::traces(&search, &medley);
    search.look(remote.log().unwrap().as_bytes(), "the remote's log");
    let found = search.found();
    for way in [
        "relation pg_catalog.pg_user_mappings to postgres",
        "relation information_schema.user_mapping_options to postgres",
        "relation pg_catalog.pg_stat_activity to postgres",
        "EXPLAIN to alice",
        "a remote's answer to carol",
        "pg_options_to_table to postgres",
        "SHOW ALL to alice",
        "medley dump",
        "a program",
        "disk",
        "the remote's log",
    ] {
        assert!(found.contains(&format!("{way} (as it is)")), "not in {way}, but in {found:#?}");
    }
}
