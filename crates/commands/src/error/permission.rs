use medley_diagnostic::{Diagnostic, SqlState};

/// It is not for this role to do, and who may is said apart. What is only for an owner or for
/// the holder of a privilege is refused by the catalog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PermissionError {
    /// `permission denied to create role`.
    #[error("permission denied to {what}")]
    Refused {
        /// What was to be done.
        what: String,
        /// Who may, as a detail.
        detail: Option<String>,
        /// Who may, as a hint.
        hint: Option<&'static str>,
    },
    /// A relation of the system.
    #[error("permission denied: \"{0}\" is a system catalog")]
    SystemCatalog(String),
    /// The same, where nothing says what was to be done.
    #[error("permission denied")]
    Unnamed {
        /// Who may.
        detail: String,
    },
}

impl PermissionError {
    /// With a detail.
    pub(crate) fn detailed(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), detail: Some(detail.into()), hint: None }
    }

    /// With a hint.
    pub(crate) fn hinted(what: impl Into<String>, hint: &'static str) -> Self {
        Self::Refused { what: what.into(), detail: None, hint: Some(hint) }
    }
}

impl Diagnostic for PermissionError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Refused { .. } | Self::Unnamed { .. } | Self::SystemCatalog(_) => {
                SqlState::INSUFFICIENT_PRIVILEGE
            }
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Refused { detail, .. } => detail.clone(),
            Self::Unnamed { detail } => Some(detail.clone()),
            Self::SystemCatalog(_) => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { hint, .. } => hint.map(str::to_owned),
            Self::Unnamed { .. } | Self::SystemCatalog(_) => None,
        }
    }
}
