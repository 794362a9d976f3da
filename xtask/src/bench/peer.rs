//! Whoever answers queries.
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use tokio_postgres::{Client, SimpleQueryMessage};

/// Rows, in the peer's own spelling of values.
pub type Rows = Vec<Vec<Option<String>>>;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub rows: Rows,
    /// From sending the query to the last row.
    pub elapsed: Duration,
}

/// Answers one query after another.
#[async_trait]
pub trait Peer: Send {
    /// What it is called in the report.
    fn name(&self) -> &'static str;

    /// Runs a query.
    async fn run(&mut self, sql: &str) -> Result<Answer>;
}

/// What speaks PostgreSQL's protocol.
pub struct Server {
    name: &'static str,
    client: Client,
}

impl Server {
    /// Over this session, which gives up long statements.
    pub async fn new(name: &'static str, client: Client, patience: Duration) -> Result<Self> {
        let timeout = format!("SET statement_timeout = {}", patience.as_millis());
        client.batch_execute(&timeout).await?;
        Ok(Self { name, client })
    }
}

#[async_trait]
impl Peer for Server {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn run(&mut self, sql: &str) -> Result<Answer> {
        let began = Instant::now();
        let messages = self.client.simple_query(sql).await.map_err(with_message)?;
        let elapsed = began.elapsed();
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(Answer { rows: rows.collect(), elapsed })
    }
}

fn with_message(error: tokio_postgres::Error) -> anyhow::Error {
    match error.as_db_error() {
        Some(said) => anyhow::anyhow!("{} {}", said.code().code(), said.message()),
        None => error.into(),
    }
}

/// Whether two peers have answered the same. Those that compute with floats where PostgreSQL does
/// with decimals may differ in the last digits.
pub fn agree(rows: &Rows, expected: &Rows, with_floats: bool) -> Result<()> {
    anyhow::ensure!(
        rows.len() == expected.len(),
        "{} rows instead of {}",
        rows.len(),
        expected.len()
    );
    for (at, (row, expected)) in rows.iter().zip(expected).enumerate() {
        let same = row.len() == expected.len()
            && row.iter().zip(expected).all(|(one, other)| is_same(one, other, with_floats));
        anyhow::ensure!(same, "row {at} is {row:?} instead of {expected:?}");
    }
    Ok(())
}

fn is_same(one: &Option<String>, other: &Option<String>, with_floats: bool) -> bool {
    if one == other {
        return true;
    }
    let (Some(one), Some(other)) = (one, other) else { return false };
    with_floats && (one.trim_end() == other.trim_end() || is_near(one, other).unwrap_or(false))
}

fn is_near(one: &str, other: &str) -> Result<bool> {
    let (one, other): (f64, f64) =
        (one.parse().context("no number")?, other.parse().context("no number")?);
    Ok((one - other).abs() <= 1e-9 * one.abs().max(other.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_compared_value_by_value() {
        let row = |value: &str| vec![vec![Some(value.to_owned())]];
        let check = |one: &str, other: &str, with_floats, expected| {
            assert_eq!(
                agree(&row(one), &row(other), with_floats).is_ok(),
                expected,
                "{one} {other}"
            );
        };
        check("1.50", "1.50", false, true);
        check("1.50", "1.5", false, false);
        check("1.50", "1.5", true, true);
        check("1.5001", "1.5", true, false);
        check("FRANCE   ", "FRANCE", true, true);
        check("FRANCE", "GERMANY", true, false);
        assert!(agree(&row("1"), &Vec::new(), true).is_err());
        assert!(agree(&vec![vec![None]], &row("1"), true).is_err());
    }
}
