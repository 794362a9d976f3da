//! Medleys that lead to each other: rows and changes go through, each hop uses its own accounts,
//! and a way that comes back is refused.
use medley_testkit::{Canary, Medley, Postgres};

use crate::cinema::ask;

const ITEMS: &str = "id integer, name text, price numeric(10,2)";

/// A remote, a Medley before it, and one before that: `outer` -> `inner` -> `remote`.
struct Chain {
    remote: Postgres,
    inner: Medley,
    outer: Medley,
    passwords: Vec<Canary>,
}

/// A Medley that asks for passwords, and what the superuser's is.
fn asking(passwords: &mut Vec<Canary>) -> Medley {
    let password = Canary::new();
    let medley = crate::builder().password(password.value()).start().unwrap();
    passwords.push(password);
    medley
}

/// What makes `at` lead to another Medley, as this account there.
fn leads_to(port: u16, account: &str, password: &str) -> String {
    format!(
        "CREATE SERVER next FOREIGN DATA WRAPPER medley_fdw \
            OPTIONS (host '127.0.0.1', port '{port}', dbname 'medley'); \
         CREATE USER MAPPING FOR PUBLIC SERVER next \
            OPTIONS (user '{account}', password '{password}');"
    )
}

impl Chain {
    fn open() -> Self {
        let remote = Postgres::start().unwrap();
        let mut passwords = Vec::new();
        let (inner, outer) = (asking(&mut passwords), asking(&mut passwords));
        for _ in 0..3 {
            passwords.push(Canary::new());
        }
        let (far, middle, near) =
            (passwords[2].value(), passwords[3].value(), passwords[4].value());
        remote.create_account("far", far).unwrap();
        let table = format!(
            "CREATE TABLE items ({ITEMS}); GRANT ALL ON items TO far; \
             CREATE VIEW whoami AS SELECT current_user::text AS account; \
             GRANT SELECT ON whoami TO far; \
             INSERT INTO items SELECT i, 'item ' || i, i / 4.0 FROM generate_series(1, 1000) i"
        );
        remote.psql(&table).unwrap();
        let (port, inner_port) = (remote.port(), inner.port());
        let definitions = format!(
            "CREATE SERVER films FOREIGN DATA WRAPPER postgres_fdw \
                OPTIONS (host '127.0.0.1', port '{port}', dbname 'postgres'); \
             CREATE ROLE middle LOGIN PASSWORD '{middle}'; \
             CREATE USER MAPPING FOR middle SERVER films OPTIONS (user 'far', password '{far}'); \
             CREATE FOREIGN TABLE items ({ITEMS}) SERVER films; \
             CREATE FOREIGN TABLE whoami (account text) SERVER films; \
             CREATE VIEW session AS SELECT session_user::text AS account; \
             GRANT ALL ON items, whoami, session TO middle"
        );
        inner.psql(&definitions).unwrap();
        let definitions = format!(
            "{} CREATE ROLE near LOGIN PASSWORD '{near}'; \
             IMPORT FOREIGN SCHEMA public FROM SERVER next INTO public; \
             GRANT ALL ON items, whoami, session TO near",
            leads_to(inner_port, "middle", middle)
        );
        outer.psql(&definitions).unwrap();
        Self { remote, inner, outer, passwords }
    }

    async fn near(&self) -> tokio_postgres::Client {
        self.outer.connect("near", self.passwords[4].value()).await.unwrap()
    }
}

#[tokio::test]
async fn rows_go_through_two_medleys() {
    let chain = Chain::open();
    let near = chain.near().await;
    let check = async |sql: &str| {
        let straight = chain.remote.psql(sql).unwrap();
        let rows = ask(&near, sql).await;
        assert_eq!(rows.map(|rows| rows.join("\n")), Ok(straight), "{sql}");
    };
    for pushdown in ["on", "off"] {
        ask(&near, &format!("SET medley.pushdown = {pushdown}")).await.unwrap();
        check("SELECT count(*), sum(price), min(name) FROM items").await;
        check("SELECT id, name, price FROM items WHERE id % 100 = 7 ORDER BY id").await;
        check("SELECT id, name, price FROM items ORDER BY id").await;
    }
    ask(&near, "SET medley.pushdown = on").await.unwrap();
    let query = "SELECT name, price FROM items WHERE id = 7";
    let plan = ask(&near, &format!("EXPLAIN (VERBOSE) {query}")).await.unwrap();
    assert!(plan.iter().any(|line| line.trim() == "Shipped: the whole statement"), "{plan:#?}");
    let row = near.query_one("SELECT name FROM items WHERE id = $1", &[&9]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "item 9");
}

