//! Parts of a statement that one remote computes: the rows are those that the remote itself
//! gives, and those that are computed here of whole tables.
use std::fs;

use medley_testkit::{Medley, Postgres};
use tokio_postgres::Client;

use crate::cinema::ask;

const SETUP: &str = "../../tests/subplans/setup.sql";
const CORPUS: &str = "../../tests/subplans/corpus.sql";

/// One remote that is two servers here, so that no statement goes there as it is written.
struct World {
    straight: Client,
    ours: Client,
    _remote: Postgres,
    _medley: Medley,
}

impl World {
    async fn open() -> Self {
        let remote = Postgres::start().unwrap();
        remote.psql(&fs::read_to_string(SETUP).unwrap()).unwrap();
        remote.create_account("reader", "reader").unwrap();
        remote.psql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader").unwrap();
        let medley = crate::medley();
        let port = remote.port();
        let server = |name: &str, tables: &str| {
            format!(
                "CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw \
                    OPTIONS (host '127.0.0.1', port '{port}', dbname 'postgres'); \
                 CREATE USER MAPPING FOR PUBLIC SERVER {name} \
                    OPTIONS (user 'reader', password 'reader'); \
                 IMPORT FOREIGN SCHEMA public LIMIT TO ({tables}) FROM SERVER {name} INTO public;"
            )
        };
        let definitions = server("near", "emp, dept, sale, empty") + &server("far", "one, region");
        medley.psql(&definitions).unwrap();
        let straight = remote.connect_as_superuser().await.unwrap();
        let ours = medley.connect_as_superuser().await.unwrap();
        Self { straight, ours, _remote: remote, _medley: medley }
    }
}

/// Each query beside a table of another server.
fn corpus() -> Vec<String> {
    let text = fs::read_to_string(CORPUS).unwrap();
    let queries = text.split("\n;\n").map(str::trim).filter(|query| !query.is_empty());
    queries.map(|query| format!("SELECT q.* FROM ({query}) q JOIN one ON one.n = 1")).collect()
}

/// No order was asked for.
async fn rows(client: &Client, query: &str) -> Result<Vec<String>, String> {
    let mut rows = ask(client, query).await?;
    rows.sort();
    Ok(rows)
}

fn is_refusal(answer: &Result<Vec<String>, String>) -> bool {
    answer.as_ref().is_err_and(|said| said.starts_with("0A000"))
}

async fn is_shipped(client: &Client, query: &str) -> bool {
    let plan = ask(client, &format!("EXPLAIN (VERBOSE) {query}")).await;
    plan.is_ok_and(|lines| lines.iter().any(|line| line.trim().starts_with("Relations: ")))
}

/// The rows that EXPLAIN ANALYZE says came out.
async fn counted(client: &Client, query: &str) -> usize {
    let explain = format!("EXPLAIN (ANALYZE, TIMING off, FORMAT JSON) {query}");
    let plan = ask(client, &explain).await.unwrap_or_else(|said| panic!("{query}: {said}"));
    let rows = plan[0].split("\"Actual Rows\": ").nth(1);
    let rows = rows.and_then(|rest| rest.split('.').next()?.parse().ok());
    rows.unwrap_or_else(|| panic!("{query}: {}", plan[0]))
}

