//! `medley demo`: the main job, shown and checked.
//!
//! Two servers run in this process and speak over loopback, as two machines would: a remote,
//! with accounts over a small SQLite database, and a gateway, with people, a server, user
//! mappings and a foreign table. Four people log in at the gateway and run one SELECT.
//!
//! What is shown was checked: whoever was served by another account than expected, or saw other
//! rows, ends the demo with an error. Whatever way it ends, nothing is left behind.
mod client;
mod database;
mod gateway;
mod password;
mod people;
mod progress;
mod remote;
mod script;
mod servers;
mod show;
mod signals;
mod story;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use medley_fdw::Registry;
use tokio::time::timeout;

use crate::cli;
use crate::print::say;
use servers::Servers;
use signals::Signals;

/// What a shell expects of a program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// It takes a second; a machine on which it takes so long will not end it.
const LIMIT: Duration = Duration::from_secs(60);

/// How a demo ended that did not fail.
enum Ended {
    /// By itself.
    Told,
    /// After it was kept.
    Kept,
    /// Before its end.
    Interrupted,
}

/// Runs `medley demo`.
pub async fn run(demo: &cli::Demo, registry: Arc<Registry>) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let folder = tempfile::Builder::new().prefix("medley-demo-").tempdir();
    let folder = folder.context("could not make a temporary folder")?;
    let mut servers = Servers::new(folder.path(), registry);
    let ended = perform(demo, &mut servers, &mut signals).await;
    servers.stop().await;
    let path = folder.path().to_owned();
    folder.close().with_context(|| format!("could not remove {}", path.display()))?;
    match ended? {
        Ended::Told => show::what_next()?,
        Ended::Kept => show::farewell()?,
        Ended::Interrupted => {
            say("medley: the demo was interrupted; nothing of it is left behind");
            return Ok(ExitCode::from(INTERRUPTED));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells the story, unless it is interrupted, and keeps the servers as long as they are wanted.
async fn perform(
    demo: &cli::Demo,
    servers: &mut Servers,
    signals: &mut Signals,
) -> anyhow::Result<Ended> {
    let stage = tokio::select! {
        told = timeout(LIMIT, story::tell(servers)) => {
            told.with_context(|| format!("the demo did not end within {LIMIT:?}"))??
        }
        () = signals.any() => return Ok(Ended::Interrupted),
    };
    if !demo.keep {
        return Ok(Ended::Told);
    }
    show::invitation(&stage)?;
    signals.any().await;
    Ok(Ended::Kept)
}
