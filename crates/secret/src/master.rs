use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Error, Result};

const FILE_HEADER: &str = "medley-master-key v1";

/// A short name of a key that says nothing about it.
#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KeyId([u8; 8]);

impl KeyId {
    pub(crate) const fn of_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key that wraps the data keys. It never leaves this crate.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A new one.
    pub fn generate() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// Makes a key file that only its owner can read; it must not exist yet.
    pub fn create(path: &Path) -> Result<Self> {
        let key = Self::generate();
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(*key.0));
        let write = || -> io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            writeln!(file, "{FILE_HEADER}\n{}", *encoded)?;
            file.sync_all()?;
            // Its name must last as long as what it seals.
            File::open(path.parent().filter(|it| *it != Path::new("")).unwrap_or(Path::new(".")))?
                .sync_all()
        };
        write().map_err(|source| Error::KeyFile { path: path.to_owned(), source })?;
        Ok(key)
    }

    /// Reads a key file; one that others than its owner may access is refused.
    pub fn load(path: &Path) -> Result<Self> {
        let io = |source| Error::KeyFile { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(io)?;
        if metadata.mode() & 0o077 != 0 {
            return Err(Error::KeyFilePermissions(path.to_owned()));
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
        Self::parse(&text).ok_or_else(|| Error::KeyFileFormat(path.to_owned()))
    }

    /// Whether a text holds a master key as key files do, by its first line.
    pub fn is_in(text: &str) -> bool {
        text.contains(FILE_HEADER)
    }

    /// A key's text: the header, any blanks, and the key in base64.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let encoded = text.trim_start().strip_prefix(FILE_HEADER)?.trim();
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(encoded).ok()?);
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(&bytes);
        Some(Self(key))
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        let mut digest = Sha256::new();
        digest.update(b"medley master key id");
        digest.update(*self.0);
        let digest = digest.finalize();
        KeyId(digest[..8].try_into().expect("a SHA-256 digest has 32 bytes"))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}
