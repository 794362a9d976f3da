//! What names a database, a role, or an account outside.
use regex::Regex;

use crate::token::Token;

/// One of the names in a field.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// `all`.
    All,
    /// `sameuser`: the database that is called as the role.
    SameUser,
    /// `samerole`: the database that is called as a role which the role is a member of.
    SameRole,
    /// `replication`: no database at all.
    Replication,
    /// `+name`: whoever is a member of this role.
    MemberOf(String),
    /// `/expression`.
    Regex(Regex),
    /// This name.
    Name(String),
}

/// Keywords where databases are named.
const DATABASE_KEYWORDS: [(&str, Pattern); 5] = [
    ("all", Pattern::All),
    ("sameuser", Pattern::SameUser),
    ("samerole", Pattern::SameRole),
    ("samegroup", Pattern::SameRole),
    ("replication", Pattern::Replication),
];

impl Pattern {
    pub(crate) fn database(token: &Token) -> Result<Self, String> {
        let keyword = DATABASE_KEYWORDS.into_iter().find(|(word, _)| token.is(word));
        keyword.map_or_else(|| Self::name(token), |(_, pattern)| Ok(pattern))
    }

    pub(crate) fn role(token: &Token) -> Result<Self, String> {
        match token.after('+') {
            Some(role) => Ok(Self::MemberOf(role.to_owned())),
            None if token.is("all") => Ok(Self::All),
            None => Self::name(token),
        }
    }

    /// A name or an expression.
    pub(crate) fn name(token: &Token) -> Result<Self, String> {
        match token.text.strip_prefix('/') {
            Some(expression) => Regex::new(expression).map(Self::Regex).map_err(|error| {
                format!("invalid regular expression \"{expression}\": {}", reason(&error))
            }),
            None => Ok(Self::Name(token.text.clone())),
        }
    }
}

/// The last line of what is said about an expression: those before it draw it.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}
