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
    "SELECT t.id, u.name, x.small FROM t JOIN u ON t.id = u.id JOIN t x ON x.id = u.id",
    "SELECT t.id, u.id FROM t RIGHT JOIN u ON t.id = u.id",
    "SELECT t.id, u.id FROM t FULL JOIN u ON t.small = u.id",
    "SELECT t.id, x.id FROM t LEFT JOIN (SELECT id, small FROM t WHERE small > 1) x ON x.id = t.small",
    "SELECT small, count(*), count(b), sum(small), min(id), max(id) FROM t GROUP BY small",
    "SELECT count(*) FILTER (WHERE id > 2), count(DISTINCT small) FROM t",
    "SELECT b, count(*) FROM t GROUP BY b",
    "SELECT avg(small), sum(id / 2) FROM t WHERE id < 10",
    "SELECT small, count(*) AS n FROM t GROUP BY small HAVING count(*) > 1",
    "SELECT id FROM t ORDER BY id LIMIT 3",
    "SELECT id FROM t ORDER BY id DESC LIMIT 3 OFFSET 1",
    "SELECT id, small FROM t ORDER BY small NULLS FIRST, id LIMIT 4",
    "SELECT b FROM t ORDER BY b LIMIT 3",
    "SELECT t.id, u.name FROM t JOIN u ON t.id = u.id ORDER BY t.id DESC, u.id LIMIT 1",
    "SELECT DISTINCT small FROM t",
    "SELECT DISTINCT b FROM t",
    "SELECT id FROM t UNION ALL SELECT id FROM u",
    "SELECT count(*) FROM (SELECT id FROM t UNION SELECT id FROM u) s",
    "SELECT small FROM t INTERSECT SELECT id FROM u",
    "SELECT small FROM t EXCEPT SELECT id FROM u",
    "SELECT id FROM t WHERE id IN (SELECT id FROM u)",
    "SELECT id FROM t WHERE id NOT IN (SELECT id FROM u)",
    "SELECT count(*) FROM t, u WHERE t.id < u.id",
    "SELECT t.id FROM t JOIN u ON t.b = u.name",
];

/// What SQLite is sent for a query, as far as a part of it is a query of its own.
const SENT: &[(&str, &str)] = &[
    (
        "SELECT t.b, u.name FROM t JOIN u ON t.id = u.id WHERE t.small = 10",
        "SELECT r1.\"b\", r2.\"name\" FROM \"t\" r1 JOIN \"u\" r2 ON (r1.\"id\" = r2.\"id\") \
         WHERE (r1.\"small\" = 10)",
    ),
    (
        "SELECT small, count(*), sum(small) FROM t GROUP BY small",
        "SELECT r1.\"small\", count(*), sum(r1.\"small\") FROM \"t\" r1 GROUP BY r1.\"small\"",
    ),
    (
        "SELECT b FROM t ORDER BY id DESC LIMIT 2",
        "SELECT r1.\"b\", r1.\"id\" FROM \"t\" r1 ORDER BY r1.\"id\" DESC NULLS FIRST LIMIT 2",
    ),
    (
        "SELECT id FROM t WHERE id IN (SELECT id FROM u)",
        "SELECT r1.\"id\" FROM \"t\" r1 \
         WHERE (EXISTS (SELECT 1 FROM \"u\" r2 WHERE (r1.\"id\" = r2.\"id\")))",
    ),
    // Text is compared there as a column was declared, floats may be anything.
    ("SELECT b FROM t ORDER BY b LIMIT 2", "SELECT \"b\" FROM \"t\""),
    ("SELECT sum(f) FROM t", "SELECT \"f\" FROM \"t\""),
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
    for (sql, sent) in SENT {
        let plan = world.explain(POSTGRES, sql, true).await;
        let line = format!("Remote SQL: {sent}");
        assert!(plan.lines().any(|it| it.trim() == line), "{sql}: {plan}");
    }
}
