//! What planning asks of a remote: splits, sizes, estimates.
use medley_fdw::{Estimate, Result, Split, TableName, TableStatistics};

use crate::describe::{of_table, primary_key};
use crate::session::{Session, TextRows};
use crate::sql::{identifier, qualified};

/// Rows below which a table is not worth cutting.
const MIN_ROWS: f64 = 50_000.0;
/// What a row is taken to be wide where nobody says.
const WIDTH: f64 = 100.0;

/// Ranges of the primary key's first column, if it is an integer; open at both ends of the
/// table, so that they are all of it even if it has grown since.
pub(crate) async fn splits(
    session: &mut Session,
    table: &TableName,
    wanted: usize,
) -> Result<Vec<Split>> {
    let rows = statistics(session, table).await?.rows.unwrap_or(0.0);
    let key = primary_key(session, table).await?.into_iter().next();
    let Some(key) = key.filter(|_| rows >= MIN_ROWS && wanted > 1) else { return Ok(whole()) };
    let key = identifier(&key);
    let sql = format!("SELECT MIN({key}), MAX({key}) FROM {}", qualified(table));
    let ends = session.rows(&sql).await?;
    let end = |index: usize| ends.first()?.get(index)?.as_ref()?.parse::<i64>().ok();
    match (end(0), end(1)) {
        (Some(low), Some(high)) => Ok(cut(&key, low, high, wanted)),
        _ => Ok(whole()),
    }
}

fn whole() -> Vec<Split> {
    vec![Split { condition: "TRUE".to_owned() }]
}

fn cut(key: &str, low: i64, high: i64, wanted: usize) -> Vec<Split> {
    let (low, high) = (i128::from(low), i128::from(high));
    let parts = (wanted as i128).min(high - low + 1).max(1);
    let bound = |part: i128| low + (high - low + 1) * part / parts;
    let split = |part| {
        let above = (part > 0).then(|| format!("{key} >= {}", bound(part)));
        let below = (part + 1 < parts).then(|| format!("{key} < {}", bound(part + 1)));
        let both: Vec<String> = above.into_iter().chain(below).collect();
        Split { condition: if both.is_empty() { "TRUE".to_owned() } else { both.join(" AND ") } }
    };
    (0..parts).map(split).collect()
}

/// What the storage engine counts, which is near the truth, and the size of its data.
pub(crate) async fn statistics(
    session: &mut Session,
    table: &TableName,
) -> Result<TableStatistics> {
    let sql = format!(
        "SELECT TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES WHERE {}",
        of_table(table)
    );
    let row = session.rows(&sql).await?.into_iter().next().unwrap_or_default();
    let number = |index: usize| row.get(index)?.as_ref()?.parse::<f64>().ok();
    Ok(TableStatistics { rows: number(0), bytes: number(1).map(|bytes| bytes as u64) })
}

/// What the remote's planner expects.
pub(crate) async fn estimate(session: &mut Session, sql: &str) -> Result<Estimate> {
    Ok(read(session.rows(&format!("EXPLAIN {sql}")).await?))
}

/// From EXPLAIN's rows, one for each table: what is read of each for every row before it.
fn read(explained: TextRows) -> Estimate {
    let (mut rows, mut reads_all, mut read) = (1.0, !explained.is_empty(), 0.0);
    for line in &explained {
        // MySQL has two columns more than MariaDB.
        let (kind, count, filtered) = match line.len() {
            12.. => (4, 9, Some(10)),
            _ => (3, 8, None),
        };
        let text = |index: usize| line.get(index).and_then(Option::as_deref);
        let number = |index| text(index).and_then(|text: &str| text.parse::<f64>().ok());
        let share = filtered.and_then(number).unwrap_or(100.0) / 100.0;
        let count = number(count).unwrap_or(1.0);
        read += rows * count;
        rows *= count * share;
        reads_all &= text(kind) == Some("ALL");
    }
    let (width, startup_cost, is_parallel) = (WIDTH, 0.0, false);
    Estimate { rows, width, startup_cost, total_cost: read, reads_all, is_parallel }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_meet_and_are_open_at_the_ends() {
        let check = |low, high, wanted, expected: &[&str]| {
            let parts: Vec<String> =
                cut("k", low, high, wanted).into_iter().map(|split| split.condition).collect();
            assert_eq!(parts, expected);
        };
        check(1, 1, 4, &["TRUE"]);
        check(1, 100, 1, &["TRUE"]);
        check(1, 100, 2, &["k < 51", "k >= 51"]);
        check(-10, 19, 3, &["k < 0", "k >= 0 AND k < 10", "k >= 10"]);
        check(i64::MIN, i64::MAX, 2, &["k < 0", "k >= 0"]);
    }

    #[test]
    fn explain_of_both_kinds_is_read() {
        let line = |cells: &[&str]| cells.iter().map(|cell| Some((*cell).to_owned())).collect();
        let maria = line(&["1", "SIMPLE", "t", "ALL", "", "", "", "", "1000", ""]);
        let estimate = read(vec![maria]);
        assert_eq!((estimate.rows, estimate.reads_all), (1000.0, true));
        let one = line(&["1", "SIMPLE", "t", "", "ref", "", "k", "4", "", "10", "50.00", ""]);
        let estimate = read(vec![one]);
        assert_eq!((estimate.rows, estimate.reads_all), (5.0, false));
    }
}
