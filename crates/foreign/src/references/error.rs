use medley_diagnostic::{Diagnostic, SqlState};

/// Why what a reference leads to cannot be had. Nothing here says what was found there.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
    /// The rules forbid it, for everybody.
    #[error("{why}")]
    Refused {
        /// Why.
        why: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// The name of the person must not stand there.
    #[error(transparent)]
    Form(#[from] medley_secret::ReferenceError),
    /// It is not there.
    #[error("{0}")]
    Missing(String),
    /// Vault has nothing at this path.
    #[error("Vault has nothing at \"{0}\"")]
    NotInVault(String),
    /// Whoever keeps it does not give it to this server.
    #[error("{0}")]
    Denied(String),
    /// What is there is no secret that could be used.
    #[error("{0}")]
    Unusable(&'static str),
    /// Whoever keeps it does not answer.
    #[error("{0}")]
    Unavailable(String),
}

impl FetchError {
    /// It may be had later, so that what was had before goes on.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Diagnostic for FetchError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Refused { .. } => SqlState::INSUFFICIENT_PRIVILEGE,
            Self::Form(error) => error.sqlstate(),
            Self::Missing(_) | Self::NotInVault(_) | Self::Unusable(_) => {
                SqlState::FDW_UNABLE_TO_CREATE_EXECUTION
            }
            Self::Denied(_) => SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            Self::Unavailable(_) => SqlState::FDW_UNABLE_TO_ESTABLISH_CONNECTION,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Refused { hint, .. } => *hint,
            Self::Form(error) => return error.hint(),
            Self::Missing(_) => "Put the secret there, or correct the reference.",
            Self::NotInVault(_) => {
                "A path is that of Vault's API: in KV version 2 \"data\" follows the mount, as in \
                 vault:secret/data/app#password."
            }
            Self::Denied(_) => "Let this server's account read it.",
            Self::Unusable(_) => "A secret is text of one value, up to 64 kB.",
            Self::Unavailable(_) => "Try again, or ask whoever runs the place it is kept in.",
        };
        Some(hint.to_owned())
    }
}
