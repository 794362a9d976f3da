//! What CREATE and ALTER DATABASE are given.
use medley_sql::{DatabaseOption, DatabaseOptionValue, SyntaxError};

use crate::error::{DatabaseError, Error, Result};

/// Options that are known, each once.
pub(super) struct Options<'a>(&'a [DatabaseOption]);

impl<'a> Options<'a> {
    /// Refuses those that are unknown, or there already.
    pub(super) fn of(given: &'a [DatabaseOption], known: &[&str]) -> Result<Self> {
        for (index, option) in given.iter().enumerate() {
            if !known.contains(&option.name.as_str()) {
                let unknown = DatabaseError::UnknownOption(option.name.clone());
                return Err(Error::from(unknown).at(option.position));
            }
            if given[..index].iter().any(|other| other.name == option.name) {
                return Err(SyntaxError::ConflictingOptions { position: option.position }.into());
            }
        }
        Ok(Self(given))
    }

    pub(super) fn find(&self, name: &str) -> Option<&'a DatabaseOption> {
        self.0.iter().find(|option| option.name == name)
    }

    /// The value of one that is a text; nothing for DEFAULT.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match &self.find(name)?.value {
            DatabaseOptionValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of one that is true or false, if it is given.
    pub(super) fn flag(&self, name: &'static str, default: bool) -> Result<Option<bool>> {
        let Some(option) = self.find(name) else { return Ok(None) };
        match boolean(&option.value, default) {
            None => Err(DatabaseError::NoBoolean(name).into()),
            value => Ok(value),
        }
    }

    /// CONNECTION LIMIT, if it is given.
    pub(super) fn connection_limit(&self) -> Result<Option<i32>> {
        const NAME: &str = "connection_limit";
        match self.find(NAME).map(|option| &option.value) {
            None => Ok(None),
            Some(DatabaseOptionValue::Default) => Ok(Some(-1)),
            Some(DatabaseOptionValue::Integer(limit)) if *limit < -1 => {
                Err(DatabaseError::ConnectionLimit(*limit).into())
            }
            Some(DatabaseOptionValue::Integer(limit)) => Ok(Some(*limit)),
            Some(_) => Err(DatabaseError::NoInteger(NAME).into()),
        }
    }
}

fn boolean(value: &DatabaseOptionValue, default: bool) -> Option<bool> {
    match value {
        DatabaseOptionValue::Default => Some(default),
        DatabaseOptionValue::Integer(0) => Some(false),
        DatabaseOptionValue::Integer(1) => Some(true),
        DatabaseOptionValue::Integer(_) | DatabaseOptionValue::Number(_) => None,
        DatabaseOptionValue::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "on" => Some(true),
            "false" | "off" => Some(false),
            _ => None,
        },
    }
}
