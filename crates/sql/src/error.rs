use medley_diagnostic::{Diagnostic, SqlState};

use crate::mask::MASKED;

/// What is wrong with a text. Positions are characters from 1, of the whole text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// A token that cannot stand where it stands.
    #[error("syntax error at or near \"{token}\"")]
    AtToken {
        /// As written.
        token: String,
        /// Where.
        position: usize,
    },
    /// The text ends too soon.
    #[error("syntax error at end of input")]
    AtEnd {
        /// Behind the last character.
        position: usize,
    },
    /// The grammar or the scanner says more than that: `unterminated quoted string` say.
    #[error("{message} at or near \"{token}\"")]
    Near {
        /// What it says.
        message: &'static str,
        /// As written.
        token: String,
        /// Where.
        position: usize,
        /// What it is.
        sqlstate: SqlState,
        /// More about it.
        detail: Option<&'static str>,
        /// What to do about it.
        hint: Option<&'static str>,
    },
    /// An option was given twice, or with its contrary.
    #[error("conflicting or redundant options")]
    ConflictingOptions {
        /// Of the second one.
        position: usize,
    },
    /// A role's name that is no role's.
    #[error("role name \"{name}\" is reserved")]
    ReservedRole {
        /// `none` or `public`.
        name: String,
        /// Where.
        position: usize,
    },
    /// CURRENT_USER and the like where only a name will do.
    #[error("{keyword} cannot be used as a role name here")]
    SpecialRole {
        /// In capitals.
        keyword: &'static str,
        /// Where.
        position: usize,
    },
    /// Anything else that the grammar refuses, in its own words.
    #[error("{message}")]
    Refused {
        /// The whole message.
        message: String,
        /// Where, if that is known.
        position: Option<usize>,
        /// What it is.
        sqlstate: SqlState,
        /// What to do about it.
        hint: Option<&'static str>,
    },
    /// Deeper, or longer in one chain, than the server's stack allows.
    #[error("stack depth limit exceeded")]
    TooDeep,
}

impl SyntaxError {
    /// The same without the words of the text: where it points, there may be a secret.
    pub(crate) fn concealed(mut self) -> Self {
        match &mut self {
            Self::AtToken { token, .. } | Self::Near { token, .. } if token != "\"\"" => {
                MASKED.clone_into(token);
            }
            Self::Refused { message, position: Some(position), .. } if message.contains('"') => {
                return Self::AtToken { token: MASKED.to_owned(), position: *position };
            }
            _ => {}
        }
        self
    }
}

impl Diagnostic for SyntaxError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::AtToken { .. } | Self::AtEnd { .. } | Self::ConflictingOptions { .. } => {
                SqlState::SYNTAX_ERROR
            }
            Self::Near { sqlstate, .. } | Self::Refused { sqlstate, .. } => *sqlstate,
            Self::ReservedRole { .. } | Self::SpecialRole { .. } => SqlState::RESERVED_NAME,
            Self::TooDeep => SqlState::STATEMENT_TOO_COMPLEX,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Near { detail, .. } => detail.map(str::to_owned),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Near { hint, .. } | Self::Refused { hint, .. } => hint.map(str::to_owned),
            _ => None,
        }
    }

    fn position(&self) -> Option<usize> {
        match self {
            Self::AtToken { position, .. }
            | Self::AtEnd { position }
            | Self::Near { position, .. }
            | Self::ConflictingOptions { position }
            | Self::ReservedRole { position, .. }
            | Self::SpecialRole { position, .. } => Some(*position),
            Self::Refused { position, .. } => *position,
            Self::TooDeep => None,
        }
    }
}
