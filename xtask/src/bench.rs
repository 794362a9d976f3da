//! `cargo xtask bench`: Medley beside what people would use instead, in one run on one machine.
//!
//! Each peer answers each query in turn, several times; what is compared is the median, and the
//! rows. One PostgreSQL has the data; Medley, another PostgreSQL with postgres_fdw, and DuckDB read
//! them there, and it answers itself.
mod cancel;
mod data;
mod duckdb;
mod memory;
mod peer;
mod plan;
mod point;
mod queries;
mod report;
mod servers;
mod split;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::cargo;
use data::Tpch;
use peer::Peer;
use report::Report;
use servers::Servers;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Bench {
    /// The 22 queries of TPC-H, all tables in one PostgreSQL.
    Tpch,
    /// The same queries, lineitem, orders and customer in PostgreSQL, the others in MariaDB.
    Split,
    /// The whole of lineitem, all its columns, into the peer.
    Scan,
    /// The whole of lineitem to the client, in text and in binary.
    Client,
    /// A row by its key, with pgbench.
    Point,
    /// How long a join of five tables over two servers is planned.
    Plan,
    /// What the server keeps resident, idle and while rows stream.
    Memory,
    /// From a statement's cancel to the end of its work, here and at the remote.
    Cancel,
}

/// What is asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Request {
    /// What to measure; all if nothing is said
    #[arg(value_enum)]
    pub benches: Vec<Bench>,
    /// The scale factor: 1 is a gigabyte
    #[arg(long, default_value_t = 0.05)]
    pub sf: f64,
    /// Only these queries of TPC-H: 1,6,21
    #[arg(long, value_delimiter = ',')]
    pub queries: Vec<usize>,
    /// How often each peer answers each query
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Leave these peers out: fdw, duckdb, remote
    #[arg(long, value_delimiter = ',')]
    pub without: Vec<String>,
    /// Medley computes what it reads: medley.pushdown is off for the queries of TPC-H
    #[arg(long)]
    pub off: bool,
    /// A query that runs longer is given up, in seconds
    #[arg(long, default_value_t = 40)]
    pub patience: u64,
    /// A built medley; else the release is built
    #[arg(long)]
    pub program: Option<PathBuf>,
    /// The folder for the CSV and the chart; bench/results if nothing is said
    #[arg(long)]
    pub out: Option<PathBuf>,
}

impl Request {
    fn wants(&self, bench: Bench) -> bool {
        self.benches.is_empty() || self.benches.contains(&bench)
    }

    fn program(&self) -> Result<PathBuf> {
        match &self.program {
            Some(program) => Ok(program.clone()),
            None => build_release(),
        }
    }
}

/// Runs the benches and writes what came out.
pub fn run(request: &Request) -> Result<()> {
    let program = request.program()?;
    let out = request.out.clone().unwrap_or_else(|| crate::root().join("bench/results"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let tpch = Tpch { sf: request.sf };
        let servers = Servers::start(&program, tpch, request).await?;
        let mut report = Report::new(request);
        if request.wants(Bench::Memory) {
            memory::memory(&servers, &program, &mut report)?;
        }
        if request.wants(Bench::Scan) || request.wants(Bench::Tpch) {
            let mut peers = servers.peers(request, false).await?;
            if request.wants(Bench::Scan) {
                measure(request, &mut peers, &[queries::scan()], &mut report).await?;
            }
            if request.wants(Bench::Tpch) {
                let queries = queries::tpch(&request.queries, "")?;
                measure(request, &mut peers, &queries, &mut report).await?;
            }
        }
        if request.wants(Bench::Split) {
            let mut peers = servers.peers(request, true).await?;
            let queries = queries::tpch(&request.queries, "split ")?;
            measure(request, &mut peers, &queries, &mut report).await?;
        }
        if request.wants(Bench::Plan) {
            plan::plan(&servers, request, &mut report).await?;
        }
        if request.wants(Bench::Cancel) {
            cancel::cancel(&servers, &mut report).await?;
        }
        if request.wants(Bench::Client) {
            point::client(&servers, request, &mut report)?;
        }
        if request.wants(Bench::Point) {
            point::point(&servers, request, &mut report)?;
        }
        report.write(&out)
    })
}

/// Each query by each peer in turn, as often as there are rounds, after one round that warms up.
async fn measure(
    request: &Request,
    peers: &mut [Box<dyn Peer>],
    queries: &[queries::Query],
    report: &mut Report,
) -> Result<()> {
    for query in queries {
        for round in 0..=request.rounds {
            for peer in peers.iter_mut() {
                if round > 0 && report.has_failed(&query.name, peer.name()) {
                    continue;
                }
                let reads = query.reads && !request.off && peer.name() == "medley";
                if reads {
                    peer.run("SET medley.pushdown = off").await?;
                }
                let outcome = peer.run(query.text_for(peer.name())).await;
                if reads {
                    peer.run("RESET medley.pushdown").await?;
                }
                report.add(&query.name, peer.name(), round, outcome);
            }
        }
        report.say(&query.name);
    }
    Ok(())
}

fn build_release() -> Result<PathBuf> {
    let root = crate::root();
    let status = cargo::command()
        .args(["build", "--release", "-p", "medley"])
        .current_dir(&root)
        .status()
        .context("running cargo build")?;
    ensure!(status.success(), "the release could not be built");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    Ok(target.join("release/medley"))
}

/// Tells whoever waits what is being done.
#[expect(clippy::print_stderr, reason = "a command's own output")]
fn progress(what: &str) {
    eprintln!("bench: {what}");
}
