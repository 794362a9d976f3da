//! What remotes are sent, and what clients are told.
use medley_catalog::ids::RoleOid;
use medley_types::PgType;

use crate::world::World;

const POSTGRES: RoleOid = RoleOid::BOOTSTRAP;

fn world() -> World {
    let world = World::new();
    world.map(world.recorder, POSTGRES, "p");
    world.map(world.memory, POSTGRES, "p");
    world.table(
        "t",
        POSTGRES,
        world.recorder,
        &[
            ("a", PgType::INT4),
            ("b", PgType::TEXT),
            ("n", PgType::numeric(10, 2)),
            ("d", PgType::DATE),
            ("c", PgType::bpchar(3)),
            ("f", PgType::FLOAT8),
        ],
        "",
    );
    world
}

#[tokio::test]
async fn columns_filters_and_limits_are_shipped() {
    let world = world();
    let check = async |sql: &str, sent: &str| {
        let answer = world.query(POSTGRES, sql).await;
        assert_eq!(world.log.take(), [format!("p: {sent}")], "{sql} answered {answer}");
    };
    check("SELECT a FROM t", "SELECT a FROM public.t").await;
    check("SELECT count(*) FROM t", "SELECT count(*) FROM public.t r1").await;
    check("SELECT b FROM t WHERE a = 1", "SELECT b FROM public.t WHERE (a = 1)").await;
    check(
        "SELECT b FROM t WHERE a = -1 AND b = 'it''s'",
        "SELECT b FROM public.t WHERE (a = (-1)) AND (b = 'it''s'::text)",
    )
    .await;
    check(
        "SELECT a FROM t WHERE b < 'x'",
        "SELECT a FROM public.t WHERE (b COLLATE \"C\" < 'x'::text)",
    )
    .await;
    check("SELECT a FROM t WHERE n > 1.5", "SELECT a FROM public.t WHERE (n > '1.50'::numeric)")
        .await;
    check(
        "SELECT a FROM t WHERE d >= '2020-01-01'",
        "SELECT a FROM public.t WHERE (d >= '2020-01-01'::date)",
    )
    .await;
    check("SELECT a FROM t WHERE a IS NULL", "SELECT a FROM public.t WHERE (a IS NULL)").await;
    check(
        "SELECT a FROM t WHERE a IN (1, 2, 3, 4, 5)",
        "SELECT a FROM public.t WHERE (a IN (1, 2, 3, 4, 5))",
    )
    .await;
    check("SELECT a FROM t LIMIT 5", "SELECT a FROM public.t LIMIT 5::bigint").await;
    check(
        "SELECT a FROM t WHERE f = 1.5",
        "SELECT a FROM public.t WHERE (f = '1.5'::double precision)",
    )
    .await;
    // Not on the list: computed here, over what it needs.
    check("SELECT a FROM t WHERE lower(b) = 'x' LIMIT 1", "SELECT a, b FROM public.t").await;
    check(
        "SELECT a FROM t WHERE n * 2 = 2.5",
        "SELECT a FROM public.t WHERE ((n * '2'::numeric) = '2.50'::numeric)",
    )
    .await;
    check("SELECT a FROM t WHERE a + 1 = 2", "SELECT a FROM public.t WHERE ((a + 1) = 2)").await;
}

#[tokio::test]
async fn without_pushdown_only_columns_are_chosen() {
    let world = world();
    let mut context = world.context(POSTGRES);
    context.pushdown = false;
    world.query_in(&context, "SELECT a FROM t WHERE a = 1 LIMIT 1", &[]).await;
    assert_eq!(world.log.take(), ["p: SELECT a FROM public.t"]);
}

