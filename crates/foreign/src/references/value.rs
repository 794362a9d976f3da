//! What a secret may be, wherever it comes from.
use std::collections::HashMap;

use medley_fdw::ours::USER_FIELDS;
use medley_secret::{Kept, MasterKey};
use zeroize::Zeroizing;

use super::FetchError;

/// No secret is longer.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// What one fetch brought.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    /// By their names; what has but one value has it under no name.
    secrets: HashMap<String, Kept>,
    /// The names of remote users among them, which are told to remotes and by them.
    names: HashMap<String, String>,
}

impl Fields {
    /// One value.
    pub(super) fn one(value: Zeroizing<String>) -> Result<Self, FetchError> {
        let mut fields = Self::default();
        fields.add(String::new(), value)?;
        Ok(fields)
    }

    /// One value more.
    pub(super) fn add(&mut self, name: String, value: Zeroizing<String>) -> Result<(), FetchError> {
        // Wherever it is kept, and by whatever mistake: it opens everything.
        if MasterKey::is_in(&value) {
            return Err(FetchError::Refused {
                why: "what is there is a master key",
                hint: "A key of this server is nobody's password.",
            });
        }
        if USER_FIELDS.contains(&name.as_str()) {
            self.names.insert(name.clone(), value.to_string());
        }
        self.secrets.insert(name, Kept::new(value));
        Ok(())
    }

    pub(crate) fn secret(&self, field: Option<&str>) -> Option<&Kept> {
        self.secrets.get(field.unwrap_or_default())
    }

    /// Whether all of it is what was fetched before.
    pub(super) fn are_still(&self, before: &Self) -> bool {
        self.secrets.len() == before.secrets.len()
            && self.secrets.iter().all(|(name, value)| {
                before.secrets.get(name).is_some_and(|before| value.is_still(before))
            })
    }

    pub(crate) fn name(&self, field: Option<&str>) -> Option<&str> {
        self.names.get(field.unwrap_or_default()).map(String::as_str)
    }
}

/// The text of these bytes without the end of their last line.
pub(super) fn line(bytes: &[u8]) -> Result<Zeroizing<String>, FetchError> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    text(bytes.strip_suffix(b"\r").unwrap_or(bytes))
}

/// The text of these bytes.
pub(super) fn text(bytes: &[u8]) -> Result<Zeroizing<String>, FetchError> {
    if bytes.len() > MOST_BYTES {
        return Err(FetchError::Unusable("what is there is too long for a secret"));
    }
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    let text = text.ok_or(FetchError::Unusable("what is there is no text"))?;
    match text.is_empty() {
        true => Err(FetchError::Unusable("there is nothing there")),
        false => Ok(Zeroizing::new(text.to_owned())),
    }
}
