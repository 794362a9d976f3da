//! The number of the last acknowledged commit, beside the store.
//!
//! redb, finding its last commit damaged, goes back to the one before, for it may have been cut
//! off by a crash. This file tells the two apart: it is written after a commit is on disk, and
//! before anybody is told of it. It need not be synced: if it is behind, nothing is missed that
//! is there.
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// The file in the data folder.
const LAST_COMMIT_FILE: &str = "catalog.last";

/// The number, and its complement, which a damaged file does not have.
type Bytes = [u8; 16];

pub(super) struct LastCommit(File);

impl LastCommit {
    /// Opens the file, and reads the number if it has one.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Option<u64>)> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(LAST_COMMIT_FILE))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok((Self(file), Bytes::try_from(bytes).ok().and_then(decode)))
    }

    /// Removes the number of a store that is no more.
    pub(super) fn forget(folder: &Path) -> io::Result<()> {
        match fs::remove_file(folder.join(LAST_COMMIT_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn write(&self, version: u64) -> io::Result<()> {
        self.0.write_all_at(&encode(version), 0)
    }
}

impl Drop for LastCommit {
    fn drop(&mut self) {
        if let Err(error) = self.0.sync_all() {
            tracing::warn!(%error, file = LAST_COMMIT_FILE, "sync failed");
        }
    }
}

fn encode(version: u64) -> Bytes {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&version.to_be_bytes());
    bytes[8..].copy_from_slice(&(!version).to_be_bytes());
    bytes
}

fn decode(bytes: Bytes) -> Option<u64> {
    let both = u128::from_be_bytes(bytes);
    let (version, complement) = ((both >> 64) as u64, both as u64);
    (version == !complement).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_number_is_none() {
        assert_eq!(decode(encode(7)), Some(7));
        for index in 0..16 {
            let mut bytes = encode(7);
            bytes[index] ^= 4;
            assert_eq!(decode(bytes), None);
        }
    }
}
