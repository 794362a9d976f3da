//! The files by which the server proves who it is.
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use medley_wire::{Tls, TlsFiles};
use serde::{Deserialize, Serialize};

/// Where they are; PEM all of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The server's certificate, followed by those between it and its authority.
    pub certificate_file: PathBuf,
    /// Its key, which nobody else may read.
    pub key_file: PathBuf,
    /// The authorities that may have signed clients' certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ca_file: Option<PathBuf>,
}

impl Files {
    /// With paths that are relative to this folder.
    pub fn within(self, folder: &Path) -> Self {
        Self {
            certificate_file: folder.join(self.certificate_file),
            key_file: folder.join(self.key_file),
            client_ca_file: self.client_ca_file.map(|file| folder.join(file)),
        }
    }

    /// Reads them.
    pub fn load(&self) -> anyhow::Result<Tls> {
        check_key_file(&self.key_file)?;
        let certificates = read(&self.certificate_file)?;
        let key = zeroize::Zeroizing::new(read(&self.key_file)?);
        let authorities = self.client_ca_file.as_deref().map(read).transpose()?;
        let files = TlsFiles {
            certificates: &certificates,
            key: &key,
            client_authorities: authorities.as_deref(),
        };
        Tls::new(&files).with_context(|| {
            format!("in {} or {}", self.certificate_file.display(), self.key_file.display())
        })
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("could not read {}", path.display()))
}

/// As PostgreSQL: the owner's alone, or root's and readable by our group.
fn check_key_file(path: &Path) -> anyhow::Result<()> {
    let file = fs::metadata(path).with_context(|| format!("could not read {}", path.display()))?;
    let open_to = if file.uid() == 0 { 0o027 } else { 0o077 };
    if file.mode() & open_to != 0 {
        bail!(
            "private key file \"{}\" has group or world access\n\
             let its owner alone read it: chmod 600 {0}",
            path.display()
        );
    }
    Ok(())
}
