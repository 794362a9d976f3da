//! How long a join of five tables over two servers is planned, as EXPLAIN says it.
use anyhow::{Context, Result};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::Request;
use super::report::Report;
use super::servers::Servers;
use super::split::SCHEMA;

/// TPC-H's fifth query without its sixth table.
const JOIN: &str = "EXPLAIN (SUMMARY) \
    SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue \
    FROM customer, orders, lineitem, supplier, nation \
    WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey \
    AND c_nationkey = s_nationkey AND s_nationkey = n_nationkey \
    AND o_orderdate >= date '1994-01-01' AND o_orderdate < date '1995-01-01' \
    GROUP BY n_name ORDER BY revenue DESC";

/// So many are planned one after another; the first of a session is a measure of its own.
const TIMES: usize = 20;

/// The first and the later times of a session.
pub async fn plan(servers: &Servers, request: &Request, report: &mut Report) -> Result<()> {
    for _ in 0..request.rounds {
        let mut peers = vec![("medley", servers.medley.connect_as_superuser().await?)];
        if let Some(fdw) = &servers.fdw {
            peers.push(("fdw", fdw.connect_as_superuser().await?));
        }
        for (name, client) in peers {
            client.batch_execute(&format!("SET search_path = {SCHEMA}")).await?;
            report.measure("plan 5 tables, first, ms", name, planned(&client).await?);
            for _ in 0..TIMES {
                report.measure("plan 5 tables, ms", name, planned(&client).await?);
            }
        }
    }
    report.say("plan 5 tables, first, ms");
    report.say("plan 5 tables, ms");
    Ok(())
}

async fn planned(client: &Client) -> Result<f64> {
    let rows = client.simple_query(JOIN).await?;
    let lines = rows.iter().filter_map(|row| match row {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let mut said = lines.filter_map(|line| line.trim().strip_prefix("Planning Time: "));
    let said = said.next().context("EXPLAIN says no planning time")?;
    Ok(said.trim_end_matches(" ms").parse()?)
}
