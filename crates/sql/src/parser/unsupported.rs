//! What PostgreSQL has and Medley does not: known by its first words, gone over to its end.
use super::{Parser, Result};
use crate::ast::Statement;
use crate::token::TokenKind;

/// Words between CREATE and the kind.
const MODIFIERS: &[&str] = &[
    "global",
    "local",
    "temporary",
    "temp",
    "unlogged",
    "unique",
    "trusted",
    "procedural",
    "constraint",
    "default",
];

/// What OR REPLACE may stand before; views are supported.
const REPLACEABLE: &[&str] = &[
    "aggregate",
    "constraint",
    "function",
    "language",
    "procedural",
    "procedure",
    "rule",
    "transform",
    "trigger",
    "trusted",
];

/// Kinds of object, the longer names first.
const KINDS: &[&str] = &[
    "access method",
    "aggregate",
    "cast",
    "collation",
    "conversion",
    "domain",
    "event trigger",
    "function",
    "index",
    "language",
    "large object",
    "materialized view",
    "operator class",
    "operator family",
    "operator",
    "policy",
    "procedure",
    "publication",
    "routine",
    "rule",
    "sequence",
    "statistics",
    "subscription",
    "system",
    "table",
    "tablespace",
    "text search configuration",
    "text search dictionary",
    "text search parser",
    "text search template",
    "transform",
    "trigger",
    "type",
    "foreign table",
];

/// Every name an unsupported statement can have.
const NAMES: &[&str] = &[
    "CREATE ACCESS METHOD",
    "CREATE AGGREGATE",
    "CREATE CAST",
    "CREATE COLLATION",
    "CREATE CONVERSION",
    "CREATE DOMAIN",
    "CREATE EVENT TRIGGER",
    "CREATE FUNCTION",
    "CREATE INDEX",
    "CREATE LANGUAGE",
    "CREATE MATERIALIZED VIEW",
    "CREATE OPERATOR CLASS",
    "CREATE OPERATOR FAMILY",
    "CREATE OPERATOR",
    "CREATE POLICY",
    "CREATE PROCEDURE",
    "CREATE PUBLICATION",
    "CREATE RULE",
    "CREATE SEQUENCE",
    "CREATE STATISTICS",
    "CREATE SUBSCRIPTION",
    "CREATE TABLE",
    "CREATE TABLESPACE",
    "CREATE TEXT SEARCH CONFIGURATION",
    "CREATE TEXT SEARCH DICTIONARY",
    "CREATE TEXT SEARCH PARSER",
    "CREATE TEXT SEARCH TEMPLATE",
    "CREATE TRANSFORM",
    "CREATE TRIGGER",
    "CREATE TYPE",
    "ALTER AGGREGATE",
    "ALTER COLLATION",
    "ALTER CONVERSION",
    "ALTER DOMAIN",
    "ALTER EVENT TRIGGER",
    "ALTER FUNCTION",
    "ALTER INDEX",
    "ALTER LANGUAGE",
    "ALTER LARGE OBJECT",
    "ALTER MATERIALIZED VIEW",
    "ALTER OPERATOR CLASS",
    "ALTER OPERATOR FAMILY",
    "ALTER OPERATOR",
    "ALTER POLICY",
    "ALTER PROCEDURE",
    "ALTER PUBLICATION",
    "ALTER ROUTINE",
    "ALTER RULE",
    "ALTER SEQUENCE",
    "ALTER STATISTICS",
    "ALTER SUBSCRIPTION",
    "ALTER SYSTEM",
    "ALTER TABLE",
    "ALTER TABLESPACE",
    "ALTER TEXT SEARCH CONFIGURATION",
    "ALTER TEXT SEARCH DICTIONARY",
    "ALTER TEXT SEARCH PARSER",
    "ALTER TEXT SEARCH TEMPLATE",
    "ALTER TRIGGER",
    "ALTER TYPE",
    "DROP ACCESS METHOD",
    "DROP AGGREGATE",
    "DROP CAST",
    "DROP COLLATION",
    "DROP CONVERSION",
    "DROP DOMAIN",
    "DROP EVENT TRIGGER",
    "DROP FUNCTION",
    "DROP LANGUAGE",
    "DROP OPERATOR CLASS",
    "DROP OPERATOR FAMILY",
    "DROP OPERATOR",
    "DROP POLICY",
    "DROP PROCEDURE",
    "DROP PUBLICATION",
    "DROP ROUTINE",
    "DROP RULE",
    "DROP STATISTICS",
    "DROP SUBSCRIPTION",
    "DROP TABLESPACE",
    "DROP TEXT SEARCH CONFIGURATION",
    "DROP TEXT SEARCH DICTIONARY",
    "DROP TEXT SEARCH PARSER",
    "DROP TEXT SEARCH TEMPLATE",
    "DROP TRANSFORM",
    "DROP TRIGGER",
    "DROP TYPE",
];

/// Statements known by their first words alone.
const ALONE: &[(&str, &str)] = &[
    ("call", "CALL"),
    ("do", "DO"),
    ("load", "LOAD"),
    ("cluster", "CLUSTER"),
    ("reindex", "REINDEX"),
    ("refresh materialized view", "REFRESH MATERIALIZED VIEW"),
];

impl Parser<'_> {
    /// Behind CREATE, ALTER or DROP, or (with no verb) at a statement of [`ALONE`].
    pub fn unsupported(&mut self, verb: &str) -> Result<Statement> {
        let name = if verb.is_empty() { self.choose(ALONE)? } else { self.unsupported_kind(verb)? };
        let bare = matches!(name, "CLUSTER");
        if self.at_end() && !bare {
            return self.unexpected();
        }
        self.skip_statement(name)?;
        Ok(Statement::Unsupported(name))
    }

    fn unsupported_kind(&mut self, verb: &str) -> Result<&'static str> {
        let replace = verb == "create" && self.eat("or replace");
        if replace && !REPLACEABLE.iter().any(|kind| self.are(kind)) {
            return self.unexpected();
        }
        while verb == "create" && self.eat_one_of(MODIFIERS).is_some() {}
        if verb != "create" {
            self.eat("procedural");
        }
        let begin = self.at;
        for kind in KINDS {
            if self.eat(kind) {
                let name = format!("{verb} {kind}").to_uppercase();
                if let Some(name) = NAMES.iter().find(|known| **known == name) {
                    return Ok(name);
                }
                self.at = begin;
            }
        }
        self.unexpected()
    }

    /// Up to a semicolon outside parentheses and BEGIN ATOMIC ... END.
    fn skip_statement(&mut self, name: &str) -> Result<()> {
        let (mut parentheses, mut blocks) = (0_usize, 0_usize);
        loop {
            match self.peek().kind {
                TokenKind::End if parentheses > 0 || blocks > 0 => return self.unexpected(),
                TokenKind::End => return Ok(()),
                TokenKind::Char(';') if parentheses == 0 && blocks == 0 => return Ok(()),
                TokenKind::Char(';') if blocks == 0 && name != "CREATE RULE" => {
                    return self.unexpected();
                }
                TokenKind::Char('(') => parentheses += 1,
                TokenKind::Char(')') if parentheses == 0 => return self.unexpected(),
                TokenKind::Char(')') => parentheses -= 1,
                _ if self.are("begin atomic") => blocks += 1,
                _ if blocks > 0 && self.is("case") => blocks += 1,
                _ if blocks > 0 && self.is("end") => blocks -= 1,
                _ => {}
            }
            self.advance();
        }
    }
}
