//! What is asked.
use anyhow::{Context, Result};

/// A query, and how it is written for each peer.
pub struct Query {
    /// Its name in the report.
    pub name: String,
    text: String,
    /// For the PostgreSQL that has postgres_fdw, where it would send the whole query on.
    for_fdw: Option<String>,
    /// It is about reading rows: Medley is not to send the counting on either.
    pub reads: bool,
}

impl Query {
    /// As this peer is asked.
    pub fn text_for(&self, peer: &str) -> &str {
        match &self.for_fdw {
            Some(text) if peer == "fdw" => text,
            _ => &self.text,
        }
    }
}

/// The queries of TPC-H with these numbers, or all of them; `prefix` begins their names.
pub fn tpch(numbers: &[usize], prefix: &str) -> Result<Vec<Query>> {
    let all = (1..=22).filter(|number| numbers.is_empty() || numbers.contains(number));
    all.map(|number| {
        let name = format!("q{number:02}");
        let file = crate::root().join(format!("bench/tpch/{name}.sql"));
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("reading {}", file.display()))?;
        Ok(Query { name: format!("{prefix}{name}"), text, for_fdw: None, reads: false })
    })
    .collect()
}

/// All columns of lineitem.
const LINEITEM: [&str; 16] = [
    "l_orderkey",
    "l_partkey",
    "l_suppkey",
    "l_linenumber",
    "l_quantity",
    "l_extendedprice",
    "l_discount",
    "l_tax",
    "l_returnflag",
    "l_linestatus",
    "l_shipdate",
    "l_commitdate",
    "l_receiptdate",
    "l_shipinstruct",
    "l_shipmode",
    "l_comment",
];

/// Every value of lineitem has to come, to be counted where it is read.
pub fn scan() -> Query {
    let counts = LINEITEM.map(|column| format!("count({column})")).join(", ");
    let text = format!("select {counts} from lineitem");
    let for_fdw = format!("select {counts} from (select * from lineitem offset 0) as l");
    Query { name: "scan".to_owned(), text, for_fdw: Some(for_fdw), reads: true }
}
