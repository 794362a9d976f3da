//! `pg_ident.conf`: which roles an account outside may be.
use std::path::Path;

use crate::Roles;
use crate::file::{BadFile, Line, Place, good, read};
use crate::pattern::Pattern;
use crate::token::{Field, Token};

/// The maps of a file that has no bad line.
#[derive(Clone, Debug, Default)]
pub struct IdentMaps(Vec<IdentLine>);

/// One line.
#[derive(Clone, Debug)]
pub struct IdentLine {
    /// Where it stands.
    pub place: Place,
    /// The map that it is a part of.
    pub map: String,
    /// The account outside, as written and as meant.
    pub account: (String, Pattern),
    /// The role, as written and as meant.
    pub role: (String, Pattern),
}

impl IdentMaps {
    /// Each line of a file, for `pg_ident_file_mappings`.
    pub fn lines(path: &Path) -> Result<Vec<Line<IdentLine>>, BadFile> {
        read(path, IdentLine::parse)
    }

    /// The maps, if they can be used.
    pub fn read(path: &Path) -> Result<Self, BadFile> {
        good(Self::lines(path)?).map(Self)
    }

    /// Whether an account outside may be this role. Without a map it must be called the same.
    pub fn allows(&self, map: Option<&str>, account: &str, role: &str, roles: &dyn Roles) -> bool {
        match map {
            None => account == role,
            Some(map) => {
                self.0.iter().any(|line| line.map == map && line.allows(account, role, roles))
            }
        }
    }
}

impl IdentLine {
    fn parse(place: Place, fields: &[Field]) -> Result<Self, String> {
        let one = |index: usize| match fields.get(index).map(Vec::as_slice) {
            None => Err("missing entry at end of line".to_owned()),
            Some([token]) => Ok(token),
            Some(_) => Err("multiple values in ident field".to_owned()),
        };
        let (map, account, role) = (one(0)?, one(1)?, one(2)?);
        let named = |token: &Token, pattern: fn(&Token) -> Result<Pattern, String>| {
            Ok::<_, String>((token.text.clone(), pattern(token)?))
        };
        Ok(Self {
            place,
            map: map.text.clone(),
            account: named(account, Pattern::name)?,
            role: named(role, Pattern::role)?,
        })
    }

    fn allows(&self, account: &str, role: &str, roles: &dyn Roles) -> bool {
        match &self.account.1 {
            Pattern::Regex(regex) => regex.captures(account).is_some_and(|captures| {
                let first = captures.get(1).map(|found| found.as_str());
                self.allows_role(first, role, roles)
            }),
            Pattern::Name(name) => name == account && self.role.1.holds_role(role, roles),
            _ => false,
        }
    }

    /// A role's name that holds `\1` gets there what the account's expression has captured; that
    /// counts as a name, whatever it looks like.
    fn allows_role(&self, captured: Option<&str>, role: &str, roles: &dyn Roles) -> bool {
        match (&self.role.1, captured) {
            (Pattern::Name(name), captured) if name.contains("\\1") => {
                captured.is_some_and(|captured| name.replacen("\\1", captured, 1) == role)
            }
            (pattern, _) => pattern.holds_role(role, roles),
        }
    }
}
