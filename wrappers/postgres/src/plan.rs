//! What planning asks of a remote: snapshots, splits, sizes, estimates.
use medley_fdw::{Error, Estimate, Report, Result, Split, SqlState, TableName, TableStatistics};

use crate::session::Session;
use crate::sql::{literal, qualified};

/// Since then a range of `ctid` is read without reading the rest of the table.
pub(crate) const CTID_RANGES_SINCE: u32 = 140_000;
/// Pages below which a table is not worth cutting.
const MIN_PAGES: u64 = 64;
/// How many pages a table can have.
const MAX_PAGES: u64 = 1 << 32;

/// Makes the snapshot of the session's transaction known.
pub(crate) async fn export_snapshot(session: &mut Session) -> Result<String> {
    one(session, "SELECT pg_catalog.pg_export_snapshot()").await
}

/// Ranges of `ctid`, open at both ends of the table, so that they are all of it even if it has
/// grown since it was measured. What is no plain table comes in one part.
pub(crate) async fn splits(
    session: &mut Session,
    table: &TableName,
    wanted: usize,
) -> Result<Vec<Split>> {
    let sql = format!(
        "SELECT CASE WHEN c.relkind = 'r' AND NOT c.relhassubclass \
         THEN pg_catalog.pg_relation_size(c.oid) \
         / pg_catalog.current_setting('block_size')::pg_catalog.int8 ELSE 0 END \
         FROM pg_catalog.pg_class c WHERE c.oid = {}::pg_catalog.regclass",
        literal(&qualified(table))
    );
    let pages: u64 = one(session, &sql).await?.parse().unwrap_or(0);
    Ok(cut(pages, wanted))
}

/// Each part is smaller than the one before it, by as much: readers that take one after the other
/// end at about the same time.
fn cut(pages: u64, wanted: usize) -> Vec<Split> {
    let pages = pages.min(MAX_PAGES);
    let parts = (wanted as u64).min(pages / MIN_PAGES).max(1);
    let after = |part: u64| u128::from((parts - part) * (parts - part + 1));
    let bound = |part: u64| u128::from(pages) - u128::from(pages) * after(part) / after(0);
    (0..parts)
        .map(|part| {
            let above =
                (part > 0).then(|| format!("ctid >= '({},0)'::pg_catalog.tid", bound(part)));
            let below = (part + 1 < parts)
                .then(|| format!("ctid < '({},0)'::pg_catalog.tid", bound(part + 1)));
            let both: Vec<String> = above.into_iter().chain(below).collect();
            let condition = if both.is_empty() { "true".to_owned() } else { both.join(" AND ") };
            Split { condition }
        })
        .collect()
}

/// What the remote's last ANALYZE counted, and the size on its disk.
pub(crate) async fn statistics(
    session: &mut Session,
    table: &TableName,
) -> Result<TableStatistics> {
    let sql = format!(
        "SELECT c.reltuples, c.relpages, pg_catalog.pg_relation_size(c.oid) \
         FROM pg_catalog.pg_class c WHERE c.oid = {}::pg_catalog.regclass",
        literal(&qualified(table))
    );
    let row = session.rows(&sql).await?.into_iter().next().unwrap_or_default();
    let number = |index: usize| row.get(index)?.as_ref()?.parse::<f64>().ok();
    // Before 14 a table that was never counted has 0 rows in 0 pages; since then it has -1.
    let counted = number(0).filter(|rows| *rows > 0.0 || *rows == 0.0 && number(1) > Some(0.0));
    Ok(TableStatistics { rows: counted, bytes: number(2).map(|bytes| bytes as u64) })
}

/// What the remote's planner expects.
pub(crate) async fn estimate(session: &mut Session, sql: &str) -> Result<Estimate> {
    let text = one(session, &format!("EXPLAIN (FORMAT JSON) {sql}")).await?;
    let explained: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let plan = &explained[0]["Plan"];
    let number = |name: &str| plan[name].as_f64().ok_or_else(unreadable);
    Ok(Estimate {
        rows: number("Plan Rows")?,
        width: number("Plan Width")?,
        startup_cost: number("Startup Cost")?,
        total_cost: number("Total Cost")?,
        reads_all: reads_all(plan),
        is_parallel: is_parallel(plan),
    })
}

/// Whether what the plan's leaves do is to read tables from end to end.
fn reads_all(plan: &serde_json::Value) -> bool {
    match plan["Plans"].as_array() {
        Some(plans) => plans.iter().all(reads_all),
        None => plan["Node Type"] == "Seq Scan",
    }
}

/// Whether workers share most of what the plan costs.
fn is_parallel(plan: &serde_json::Value) -> bool {
    let total = plan["Total Cost"].as_f64().unwrap_or_default();
    2.0 * shared(plan) > total
}

/// What the parts of a plan cost that have workers.
fn shared(plan: &serde_json::Value) -> f64 {
    match plan["Workers Planned"].as_u64() {
        Some(1..) => plan["Total Cost"].as_f64().unwrap_or_default(),
        _ => plan["Plans"].as_array().into_iter().flatten().map(shared).sum(),
    }
}

fn unreadable() -> Error {
    let message = "could not interpret EXPLAIN output";
    Error::remote(Report::error(SqlState::FDW_ERROR, message))
}

/// The first value of the first row.
async fn one(session: &mut Session, sql: &str) -> Result<String> {
    let value = session.rows(sql).await?.into_iter().next().and_then(|row| row.into_iter().next());
    value.flatten().ok_or_else(|| {
        Error::remote(Report::error(SqlState::FDW_ERROR, "no value from the remote server"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_parallel_where_most_of_it_is() {
        let check = |gathered: f64, expected| {
            let gather = serde_json::json!({"Workers Planned": 2, "Total Cost": gathered});
            let plan = serde_json::json!({"Total Cost": 100.0, "Plans": [{"Plans": [gather]}]});
            assert_eq!(is_parallel(&plan), expected, "{gathered}");
        };
        check(90.0, true);
        check(40.0, false);
        assert!(!is_parallel(&serde_json::json!({"Total Cost": 100.0})));
    }

    #[test]
    fn parts_meet_and_are_open_at_the_ends() {
        let check = |pages, wanted, expected: &[&str]| {
            let parts: Vec<String> = cut(pages, wanted)
                .into_iter()
                .map(|split| split.condition.replace("::pg_catalog.tid", ""))
                .collect();
            assert_eq!(parts, expected);
        };
        check(0, 4, &["true"]);
        check(100, 4, &["true"]);
        check(1000, 1, &["true"]);
        check(1000, 2, &["ctid < '(667,0)'", "ctid >= '(667,0)'"]);
        let three =
            ["ctid < '(500,0)'", "ctid >= '(500,0)' AND ctid < '(834,0)'", "ctid >= '(834,0)'"];
        check(1000, 3, &three);
        check(u64::MAX, 2, &["ctid < '(2863311531,0)'", "ctid >= '(2863311531,0)'"]);
    }
}
