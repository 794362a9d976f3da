use std::fmt;

use medley_secret::Secret;

/// One identifier: folded unless it was quoted, at most 63 bytes.
pub type Name = String;

/// A name of one to three parts, and where it stands.
#[derive(Clone, Debug)]
pub struct QualifiedName {
    /// Catalog, schema, name: the last one is always there.
    pub parts: Vec<Name>,
    /// Of its first character: characters from 1.
    pub position: usize,
}

impl QualifiedName {
    /// The last part.
    pub fn name(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// The part before the last.
    pub fn schema(&self) -> Option<&str> {
        self.before_last(1)
    }

    /// The part before the schema.
    pub fn catalog(&self) -> Option<&str> {
        self.before_last(2)
    }

    fn before_last(&self, steps: usize) -> Option<&str> {
        let index = self.parts.len().checked_sub(1 + steps)?;
        self.parts.get(index).map(String::as_str)
    }
}

/// The parts with dots between them, unquoted: the way messages print names.
impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.join("."))
    }
}

/// Who is meant. `"public"` in quotes is `Public` too; `none` never gets here (42939).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleSpec {
    /// The role of this name.
    Named(Name),
    /// CURRENT_USER and CURRENT_ROLE, and in user-mapping statements USER.
    CurrentUser,
    /// SESSION_USER.
    SessionUser,
    /// Everybody.
    Public,
}

/// One item of an OPTIONS list. In the form of CREATE every item is an `Add`.
#[derive(Debug)]
pub enum OptionItem {
    /// `name 'value'` or `ADD name 'value'`.
    Add {
        /// Folded unless quoted.
        name: Name,
        /// Secret, for the parser cannot know which one is.
        value: Secret,
    },
    /// `SET name 'value'`.
    Set {
        /// Folded unless quoted.
        name: Name,
        /// Secret, for the parser cannot know which one is.
        value: Secret,
    },
    /// `DROP name`.
    Drop {
        /// Folded unless quoted.
        name: Name,
    },
}

impl OptionItem {
    /// The option's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Add { name, .. } | Self::Set { name, .. } | Self::Drop { name } => name,
        }
    }
}
