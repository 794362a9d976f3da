//! The master key that is to take another's place on a server that serves: `next_key_file` in
//! `medley.toml`, which becomes its `key_file`.
use std::path::PathBuf;

use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_secret::MasterKey;
use medley_session::MasterKeys;

use crate::folder;

/// A data folder's.
pub struct FolderKeys(pub PathBuf);

impl MasterKeys for FolderKeys {
    fn folder(&self) -> String {
        self.0.display().to_string()
    }

    fn next(&self) -> Result<MasterKey, Report> {
        let file = folder::next_key_file(&self.0).map_err(|error| refused(&error))?;
        let missing = "medley.toml says no next_key_file";
        let file =
            file.ok_or_else(|| Report::error(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, missing))?;
        MasterKey::load(&file).map_err(|error| error.report())
    }

    fn arrived(&self) -> Result<(), Report> {
        let file = folder::next_key_file(&self.0).map_err(|error| refused(&error))?;
        let named = file.map(|file| folder::set_key_file(&self.0, &file)).transpose();
        named.map(drop).map_err(|error| refused(&error))
    }
}

fn refused(error: &anyhow::Error) -> Report {
    Report::error(SqlState::CONFIG_FILE_ERROR, format!("{error:#}"))
}
