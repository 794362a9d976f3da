//! `medley init`: a new data folder.
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use medley_catalog::{Bootstrap, Catalog};
use medley_fdw::Registry;
use medley_secret::{Keyring, MasterKey, Secret, Verifier};

use crate::cli::{self, Auth};
use crate::folder;
use crate::print::{print, say};

const PASSWORD_VARIABLE: &str = "MEDLEY_PASSWORD";

/// Runs `medley init`.
pub fn run(init: &cli::Init, registry: &Registry) -> anyhow::Result<()> {
    check_name(&init.superuser)?;
    check_empty(&init.data)?;
    let password = match init.auth {
        Auth::ScramSha256 => Some(ask_password(&init.superuser)?),
        Auth::Trust => given_password(),
    };
    create(init, registry, password)?;
    let data = init.data.display();
    print(&format!(
        "Made {data} with the superuser \"{}\".\nNow start it: medley serve --data {data}\n",
        init.superuser
    ))
}

/// Makes the folder; what it made is taken away again if it does not succeed.
pub fn create(
    init: &cli::Init,
    registry: &Registry,
    password: Option<Secret>,
) -> anyhow::Result<()> {
    let existed = init.data.exists();
    let named = init.use_key.as_deref().or(init.key_file.as_deref());
    let key_file = folder::key_path(&init.data, named)?;
    fs::create_dir_all(&init.data)
        .with_context(|| format!("could not make {}", init.data.display()))?;
    let _claim = claim(&init.data)?;
    let made = make(init, registry, password, &key_file);
    if made.is_err() {
        let undo = if existed { clear(&init.data) } else { fs::remove_dir_all(&init.data) };
        if let Err(error) = undo {
            say(&format!("could not clean up {}: {error}", init.data.display()));
        }
    }
    made
}

/// Keeps others from making the same folder at the same time, and makes sure that nobody did
/// before: what is cleared when something fails is ours.
fn claim(data: &Path) -> anyhow::Result<File> {
    let folder = File::open(data).with_context(|| format!("could not open {}", data.display()))?;
    if folder.try_lock().is_err() {
        bail!("\"{}\" is being made by another process", data.display());
    }
    check_empty(data)?;
    Ok(folder)
}

fn make(
    init: &cli::Init,
    registry: &Registry,
    password: Option<Secret>,
    key_file: &Path,
) -> anyhow::Result<()> {
    fs::set_permissions(&init.data, fs::Permissions::from_mode(0o700))?;
    let master = match &init.use_key {
        Some(existing) => MasterKey::load(existing)?,
        None => MasterKey::create(key_file)?,
    };
    let filled = fill(init, registry, password, key_file, &master);
    if filled.is_err()
        && init.use_key.is_none()
        && let Err(error) = fs::remove_file(key_file)
    {
        say(&format!("could not remove {}: {error}", key_file.display()));
    }
    filled
}

fn fill(
    init: &cli::Init,
    registry: &Registry,
    password: Option<Secret>,
    key_file: &Path,
    master: &MasterKey,
) -> anyhow::Result<()> {
    let bootstrap = Bootstrap {
        superuser: init.superuser.clone(),
        password: password.as_ref().map(Verifier::of_password),
        data_keys: vec![Keyring::new_data_key(master, 1)],
        wrappers: medley_session::new_wrappers(registry),
    };
    Catalog::create(&init.data, bootstrap)?;
    folder::write_config(&init.data, init.auth, key_file)
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let reserved = ["public", "none"].contains(&name) || name.starts_with("pg_");
    if name.is_empty() || name.len() > 63 || reserved {
        bail!("\"{name}\" cannot be the superuser's name");
    }
    Ok(())
}

fn check_empty(path: &Path) -> anyhow::Result<()> {
    match fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => bail!(
                "\"{}\" is not empty\nname a folder that is empty, or that does not exist",
                path.display()
            ),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("could not read {}", path.display())),
    }
}

fn clear(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}

fn given_password() -> Option<Secret> {
    std::env::var(PASSWORD_VARIABLE).ok().filter(|text| !text.is_empty()).map(Secret::new)
}

fn ask_password(superuser: &str) -> anyhow::Result<Secret> {
    if let Some(given) = given_password() {
        return Ok(given);
    }
    if !io::stdin().is_terminal() {
        bail!("no password for \"{superuser}\"\nset {PASSWORD_VARIABLE}, or run on a terminal");
    }
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map(Secret::new);
    let password = ask(&format!("Password for \"{superuser}\": "))?;
    let again = Verifier::of_password(&ask("Again: ")?);
    if password.is_empty() {
        bail!("the password is empty");
    }
    if !again.accepts(&password) {
        bail!("the two passwords are not the same");
    }
    Ok(password)
}
