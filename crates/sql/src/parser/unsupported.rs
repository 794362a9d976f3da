//! What PostgreSQL has and Medley does not: gone over by its synopsis, and known by its name.
use std::collections::HashMap;
use std::sync::LazyLock;

use super::rules::STATEMENTS;
use super::synopsis::Synopses;
use super::{Parser, Result};
use crate::ast::Statement;

/// By their first words.
static BY_VERB: LazyLock<HashMap<&'static str, Synopses>> = LazyLock::new(|| {
    let mut tables: HashMap<_, Vec<_>> = HashMap::new();
    for (name, text) in STATEMENTS {
        let verb = text.split(' ').next().unwrap_or_default();
        tables.entry(verb).or_default().push((*name, *text));
    }
    tables.into_iter().map(|(verb, table)| (verb, Synopses::new(&table))).collect()
});

/// Those of these names alone.
pub(super) fn synopses_of(names: &[&str]) -> Synopses {
    let table: Vec<_> =
        STATEMENTS.iter().filter(|(name, _)| names.contains(name)).copied().collect();
    Synopses::new(&table)
}

impl Parser<'_> {
    /// Behind CREATE, ALTER or DROP, or (with no verb) at a statement that has none.
    pub fn unsupported(&mut self, verb: &str) -> Result<Statement> {
        if !verb.is_empty() {
            self.at -= 1;
        }
        let Some(synopses) = BY_VERB.get(self.word()) else { return self.unexpected() };
        self.unsupported_of(synopses)
    }

    /// A statement that one of these describes.
    pub(super) fn unsupported_of(&mut self, synopses: &Synopses) -> Result<Statement> {
        let found = self.find(synopses)?;
        let Some(relation) = found.relation else {
            return Ok(Statement::Unsupported(found.name));
        };
        let end = std::mem::replace(&mut self.at, relation);
        let relation = self.qualified_name()?;
        self.at = end;
        Ok(Statement::UnsupportedOn { what: found.name, relation })
    }
}
