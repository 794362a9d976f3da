//! The tables of TPC-H, and their rows.
use std::fmt::{Display, Write as _};
use std::pin::pin;

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::SinkExt as _;
use tokio_postgres::Client;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator,
    PartSuppGenerator, RegionGenerator, SupplierGenerator,
};

use super::progress;

/// What is sent to the server at once.
const CHUNK_BYTES: usize = 1 << 20;

/// The data of a scale factor.
#[derive(Clone, Copy, Debug)]
pub struct Tpch {
    /// 1 is a gigabyte.
    pub sf: f64,
}

impl Tpch {
    /// Makes the tables and fills them.
    pub async fn load(self, client: &Client) -> Result<()> {
        let schema = std::fs::read_to_string(crate::root().join("bench/tpch/schema.sql"))
            .context("reading the schema of TPC-H")?;
        client.batch_execute(&schema).await?;
        let sf = self.sf;
        fill(client, "region", RegionGenerator::new(sf, 1, 1).iter()).await?;
        fill(client, "nation", NationGenerator::new(sf, 1, 1).iter()).await?;
        fill(client, "part", PartGenerator::new(sf, 1, 1).iter()).await?;
        fill(client, "supplier", SupplierGenerator::new(sf, 1, 1).iter()).await?;
        fill(client, "partsupp", PartSuppGenerator::new(sf, 1, 1).iter()).await?;
        fill(client, "customer", CustomerGenerator::new(sf, 1, 1).iter()).await?;
        fill(client, "orders", OrderGenerator::new(sf, 1, 1).iter()).await?;
        fill(client, "lineitem", LineItemGenerator::new(sf, 1, 1).iter()).await?;
        progress("VACUUM ANALYZE");
        Ok(client.batch_execute("VACUUM (FREEZE, ANALYZE)").await?)
    }
}

impl Tpch {
    /// The wanted of the tables as text, a line a row, columns parted by bars.
    pub fn texts(self, wanted: impl Fn(&str) -> bool) -> Result<Vec<(&'static str, String)>> {
        let sf = self.sf;
        let mut texts = Vec::new();
        let mut add = |table: &'static str, rows: &mut dyn Iterator<Item = String>| {
            if wanted(table) {
                texts.push((table, rows.collect()));
            }
        };
        add("region", &mut RegionGenerator::new(sf, 1, 1).iter().map(line));
        add("nation", &mut NationGenerator::new(sf, 1, 1).iter().map(line));
        add("part", &mut PartGenerator::new(sf, 1, 1).iter().map(line));
        add("supplier", &mut SupplierGenerator::new(sf, 1, 1).iter().map(line));
        add("partsupp", &mut PartSuppGenerator::new(sf, 1, 1).iter().map(line));
        add("customer", &mut CustomerGenerator::new(sf, 1, 1).iter().map(line));
        add("orders", &mut OrderGenerator::new(sf, 1, 1).iter().map(line));
        add("lineitem", &mut LineItemGenerator::new(sf, 1, 1).iter().map(line));
        Ok(texts)
    }
}

fn line<T: Display>(row: T) -> String {
    let row = row.to_string();
    format!("{}\n", row.trim_end_matches(['\n', '|']))
}

/// Rows print themselves as `a|b|`, which is COPY's text form but for the last bar: no value of
/// TPC-H has a bar or a backslash.
async fn fill<T: Display>(
    client: &Client,
    table: &str,
    rows: impl Iterator<Item = T>,
) -> Result<()> {
    progress(&format!("filling {table}"));
    let copy = format!("COPY {table} FROM STDIN (DELIMITER '|')");
    let mut sink = pin!(client.copy_in::<_, Bytes>(&copy).await?);
    let mut chunk = String::with_capacity(2 * CHUNK_BYTES);
    for row in rows {
        write!(chunk, "{row}")?;
        chunk.truncate(chunk.trim_end_matches(['\n', '|']).len());
        chunk.push('\n');
        if chunk.len() >= CHUNK_BYTES {
            sink.send(Bytes::from(std::mem::take(&mut chunk))).await?;
        }
    }
    sink.send(Bytes::from(chunk)).await?;
    sink.finish().await?;
    Ok(())
}
