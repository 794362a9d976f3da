//! Medley: SQL/MED as a server. This is the program: what can be typed, and what then runs.
// Futures of statements are deep: whether they are Send is asked of each layer.
#![recursion_limit = "256"]
mod absent;
mod audit;
mod bridge;
mod cli;
mod connections;
mod demo;
mod dump;
mod folder;
mod harden;
mod init;
mod key;
mod login;
mod master_key;
mod memory;
mod print;
mod references;
mod reload;
mod serve;
mod server;
mod sql;
mod tls;
mod wrapper;
mod wrappers;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command, LogFormat};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(&cli);
    hush_panics();
    harden::keep_memory_private();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A deeply nested query is walked and dropped by recursion.
        .thread_stack_size(16 << 20)
        // A session that waits for a lock takes a thread. Were there none left, the session that
        // holds the lock could not go on, nor a cancel come through.
        .max_blocking_threads(SPARE_THREADS + sessions(&cli.command))
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            print::say(&describe(&error));
            ExitCode::FAILURE
        }
    }
}

/// Threads for what may block besides sessions: name look-ups, files.
const SPARE_THREADS: usize = 512;

/// How many sessions there may be at once.
fn sessions(command: &Command) -> usize {
    match command {
        Command::Serve(serve) => serve.max_connections,
        _ => 1,
    }
}

/// What a panic says may quote a statement, and so a secret: only where it happened is told.
fn hush_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let registry = wrappers::registry();
    match command {
        Command::Init(init) => init::run(&init, &registry)?,
        Command::Serve(serve) => serve::run(&serve, registry).await?,
        Command::Sql(sql) => return sql::run(&sql, registry).await,
        Command::Key(key) => return key::run(&key, registry).await,
        Command::Dump(dump) => return dump::run(&dump, registry).await,
        Command::Demo(demo) => return demo::run(&demo, registry).await,
        Command::Wrapper(command) => wrapper::run(&command, &registry)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `medley: what failed: why`; a line that says what to do stands by itself.
fn describe(error: &anyhow::Error) -> String {
    let mut text = format!("medley: {error:#}");
    let hint =
        error.downcast_ref::<medley_catalog::Error>().and_then(medley_diagnostic::Diagnostic::hint);
    let hint = hint.or_else(|| {
        error.downcast_ref::<medley_secret::Error>().and_then(medley_diagnostic::Diagnostic::hint)
    });
    if let Some(hint) = hint {
        text.push('\n');
        text.push_str(&hint);
    }
    text
}

/// Logs to standard error: warnings, or more with -v. Nothing of ours logs a statement's text or
/// a secret at any level; what libraries would say at trace level is theirs, and stays out.
fn start_log(cli: &Cli) {
    let ours = match cli.verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let crates = [
        "medley",
        "medley_catalog",
        "medley_commands",
        "medley_engine",
        "medley_foreign",
        "medley_session",
        "medley_wire",
        "medley_wrapper_hello",
        "medley_wrapper_http_json",
        "medley_wrapper_postgres",
        "medley_wrapper_sqlite",
    ];
    let directives = crates.map(|name| format!("{name}={ours}")).join(",");
    let filter = EnvFilter::new(format!("warn,{directives}"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match cli.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}
