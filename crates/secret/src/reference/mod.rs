//! References to secrets that are kept elsewhere: what one may look like, whom it serves, and what
//! it comes to for one person. A reference is no secret, and is kept and shown as text.
mod source;
mod template;

use std::fmt;

pub use source::Source;
pub use template::{Template, Who};

use medley_diagnostic::{Diagnostic, SqlState};

/// No reference is longer.
const MOST_BYTES: usize = 1024;

/// Where a secret is kept instead of here: `env:NAME`, `file:/path`, `exec:name` or
/// `vault:path#field`. `{role}` and `{session_user}` in it stand for whoever uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    text: String,
    scheme: Scheme,
    /// A name or a path.
    place: Template,
    /// Of Vault's answer.
    field: Option<String>,
}

/// The kinds of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// A variable of the server's environment.
    Env,
    /// A file, but for the end of its last line.
    File,
    /// What a command prints that the configuration names.
    Exec,
    /// A field of what Vault answers.
    Vault,
}

/// What is wrong with a reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// It is none. Somebody may have written the secret itself, so that it is not said again.
    #[error("not a reference")]
    Malformed,
    /// A path in it could lead elsewhere than it says.
    #[error("invalid reference \"{0}\": a path has no empty, \".\" or \"..\" part")]
    Path(String),
    /// Something else in braces.
    #[error("not a template")]
    Template,
    /// Somebody's name must not stand in a file's name, a variable's or a command's.
    #[error("role name \"{role}\" cannot be used in reference \"{reference}\"")]
    RoleName {
        /// Whose.
        role: String,
        /// In what.
        reference: String,
    },
}

impl Diagnostic for ReferenceError {
    fn sqlstate(&self) -> SqlState {
        match self {
            Self::Malformed | Self::Path(_) | Self::Template => SqlState::INVALID_PARAMETER_VALUE,
            Self::RoleName { .. } => SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Malformed => {
                "A reference is env:NAME, file:/path, exec:name or vault:path#field."
            }
            Self::Path(_) => return None,
            Self::Template => "Templates are {role} and {session_user}.",
            Self::RoleName { .. } => {
                "Only letters, digits, \"_\" and \"-\" are taken from a role's name; give the role \
                 a user mapping of its own."
            }
        };
        Some(hint.to_owned())
    }
}

impl Scheme {
    const ALL: [Self; 4] = [Self::Env, Self::File, Self::Exec, Self::Vault];

    /// As it is written before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::File => "file",
            Self::Exec => "exec",
            Self::Vault => "vault",
        }
    }
}

impl Reference {
    /// Reads a reference, without looking at what it refers to.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let malformed = || ReferenceError::Malformed;
        if text.len() > MOST_BYTES || text.chars().any(char::is_control) {
            return Err(malformed());
        }
        let (scheme, rest) = text.split_once(':').ok_or_else(malformed)?;
        let scheme =
            Scheme::ALL.into_iter().find(|it| it.as_str() == scheme).ok_or_else(malformed)?;
        let (place, field) = match scheme {
            Scheme::Vault => {
                let (path, field) = rest.split_once('#').ok_or_else(malformed)?;
                (path, Some(field))
            }
            _ => (rest, None),
        };
        let is_good = match scheme {
            Scheme::Env => is_variable(place),
            Scheme::Exec => is_word(place),
            Scheme::File => place.starts_with('/'),
            Scheme::Vault => field.is_some_and(is_field) && !place.starts_with('/'),
        };
        if !is_good {
            return Err(malformed());
        }
        let is_path = matches!(scheme, Scheme::File | Scheme::Vault);
        if is_path && !is_plain_path(place.strip_prefix('/').unwrap_or(place)) {
            return Err(ReferenceError::Path(text.to_owned()));
        }
        let place = Template::parse(place)?;
        Ok(Self { text: text.to_owned(), scheme, place, field: field.map(str::to_owned) })
    }

    /// What kind of place it is.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The field of Vault's answer.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Whose names stand in it.
    pub fn uses(&self) -> Who<bool> {
        self.place.uses()
    }

    /// Whether it is this prefix, or within it: in the folder it names, or, where it ends in `:`,
    /// `/`, `_` or `-`, anything that begins so.
    pub fn is_under(&self, prefix: &str) -> bool {
        let Some(rest) = self.text.strip_prefix(prefix) else { return false };
        let path = matches!(self.scheme, Scheme::File | Scheme::Vault);
        rest.is_empty()
            || prefix.ends_with([':', '/'])
            || (path && rest.starts_with(['/', '#']))
            || (!path && prefix.ends_with(['_', '-']))
    }

    /// Whether it is within one of the prefixes that a list, with blanks between them, names.
    pub fn is_allowed(&self, prefixes: &str) -> bool {
        prefixes.split_whitespace().any(|prefix| self.is_under(prefix))
    }

    /// What it comes to for one person.
    pub fn source(&self, who: Who<&str>) -> Result<Source, ReferenceError> {
        let fits = |role: &str| match is_plain_name(role) {
            true => Ok(role.to_owned()),
            false => Err(ReferenceError::RoleName {
                role: role.to_owned(),
                reference: self.text.clone(),
            }),
        };
        Ok(match self.scheme {
            Scheme::Env => Source::Variable(self.place.fill(who, fits)?),
            Scheme::File => Source::File(self.place.fill(who, fits)?.into()),
            Scheme::Exec => Source::Command(self.place.fill(who, fits)?),
            Scheme::Vault => Source::Vault(self.place.fill(who, |role| Ok(source::escaped(role)))?),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a prefix of references is one, for who attaches it to a server: no path in it may lead
/// elsewhere than it says.
pub fn is_prefix(prefix: &str) -> bool {
    let Some((scheme, rest)) = prefix.split_once(':') else { return false };
    let Some(scheme) = Scheme::ALL.into_iter().find(|it| it.as_str() == scheme) else {
        return false;
    };
    let is_path = |rest: &str| rest.is_empty() || is_plain_path(rest);
    match scheme {
        Scheme::Env | Scheme::Exec => rest.is_empty() || is_word(rest),
        Scheme::File => rest
            .strip_prefix('/')
            .is_some_and(|rest| is_path(rest.strip_suffix('/').unwrap_or(rest))),
        Scheme::Vault => {
            let path = rest.split_once('#').map_or(rest, |(path, _)| path);
            !rest.starts_with('/') && is_path(path.strip_suffix('/').unwrap_or(path))
        }
    }
}

/// Whether a role's name may stand in a file's name, a variable's, or among a command's arguments:
/// there is nothing in it that means something there.
pub fn is_plain_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !text.is_empty() && text.chars().all(is_plain)
}

/// A name, templates in it.
fn is_word(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '{' | '}');
    !text.is_empty() && text.chars().all(is_plain)
}

fn is_variable(text: &str) -> bool {
    is_word(text) && !text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}

fn is_field(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    !text.is_empty() && text.chars().all(is_plain)
}

fn is_plain_path(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests;
