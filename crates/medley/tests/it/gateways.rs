//! Medleys behind Medleys: each person is themselves at each hop, and a circle ends.
use medley_testkit::{Medley, Postgres};

use crate::cinema::ask;

/// A table of a server, which everybody reaches as one account.
fn leads_to(medley: &Medley, server: &str, wrapper: &str, port: u16, mappings: &str) {
    let database = if wrapper == "medley_fdw" { "medley" } else { "postgres" };
    medley
        .psql(&format!(
            "CREATE SERVER {server} FOREIGN DATA WRAPPER {wrapper} \
                OPTIONS (host '127.0.0.1', port '{port}', dbname '{database}'); \
             {mappings} \
             CREATE FOREIGN TABLE films (id integer, title text, price numeric) SERVER {server}; \
             CREATE FOREIGN TABLE whoami (account text) SERVER {server}; \
             GRANT ALL ON films, whoami TO PUBLIC"
        ))
        .unwrap();
}

/// Roles of Medley who log in with passwords: a mapping's account must prove itself.
fn gateway() -> Medley {
    let medley = crate::builder().password("super").start().unwrap();
    medley
        .psql("CREATE ROLE alice LOGIN PASSWORD 'a'; CREATE ROLE bob LOGIN PASSWORD 'b'")
        .unwrap();
    medley
}

fn remote() -> Postgres {
    let remote = Postgres::start().unwrap();
    remote.create_account("far_alice", "fa").unwrap();
    remote.create_account("far_bob", "fb").unwrap();
    remote
        .psql(
            "CREATE TABLE films (id int PRIMARY KEY, title text, price numeric); \
             INSERT INTO films SELECT i, 'film ' || i, i * 0.25 FROM generate_series(1, 1000) i; \
             CREATE VIEW whoami AS SELECT current_user::text AS account; \
             GRANT ALL ON films TO far_alice; GRANT SELECT ON films TO far_bob; \
             GRANT SELECT ON whoami TO PUBLIC",
        )
        .unwrap();
    remote
}

const AT_THE_REMOTE: &str = "\
    CREATE USER MAPPING FOR alice SERVER far OPTIONS (user 'far_alice', password 'fa'); \
    CREATE USER MAPPING FOR bob SERVER far OPTIONS (user 'far_bob', password 'fb');";

const AT_THE_NEXT: &str = "\
    CREATE USER MAPPING FOR alice SERVER next OPTIONS (user 'alice', password 'a'); \
    CREATE USER MAPPING FOR bob SERVER next OPTIONS (user 'bob', password 'b');";

