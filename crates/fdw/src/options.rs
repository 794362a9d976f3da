use std::collections::BTreeMap;

use crate::{Error, Result, Secret};

/// Which SQL/MED object an option belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// CREATE FOREIGN DATA WRAPPER.
    Wrapper,
    /// CREATE SERVER.
    Server,
    /// CREATE USER MAPPING.
    UserMapping,
    /// CREATE FOREIGN TABLE.
    Table,
    /// A column of a foreign table.
    Column,
    /// IMPORT FOREIGN SCHEMA.
    Import,
}

/// What values an option takes, and how a wrong one is refused: in the words of postgres_fdw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Anything.
    Text,
    /// true, false, on, off in any case.
    Bool,
    /// An integer greater than zero, as PostgreSQL's settings read integers.
    PositiveInteger,
    /// A number greater than or equal to zero.
    NonNegativeReal,
    /// One of these words, in this case.
    OneOf(&'static [&'static str]),
    /// A comma-separated list of identifiers.
    NameList,
    /// Anything; sealed on disk, and never shown again.
    Secret,
}

/// Whether an option does something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does what it says.
    Honoured,
    /// It is kept so that existing SQL replays, and does nothing yet.
    Stored,
}

/// One option, declared once: the errors and their hints, the sealing, the mask in `\deu+`,
/// `medley wrapper show` and the manual all come from it.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name, case-sensitive.
    pub name: &'static str,
    /// Where it stands. An option that stands in two places is declared twice; the order of
    /// declaration decides which of two equally near names a hint suggests.
    pub scope: Scope,
    /// What values it takes.
    pub kind: Kind,
    /// What it is when not given, for the manual; empty for nothing.
    pub default: &'static str,
    /// Whether it does something here.
    pub effect: Effect,
    /// What it is for, a sentence.
    pub doc: &'static str,
}

impl OptionSpec {
    /// An option that is honoured and has no default.
    pub const fn new(scope: Scope, name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, scope, kind, default: "", effect: Effect::Honoured, doc }
    }

    /// The same option with this default.
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// The same option, kept without effect.
    pub const fn stored(mut self) -> Self {
        self.effect = Effect::Stored;
        self
    }
}

/// The resolved options of one object: what a wrapper reads. Secrets stand apart, opened.
#[derive(Debug, Default)]
pub struct Options {
    plain: BTreeMap<String, String>,
    secret: BTreeMap<String, Secret>,
}

impl Options {
    /// Adds a value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.plain.insert(name.into(), value.into());
    }

    /// Adds an opened secret.
    pub fn set_secret(&mut self, name: impl Into<String>, value: Secret) {
        self.secret.insert(name.into(), value);
    }

    /// Takes out what is no secret and has one of these names.
    pub(crate) fn extract(&mut self, is_wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        self.plain.extract_if(.., |name, _| is_wanted(name)).collect()
    }

    /// Takes a secret out.
    pub fn take_secret(&mut self, name: &str) -> Option<Secret> {
        self.secret.remove(name)
    }

    /// A value that is no secret.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.plain.get(name).map(String::as_str)
    }

    /// A secret.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.secret.get(name)
    }

    /// A value that must be there.
    pub fn require(&self, name: &'static str) -> Result<&str> {
        self.text(name).ok_or(Error::MissingOption(name))
    }

    /// A Boolean as [`Kind::Bool`] takes it.
    pub fn boolean(&self, name: &'static str) -> Result<Option<bool>> {
        self.text(name)
            .map(|text| crate::check::parse_bool(text).ok_or(Error::NotBoolean(name.to_owned())))
            .transpose()
    }

    /// A number as [`Kind::PositiveInteger`] takes it.
    pub fn positive_integer(&self, name: &'static str) -> Result<Option<u32>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = crate::check::parse_integer(text)
            .ok_or_else(|| Error::NotInteger { name: name.to_owned(), value: text.to_owned() })?;
        match u32::try_from(number) {
            Ok(number @ 1..) => Ok(Some(number)),
            _ => Err(Error::NotPositive(name.to_owned())),
        }
    }

    /// All values that are no secrets, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.plain.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
