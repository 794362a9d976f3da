//! Pushing down changes time, never the answer: against a real SQLite file, which is asked to
//! decide in one run and only to hand its rows over in the other.
use medley_catalog::ids::RoleOid;
use medley_types::PgType;

use crate::world::World;

const POSTGRES: RoleOid = RoleOid::BOOTSTRAP;

const FILE: &str = "
    CREATE TABLE t (id INTEGER, small INTEGER, b TEXT, f REAL);
    INSERT INTO t VALUES
        (1, 10, 'a', 1.5), (2, NULL, 'B', -0.0), (3, -5, 'b ', NULL), (4, 10, NULL, 0.0),
        (5, 0, '', 1e300), (NULL, 7, 'a', 2.25), (-9223372036854775808, 1, 'z', -1.5),
        (9223372036854775807, 2, 'ä', 3.0);
    CREATE TABLE u (id INTEGER, name TEXT);
    INSERT INTO u VALUES (1, 'one'), (2, 'two'), (2, 'zwei'), (10, 'ten'), (NULL, 'none');
";

/// Conditions, some of which the remote decides.
const CONDITIONS: &[&str] = &[
    "id = 1",
    "id <> 1",
    "NOT id = 1",
    "id < 3 OR small = 10",
    "id >= 2 AND small IS NOT NULL",
    "id IS NULL",
    "small IN (10, 0)",
    "small NOT IN (10, 0)",
    "small IN (10, NULL)",
    "small NOT IN (10, NULL)",
    "id = 9223372036854775807",
    "id = -9223372036854775808",
    "id > 2147483648",
    "id = small",
    "id BETWEEN 2 AND 4",
    "id = 1.0",
    "id > 1.5",
    "b = 'a'",
    "b < 'b'",
    "b = 'b'",
    "b LIKE 'A%'",
    "f = 0",
    "f > 1",
    "(id = 1) IS NULL",
    "small = 10 AND b IS NULL",
    "NULL",
    "true",
];

const QUERIES: &[&str] = &[
    "SELECT count(*), sum(id::numeric), min(b), max(f) FROM t",
    "SELECT small, count(*) FROM t GROUP BY small",
    "SELECT t.id, u.name FROM t JOIN u ON t.id = u.id",
    "SELECT t.id, u.name FROM t LEFT JOIN u ON t.id = u.id AND u.name <> 'two'",
    "SELECT t.id, u.name FROM t LEFT JOIN u ON t.id = u.id WHERE u.id IS NULL",
    "SELECT t.id, u.name FROM t FULL JOIN u ON t.small = u.id WHERE t.id = 1 OR u.id = 2",
    "SELECT id FROM t WHERE id IN (SELECT id FROM u WHERE id = 2)",
    "SELECT id FROM t WHERE id NOT IN (SELECT id FROM u WHERE id IS NOT NULL)",
    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.small)",
    "SELECT name, (SELECT max(small) FROM t WHERE t.id = u.id) FROM u WHERE id < 10",
    "SELECT count(*) FROM (SELECT id FROM t LIMIT 3) s",
    "SELECT count(*) FROM (SELECT id FROM t WHERE id > 0 LIMIT 2 OFFSET 1) s",
    "SELECT id FROM t WHERE id > 0 UNION SELECT id FROM u WHERE id < 5",
    "SELECT id, count(*) OVER (PARTITION BY small) FROM t WHERE small = 10",
];

fn world() -> World {
    let world = World::new();
    let server = world.sqlite(FILE);
    world.map(server, POSTGRES, "p");
    let columns =
        [("id", PgType::INT8), ("small", PgType::INT4), ("b", PgType::TEXT), ("f", PgType::FLOAT8)];
    world.table("t", POSTGRES, server, &columns, "");
    world.table("u", POSTGRES, server, &[("id", PgType::INT8), ("name", PgType::TEXT)], "");
    world
}

/// Rows in an order of their own: none was asked for.
async fn rows(world: &World, sql: &str, pushdown: bool) -> Vec<String> {
    let mut context = world.context(POSTGRES);
    context.pushdown = pushdown;
    let answer = world.query_in(&context, sql, &[]).await;
    let failed = answer.split_once(' ').is_some_and(|(first, _)| first.len() == 5);
    assert!(!failed, "{sql}: {answer}");
    let mut rows: Vec<_> = answer.lines().map(str::to_owned).collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn answers_are_the_same_with_and_without_it() {
    let world = world();
    let conditions =
        CONDITIONS.iter().map(|it| format!("SELECT id, small, b, f FROM t WHERE {it}"));
    let queries = conditions.chain(QUERIES.iter().map(|it| (*it).to_owned()));
    for sql in queries {
        let (on, off) = (rows(&world, &sql, true).await, rows(&world, &sql, false).await);
        assert_eq!(on, off, "{sql}");
    }
}

#[tokio::test]
async fn it_does_push_down() {
    let world = world();
    let plan = world.explain(POSTGRES, "SELECT id FROM t WHERE small = 10", true).await;
    assert!(plan.contains("WHERE (\"small\" = 10)"), "{plan}");
    assert_eq!(rows(&world, "SELECT id FROM t WHERE small = 10", true).await, ["1", "4"]);
}
