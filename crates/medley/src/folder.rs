//! The data folder: what is in it, and how it is opened.
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use medley_catalog::Catalog;
use medley_foreign::ReferenceRules;
use medley_secret::{KeySource, Keyring, MasterKey, WrappedKey};
use serde::{Deserialize, Serialize};

use crate::audit;
use crate::cli::Auth;
use crate::connections;
use crate::login;
use crate::memory;
use crate::references::References;
use crate::tls;

const CONFIG_FILE: &str = "medley.toml";
/// How long a key command may take.
const KEY_COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
const KEY_FILE: &str = "master.key";
const HBA_FILE: &str = "pg_hba.conf";
const IDENT_FILE: &str = "pg_ident.conf";

/// What the folder's `medley.toml` says. Files are relative to the folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the master key is: one of these four says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The variable of the environment that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_variable: Option<String>,
    /// The credential that systemd gives the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_credential: Option<String>,
    /// The program that prints it, and its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_command: Option<Vec<String>>,
    /// How long that may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_command_timeout: Option<u32>,
    /// The file of the key that is to take its place, see `medley key rotate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_key_file: Option<PathBuf>,
    /// Who may log in, and how they prove who they are.
    #[serde(default = "hba_file")]
    pub hba_file: PathBuf,
    /// Which roles accounts outside may be.
    #[serde(default = "ident_file")]
    pub ident_file: PathBuf,
    /// How the server proves who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<tls::Files>,
    /// How many connections to remotes there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<connections::Config>,
    /// How much memory queries may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<memory::Config>,
    /// Whose servers may lead to this machine itself and to what stands beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_addresses: Option<LocalAddresses>,
    /// Where it is written down who did what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<audit::Config>,
    /// Whose tokens let people in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oauth: Vec<login::OAuth>,
    /// Where references to secrets may lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<References>,
    /// What foreign tables of this machine's files may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Files>,
}

/// What foreign tables of this machine's files may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Run programs for their output.
    #[serde(default)]
    pub programs: bool,
}

/// Whose servers may be at loopback, link-local and metadata addresses, or behind local sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LocalAddresses {
    /// Everybody's.
    Anyone,
    /// Those that a superuser owns.
    Superusers,
}

fn hba_file() -> PathBuf {
    HBA_FILE.into()
}

fn ident_file() -> PathBuf {
    IDENT_FILE.into()
}

impl Config {
    fn new(key_file: PathBuf) -> Self {
        Self {
            key_file: Some(key_file),
            key_variable: None,
            key_credential: None,
            key_command: None,
            key_command_timeout: None,
            next_key_file: None,
            hba_file: hba_file(),
            ident_file: ident_file(),
            tls: None,
            connections: None,
            memory: None,
            local_addresses: None,
            audit: None,
            oauth: Vec::new(),
            references: None,
            files: None,
        }
    }

    /// With files where they are for this process.
    fn within(self, folder: &Path) -> Self {
        Self {
            key_file: self.key_file.map(|file| folder.join(file)),
            next_key_file: self.next_key_file.map(|file| folder.join(file)),
            hba_file: folder.join(self.hba_file),
            ident_file: folder.join(self.ident_file),
            tls: self.tls.map(|files| files.within(folder)),
            audit: self.audit.map(|audit| audit.within(folder)),
            oauth: self.oauth.into_iter().map(|config| config.within(folder)).collect(),
            ..self
        }
    }

    /// Where the master key comes from.
    fn key_source(&self) -> anyhow::Result<KeySource> {
        let timeout = self
            .key_command_timeout
            .map_or(KEY_COMMAND_TIMEOUT, |seconds| Duration::from_secs(u64::from(seconds)));
        let command =
            |command: &Vec<String>| KeySource::Command { command: command.clone(), timeout };
        let named = [
            self.key_file.clone().map(KeySource::File),
            self.key_variable.clone().map(KeySource::Variable),
            self.key_credential.clone().map(KeySource::Credential),
            self.key_command.as_ref().map(command),
        ];
        let mut named = named.into_iter().flatten();
        match (named.next(), named.next()) {
            (Some(source), None) => Ok(source),
            _ => bail!(
                "where is the master key?\n{CONFIG_FILE} must say one of key_file, key_variable, \
                 key_credential and key_command"
            ),
        }
    }

    /// Where references may lead: not to what the server proves itself with.
    fn reference_rules(&self, data: &Path, key: &KeySource) -> anyhow::Result<ReferenceRules> {
        let file = |file: &PathBuf| KeySource::File(file.clone());
        let configured = self.key_source().ok();
        let tls = self.tls.as_ref().map(|files| file(&files.key_file));
        let own: Vec<_> =
            [Some(key), configured.as_ref(), tls.as_ref()].into_iter().flatten().collect();
        let references = self.references.clone().unwrap_or_default();
        let rules = references.rules(&std::path::absolute(data)?, &own);
        let rules = rules.map(|rules| ReferenceRules {
            runs_programs: self.files.is_some_and(|files| files.programs),
            ..rules
        });
        rules.with_context(|| format!("in {}", data.join(CONFIG_FILE).display()))
    }