#[tokio::test]
async fn each_hop_uses_its_own_account() {
    let chain = Chain::open();
    let near = chain.near().await;
    let check = async |sql: &str, expected: &str| {
        assert_eq!(ask(&near, sql).await, Ok(vec![expected.to_owned()]), "{sql}");
    };
    check("SELECT session_user", "near").await;
    check("SELECT account FROM session", "middle").await;
    check("SELECT account FROM whoami", "far").await;
}

#[tokio::test]
async fn changes_go_through_two_medleys_and_are_undone_there() {
    let chain = Chain::open();
    let near = chain.near().await;
    let count = || chain.remote.psql("SELECT count(*), sum(price) FROM items").unwrap();
    let before = count();
    for sql in [
        "BEGIN",
        "INSERT INTO items VALUES (2000, 'new', 1.5), (2001, 'newer', 2.5)",
        "UPDATE items SET price = price + 1 WHERE id < 10",
        "DELETE FROM items WHERE id = 500",
    ] {
        ask(&near, sql).await.unwrap();
    }
    let seen = ask(&near, "SELECT count(*) FROM items").await;
    assert_eq!(seen, Ok(vec!["1001".to_owned()]));
    ask(&near, "ROLLBACK").await.unwrap();
    assert_eq!(count(), before);
    let returned = ask(&near, "INSERT INTO items VALUES (3000, 'kept', 0.25) RETURNING id, price");
    assert_eq!(returned.await, Ok(vec!["3000|0.25".to_owned()]));
    ask(&near, "DELETE FROM items WHERE id <= 900").await.unwrap();
    let kept = chain.remote.psql("SELECT count(*), max(id) FROM items").unwrap();
    assert_eq!(kept, "101|3000");
}

#[tokio::test]
async fn no_password_is_told_on_the_way() {
    let chain = Chain::open();
    let near = chain.near().await;
    chain.remote.psql("ALTER ROLE far PASSWORD 'another'").unwrap();
    let refused = ask(&near, "SELECT count(*) FROM items").await.unwrap_err();
    assert!(refused.contains("password authentication failed"), "{refused}");
    let options = "SELECT umoptions FROM pg_user_mappings";
    let shown = [
        chain.outer.psql(options).unwrap(),
        chain.inner.psql(options).unwrap(),
        chain.outer.log().unwrap(),
        chain.inner.log().unwrap(),
        refused,
    ];
    for password in &chain.passwords {
        for text in &shown {
            password.assert_absent_in(text, "what was said on the way");
        }
    }
}

/// Two Medleys, each of which says that the table is at the other, by either wrapper: asked of
/// either, by tables or by views over them, the way ends where it would begin again.
#[tokio::test]
async fn a_way_that_comes_back_is_refused() {
    for wrappers in [["medley_fdw", "postgres_fdw"], ["postgres_fdw", "postgres_fdw"]] {
        let mut passwords = Vec::new();
        let medleys = [asking(&mut passwords), asking(&mut passwords)];
        for (here, there) in [(0, 1), (1, 0)] {
            let (port, password) = (medleys[there].port(), passwords[there].value());
            let leads = leads_to(port, medley_testkit::SUPERUSER, password);
            let definitions = format!(
                "{} CREATE FOREIGN TABLE t (a integer) SERVER next; \
                 CREATE VIEW v AS SELECT a FROM t",
                leads.replace("medley_fdw", wrappers[here])
            );
            medleys[here].psql(&definitions).unwrap();
        }
        for medley in &medleys {
            let client = medley.connect_as_superuser().await.unwrap();
            for sql in ["SELECT a FROM t", "SELECT count(*) FROM v", "INSERT INTO t VALUES (1)"] {
                let refused = ask(&client, sql).await.unwrap_err();
                assert!(refused.starts_with("08001"), "{sql}: {refused}");
                assert!(refused.contains("could not connect to server \"next\""), "{refused}");
            }
        }
    }
}

/// What is not a Medley is not taken for one.
#[tokio::test]
async fn only_a_medley_is_the_next() {
    let chain = Chain::open();
    let (port, password) = (chain.remote.port(), chain.passwords[2].value());
    chain.outer.psql("DROP SERVER next CASCADE").unwrap();
    let definitions = format!(
        "{} CREATE FOREIGN TABLE items ({ITEMS}) SERVER next; GRANT SELECT ON items TO near; \
         ALTER SERVER next OPTIONS (SET dbname 'postgres')",
        leads_to(port, "far", password)
    );
    chain.outer.psql(&definitions).unwrap();
    let near = chain.near().await;
    let refused = ask(&near, "SELECT count(*) FROM items").await.unwrap_err();
    assert!(refused.starts_with("08001"), "{refused}");
    assert!(refused.contains("the server is not a Medley"), "{refused}");
}
