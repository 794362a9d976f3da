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
use crate::login;
use crate::tls;

const CONFIG_FILE: &str = "medley.toml";
const KEY_FILE: &str = "master.key";
const HBA_FILE: &str = "pg_hba.conf";
const IDENT_FILE: &str = "pg_ident.conf";

/// What the folder's `medley.toml` says. Files are relative to the folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the master key is.
    pub key_file: PathBuf,
    /// Who may log in, and how they prove who they are.
    #[serde(default = "hba_file")]
    pub hba_file: PathBuf,
    /// Which roles accounts outside may be.
    #[serde(default = "ident_file")]
    pub ident_file: PathBuf,
    /// How the server proves who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<tls::Files>,
}

fn hba_file() -> PathBuf {
    HBA_FILE.into()
}

fn ident_file() -> PathBuf {
    IDENT_FILE.into()
}

impl Config {
    fn new(key_file: PathBuf) -> Self {
        Self { key_file, hba_file: hba_file(), ident_file: ident_file(), tls: None }
    }

    /// With files where they are for this process.
    fn within(self, folder: &Path) -> Self {
        Self {
            key_file: folder.join(self.key_file),
            hba_file: folder.join(self.hba_file),
            ident_file: folder.join(self.ident_file),
            tls: self.tls.map(|files| files.within(folder)),
        }
    }

    /// Where the rules of logins are.
    pub fn login_files(&self) -> login::Files {
        login::Files { rules: self.hba_file.clone(), maps: self.ident_file.clone() }
    }
}

/// An open data folder.
pub struct Folder {
    /// What exists.
    pub catalog: Arc<Catalog>,
    /// What seals secrets.
    pub keyring: Keyring,
    /// What its `medley.toml` says.
    pub config: Config,
}

impl Folder {
    /// Opens a folder. Without its key everything works but what needs a secret, and a warning
    /// says so.
    pub fn open(path: &Path, key_file: Option<&Path>) -> anyhow::Result<Self> {
        let config = read_config(path)?.within(path);
        let catalog = Catalog::open(path)?;
        let master = load_key(key_file.unwrap_or(&config.key_file))?;
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

/// Writes what `init` decided; when this returns, it is on disk. What makes the folder one is
/// written last.
pub fn write_config(folder: &Path, auth: Auth, key_file: &Path) -> anyhow::Result<()> {
    let relative = key_file.strip_prefix(folder).unwrap_or(key_file);
    let config = toml::to_string(&Config::new(relative.to_owned()))?;
    write(folder, HBA_FILE, &login::default_rules(auth))?;
    write(folder, IDENT_FILE, login::default_ident())?;
    write(folder, CONFIG_FILE, &format!("# Made by \"medley init\".\n{config}"))
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let file = folder.join(name);
    let write = || -> io::Result<()> {
        let mut new = File::create(&file)?;
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("could not write {}", file.display()))
}
