//! Random queries over random rows, asked of PostgreSQL and of Medley three times: sent on whole,
//! with the tables at two servers, and with nothing sent on.
//!
//! `MEDLEY_RANDOM_QUERIES` says how many, `MEDLEY_RANDOM_SEED` where chance begins; `cargo xtask
//! differential` asks for 10,000.
mod data;
mod expression;
mod query;

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio_postgres::Client;

use self::query::Query;
use super::{SESSIONS, World};
use crate::cinema::ask;

const QUERIES: usize = 400;
/// Rows change after this many.
const QUERIES_OF_ROWS: usize = 200;

#[derive(Default)]
struct Report {
    asked: usize,
    rows: usize,
    /// PostgreSQL, too, has an error for it.
    errors: usize,
    answered: BTreeMap<&'static str, usize>,
    refused: BTreeMap<String, (usize, String)>,
    wrong: Vec<String>,
}

impl Report {
    fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.rows += other.rows;
        self.errors += other.errors;
        for (side, count) in other.answered {
            *self.answered.entry(side).or_default() += count;
        }
        for (said, (count, example)) in other.refused {
            self.refused.entry(said).or_insert((0, example)).0 += count;
        }
        self.wrong.extend(other.wrong);
    }
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |value| value.parse().unwrap())
}

/// Rows that may come in any order, in one.
fn sorted(mut rows: Vec<String>, query: &str) -> Vec<String> {
    if !query.contains(" ORDER BY 1") {
        rows.sort();
    }
    rows
}

/// The same but for zeros at the end of numbers: of equal values, a group or a set shows any.
fn is_same_but_for_scale(one: &[String], two: &[String], query: &str) -> bool {
    let chooses = [
        "DISTINCT",
        "GROUP BY",
        "UNION",
        "INTERSECT",
        "EXCEPT",
        "max(",
        "min(",
        "greatest",
        "least",
    ];
    let plain = |rows: &[String]| {
        let mut rows: Vec<String> = rows.iter().map(|row| plain_numbers(row)).collect();
        rows.sort();
        rows
    };
    chooses.iter().any(|word| query.contains(word)) && plain(one) == plain(two)
}

fn plain_numbers(row: &str) -> String {
    let plain = |value: &str| match value.parse::<f64>() {
        Ok(_) if value.contains('.') => {
            value.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => value.to_owned(),
    };
    row.split('|').map(plain).collect::<Vec<_>>().join("|")
}

async fn session(world: Arc<World>, seed: u64, count: usize) -> Report {
    let straight = world.straight().await;
    let sides = [
        ("shipped", world.ours("SET search_path = one").await),
        ("two servers", world.ours("SET search_path = two").await),
        ("local", world.ours("SET search_path = one; SET medley.pushdown = off").await),
    ];
    let mut random = StdRng::seed_from_u64(seed);
    let mut report = Report::default();
    for _ in 0..count {
        let query = Query::whole(&mut random);
        compare(&straight, &sides, &query, &mut report).await;
    }
    report
}

async fn compare(
    straight: &Client,
    sides: &[(&'static str, Client); 3],
    query: &str,
    report: &mut Report,
) {
    report.asked += 1;
    let truth = match ask(straight, query).await {
        Ok(rows) => sorted(rows, query),
        Err(said) => {
            let is_of_values = said.starts_with("22") || said.starts_with("21000");
            if !is_of_values {
                report.wrong.push(format!("not a query: {query}\n  {said}"));
            }
            report.errors += 1;
            return;
        }
    };
    report.rows += truth.len();
    for (side, client) in sides {
        match ask(client, query).await.map(|rows| sorted(rows, query)) {
            Ok(rows) if rows == truth || is_same_but_for_scale(&rows, &truth, query) => {
                *report.answered.entry(side).or_default() += 1;
            }
            Err(said) if said.starts_with("0A000") => {
                let said = format!("{side}: {}", said.lines().next().unwrap_or_default());
                report.refused.entry(said).or_insert((0, query.to_owned())).0 += 1;
            }
            answer => report.wrong.push(format!("{side}: {query}\n  {truth:?}\n  {answer:?}")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_queries_answer_what_postgresql_answers() {
    let seed = number("MEDLEY_RANDOM_SEED", 1) as u64;
    let wanted = number("MEDLEY_RANDOM_QUERIES", QUERIES);
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::open(&data::tables(&mut random));
    world.medley.psql(IMPORT).unwrap();
    let world = Arc::new(world);
    let mut all = Report::default();
    for round in 0..wanted.div_ceil(QUERIES_OF_ROWS) as u64 {
        if round > 0 {
            world.remote.psql(&data::tables(&mut random)).unwrap();
        }
        let sessions = (0..SESSIONS as u64).map(|n| {
            let seed = seed * 1_000_000 + round * SESSIONS as u64 + n;
            tokio::spawn(session(Arc::clone(&world), seed, QUERIES_OF_ROWS / SESSIONS))
        });
        for report in futures::future::join_all(sessions).await {
            all.add(report.unwrap());
        }
    }
    println!("{} queries, {} rows, {} errors, {:?}", all.asked, all.rows, all.errors, all.answered);
    for (said, (count, example)) in &all.refused {
        println!("refused {count} times: {said}\n    {example}");
    }
    assert!(all.wrong.is_empty(), "{}\n{} wrong", all.wrong.join("\n"), all.wrong.len());
}

const IMPORT: &str = "CREATE SCHEMA one; CREATE SCHEMA two; \
     IMPORT FOREIGN SCHEMA public LIMIT TO (t0, t1, t2, t3) FROM SERVER one INTO one; \
     IMPORT FOREIGN SCHEMA public LIMIT TO (t0, t1) FROM SERVER one INTO two; \
     IMPORT FOREIGN SCHEMA public LIMIT TO (t2, t3) FROM SERVER two INTO two";
