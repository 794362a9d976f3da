//! `cargo xtask`: the project's own tasks.
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

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
    /// Run every test, with the real servers they need (installed with apt-get when root on Debian)
    Test {
        /// What `cargo nextest run` or `cargo test` takes: `-p medley-sql`, a test's name
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().task {
        Task::Tidy => tidy(),
        Task::Test { arguments } => xtask::test::run(&arguments),
    }
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
