//! Statements that are sent to the remote as they were written: the answers are the remote's own,
//! and nobody gets by it what is not theirs.
use std::fs;

use medley_testkit::Postgres;
use tokio_postgres::Client;

use crate::cinema::{ALICE, BOB, Cinema, ask, user};

const SETUP: &str = "../../tests/whole/setup.sql";
const CORPUS: &str = "../../tests/whole/corpus.sql";
const VIEWS: &str = "CREATE VIEW recent AS SELECT id, title, year FROM films WHERE year > 2000; \
                     CREATE VIEW kinds (n, c) AS SELECT kind, count(*) FROM films GROUP BY kind;";

/// A Medley whose superuser is the remote's.
struct World {
    straight: Client,
    ours: Client,
    _remote: Postgres,
    _medley: medley_testkit::Medley,
}

impl World {
    async fn open() -> Self {
        let remote = Postgres::start().unwrap();
        remote.psql(&fs::read_to_string(SETUP).unwrap()).unwrap();
        remote.psql(VIEWS).unwrap();
        remote.create_account("reader", "reader").unwrap();
        remote.psql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader").unwrap();
        let medley = crate::medley();
        let port = remote.port();
        let definitions = format!(
            "CREATE SERVER r FOREIGN DATA WRAPPER postgres_fdw \
                OPTIONS (host '127.0.0.1', port '{port}', dbname 'postgres'); \
             CREATE USER MAPPING FOR PUBLIC SERVER r OPTIONS (user 'reader', password 'reader'); \
             IMPORT FOREIGN SCHEMA public LIMIT TO (films, people) FROM SERVER r INTO public; \
             {VIEWS}"
        );
        medley.psql(&definitions).unwrap();
        let straight = remote.connect_as_superuser().await.unwrap();
        straight.batch_execute("SET TimeZone = 'Etc/UTC'").await.unwrap();
        let ours = medley.connect_as_superuser().await.unwrap();
        Self { straight, ours, _remote: remote, _medley: medley }
    }
}

fn corpus() -> Vec<String> {
    let text = fs::read_to_string(CORPUS).unwrap();
    let queries = text.split("\n;\n").map(str::trim).filter(|query| !query.is_empty());
    queries.map(str::to_owned).collect()
}

/// What is not supported here, or not known to be there yet.
fn is_refusal(answer: &Result<Vec<String>, String>) -> bool {
    let refusals = ["0A000", "42883", "42702"];
    answer.as_ref().is_err_and(|said| refusals.iter().any(|state| said.starts_with(state)))
}

async fn is_shipped(client: &Client, query: &str) -> bool {
    let plan = ask(client, &format!("EXPLAIN (VERBOSE) {query}")).await;
    plan.is_ok_and(|lines| lines.iter().any(|line| line.trim() == "Shipped: the whole statement"))
}

