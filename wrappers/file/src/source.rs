//! Where bytes come from.
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use medley_fdw::{Dialer, Error, Report, Result, SqlState};

use crate::local;
use crate::options::Compression;

/// Bytes, and what is known of the rows in them besides.
pub(crate) struct Source {
    pub input: Input,
    /// What the path says of each of the table's columns.
    pub partitions: Vec<Option<Option<String>>>,
}

/// A file or a program.
pub(crate) enum Input {
    File { dialer: Arc<dyn Dialer>, path: PathBuf, compression: Compression },
    Program(String),
}

/// An input that is open; at its end a program is asked how it ended.
pub(crate) struct Opened {
    bytes: Box<dyn Read + Send>,
    child: Option<(Child, String)>,
}

impl Input {
    pub fn file(dialer: Arc<dyn Dialer>, path: PathBuf, compression: Compression) -> Self {
        Self::File { dialer, path, compression }
    }

    pub fn program(command: &str) -> Self {
        Self::Program(command.to_owned())
    }

    pub fn open(&self) -> Result<Opened> {
        match self {
            Self::File { dialer, path, compression } => {
                let file = local::open(dialer.as_ref(), path)?;
                let failed = |error: io::Error| local::cannot_open(path, &error);
                let bytes: Box<dyn Read + Send> = match compression {
                    Compression::None => Box::new(file),
                    Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(file)),
                    Compression::Zstd => {
                        Box::new(zstd::stream::read::Decoder::new(file).map_err(failed)?)
                    }
                };
                Ok(Opened { bytes, child: None })
            }
            Self::Program(command) => run(command),
        }
    }
}

fn run(command: &str) -> Result<Opened> {
    let failed = |error: io::Error| {
        let message = format!("could not execute command \"{command}\": {error}");
        Error::refused(Report::error(SqlState::IO_ERROR, message))
    };
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let output = child.stdout.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
    Ok(Opened { bytes: Box::new(output), child: Some((child, command.to_owned())) })
}

impl Opened {
    /// Reads more; nothing at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.bytes.read(buffer).map_err(|error| {
            let message = format!("could not read from COPY file: {error}");
            Error::refused(Report::error(SqlState::IO_ERROR, message))
        })
    }

    /// After the last byte.
    pub fn finish(mut self) -> Result<()> {
        let Some((mut child, command)) = self.child.take() else { return Ok(()) };
        let ended = child.wait();
        let detail = match ended.map(|status| (status.success(), status)) {
            Ok((true, _)) => return Ok(()),
            Ok((false, status)) => ending(status),
            Err(error) => error.to_string(),
        };
        let message = format!("program \"{command}\" failed");
        let report = Report::error(SqlState::EXTERNAL_ROUTINE_EXCEPTION, message);
        Err(Error::refused(report.with_detail(detail)))
    }
}

fn ending(status: std::process::ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(127), _) => "command not found".to_owned(),
        (Some(126), _) => "command not executable".to_owned(),
        (Some(code), _) => format!("child process exited with exit code {code}"),
        (None, Some(signal)) => format!("child process was terminated by signal {signal}"),
        (None, None) => "child process exited".to_owned(),
    }
}

impl Drop for Opened {
    /// Nobody reads on: a program that still writes is ended.
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
