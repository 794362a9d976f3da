//! `cargo xtask`: the project's own tasks.
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::compat::Request;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Medley's own tasks")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check what no compiler checks: arrows between crates, ARCHITECTURE.md, scripts, sizes, words
    Tidy,
    /// Write anew what Medley knows of PostgreSQL's functions, types and system relations, from 18.4
    Catalogs,
    /// Run every test, with the real servers they need (installed with apt-get when root on Debian)
    Test {
        /// What `cargo nextest run` or `cargo test` takes: `-p medley-sql`, a test's name
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Have fifty roles meet until so many statements have asked the remote who they are
    Isolation {
        /// How many
        #[arg(long, default_value_t = 100_000)]
        statements: usize,
    },
    /// Ask PostgreSQL 18.4 and Medley for random queries and for every function's edges
    Differential {
        /// How many random queries
        #[arg(long, default_value_t = 10_000)]
        queries: usize,
        /// Where chance begins
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Write down what Medley refuses to compute itself, docs/local-execution.md
        #[arg(long)]
        record: bool,
    },
    /// Run tests/pg_compat on PostgreSQL 18 (from npm, else the installed one) and on Medley
    Compat {
        /// A part of the names of the scripts to run
        #[arg(default_value = "")]
        name: String,
        /// Ask the installed PostgreSQL, whatever its version
        #[arg(long)]
        installed: bool,
        /// Write down where the installed PostgreSQL differs from 18, and docs/conformance.md
        #[arg(long, conflicts_with_all = ["name", "installed"])]
        record: bool,
        /// Write the differences that there are into defects.toml, to be mended
        #[arg(long, conflicts_with_all = ["name", "installed", "record"])]
        defects: bool,
    },
    /// Make wrappers/NAME from wrappers/hello, with its tests, and add it to the build
    NewWrapper {
        /// clock makes clock_fdw
        name: String,
    },
    /// Ask PostgreSQL 18.4 and Medley about a catalog of 10,000 foreign tables, and compare the times
    BenchCatalog(xtask::bench_catalog::Request),
    /// Measure Medley beside PostgreSQL, postgres_fdw and DuckDB, in one run
    Bench(xtask::bench::Request),
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().task {
        Task::Tidy => tidy(),
        Task::Catalogs => xtask::catalogs::write().map(|()| ExitCode::SUCCESS),
        Task::Test { arguments } => xtask::test::run(&arguments),
        Task::Isolation { statements } => xtask::test::isolation(statements),
        Task::Differential { queries, seed, record } => {
            xtask::test::differential(queries, seed, record)
        }
        Task::Bench(request) => xtask::bench::run(&request).map(|()| ExitCode::SUCCESS),
        Task::Compat { name, installed, record, defects } => {
            xtask::compat::run(&Request { name, installed, record, defects })
        }
        Task::NewWrapper { name } => new_wrapper(&name),
        Task::BenchCatalog(request) => {
            xtask::bench_catalog::run(&request).map(|()| ExitCode::SUCCESS)
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command's own output")]
fn new_wrapper(name: &str) -> Result<ExitCode> {
    for file in xtask::new_wrapper::make(&xtask::root(), name)? {
        println!("{}", file.display());
    }
    let package = name.replace('_', "-");
    println!(
        "next: MEDLEY_BLESS=1 cargo test -p medley-wrapper-{package}, which writes its manual"
    );
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "a command's own output")]
fn tidy() -> Result<ExitCode> {
    let findings = xtask::tidy::check(&xtask::root())?;
    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    println!("tidy: {errors} errors, {} warnings", findings.len() - errors);
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
