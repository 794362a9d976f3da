//! The servers of a run: one PostgreSQL that has the data, and those that read them there.
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use medley_testkit::{MariaDb, Medley, Postgres};

use super::data::Tpch;
use super::duckdb::DuckDb;
use super::peer::{Peer, Server};
use super::{Bench, Request, progress, split};

/// Whom everybody logs in as at the PostgreSQL that has the data.
pub const ACCOUNT: &str = "bench";
pub const PASSWORD: &str = "bench";

/// What a PostgreSQL of this size would be set to.
const SETTINGS: [(&str, &str); 6] = [
    ("shared_buffers", "1GB"),
    ("work_mem", "64MB"),
    ("maintenance_work_mem", "256MB"),
    ("effective_cache_size", "4GB"),
    ("max_wal_size", "8GB"),
    ("random_page_cost", "1.1"),
];

/// They stop when this is dropped.
pub struct Servers {
    /// Has the data.
    pub remote: Postgres,
    /// Reads them with postgres_fdw.
    pub fdw: Option<Postgres>,
    /// Reads them.
    pub medley: Medley,
    /// Has those of them that are not in PostgreSQL, where they are over two servers.
    pub mariadb: Option<MariaDb>,
}

impl Servers {
    /// Starts them and fills the one.
    pub async fn start(program: &Path, tpch: Tpch, request: &Request) -> Result<Self> {
        progress("starting servers");
        let remote = postgres()?;
        remote.create_account(ACCOUNT, PASSWORD)?;
        remote.psql(&format!("GRANT ALL ON SCHEMA public TO {ACCOUNT}"))?;
        tpch.load(&remote.connect(ACCOUNT, PASSWORD).await?).await.context("loading TPC-H")?;
        let is_without = |name: &str| request.without.iter().any(|it| it == name);
        let fdw = (!is_without("fdw")).then(|| fdw(&remote)).transpose()?;
        let medley = Medley::start(program)?;
        medley.psql(&format!("CREATE ROLE {ACCOUNT} LOGIN"))?;
        medley.psql(&local(remote.port(), "")).context("setting Medley up")?;
        let is_split = request.wants(Bench::Split) || request.wants(Bench::Plan);
        let mariadb = is_split.then(|| split::start(tpch)).transpose()?;
        if let Some(mariadb) = &mariadb {
            split::at_medley(&medley, mariadb)?;
            fdw.as_ref().map(|fdw| split::at_postgres(fdw, mariadb)).transpose()?;
        }
        Ok(Self { remote, fdw, medley, mariadb })
    }

    /// A session of each; `split` has each but the remote read from both servers.
    pub async fn peers(&self, request: &Request, split: bool) -> Result<Vec<Box<dyn Peer>>> {
        let patience = Duration::from_secs(request.patience);
        let is_without = |name: &str| request.without.iter().any(|it| it == name);
        let mut peers: Vec<Box<dyn Peer>> = Vec::new();
        // What the others answer is compared with the remote's own rows: it comes first.
        let remote = self.remote.connect(ACCOUNT, PASSWORD).await?;
        peers.push(Box::new(Server::new("remote", remote, patience).await?));
        let medley = self.medley.connect_as_superuser().await?;
        if request.off {
            medley.batch_execute("SET medley.pushdown = off").await?;
        }
        peers.push(Box::new(Server::new("medley", medley, patience).await?));
        if !is_without("duckdb") {
            progress("starting DuckDB");
            peers.push(Box::new(DuckDb::start(&self.duckdb(split)?, patience)?));
        }
        if let Some(fdw) = &self.fdw {
            let fdw = fdw.connect_as_superuser().await?;
            peers.push(Box::new(Server::new("fdw", fdw, patience).await?));
        }
        if split {
            for peer in peers.iter_mut().filter(|peer| ["medley", "fdw"].contains(&peer.name())) {
                peer.run(&format!("SET search_path = {}", split::SCHEMA)).await?;
            }
        }
        Ok(peers)
    }

    fn duckdb(&self, split: bool) -> Result<Vec<String>> {
        let remote = self.conninfo();
        match self.mariadb.as_ref().filter(|_| split) {
            Some(mariadb) => split::at_duckdb(&remote, mariadb),
            None => Ok(vec![
                format!("ATTACH '{remote}' AS remote (TYPE postgres, READ_ONLY)"),
                "USE remote".to_owned(),
            ]),
        }
    }

    fn conninfo(&self) -> String {
        let port = self.remote.port();
        format!("host=127.0.0.1 port={port} user={ACCOUNT} password={PASSWORD} dbname=postgres")
    }

    /// How psql and pgbench find each.
    pub fn ways(&self) -> Vec<Way> {
        let way = |name, port, database| Way { name, port, database };
        let mut ways = vec![
            way("remote", self.remote.port(), "postgres"),
            way("medley", self.medley.port(), "medley"),
        ];
        ways.extend(self.fdw.as_ref().map(|fdw| way("fdw", fdw.port(), "postgres")));
        ways
    }
}

/// How a program of PostgreSQL's finds a server.
#[derive(Clone, Copy)]
pub struct Way {
    /// What it is called in the report.
    pub name: &'static str,
    port: u16,
    /// Where everything is.
    pub database: &'static str,
}

impl Way {
    /// Tells the program.
    pub fn tell(self, command: &mut Command) -> &mut Command {
        command.env("PGPASSWORD", PASSWORD).args(["-h", "127.0.0.1", "-U", ACCOUNT, "-p"]);
        command.arg(self.port.to_string())
    }
}

fn postgres() -> Result<Postgres> {
    let start = SETTINGS
        .iter()
        .fold(Postgres::builder(), |builder, (name, value)| builder.setting(name, value));
    start.start()
}

/// A second PostgreSQL, as the manual of postgres_fdw advises.
fn fdw(remote: &Postgres) -> Result<Postgres> {
    let fdw = postgres()?;
    let best = ", use_remote_estimate 'true', fetch_size '10000', async_capable 'true'";
    fdw.create_account(ACCOUNT, PASSWORD)?;
    fdw.psql("CREATE EXTENSION postgres_fdw")?;
    fdw.psql(&local(remote.port(), best))?;
    fdw.psql("ANALYZE")?;
    Ok(fdw)
}

/// What makes the remote's tables known, here as there.
fn local(port: u16, options: &str) -> String {
    format!(
        "CREATE SERVER tpch FOREIGN DATA WRAPPER postgres_fdw \
           OPTIONS (host '127.0.0.1', port '{port}', dbname 'postgres'{options}); \
         CREATE USER MAPPING FOR PUBLIC SERVER tpch \
           OPTIONS (user '{ACCOUNT}', password '{PASSWORD}'); \
         IMPORT FOREIGN SCHEMA public FROM SERVER tpch INTO public; \
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC"
    )
}
