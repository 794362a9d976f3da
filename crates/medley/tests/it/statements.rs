//! Every statement of PostgreSQL does here what `docs/reference/statements.md` says.
use tokio_postgres::error::SqlState;

use crate::{medley, said};

const PAGE: &str = include_str!("../../../../docs/reference/statements.md");

/// One line of the page's table.
struct Row {
    statement: &'static str,
    here: &'static str,
    example: &'static str,
}

fn rows() -> Vec<Row> {
    let row = |line: &'static str| {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        let (statement, here) = (cells.next()?, cells.next()?);
        let example = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        Some(Row { statement, here, example })
    };
    PAGE.lines().filter_map(row).collect()
}

/// What is not as the page says.
fn wrong(row: &Row, answer: Result<(), tokio_postgres::Error>) -> Option<String> {
    let code = |error: &tokio_postgres::Error| error.code().cloned();
    let right = match (row.here, &answer) {
        ("without effect", answer) => answer.is_ok(),
        ("no", Err(error)) if row.example.contains(" nosuch") => {
            code(error) == Some(SqlState::UNDEFINED_TABLE)
        }
        ("no", Err(error)) => code(error) == Some(SqlState::FEATURE_NOT_SUPPORTED),
        ("yes", Ok(())) => true,
        ("yes", Err(error)) => {
            let code = code(error);
            code.is_some()
                && code != Some(SqlState::FEATURE_NOT_SUPPORTED)
                && code != Some(SqlState::SYNTAX_ERROR)
        }
        _ => false,
    };
    let told = answer.map_or_else(|error| said(&error), |()| "done".to_owned());
    (!right).then(|| format!("{}: {}: {}\n  {told}", row.statement, row.here, row.example))
}

#[tokio::test]
async fn each_does_what_the_page_says() {
    let medley = medley();
    let mut all_wrong = vec![];
    for row in rows() {
        let client = medley.connect_as_superuser().await.unwrap();
        let answer = client.batch_execute(row.example).await;
        all_wrong.extend(wrong(&row, answer));
    }
    assert!(all_wrong.is_empty(), "{}", all_wrong.join("\n"));
}

#[test]
fn the_page_has_each_statement_that_psql_knows() {
    let medley = medley();
    let mut command = medley.psql_command("postgres", "").unwrap();
    let output = command.args(["-c", "\\h"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = rows();
    let mut count = 0;
    for line in text.lines().skip(1) {
        // The columns may be one space apart.
        let mut rest = line.trim();
        while !rest.is_empty() {
            let known = rows.iter().map(|row| row.statement).filter(|name| rest.starts_with(name));
            let name = known.max_by_key(|name| name.len()).expect(rest);
            rest = rest[name.len()..].trim_start();
            count += 1;
        }
    }
    assert!(count > 150, "{text}");
}
