//! `medley key`: the keys that seal secrets.
//!
//! Values are sealed by data keys, which are in the catalog, wrapped by a master key, which is
//! not. A rotation makes a new data key and seals every value under it anew, in steps, on a server
//! that goes on serving; interrupted, it is run again. A new master key wraps the data keys in one
//! commit. A server that serves reads where it is from its `medley.toml`, for no statement says so.
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure};
use indicatif::ProgressBar;
use medley_fdw::Registry;
use medley_secret::MasterKey;

use crate::cli;
use crate::folder::{self, Folder};
use crate::print::{print, say};
use crate::sql::{self, Target};

/// How long objects that others are changing are waited for.
const PATIENCE: u32 = 150;
const PAUSE: Duration = Duration::from_millis(200);

/// Runs `medley key`.
pub async fn run(key: &cli::Key, registry: Arc<Registry>) -> anyhow::Result<ExitCode> {
    match key {
        cli::Key::Status(on) => status(on, registry).await?,
        cli::Key::Rotate(rotate) => {
            if let Some(new) = &rotate.new_key_file {
                match rotate.on.data.as_deref() {
                    Some(data) => rewrap(data, rotate.on.key_file.as_deref(), new)?,
                    None => rewrap_online(&rotate.on, registry, new).await?,
                }
            } else {
                self::rotate(&rotate.on, registry).await?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(on: &cli::On, registry: Arc<Registry>) -> anyhow::Result<Target> {
    sql::open(on.conninfo.as_deref(), on.data.as_deref(), on.key_file.as_deref(), registry).await
}

async fn ask(target: &mut Target, action: &str) -> anyhow::Result<Vec<String>> {
    let query = format!("SELECT * FROM pg_catalog.medley_keys('{action}')");
    match target.texts(&query).await? {
        Ok(lines) => Ok(lines),
        Err(report) => {
            let hint = report.hint.map(|hint| format!("\n{hint}")).unwrap_or_default();
            bail!("{}{hint}", report.message)
        }
    }
}

async fn status(on: &cli::On, registry: Arc<Registry>) -> anyhow::Result<()> {
    let mut target = open(on, registry).await?;
    let lines = ask(&mut target, "status").await;
    target.close().await;
    print(&format!("{}\n", lines?.join("\n")))
}

async fn rotate(on: &cli::On, registry: Arc<Registry>) -> anyhow::Result<()> {
    let mut target = open(on, registry).await?;
    let rotated = rotate_on(&mut target).await;
    target.close().await;
    rotated
}

/// What an earlier rotation has left is finished first, and is then all that is done.
async fn rotate_on(target: &mut Target) -> anyhow::Result<()> {
    let interrupted = turn(target).await?;
    if interrupted.resealed + interrupted.left == 0 {
        let version = ask(target, "add").await?.join("");
        say(&format!("data key {version} seals from now on"));
    } else {
        say("an earlier rotation was interrupted: going on with it");
    }
    let resealed = interrupted.resealed + reseal(target).await?;
    print(&format!("{resealed} objects with secrets were sealed anew\n"))
}

async fn reseal(target: &mut Target) -> anyhow::Result<usize> {
    let progress = ProgressBar::no_length();
    let (mut resealed, mut waits) = (0, 0);
    loop {
        let turn = turn(target).await?;
        resealed += turn.resealed;
        progress.set_length((resealed + turn.left) as u64);
        progress.set_position(resealed as u64);
        if turn.left == 0 {
            progress.finish_and_clear();
            return match turn.failed {
                0 => Ok(resealed),
                failed => bail!(
                    "{failed} objects have secrets that cannot be opened: the log names them\n\
                     set their options again, and rotate again"
                ),
            };
        }
        waits = if turn.resealed == 0 { waits + 1 } else { 0 };
        if waits == PATIENCE {
            bail!(
                "{} objects are being changed by open transactions\nrotate again when these have \
                 ended",
                turn.left
            );
        }
        if waits > 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What came of one step.
struct Turn {
    resealed: usize,
    failed: usize,
    left: usize,
}

async fn turn(target: &mut Target) -> anyhow::Result<Turn> {
    let lines = ask(target, "reseal").await?;
    let words: Vec<_> = lines.iter().flat_map(|line| line.split(' ')).collect();
    match words[..] {
        ["resealed", resealed, "failed", failed, "left", left] => {
            Ok(Turn { resealed: resealed.parse()?, failed: failed.parse()?, left: left.parse()? })
        }
        _ => bail!("the server says what this program does not know: {}", lines.join(" ")),
    }
}

/// The same on a server that serves, whose data folder and key files are on this machine.
async fn rewrap_online(
    on: &cli::On,
    registry: Arc<Registry>,
    new_file: &Path,
) -> anyhow::Result<()> {
    let mut target = open(on, registry).await?;
    let rewrapped = rewrap_on(&mut target, new_file).await;
    target.close().await;
    rewrapped
}

async fn rewrap_on(target: &mut Target, new_file: &Path) -> anyhow::Result<()> {
    let data = PathBuf::from(ask(target, "folder").await?.join(""));
    ensure!(data.is_dir(), "the server's data folder, {}, is not on this machine", data.display());
    let new_file = std::path::absolute(new_file)?;
    if !new_file.exists() {
        MasterKey::create(&new_file)?;
    }
    folder::set_next_key_file(&data, &new_file)?;
    let master = ask(target, "rewrap").await?.join("");
    say_rewrapped(&master, &new_file)
}

fn say_rewrapped(master: &str, file: &Path) -> anyhow::Result<()> {
    print(&format!(
        "master key {master} wraps the data keys, and medley.toml names its file, {}\n",
        file.display()
    ))
}

/// Wraps the data keys by the key in another file, which is made if it is not there. Run again
/// after an interruption, it goes on where it stopped.
fn rewrap(data: &Path, key_file: Option<&Path>, new_file: &Path) -> anyhow::Result<()> {
    let folder = Folder::open(data, key_file)?;
    let new_file = std::path::absolute(new_file)?;
    let new = match new_file.exists() {
        true => MasterKey::load(&new_file)?,
        false => MasterKey::create(&new_file)?,
    };
    let wrapped = folder.catalog.data_keys();
    if wrapped.iter().any(|key| key.master != new.id()) {
        folder.catalog.set_data_keys(folder.keyring.rewrapped(&wrapped, &new)?)?;
    }
    folder::set_key_file(data, &new_file)?;
    say_rewrapped(&new.id().to_string(), &new_file)
}
