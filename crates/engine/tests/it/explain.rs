//! What EXPLAIN prints. See `explain.txt`: the query after `#`, the plan below it.
use medley_catalog::ids::RoleOid;
use medley_engine::{ExplainOptions, Format};
use medley_types::PgType;

use crate::world::World;

const POSTGRES: RoleOid = RoleOid::BOOTSTRAP;

fn world() -> World {
    let world = World::new();
    world.map(world.recorder, POSTGRES, "p");
    let columns = [("a", PgType::INT4), ("b", PgType::TEXT), ("f", PgType::FLOAT8)];
    world.table("t", POSTGRES, world.recorder, &columns, "");
    let other = world.other_recorder();
    world.map(other, POSTGRES, "p");
    let columns = [("a", PgType::INT4), ("c", PgType::TEXT)];
    world.table("u", POSTGRES, other, &columns, "");
    world.table("v", POSTGRES, world.recorder, &columns, "");
    world
}

#[tokio::test]
async fn plans_are_printed_in_the_words_of_postgresql() {
    let world = world();
    let mut wrong = Vec::new();
    for case in include_str!("explain.txt").split("\n# ").skip(1) {
        let (query, expected) = case.split_once('\n').unwrap();
        let (verbose, sql) = match query.strip_prefix("VERBOSE ") {
            Some(sql) => (true, sql),
            None => (false, query),
        };
        let answer = world.explain(POSTGRES, sql, verbose).await;
        if answer != expected.trim_end() {
            wrong.push(format!("# {query}\n{answer}"));
        }
    }
    assert!(wrong.is_empty(), "other plans:\n{}", wrong.join("\n\n"));
    assert!(world.log.take().is_empty());
}

#[tokio::test]
async fn json_has_the_keys_of_postgresql() {
    let world = world();
    let options =
        ExplainOptions { verbose: true, format: Format::Json, ..ExplainOptions::default() };
    let sql = "SELECT a FROM t WHERE a = 1 AND lower(b) = 'x'";
    let document = world.explain_with(POSTGRES, sql, &options).await;
    let expected = r#"[
  {
    "Plan": {
      "Node Type": "Foreign Scan",
      "Relation Name": "t",
      "Schema": "public",
      "Alias": "t",
      "Output": ["a"],
      "Filter": "(lower(t.b) = 'x'::text)",
      "Remote SQL": "SELECT a, b FROM public.t WHERE (a = 1)",
      "User Mapping": "postgres (own)",
      "Not shipped": ["function lower(text) is not known at the remote"]
    }
  }
]"#;
    assert_eq!(document, expected);
}

/// The plan that ran, with what each node did; times are not told.
async fn analyzed(world: &World, sql: &str, format: Format) -> String {
    let options = ExplainOptions {
        analyze: true,
        timing: false,
        summary: Some(false),
        format,
        ..Default::default()
    };
    world.explain_with(POSTGRES, sql, &options).await
}

#[tokio::test]
async fn analyze_runs_the_plan_and_counts() {
    let world = world();
    let sql = "SELECT t.b FROM t JOIN u ON t.b = u.c WHERE lower(u.c) = 'p'";
    let plan = analyzed(&world, sql, Format::Text).await;
    let expected = "\
Hash Join (actual rows=1.00 loops=1)
  Hash Cond: (u.c = t.b)
  ->  Foreign Scan on u (actual rows=1.00 loops=1)
        Filter: (lower(c) = 'p'::text)
        Rows Removed by Filter: 0
        Bytes: 9
        Readers: 1
        Join Keys: c IN ('p'::text)
  ->  Hash (actual rows=1.00 loops=1)
        ->  Foreign Scan on t (actual rows=1.00 loops=1)
              Filter: (lower(b) = 'p'::text)
              Rows Removed by Filter: 0
              Bytes: 9
              Readers: 1";
    assert_eq!(plan, expected);
    let sent = ["p: SELECT b FROM public.t", "p: SELECT c FROM public.u WHERE (c IN ('p'::text))"];
    assert_eq!(world.log.take(), sent);
    let document = analyzed(&world, "SELECT count(*) FROM t", Format::Json).await;
    assert!(document.contains("\"Actual Rows\": 1.00,\n      \"Actual Loops\": 1,"), "{document}");
    let options = ExplainOptions { analyze: true, ..Default::default() };
    let plan = world.explain_with(POSTGRES, "SELECT a FROM t", &options).await;
    let lines: Vec<_> = plan.lines().collect();
    assert!(lines[0].starts_with("Foreign Scan on t (actual time="), "{plan}");
    assert!(lines.iter().any(|line| line.starts_with("Planning Time: ")), "{plan}");
    assert!(lines.iter().any(|line| line.starts_with("Execution Time: ")), "{plan}");
}