#[tokio::test]
async fn the_answers_are_the_remotes_own() {
    let world = World::open().await;
    let (mut wrong, mut shipped) = (Vec::new(), 0);
    for query in corpus() {
        let straight = ask(&world.straight, &query).await;
        let ours = ask(&world.ours, &query).await;
        let is_shipped = is_shipped(&world.ours, &query).await;
        shipped += usize::from(is_shipped);
        if straight != ours && (is_shipped || !is_refusal(&ours)) {
            wrong.push(format!("{query}\n  straight: {straight:?}\n  here: {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} queries", wrong.join("\n"), wrong.len());
    assert!(shipped >= 390, "{shipped} queries are shipped");
}

#[tokio::test]
async fn without_pushdown_the_answers_are_the_same_or_none() {
    let world = World::open().await;
    world.ours.batch_execute("SET medley.pushdown = off").await.unwrap();
    let mut wrong = Vec::new();
    for query in corpus() {
        assert!(!is_shipped(&world.ours, &query).await, "{query}");
        let (straight, ours) = (ask(&world.straight, &query).await, ask(&world.ours, &query).await);
        if straight != ours && !is_refusal(&ours) {
            wrong.push(format!("{query}\n  straight: {straight:?}\n  here: {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} queries", wrong.join("\n"), wrong.len());
}

#[tokio::test]
async fn the_remote_prints_as_the_session_is_set() {
    let world = World::open().await;
    let query = "SELECT id, released, seen, seen::text, runtime, b, f8, tstzrange(seen, NULL) \
                 FROM films WHERE id < 20 ORDER BY id";
    let settings = [
        "DateStyle = 'German'",
        "DateStyle = 'SQL, DMY'",
        "TimeZone = 'America/New_York'",
        "IntervalStyle = 'iso_8601'",
        "bytea_output = 'escape'",
        "extra_float_digits = 0",
    ];
    let other = world._medley.connect_as_superuser().await.unwrap();
    let plain = ask(&world.straight, query).await;
    for setting in settings {
        for client in [&world.straight, &world.ours] {
            client.batch_execute(&format!("SET {setting}")).await.unwrap();
        }
        assert_eq!(ask(&world.ours, query).await, ask(&world.straight, query).await, "{setting}");
        // It comes to the same connection, and is set otherwise.
        assert_eq!(ask(&other, query).await, plain, "{setting}");
    }
    let read_as_set = "SELECT id FROM films WHERE released = '05.01.2000' ORDER BY id";
    assert_eq!(ask(&world.ours, read_as_set).await, ask(&world.straight, read_as_set).await);
    // A change that is rolled back leaves nothing behind.
    let block = ["BEGIN", "SAVEPOINT a", "SET TimeZone = 'Asia/Tokyo'", query, "ROLLBACK TO a"];
    for statement in block {
        ask(&world.ours, statement).await.unwrap();
        ask(&world.straight, statement).await.unwrap();
    }
    assert_eq!(ask(&world.ours, query).await, ask(&world.straight, query).await);
    ask(&world.ours, "COMMIT").await.unwrap();
}

#[tokio::test]
async fn prepared_statements_take_parameters_and_give_binary() {
    let world = World::open().await;
    let query = "SELECT title, id, f8, released, tags, doc->>'s' FROM films \
                 WHERE id = $1 OR title = $2 ORDER BY id";
    let statement = world.ours.prepare(query).await.unwrap();
    for id in [3, 4, 3] {
        let rows = world.ours.query(&statement, &[&id, &"film 9"]).await.unwrap();
        let titles: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(titles, [format!("film {id}"), "film 9".to_owned()]);
        assert_eq!(rows[0].get::<_, i32>(1), id);
        assert_eq!(rows[0].get::<_, f64>(2), f64::from(id) / 3.0);
        assert_eq!(rows[0].get::<_, Vec<String>>(4)[0], format!("t{}", id % 3));
    }
    let null: Option<i32> = None;
    assert_eq!(world.ours.query(&statement, &[&null, &"none"]).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_portal_is_read_in_parts() {
    let mut world = World::open().await;
    let transaction = world.ours.transaction().await.unwrap();
    let portal = transaction.bind("SELECT id FROM films ORDER BY id", &[]).await.unwrap();
    let mut read = Vec::new();
    loop {
        let rows = transaction.query_portal(&portal, 33).await.unwrap();
        if rows.is_empty() {
            break;
        }
        read.extend(rows.iter().map(|row| row.get::<_, i32>(0)));
    }
    assert_eq!(read, (1..=100).collect::<Vec<i32>>());
    let count = transaction.query_one("SELECT count(*) FROM films", &[]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 100);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn errors_of_the_remote_are_passed_on() {
    let world = World::open().await;
    let said = ask(&world.ours, "SELECT 1 / (id - 1) FROM films").await.unwrap_err();
    assert_eq!(said, "22012: division by zero");
    let said = ask(&world.ours, "SELECT title::int FROM films").await.unwrap_err();
    assert_eq!(said, "22P02: invalid input syntax for type integer: \"film 1\"");
    // The session is as good as before, and so is a transaction after its savepoint.
    for statement in ["BEGIN", "SELECT id FROM films WHERE id = 1", "SAVEPOINT s"] {
        ask(&world.ours, statement).await.unwrap();
    }
    ask(&world.ours, "SELECT 1 / (id - 1) FROM films").await.unwrap_err();
    ask(&world.ours, "ROLLBACK TO s").await.unwrap();
    assert_eq!(ask(&world.ours, "SELECT id FROM films WHERE id = 2").await.unwrap(), ["2"]);
    ask(&world.ours, "COMMIT").await.unwrap();
}

/// Each with a part of the reason that EXPLAIN gives.
#[tokio::test]
async fn what_is_not_shipped_says_why() {
    let world = World::open().await;
    let definitions = "CREATE FOREIGN TABLE wide (id bigint, title text) SERVER r \
                       OPTIONS (table_name 'films'); \
                       CREATE FOREIGN TABLE gone (id int) SERVER r; \
                       CREATE FOREIGN TABLE cut (id int, title varchar(5)) SERVER r \
                       OPTIONS (table_name 'films'); \
                       CREATE FOREIGN TABLE narrow (id int, year int) SERVER r \
                       OPTIONS (table_name 'films')";
    world.ours.batch_execute(definitions).await.unwrap();
    for table in ["wide", "gone", "cut", "narrow"] {
        let _ = ask(&world.ours, &format!("SELECT id FROM {table}")).await;
    }
    let cases = [
        ("SELECT id FROM wide", "column \"id\" of \"public.wide\" is of another type"),
        ("SELECT id FROM cut", "column \"title\" of \"public.cut\" is of another type"),
        ("SELECT id FROM gone", "the table of \"public.gone\" is not found"),
        ("SELECT relname FROM pg_class, films", "it reads a system catalog"),
        ("SELECT public.films.id FROM public.films", "a column is qualified with a schema"),
        ("SELECT current_setting('work_mem') FROM films", "function current_setting()"),
        ("SELECT title::regclass FROM films", "type regclass is not shippable"),
        ("SELECT clock_timestamp() FROM films", "function clock_timestamp()"),
        ("SELECT title COLLATE \"unicode\" FROM films", "collation \"unicode\""),
        ("SELECT CURRENT_TIMESTAMP(3) FROM films", "a value of the session's"),
        ("TABLE films", "it is a TABLE command"),
        ("SELECT 'now'::timestamptz FROM films", "a constant depends on when it is read"),
    ];
    for (query, reason) in cases {
        let plan = ask(&world.ours, &format!("EXPLAIN (VERBOSE) {query}")).await;
        let Ok(lines) = &plan else {
            assert!(is_refusal(&plan), "{query}: {plan:?}");
            continue;
        };
        let said = lines.iter().any(|line| line.contains("Not shipped: ") && line.contains(reason));
        assert!(said, "{query}: {lines:?}");
    }
    assert!(is_shipped(&world.ours, "SELECT id FROM narrow").await);
}

/// Functions and operators of a stranger at the remote, and a search path that finds them first.
#[tokio::test]
async fn strangers_functions_at_the_remote_do_not_run() {
    let cinema = Cinema::open();
    let planted = format!(
        "CREATE TABLE trap (who text); GRANT INSERT ON trap TO PUBLIC; \
         CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql \
            AS $$ INSERT INTO public.trap VALUES (current_user) RETURNING 'trapped' $$; \
         CREATE FUNCTION public.same(integer, integer) RETURNS bool LANGUAGE sql \
            AS $$ INSERT INTO public.trap VALUES (current_user) RETURNING true $$; \
         CREATE OPERATOR public.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = same); \
         CREATE TABLE public.pg_class (id integer); \
         ALTER ROLE {ALICE} SET search_path = public, pg_catalog"
    );
    cinema.remote.psql(&planted).unwrap();
    let alice = cinema.log_in("alice").await;
    let query = "SELECT lower(title) FROM films WHERE id = 7";
    assert!(is_shipped(&alice, query).await);
    assert_eq!(ask(&alice, query).await.unwrap(), ["film 7"]);
    assert_eq!(cinema.remote.psql("SELECT count(*) FROM trap").unwrap().trim(), "0");
}

#[tokio::test]
async fn views_of_two_owners_are_not_one_remote() {
    let cinema = Cinema::open();
    cinema.sql(
        "CREATE SCHEMA a AUTHORIZATION alice; CREATE SCHEMA b AUTHORIZATION bob; \
         GRANT USAGE ON SCHEMA a, b TO PUBLIC",
    );
    for (role, schema) in [("alice", "a"), ("bob", "b")] {
        let client = cinema.log_in(role).await;
        let view = format!(
            "CREATE VIEW {schema}.v AS SELECT account FROM public.whoami; \
             GRANT SELECT ON {schema}.v TO PUBLIC"
        );
        client.batch_execute(&view).await.unwrap();
    }
    let carol = cinema.log_in("carol").await;
    let both = "SELECT x.account, y.account FROM a.v x, b.v y";
    assert!(!is_shipped(&carol, both).await);
    assert_eq!(ask(&carol, both).await.unwrap(), [format!("{ALICE}|{BOB}")]);
    // One of them is at one remote: its owner's, not carol's.
    assert!(is_shipped(&carol, "SELECT account FROM a.v").await);
    assert_eq!(ask(&carol, "SELECT account FROM a.v").await.unwrap(), [ALICE]);
    let with_own = "SELECT v.account, w.account FROM b.v, whoami w";
    assert_eq!(ask(&carol, with_own).await.unwrap(), [format!("{BOB}|films_guest")]);
}

#[tokio::test]
async fn a_plan_does_not_outlive_who_made_it() {
    let cinema = Cinema::open();
    cinema.sql("GRANT alice, bob TO carol");
    let carol = cinema.log_in("carol").await;
    ask(&carol, "PREPARE who AS SELECT account FROM whoami").await.unwrap();
    let accounts = [("alice", ALICE), ("bob", BOB), ("carol", "films_guest"), ("alice", ALICE)];
    for (role, account) in accounts {
        ask(&carol, &format!("SET ROLE {role}")).await.unwrap();
        assert_eq!(ask(&carol, "EXECUTE who").await.unwrap(), [account], "{role}");
    }
    ask(&carol, "RESET ROLE").await.unwrap();
    // What a transaction has changed counts in it, and not after it.
    let superuser = cinema.medley.connect_as_superuser().await.unwrap();
    ask(&superuser, "SET ROLE alice").await.unwrap();
    ask(&superuser, "PREPARE who AS SELECT account FROM whoami").await.unwrap();
    assert_eq!(ask(&superuser, "EXECUTE who").await.unwrap(), [ALICE]);
    let change = format!(
        "BEGIN; RESET ROLE; ALTER USER MAPPING FOR alice SERVER cinema \
         OPTIONS (SET user '{BOB}', SET password '{BOB}'); SET ROLE alice"
    );
    ask(&superuser, &change).await.unwrap();
    assert_eq!(ask(&superuser, "EXECUTE who").await.unwrap(), [BOB]);
    ask(&superuser, "ROLLBACK").await.unwrap();
    ask(&superuser, "SET ROLE alice").await.unwrap();
    assert_eq!(ask(&superuser, "EXECUTE who").await.unwrap(), [ALICE]);
    // Privileges that are gone are gone for the plan that was made with them.
    cinema.sql("REVOKE SELECT ON whoami FROM PUBLIC");
    let refused = ask(&superuser, "EXECUTE who").await.unwrap_err();
    assert_eq!(refused, "42501: permission denied for foreign table whoami");
}

#[tokio::test]
async fn a_plan_is_of_one_search_path() {
    let cinema = Cinema::open();
    cinema.sql(
        "CREATE SCHEMA other; GRANT USAGE ON SCHEMA other TO PUBLIC; \
         CREATE FOREIGN TABLE other.films (id integer, title text) SERVER cinema \
            OPTIONS (schema_name 'public'); GRANT SELECT ON other.films TO PUBLIC",
    );
    let alice = cinema.log_in("alice").await;
    ask(&alice, "PREPARE f AS SELECT * FROM films WHERE id = 1").await.unwrap();
    assert_eq!(ask(&alice, "EXECUTE f").await.unwrap(), ["1|film 1|1901"]);
    ask(&alice, "SET search_path = other").await.unwrap();
    assert_eq!(ask(&alice, "SELECT * FROM films WHERE id = 1").await.unwrap(), ["1|film 1"]);
}

#[tokio::test]
async fn columns_that_may_not_be_read_are_not_named_at_the_remote() {
    let cinema = Cinema::open();
    cinema.sql("REVOKE SELECT ON films FROM PUBLIC; GRANT SELECT (id, title) ON films TO alice");
    let alice = cinema.log_in("alice").await;
    let query = "SELECT title FROM films WHERE id = 3";
    assert!(!is_shipped(&alice, query).await);
    assert_eq!(ask(&alice, query).await.unwrap(), ["film 3"]);
    let refused = ask(&alice, "SELECT year FROM films").await.unwrap_err();
    assert_eq!(refused, "42501: permission denied for foreign table films");
    // The remote, too, may keep columns from the account.
    let grants = format!("REVOKE SELECT ON films FROM PUBLIC; GRANT SELECT (id) ON films TO {BOB}");
    cinema.remote.psql(&grants).unwrap();
    cinema.sql("GRANT SELECT ON films TO bob");
    let bob = cinema.log_in("bob").await;
    assert_eq!(ask(&bob, "SELECT id FROM films WHERE id = 3").await.unwrap(), ["3"]);
    let _ = user(BOB);
}

/// Rows that the remote keeps from an account by its own rules.
#[tokio::test]
async fn the_remotes_policies_see_the_mapped_account() {
    let cinema = Cinema::open();
    cinema
        .remote
        .psql(
            "CREATE TABLE mine (who text, n int); INSERT INTO mine VALUES ('films_alice', 1), \
         ('films_bob', 2), ('films_guest', 3); ALTER TABLE mine ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY p ON mine USING (who = current_user); GRANT SELECT ON mine TO PUBLIC",
        )
        .unwrap();
    cinema.sql(
        "CREATE FOREIGN TABLE mine (who text, n integer) SERVER cinema; \
         GRANT SELECT ON mine TO PUBLIC",
    );
    for (role, n) in [("alice", "1"), ("bob", "2"), ("carol", "3"), ("alice", "1")] {
        let client = cinema.log_in(role).await;
        let query = "SELECT n, current_user FROM mine";
        assert_eq!(ask(&client, query).await.unwrap(), [format!("{n}|{role}")]);
    }
}