#[tokio::test]
async fn gateways_chain_and_everybody_stays_who_they_are() {
    let remote = remote();
    let [first, second, third] = [gateway(), gateway(), gateway()];
    leads_to(&third, "far", "postgres_fdw", remote.port(), AT_THE_REMOTE);
    leads_to(&second, "next", "medley_fdw", third.port(), AT_THE_NEXT);
    leads_to(&first, "next", "medley_fdw", second.port(), AT_THE_NEXT);
    let alice = first.connect("alice", "a").await.unwrap();
    let bob = first.connect("bob", "b").await.unwrap();
    for pushdown in ["on", "off"] {
        for (client, account) in [(&alice, "far_alice"), (&bob, "far_bob")] {
            ask(client, &format!("SET medley.pushdown = {pushdown}")).await.unwrap();
            assert_eq!(ask(client, "SELECT account FROM whoami").await.unwrap(), [account]);
            let counted = "SELECT count(*), sum(price), max(title) FROM films WHERE id % 3 = 1";
            assert_eq!(ask(client, counted).await.unwrap(), ["334|41791.75|film 997"]);
            let last = "SELECT id, title FROM films WHERE price > 249 ORDER BY id DESC LIMIT 2";
            assert_eq!(ask(client, last).await.unwrap(), ["1000|film 1000", "999|film 999"]);
        }
        let insert = "INSERT INTO films VALUES (1001, 'dré', 0.5) RETURNING title, price";
        assert_eq!(ask(&alice, insert).await.unwrap(), ["dré|0.5"]);
        let update = ask(&alice, "UPDATE films SET price = 7 WHERE id = 1001").await;
        match pushdown {
            "on" => assert_eq!(update.unwrap(), [""; 0]),
            // Rows of a Medley have nothing that they are found by again.
            _ => assert!(update.unwrap_err().starts_with("0A000")),
        }
        ask(&alice, "SET medley.pushdown = on").await.unwrap();
        ask(&alice, "BEGIN; DELETE FROM films WHERE id = 1001; ROLLBACK").await.unwrap();
        assert_eq!(remote.psql("SELECT count(*) FROM films").unwrap(), "1001");
        ask(&alice, "DELETE FROM films WHERE id = 1001").await.unwrap();
        let refused = ask(&bob, "DELETE FROM films WHERE id = 1").await.unwrap_err();
        assert!(refused.contains("permission denied") || pushdown == "off", "{refused}");
    }
    // Whole statements are sent on, hop by hop.
    let grouped = "SELECT DISTINCT ON (id % 3) id % 3, title, rank() OVER (ORDER BY price) \
                   FROM films WHERE title ~ '^film [1-6]$' ORDER BY 1, id LIMIT 2";
    let expected = ["0|film 3|3", "1|film 1|1"];
    assert_eq!(ask(&alice, grouped).await.unwrap(), expected);
    let logged = "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%DISTINCT ON%'";
    assert_eq!(remote.psql(logged).unwrap(), "t");
    assert_eq!(remote.psql("SELECT count(*) FROM films").unwrap(), "1000");
}

#[tokio::test]
async fn a_circle_ends_where_it_began() {
    let [first, second] = [gateway(), gateway()];
    leads_to(&first, "next", "medley_fdw", second.port(), AT_THE_NEXT);
    leads_to(&second, "next", "medley_fdw", first.port(), AT_THE_NEXT);
    let mut sessions = Vec::new();
    for medley in [&first, &second, &first] {
        let alice = medley.connect("alice", "a").await.unwrap();
        for _ in 0..2 {
            let refused = ask(&alice, "SELECT * FROM whoami").await.unwrap_err();
            assert!(refused.starts_with("08001"), "{refused}");
        }
        sessions.push(alice);
    }
    // What it says to whoever came in a circle.
    let superuser = first.connect("postgres", "super").await.unwrap();
    let sessions = "SELECT count(*) < 10 FROM pg_stat_activity";
    assert_eq!(ask(&superuser, sessions).await.unwrap(), ["t"]);
    // Itself, at once.
    let selfish = gateway();
    leads_to(&selfish, "next", "medley_fdw", selfish.port(), AT_THE_NEXT);
    let bob = selfish.connect("bob", "b").await.unwrap();
    let error = bob.simple_query("SELECT * FROM whoami").await.unwrap_err();
    let error = error.as_db_error().unwrap();
    let detail = error.detail().unwrap_or_default();
    assert!(detail.contains("foreign servers lead in a circle"), "{detail}");
    // Nobody sets it afterwards.
    assert!(ask(&bob, "SET medley.via = ''").await.unwrap_err().starts_with("42602"));
}

#[tokio::test]
async fn servers_of_dblink_are_read_too() {
    let remote = remote();
    let medley = gateway();
    medley.psql("CREATE EXTENSION dblink").unwrap();
    leads_to(&medley, "far", "dblink_fdw", remote.port(), AT_THE_REMOTE);
    let alice = medley.connect("alice", "a").await.unwrap();
    assert_eq!(ask(&alice, "SELECT account FROM whoami").await.unwrap(), ["far_alice"]);
    let refused = ask(&alice, "SELECT dblink_connect('far')").await.unwrap_err();
    assert!(refused.starts_with("42883"), "{refused}");
}
