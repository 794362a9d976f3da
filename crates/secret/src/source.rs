//! Where the master key comes from.
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::{Error, MasterKey, Result};

/// The folder in which systemd puts a service's credentials.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// No key's text is longer.
const MOST_BYTES: u64 = 4096;
/// How often a command is looked at.
const PAUSE: Duration = Duration::from_millis(5);

/// Where the master key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file that nobody but its owner may access.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// A credential of the systemd service, by its name.
    Credential(String),
    /// What a program writes to its standard output.
    Command {
        /// The program's path, and its arguments. There is no shell.
        command: Vec<String>,
        /// How long it may take.
        timeout: Duration,
    },
}

impl KeySource {
    /// Reads the key. None where there is none: no such file, variable or credential.
    pub fn load(&self) -> Result<Option<MasterKey>> {
        match self {
            Self::File(path) => none_if_missing(MasterKey::load(path)),
            Self::Variable(name) => self.parse(env::var_os(name).map(text_of)),
            Self::Credential(name) => self.parse(credential(name)?),
            Self::Command { command, timeout } => self.parse(Some(output(command, *timeout)?)),
        }
    }

    fn parse(&self, text: Option<Zeroizing<String>>) -> Result<Option<MasterKey>> {
        let parse = |text| MasterKey::parse(text).ok_or_else(|| Error::KeyFormat(self.clone()));
        text.as_deref().map(|text| parse(text)).transpose()
    }
}

impl std::fmt::Display for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "key file \"{}\"", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Credential(name) => write!(f, "systemd credential \"{name}\""),
            // Arguments may hold what is nobody's business.
            Self::Command { command, .. } => {
                write!(f, "key command \"{}\"", command.first().map_or("", String::as_str))
            }
        }
    }
}

fn text_of(value: OsString) -> Zeroizing<String> {
    Zeroizing::new(value.into_string().unwrap_or_default())
}

fn none_if_missing(loaded: Result<MasterKey>) -> Result<Option<MasterKey>> {
    match loaded {
        Err(Error::KeyFile { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        loaded => loaded.map(Some),
    }
}

/// systemd itself keeps others away from the folder.
fn credential(name: &str) -> Result<Option<Zeroizing<String>>> {
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(Error::CredentialName(name.to_owned()));
    }
    let Some(folder) = env::var_os(CREDENTIALS_DIRECTORY) else { return Ok(None) };
    let path = Path::new(&folder).join(name);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::KeyFile { path, source }),
    }
}

/// What a command prints. It gets no input, and what it says to standard error is ours.
fn output(command: &[String], timeout: Duration) -> Result<Zeroizing<String>> {
    let failed = |why: String| Error::KeyCommand {
        program: command.first().cloned().unwrap_or_default(),
        why,
    };
    let [program, arguments @ ..] = command else { return Err(failed("it is empty".into())) };
    if !Path::new(program).is_absolute() {
        return Err(failed("its path is not absolute".into()));
    }
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let printed = child.stdout.take().map(|stdout| {
        thread::spawn(move || {
            let mut text = Zeroizing::new(String::with_capacity(MOST_BYTES as usize));
            stdout.take(MOST_BYTES).read_to_string(&mut text).map(|_| text)
        })
    });
    wait(&mut child, timeout).map_err(failed)?;
    let printed = printed.and_then(|printed| printed.join().ok());
    match printed {
        Some(Ok(text)) => Ok(text),
        _ => Err(failed("what it prints is no text".into())),
    }
}

fn wait(child: &mut Child, timeout: Duration) -> Result<(), String> {
    let deadline = Instant::now() + timeout;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("it ended with {status}")),
            Ok(None) if Instant::now() < deadline => thread::sleep(PAUSE),
            Ok(None) => {
                // Ended or not, it is not waited for any longer.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it took longer than {} s", timeout.as_secs_f32()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn command(script: &str, timeout: Duration) -> KeySource {
        let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        KeySource::Command { command, timeout }
    }

    #[test]
    fn a_file_is_read_if_it_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let source = KeySource::File(path.clone());
        assert!(source.load().unwrap().is_none());
        let key = MasterKey::create(&path).unwrap();
        assert_eq!(source.load().unwrap().unwrap().id(), key.id());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(source.load(), Err(Error::KeyFilePermissions(_))));
    }

    #[test]
    fn a_command_has_no_shell_and_not_all_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = MasterKey::create(&path).unwrap();
        let cat = vec!["/bin/cat".to_owned(), path.display().to_string()];
        let long = Duration::from_secs(20);
        let source = KeySource::Command { command: cat, timeout: long };
        assert_eq!(source.load().unwrap().unwrap().id(), key.id());
        let why = |source: KeySource| source.load().unwrap_err().to_string();
        assert!(why(command("exit 3", long)).ends_with("exit status: 3"));
        assert!(why(command("echo no key", long)).contains("is not a Medley key"));
        let began = Instant::now();
        let slow = why(command("exec sleep 60", Duration::from_millis(50)));
        assert!(slow.ends_with("it took longer than 0.05 s"), "{slow}");
        assert!(began.elapsed() < long);
        let relative = KeySource::Command { command: vec!["cat".to_owned()], timeout: long };
        assert!(why(relative).ends_with("its path is not absolute"));
    }

    #[test]
    fn a_credential_is_no_path() {
        for name in ["", "../key", "a/b", ".key"] {
            let source = KeySource::Credential(name.to_owned());
            assert!(matches!(source.load(), Err(Error::CredentialName(_))), "{name}");
        }
    }
}
