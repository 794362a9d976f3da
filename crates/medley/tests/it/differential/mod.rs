//! What Medley computes itself is what PostgreSQL computes, or is refused.
//!
//! Each expression is asked of PostgreSQL 18.4 for every combination of the values of its
//! arguments, errors included; then of Medley twice: with the statement sent to that PostgreSQL,
//! and with nothing sent on. What is refused is listed in `docs/local-execution.md`.
mod expression;
mod random;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use medley_testkit::{Medley, Postgres, Program};
use tokio_postgres::Client;

use self::expression::{Expression, is_refusal, rows};
use self::values::Types;
use crate::builder;
use crate::cinema::{NOT_TEXT, ask};

const REFUSED: &str = "../../docs/local-execution.md";
/// Sessions at once.
const SESSIONS: usize = 4;
/// How many rows of an expression that fail in the same way are looked at.
const SAME_ERRORS: usize = 2;
/// No fewer expressions than these are asked.
const EXPRESSIONS: usize = 1500;

/// What Medley answers otherwise, and why that is no other answer.
const OTHERWISE: &[(&str, &str)] = &[(
    "pg_catalog.date_part(a.v, b.v) FROM values_7, values_12",
    "of NULL, PostgreSQL's planner computes the other argument all the same, and fails",
)];

/// Evaluates a query of one value; an error is an answer.
const TRY: &str = "CREATE FUNCTION try(query text) RETURNS text LANGUAGE plpgsql AS $$ \
     DECLARE answer text; BEGIN EXECUTE query INTO answer; RETURN '=' || answer; \
     EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ': ' || SQLERRM; END $$";

/// The same for all.
const SETTINGS: &str =
    "SET TimeZone = 'UTC'; SET default_text_search_config = 'pg_catalog.simple';";

/// PostgreSQL, and a Medley that reads its tables.
pub struct World {
    remote: Postgres,
    medley: Medley,
}

impl World {
    pub fn open(tables: &str) -> Self {
        let programs = Program::INITDB_18.locate().unwrap();
        let remote = Postgres::builder().programs(programs.parent().unwrap()).start().unwrap();
        remote.psql(tables).unwrap();
        remote.create_account("reader", "reader").unwrap();
        remote.psql("GRANT pg_read_all_data TO reader").unwrap();
        let medley = builder().start().unwrap();
        let world = Self { remote, medley };
        for server in ["one", "two"] {
            let port = world.remote.port();
            let definitions = format!(
                "CREATE SERVER {server} FOREIGN DATA WRAPPER postgres_fdw \
                    OPTIONS (host '127.0.0.1', port '{port}', dbname 'postgres'); \
                 CREATE USER MAPPING FOR PUBLIC SERVER {server} \
                    OPTIONS (user 'reader', password 'reader')"
            );
            world.medley.psql(&definitions).unwrap();
        }
        world
    }

    pub async fn straight(&self) -> Client {
        let client = self.remote.connect_as_superuser().await.unwrap();
        client.batch_execute(SETTINGS).await.unwrap();
        client
    }

    pub async fn ours(&self, setting: &str) -> Client {
        let client = self.medley.connect_as_superuser().await.unwrap();
        client.batch_execute(&format!("{SETTINGS} {setting}")).await.unwrap();
        client
    }
}

/// The three who are asked.
struct Sides {
    straight: Client,
    shipped: Client,
    local: Client,
}

/// What became of the expressions.
#[derive(Default)]
struct Report {
    asked: usize,
    rows: usize,
    errors: usize,
    wrong: Vec<String>,
    /// By what is refused: an expression, and with what words.
    refused: BTreeMap<String, String>,
}

impl Sides {
    async fn open(world: &World) -> Self {
        let local = world.ours("SET medley.pushdown = off").await;
        Self { straight: world.straight().await, shipped: world.ours("").await, local }
    }

    /// What PostgreSQL says, row by row; `Err` with its words.
    async fn truth(
        &self,
        expression: &Expression,
    ) -> Option<Vec<(String, Result<String, String>)>> {
        let (text, key, source) = (&expression.text, expression.key(), expression.source());
        if expression.is_aggregate {
            let query = format!("SELECT {key}, {text} FROM {source} {}", expression.tail());
            let answer = rows(&self.straight, &query).await.ok()?;
            return Some(answer.into_iter().map(|(key, value)| (key, Ok(value))).collect());
        }
        let one = format!(
            "SELECT CASE WHEN ({text}) IS NULL THEN 'NULL' ELSE format('%s', {text}) END \
             FROM {source} AND {key} = "
        );
        let one = one.replace('\'', "''");
        let query = format!("SELECT {key}, try('{one}' || {key}) FROM {source} ORDER BY 1");
        let answer = ask(&self.straight, &query).await.ok()?;
        let read = |row: String| {
            let (key, said) = row.split_once('|').unwrap();
            let answer = match said.strip_prefix('=') {
                Some(value) => Ok(value.to_owned()),
                None => Err(said.to_owned()),
            };
            (key.to_owned(), answer)
        };
        Some(answer.into_iter().filter(|row| !row.contains(NOT_TEXT)).map(read).collect())
    }

    async fn compare(&self, expression: &Expression, report: &mut Report) {
        let Some(truth) = self.truth(expression).await else { return };
        // PostgreSQL does not know it either.
        if truth.iter().all(|(_, answer)| answer.as_ref().is_err_and(|said| is_refusal(said))) {
            return;
        }
        report.asked += 1;
        report.rows += truth.len();
        for (side, client) in [("shipped", &self.shipped), ("local", &self.local)] {
            let said = check(client, expression, &truth).await;
            match said {
                Ok(errors) => report.errors += errors,
                Err(said) if is_refusal(&said) => {
                    let words = said.lines().next().unwrap_or_default().to_owned();
                    report.refused.insert(named(expression), words);
                }
                Err(_) if OTHERWISE.iter().any(|(known, _)| *known == named(expression)) => {}
                Err(said) => report.wrong.push(format!("{side}: {}: {said}", named(expression))),
            }
        }
    }
}