#[tokio::test]
async fn rows_that_nobody_wants_are_cancelled_at_the_remote() {
    use futures::StreamExt as _;
    let world = world();
    world.table("endless", POSTGRES, world.recorder, &[("b", PgType::TEXT)], "");
    let mut rows = world.start(POSTGRES, "SELECT b FROM endless").await;
    assert!(rows.batches.next().await.unwrap().is_ok());
    assert_eq!(world.log.take(), ["p: SELECT b FROM public.endless"]);
    drop(rows);
    let mut heard = Vec::new();
    for _ in 0..500 {
        heard.extend(world.log.take());
        if !heard.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(heard, ["p: cancelled"]);
    // What came to its end is not.
    world.query(POSTGRES, "SELECT b FROM t").await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(world.log.take(), ["p: SELECT b FROM public.t"]);
}

#[tokio::test]
async fn explain_speaks_as_postgres_fdw_does() {
    let world = world();
    let verbose = world.explain(POSTGRES, "SELECT a FROM t WHERE a = 1", true).await;
    assert_eq!(
        verbose,
        "Foreign Scan on public.t\n  Output: a\n  Remote SQL: SELECT a FROM public.t WHERE (a = 1)\n  \
         User Mapping: postgres (own)"
    );
    assert!(world.log.take().is_empty());
}

#[tokio::test]
async fn mistakes_are_told_as_postgresql_tells_them() {
    let world = world();
    let check = async |sql: &str, expected: &str| {
        assert_eq!(world.query(POSTGRES, sql).await, expected, "{sql}");
    };
    check("SELECT x FROM t", "42703 column \"x\" does not exist").await;
    check("SELECT t.x FROM t", "42703 column t.x does not exist").await;
    check("SELECT a FROM u", "42P01 relation \"u\" does not exist").await;
    check("SELECT a FROM nosuch.u", "42P01 relation \"nosuch.u\" does not exist").await;
    check("SELECT u.a FROM t", "42P01 missing FROM-clause entry for table \"u\"").await;
    check("SELECT a FROM t x, t y", "42702 column reference \"a\" is ambiguous").await;
    check("SELECT 1 FROM t, t", "42712 table name \"t\" specified more than once").await;
    check("SELECT nosuch(1)", "42883 function nosuch(integer) does not exist").await;
    check("SELECT 1 + 'x'", "22P02 invalid input syntax for type integer: \"x\"").await;
    check("SELECT true + 1", "42883 operator does not exist: boolean + integer").await;
    check("SELECT 1 WHERE 1", "42804 argument of WHERE must be type boolean, not type integer")
        .await;
    check(
        "SELECT a, count(*) FROM t GROUP BY b",
        "42803 column \"t.a\" must appear in the GROUP BY clause or be used in an aggregate function",
    )
    .await;
    check("SELECT 1 WHERE count(*) > 1", "42803 aggregate functions are not allowed in WHERE")
        .await;
    check("SELECT 1/0", "22012 division by zero").await;
    check("SELECT 2147483647 + 1", "22003 integer out of range").await;
    check("SELECT 1 LIMIT -1", "2201W LIMIT must not be negative").await;
    check(
        "SELECT (SELECT 1 UNION ALL SELECT 2)",
        "21000 more than one row returned by a subquery used as an expression",
    )
    .await;
    check("SELECT 'a' SIMILAR TO 'b'", "0A000 function similar_to_escape(text) is not supported")
        .await;
}

/// They are run once for all rows: what no row asks for must not matter.
#[tokio::test]
async fn correlated_subqueries_answer_each_row() {
    let world = world();
    let check = async |subquery: &str, outer: &str, expected: &str| {
        let inner = "(VALUES (1, 'x'), (2, 'y'), (3, NULL), (5, 'p'), (5, 'q')) i(a, b)";
        let subquery = subquery.replace("inner", inner);
        let sql = format!("SELECT a, {subquery} FROM (VALUES {outer}) o(a, b) ORDER BY 1");
        assert_eq!(world.query(POSTGRES, &sql).await, expected, "{sql}");
    };
    let value = "(SELECT i.b FROM inner WHERE i.a = o.a)";
    check(
        value,
        "(1, 'x'), (2, 'q'), (3, ''), (4, ''), (NULL, '')",
        "1|x\n2|y\n3|NULL\n4|NULL\nNULL|NULL",
    )
    .await;
    check(
        value,
        "(1, 'x'), (5, 'q')",
        "21000 more than one row returned by a subquery used as an expression",
    )
    .await;
    let both = "(SELECT i.b || '!' FROM inner WHERE i.a = o.a AND i.b = o.b)";
    check(both, "(1, 'x'), (2, 'q'), (5, 'q')", "1|x!\n2|NULL\n5|q!").await;
    let count = "(SELECT count(*) FROM inner WHERE i.a = o.a)";
    check(count, "(1, 'x'), (4, ''), (5, '')", "1|1\n4|0\n5|2").await;
    let array = "ARRAY(SELECT i.b FROM inner WHERE i.a = o.a)";
    check(array, "(1, 'x'), (4, ''), (5, '')", "1|{x}\n4|{}\n5|{p,q}").await;
}

#[tokio::test]
async fn parameters_have_the_types_that_the_query_tells() {
    use medley_engine::Parameter;
    use medley_types::{ColumnBuilder, Style};
    let world = world();
    let sql = "SELECT a + $1 FROM t WHERE b = $2";
    let prepared = world.prepare(POSTGRES, sql).unwrap();
    assert_eq!(prepared.parameter_types, [PgType::INT4, PgType::TEXT]);
    assert_eq!(prepared.columns[0].name, "?column?");
    let value = |t, text: &str| {
        let mut builder = ColumnBuilder::new(t, 1);
        builder.append_text(text, &Style::default()).unwrap();
        Parameter { pg_type: t, value: builder.finish() }
    };
    let parameters = [value(PgType::INT4, "1"), value(PgType::TEXT, "it's")];
    let context = world.context(POSTGRES);
    world.query_in(&context, sql, &parameters).await;
    assert_eq!(world.log.take(), ["p: SELECT a FROM public.t WHERE (b = 'it''s'::text)"]);
    let undetermined = world.prepare(POSTGRES, "SELECT $2::int").unwrap_err();
    assert_eq!(undetermined.to_string(), "could not determine data type of parameter $1");
}

/// The queries that psql sends are read and planned; see the reference, appendix B.
#[tokio::test]
async fn what_psql_asks_is_answered() {
    let world = world();
    let mut failed = Vec::new();
    for sql in include_str!("psql.sql").split(";\n").filter(|sql| !sql.trim().is_empty()) {
        let answer = world.query(POSTGRES, sql.trim()).await;
        let state = answer.as_bytes().first_chunk::<6>();
        if state.is_some_and(|s| s[5] == b' ' && s[..5].iter().all(u8::is_ascii_alphanumeric)) {
            failed.push(format!("{answer}\n    {}", sql.trim()));
        }
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}
