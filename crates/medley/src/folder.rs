//! The data folder: what is in it, and how it is opened.
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use medley_catalog::Catalog;
use medley_secret::{Keyring, MasterKey};
use serde::{Deserialize, Serialize};

use crate::cli::Auth;

const CONFIG_FILE: &str = "medley.toml";
const KEY_FILE: &str = "master.key";

/// What `init` decided, as the folder's `medley.toml` says it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How people prove who they are.
    pub auth: Auth,
    /// Where the master key is; relative to the folder.
    pub key_file: PathBuf,
}

/// An open data folder.
pub struct Folder {
    /// What exists.
    pub catalog: Arc<Catalog>,
    /// What seals secrets.
    pub keyring: Keyring,
    /// What `init` decided.
    pub config: Config,
}

impl Folder {
    /// Opens a folder. Without its key everything works but what needs a secret, and a warning
    /// says so.
    pub fn open(path: &Path, key_file: Option<&Path>) -> anyhow::Result<Self> {
        let config = read_config(path)?;
        let catalog = Catalog::open(path)?;
        let key_file = match key_file {
            Some(given) => given.to_owned(),
            None => path.join(&config.key_file),
        };
        let master = load_key(&key_file)?;
        let keyring = Keyring::open(master.as_ref(), &catalog.data_keys());
        Ok(Self { catalog, keyring, config })
    }
}

fn load_key(path: &Path) -> anyhow::Result<Option<MasterKey>> {
    match MasterKey::load(path) {
        Ok(key) => Ok(Some(key)),
        Err(medley_secret::Error::KeyFile { source, .. })
            if source.kind() == io::ErrorKind::NotFound =>
        {
            tracing::warn!(path = %path.display(), "no key file: secrets cannot be used");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn read_config(path: &Path) -> anyhow::Result<Config> {
    let file = path.join(CONFIG_FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(
            "\"{}\" is not a data folder\nmake one with \"medley init --data {}\"",
            path.display(),
            path.display()
        ),
        Err(error) => {
            return Err(error).with_context(|| format!("could not read {}", file.display()));
        }
    };
    toml::from_str(&text).with_context(|| format!("in {}", file.display()))
}

/// Where a new folder's key goes: as asked, or into the folder.
pub fn key_path(folder: &Path, asked: Option<&Path>) -> anyhow::Result<PathBuf> {
    match asked {
        Some(path) => Ok(std::path::absolute(path)?),
        None => Ok(folder.join(KEY_FILE)),
    }
}

/// Writes what `init` decided; when this returns, it is on disk.
pub fn write_config(folder: &Path, auth: Auth, key_file: &Path) -> anyhow::Result<()> {
    let relative = key_file.strip_prefix(folder).unwrap_or(key_file);
    let config = Config { auth, key_file: relative.to_owned() };
    let text = format!("# Made by \"medley init\".\n{}", toml::to_string(&config)?);
    let file = folder.join(CONFIG_FILE);
    let write = || -> io::Result<()> {
        let mut new = File::create(&file)?;
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("could not write {}", file.display()))
}