#[tokio::test]
async fn big_tables_come_in_parts_and_are_told_the_keys_of_others() {
    const BIG: &str = "CREATE TABLE big (id int PRIMARY KEY, dept int, filler text); \
         INSERT INTO big SELECT i, i % 1000, repeat('x', 100) FROM generate_series(1, 120000) i; \
         GRANT SELECT ON big TO reader; ANALYZE";
    let world = World::open().await;
    world.straight.batch_execute(BIG).await.unwrap();
    let imported = "IMPORT FOREIGN SCHEMA public LIMIT TO (big) FROM SERVER near INTO public";
    world.ours.batch_execute(imported).await.unwrap();
    let check = async |query: &str, said: &[&str]| {
        let straight = rows(&world.straight, query).await;
        assert_eq!(rows(&world.ours, query).await, straight, "{query}");
        let plan = ask(&world.ours, &format!("EXPLAIN (ANALYZE, VERBOSE) {query}")).await.unwrap();
        for text in said {
            assert!(plan.iter().any(|line| line.contains(text)), "{query}: {}", plan.join("\n"));
        }
    };
    // All of it is read, so that it is read in parts.
    let all = "SELECT count(*), sum(length(b.filler)) FROM big b JOIN region r ON r.zone + 0 = b.dept \
               OR b.id % 7 = r.zone";
    check(all, &["Splits: "]).await;
    // The keys of the other server go to the table, and to a query of several.
    check("SELECT b.id FROM big b JOIN one o ON o.n = b.id", &["Join Keys: id IN (1)"]).await;
    let query = "SELECT e.name, b.id FROM big b JOIN emp e ON e.id = b.id JOIN one o ON o.n = b.id";
    check(query, &["Relations: ", "Join Keys: "]).await;
    // Little comes of much: that is counted there.
    let query = "SELECT r.zone, x.n FROM region r JOIN \
                 (SELECT dept % 10 AS d, count(*) AS n FROM big GROUP BY dept % 10) x ON x.d = r.zone";
    check(query, &["GROUP BY"]).await;
    // What would be more than both is joined here.
    let query = "SELECT count(*) FROM one o JOIN big b ON b.dept > o.n JOIN big c ON c.dept = b.dept \
                 WHERE b.id < 3000 AND c.id < 3000";
    check(query, &["Not shipped: "]).await;
}

/// The parts that a table is read in, as they are known: they are asked for anew by ANALYZE.
#[tokio::test]
async fn analyze_asks_the_remote_anew() {
    let world = World::open().await;
    let rows_of = async || {
        let plan = "EXPLAIN (ANALYZE) SELECT count(*) FROM empty e JOIN one o ON o.n + e.id > 0";
        ask(&world.ours, plan).await.unwrap().iter().any(|line| line.contains("Splits: "))
    };
    assert!(!rows_of().await);
    let grow =
        "INSERT INTO empty SELECT i, repeat('x', 200) FROM generate_series(1, 60000) i; ANALYZE";
    world.straight.batch_execute(grow).await.unwrap();
    assert!(!rows_of().await, "what is known is kept for a while");
    world.ours.batch_execute("ANALYZE empty").await.unwrap();
    assert!(rows_of().await);
    let said = ask(&world.ours, "ANALYZE empty (nosuch)").await.unwrap_err();
    assert_eq!(said, "42703: column \"nosuch\" of relation \"empty\" does not exist");
    let said = ask(&world.ours, "ANALYZE empty (id, id)").await.unwrap_err();
    assert_eq!(said, "42701: column \"id\" of relation \"empty\" appears more than once");
}

#[tokio::test]
async fn the_rows_are_the_remotes_own() {
    let world = World::open().await;
    let (mut wrong, mut shipped, mut refused) = (Vec::new(), 0, 0);
    for query in corpus() {
        let straight = rows(&world.straight, &query).await;
        world.ours.batch_execute("SET medley.pushdown = on").await.unwrap();
        let ours = rows(&world.ours, &query).await;
        shipped += usize::from(is_shipped(&world.ours, &query).await);
        if ours.is_ok() {
            let counted = counted(&world.ours, &query).await;
            assert_eq!(counted, ours.as_ref().map(Vec::len).unwrap_or_default(), "{query}");
        }
        world.ours.batch_execute("SET medley.pushdown = off").await.unwrap();
        let here = rows(&world.ours, &query).await;
        refused += usize::from(is_refusal(&ours));
        for (name, answer) in [("shipped", &ours), ("here", &here)] {
            if straight != *answer && !is_refusal(answer) {
                wrong.push(format!("{query}\n  straight: {straight:?}\n  {name}: {answer:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} answers", wrong.join("\n"), wrong.len());
    assert!(shipped >= 140, "of {shipped} queries a part is shipped");
    assert!(refused <= 5, "{refused} queries are refused");
}