    /// Whether only servers of superusers lead to this machine itself.
    pub fn keeps_from_local(&self) -> bool {
        self.local_addresses == Some(LocalAddresses::Superusers)
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
    /// Where references to secrets may lead.
    pub references: ReferenceRules,
    /// Where the master key was when it was opened.
    pub key_source: KeySource,
}

/// What `medley.toml` says now, for a server that runs; and where references may lead by it.
pub fn read_again(path: &Path, key: &KeySource) -> anyhow::Result<(Config, ReferenceRules)> {
    let config = read_config(path)?.within(path);
    let rules = config.reference_rules(path, key)?;
    Ok((config, rules))
}

impl Folder {
    /// Opens a folder. Without its key everything works but what needs a secret, and a warning
    /// says so.
    pub fn open(path: &Path, key_file: Option<&Path>) -> anyhow::Result<Self> {
        let config = read_config(path)?.within(path);
        let catalog = Catalog::open(path)?;
        let source = match key_file {
            Some(path) => KeySource::File(path.to_owned()),
            None => config.key_source()?,
        };
        let references = config.reference_rules(path, &source)?;
        let master = load_key(&source)?;
        let data_keys = catalog.data_keys();
        let mut keyring = Keyring::open(master.as_ref(), &data_keys);
        if let Some(arrived) = arrived(path, &config, &keyring, &data_keys)? {
            keyring = arrived;
        }
        if let (Some(given), Some(needed)) = (keyring.master(), data_keys.last())
            && !keyring.can_open(needed)
        {
            let needed = needed.master;
            tracing::warn!(%source, %given, %needed, "another master key is needed: secrets cannot be used");
        }
        Ok(Self { catalog, keyring, config, references, key_source: source })
    }
}

/// The keyring by the key that is to come next, where it has come already: a server that replaced
/// its key was interrupted before `medley.toml` said so.
fn arrived(
    path: &Path,
    config: &Config,
    keyring: &Keyring,
    data_keys: &[WrappedKey],
) -> anyhow::Result<Option<Keyring>> {
    let opens = |keyring: &Keyring| data_keys.last().is_some_and(|key| keyring.can_open(key));
    let Some(file) = config.next_key_file.as_ref().filter(|_| !opens(keyring)) else {
        return Ok(None);
    };
    let next = Keyring::open(load_key(&KeySource::File(file.clone()))?.as_ref(), data_keys);
    if !opens(&next) {
        return Ok(None);
    }
    set_key_file(path, file)?;
    Ok(Some(next))
}

/// Without its key a server runs, and uses no secrets; what is there and must not be used is an
/// error.
fn load_key(source: &KeySource) -> anyhow::Result<Option<MasterKey>> {
    match source.load() {
        Ok(None) => {
            tracing::warn!(%source, "no master key: secrets cannot be used");
            Ok(None)
        }
        Err(error @ medley_secret::Error::KeyCommand { .. }) => {
            tracing::warn!(%error, "no master key: secrets cannot be used");
            Ok(None)
        }
        loaded => Ok(loaded?),
    }
}

/// The file of the master key that is to come next, as the folder's `medley.toml` says now.
pub fn next_key_file(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    Ok(read_config(folder)?.within(folder).next_key_file)
}

/// Has the folder's `medley.toml` name this file for the master key that is to come next.
pub fn set_next_key_file(folder: &Path, key_file: &Path) -> anyhow::Result<()> {
    name_key_file(folder, "next_key_file", key_file)
}

/// Has the folder's `medley.toml` name this file for the master key; the rest of it stays as it is.
pub fn set_key_file(folder: &Path, key_file: &Path) -> anyhow::Result<()> {
    name_key_file(folder, "key_file", key_file)
}

fn name_key_file(folder: &Path, setting: &str, key_file: &Path) -> anyhow::Result<()> {
    let file = folder.join(CONFIG_FILE);
    let text =
        fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
    let is_next = |line: &str| line.trim_start().starts_with("next_key_file");
    let is_kept = |line: &&str| {
        let is_key = line.trim_start().starts_with("key_");
        !(is_next(line) || is_key && setting == "key_file")
    };
    let relative = key_file.strip_prefix(folder).unwrap_or(key_file);
    let named = toml::Value::String(relative.display().to_string());
    let kept: Vec<_> = text.lines().filter(is_kept).collect();
    let (comments, settings): (Vec<_>, Vec<_>) = (
        kept.iter().take_while(|line| line.starts_with('#')).collect(),
        kept.iter().skip_while(|line| line.starts_with('#')).collect(),
    );
    let mut new: Vec<String> = comments.into_iter().map(|line| (*line).to_owned()).collect();
    new.push(format!("{setting} = {named}"));
    new.extend(settings.into_iter().map(|line| (*line).to_owned()));
    let text = new.join("\n") + "\n";
    toml::from_str::<Config>(&text).with_context(|| format!("in the new {}", file.display()))?;
    let unfinished = format!("{CONFIG_FILE}.new");
    write(folder, &unfinished, &text)?;
    fs::rename(folder.join(&unfinished), &file)
        .and_then(|()| File::open(folder)?.sync_all())
        .with_context(|| format!("could not write {}", file.display()))
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
