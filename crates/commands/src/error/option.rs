use medley_diagnostic::{Diagnostic, SqlState};

/// Something is wrong with OPTIONS.
#[derive(Debug, thiserror::Error)]
pub enum OptionError {
    /// ADD of what is there.
    #[error("option \"{0}\" provided more than once")]
    Twice(String),
    /// SET or DROP of what is not there.
    #[error("option \"{0}\" not found")]
    NotFound(String),
    /// A name that could not be told from its value.
    #[error("invalid option name \"{0}\": must not contain \"=\"")]
    EqualsSign(String),
    /// The mask that is shown instead of a secret was given as one.
    #[error("invalid value for option \"{0}\"")]
    Mask(String),
    /// Somebody who is no superuser gave a secret as a dump has it.
    #[error("permission denied to set option \"{0}\" to a sealed value")]
    SealedByOthers(String),
    /// A secret that was given as a dump has it cannot be taken.
    #[error("could not take the sealed value of option \"{option}\": {source}")]
    Sealed {
        /// The option.
        option: String,
        /// Why.
        source: medley_secret::Error,
    },
    /// Somebody who is no superuser set a reference beyond what a superuser allowed.
    #[error("permission denied to set option \"{0}\" to this reference")]
    ReferenceByOthers(String),
    /// Somebody who is no superuser said which references others may set.
    #[error("permission denied to set option \"{0}\"")]
    ForSuperusers(String),
    /// The validator refuses.
    #[error(transparent)]
    Refused(#[from] medley_fdw::Error),
    /// The wrapper's validator is of another build.
    #[error("function {0}(text[], oid) does not exist")]
    ValidatorGone(String),
}

impl Diagnostic for OptionError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Twice(_) => SqlState::DUPLICATE_OBJECT,
            Self::NotFound(_) => SqlState::UNDEFINED_OBJECT,
            Self::EqualsSign(_) | Self::Mask(_) => SqlState::INVALID_PARAMETER_VALUE,
            Self::SealedByOthers(_) | Self::ReferenceByOthers(_) | Self::ForSuperusers(_) => {
                SqlState::INSUFFICIENT_PRIVILEGE
            }
            Self::Sealed { source, .. } => source.sqlstate(),
            Self::Refused(error) => error.sqlstate(),
            Self::ValidatorGone(_) => SqlState::UNDEFINED_FUNCTION,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Refused(error) => error.detail(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(error) => error.hint(),
            Self::Sealed { source, .. } => source.hint(),
            Self::SealedByOthers(_) => Some(
                "Only superusers set what \"medley dump --secrets sealed\" printed. What begins \
                 with \"sealed:v1:\" cannot be a password."
                    .into(),
            ),
            Self::ReferenceByOthers(_) => Some(
                "Only superusers set a reference; a server's owner sets one that is within the \
                 prefixes that a superuser gave the server as \"allowed_refs\"."
                    .into(),
            ),
            Self::ForSuperusers(_) => Some("Only superusers set this option.".into()),
            Self::Mask(_) => Some(
                "\"********\" stands for a value that is not shown. Give the value itself.".into(),
            ),
            Self::ValidatorGone(_) => {
                Some("This build does not have the wrapper that the validator belongs to.".into())
            }
            _ => None,
        }
    }
}