/// The expression with the types of its columns, as documents show it.
fn named(expression: &Expression) -> String {
    format!("{} FROM {}", expression.text, expression.tables.join(", "))
}

/// What PostgreSQL said, row by row.
type Truth = [(String, Result<String, String>)];

/// Asks for all rows that have an answer at once, and for those that are errors one by one: how
/// many of those, or what differs.
async fn check(client: &Client, expression: &Expression, truth: &Truth) -> Result<usize, String> {
    let (text, key, source) = (&expression.text, expression.key(), expression.source());
    let answered: Vec<_> =
        truth.iter().filter_map(|(key, answer)| Some((key, answer.as_ref().ok()?))).collect();
    if !answered.is_empty() {
        let keys: Vec<_> = answered.iter().map(|(key, _)| key.as_str()).collect();
        let condition = if expression.is_aggregate {
            String::new()
        } else {
            format!("AND {key} IN ({})", keys.join(", "))
        };
        let query = format!("SELECT {key}, {text} FROM {source} {condition} {}", expression.tail());
        let said = rows(client, &query).await?;
        let differs = said
            .iter()
            .zip(&answered)
            .find(|(said, (key, value))| said.0 != **key || said.1 != **value);
        if let Some((said, (key, value))) = differs {
            return Err(format!("row {key}: {value:?}, here {:?}", said.1));
        }
        if said.len() != answered.len() {
            return Err(format!("{} rows, here {}", answered.len(), said.len()));
        }
    }
    let mut looked_at: BTreeMap<&str, usize> = BTreeMap::new();
    let mut errors = 0;
    for (row, words) in truth.iter().filter_map(|(row, said)| Some((row, said.as_ref().err()?))) {
        let count = looked_at.entry(words).or_default();
        *count += 1;
        if *count > SAME_ERRORS {
            continue;
        }
        let query = format!("SELECT {text} FROM {source} AND {key} = {row}");
        match ask(client, &query).await {
            Err(said) if said.lines().next() == Some(words) => errors += 1,
            Err(said) if is_refusal(&said) => return Err(said),
            said => return Err(format!("row {row}: {words:?}, here {said:?}")),
        }
    }
    Ok(errors)
}

/// The document that lists what is refused, by the words that it is refused with.
fn refusals(report: &Report) -> String {
    let mut by_words: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (expression, words) in &report.refused {
        by_words.entry(words).or_default().push(expression);
    }
    let mut text = format!(
        "# What Medley does not compute itself\n\n\
         Written by `cargo xtask differential --record`.\n\
         {} expressions were asked of PostgreSQL 18.4 and of Medley, which computed them itself and \
         answered the same, but for the {} below: they are refused where they cannot be sent on.\n\n\
         | refused with | expressions | such as |\n|---|---:|---|\n",
        report.asked,
        report.refused.len()
    );
    for (words, expressions) in by_words {
        let cell = |text: &str| text.replace('|', "\\|");
        let example = expressions[0].split(" FROM values").next().unwrap_or_default();
        text += &format!("| {} | {} | `{}` |\n", cell(words), expressions.len(), cell(example));
    }
    text
}

async fn session(world: Arc<World>, expressions: Arc<Vec<Expression>>, n: usize) -> Report {
    let mut sides = Sides::open(&world).await;
    let mut report = Report::default();
    for expression in expressions.iter().skip(n).step_by(SESSIONS) {
        sides.compare(expression, &mut report).await;
        if [&sides.straight, &sides.shipped, &sides.local].into_iter().any(Client::is_closed) {
            sides = Sides::open(&world).await;
        }
    }
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_answer_what_postgresql_answers() {
    let types = Types::read();
    let world = World::open(&format!("{}{TRY}", types.tables()));
    let tables: Vec<_> = types.names().filter_map(|name| types.table(name)).collect();
    let import = format!(
        "IMPORT FOREIGN SCHEMA public LIMIT TO ({}) FROM SERVER one INTO public",
        tables.join(", ")
    );
    world.medley.psql(&import).unwrap();
    let world = Arc::new(world);
    let expressions = Arc::new(expression::all(&types, &world.straight().await).await);
    let sessions = (0..SESSIONS)
        .map(|n| tokio::spawn(session(Arc::clone(&world), Arc::clone(&expressions), n)));
    let mut all = Report::default();
    for report in futures::future::join_all(sessions).await {
        let report = report.unwrap();
        (all.asked, all.rows) = (all.asked + report.asked, all.rows + report.rows);
        all.errors += report.errors;
        all.wrong.extend(report.wrong);
        all.refused.extend(report.refused);
    }
    println!(
        "{} expressions, {} rows, {} errors looked at, {} refused, {} wrong",
        all.asked,
        all.rows,
        all.errors,
        all.refused.len(),
        all.wrong.len()
    );
    assert!(all.wrong.is_empty(), "{}\n{} wrong", all.wrong.join("\n"), all.wrong.len());
    assert!(all.asked >= EXPRESSIONS, "{} expressions", all.asked);
    let document = refusals(&all);
    if std::env::var_os("MEDLEY_RECORD").is_some() {
        fs::write(REFUSED, document).unwrap();
    } else {
        let stale = "`cargo xtask differential --record` writes it anew";
        assert_eq!(fs::read_to_string(REFUSED).unwrap(), document, "{stale}");
    }
}
