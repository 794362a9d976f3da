//! `json` and `jsonb`, as far as Medley itself reads them.
use crate::error::{Error, Result};

/// Checks that the text is JSON.
pub(super) fn check(_text: &str) -> Result<()> {
    Err(Error::Unsupported("json input".to_owned()))
}

/// The text that `jsonb` prints for it.
pub(super) fn normalise(_text: &str) -> Result<String> {
    Err(Error::Unsupported("jsonb input".to_owned()))
}
