//! Names as text: what `regclass` and its like read and print.
use medley_catalog::acl::Privileges;
use medley_catalog::quote_identifier;
use medley_diagnostic::SqlState;

use super::relations::{self, AnyRelation};
use super::{Session, SystemRelation};
use crate::error::{Error, Result};

/// The parts of a dotted name: bare ones folded, quoted ones as they are.
pub fn parts(text: &str) -> Result<Vec<String>> {
    let invalid = || Error::at(SqlState::INVALID_NAME, "invalid name syntax", None);
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let (part, after) = first_part(rest).ok_or_else(invalid)?;
        parts.push(part);
        match after.trim_start().strip_prefix('.') {
            Some(next) => rest = next.trim_start(),
            None if after.trim().is_empty() => return Ok(parts),
            None => return Err(invalid()),
        }
    }
}

fn first_part(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted_part(quoted);
    }
    let end = text.find(|c: char| c == '.' || c == '"' || c.is_whitespace()).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_lowercase(), &text[end..]))
}

fn quoted_part(text: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut rest = text;
    loop {
        let (head, tail) = rest.split_once('"')?;
        part.push_str(head);
        match tail.strip_prefix('"') {
            Some(next) => {
                part.push('"');
                rest = next;
            }
            None => return (!part.is_empty()).then_some((part, tail)),
        }
    }
}

/// The one part of a name that can have no schema.
pub fn single(text: &str) -> Result<String> {
    let mut parts = parts(text)?;
    match (parts.pop(), parts.is_empty()) {
        (Some(name), true) => Ok(name),
        _ => Err(Error::at(SqlState::INVALID_NAME, "invalid name syntax", None)),
    }
}

/// A name with the schema that it states, if it does.
pub fn schema_and_name(session: &Session, text: &str) -> Result<(Option<String>, String)> {
    let mut parts = parts(text)?;
    let whole = parts.join(".");
    if parts.len() > 3 {
        let message = format!("improper relation name (too many dotted names): {whole}");
        return Err(Error::at(SqlState::SYNTAX_ERROR, message, None));
    }
    let name = parts.pop().unwrap_or_default();
    let schema = parts.pop();
    match parts.pop() {
        None => Ok((schema, name)),
        Some(database) if database == session.facts.database() => Ok((schema, name)),
        Some(_) => Err(Error::at(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("cross-database references are not implemented: \"{whole}\""),
            None,
        )),
    }
}

/// The relation that a text names, if it is there.
pub fn find_relation<'a>(session: &'a Session, text: &str) -> Result<Option<AnyRelation<'a>>> {
    let snapshot = &session.snapshot;
    Ok(match schema_and_name(session, text)? {
        (None, name) => relations::on_path(session, &name),
        (Some(schema), name) => {
            let Some(schema) = snapshot.schema_named(&schema) else { return Ok(None) };
            let actor = snapshot.actor(session.role);
            if !actor.has_any(schema.oid.address(), Privileges::USAGE) {
                let message = format!("permission denied for schema {}", schema.name);
                return Err(Error::at(SqlState::INSUFFICIENT_PRIVILEGE, message, None));
            }
            relations::by_name(snapshot, schema.oid, &name)
        }
    })
}

/// The relation that a text names.
pub fn relation<'a>(session: &'a Session, text: &str) -> Result<AnyRelation<'a>> {
    let found = find_relation(session, text)?;
    if let (None, (Some(schema), _)) = (&found, schema_and_name(session, text)?)
        && session.snapshot.schema_named(&schema).is_none()
    {
        return Err(no_schema(&schema));
    }
    found.ok_or_else(|| {
        let name = parts(text).map(|parts| parts.join(".")).unwrap_or_default();
        Error::at(SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"), None)
    })
}

/// `3F000`.
pub fn no_schema(name: &str) -> Error {
    let message = format!("schema \"{name}\" does not exist");
    Error::at(SqlState::INVALID_SCHEMA_NAME, message, None)
}

/// `42704`: `server "s" does not exist`.
pub fn undefined(kind: &str, name: &str) -> Error {
    Error::at(SqlState::UNDEFINED_OBJECT, format!("{kind} \"{name}\" does not exist"), None)
}

/// Whether the bare name means this relation.
pub fn is_visible(session: &Session, relation: AnyRelation<'_>) -> bool {
    relations::on_path(session, relation.name()).is_some_and(|it| it.oid() == relation.oid())
}

/// A relation's name, with its schema where the bare name does not mean it.
pub fn shown(session: &Session, relation: AnyRelation<'_>) -> String {
    let name = quote_identifier(relation.name());
    match is_visible(session, relation) {
        true => name.into_owned(),
        false => {
            let schema = relation.schema_name(&session.snapshot);
            format!("{}.{name}", quote_identifier(&schema))
        }
    }
}

/// The oid of the catalog of this name.
pub fn catalog_oid(name: &str) -> Option<u32> {
    super::declared::by_name("pg_catalog", name).map(SystemRelation::oid)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn names_are_taken_apart_as_postgresql_does() {
        let check = |text: &str, wanted: &[&str]| {
            assert_eq!(parts(text).expect("a name"), wanted, "{text}");
        };
        check("Films", &["films"]);
        check(" public . \"Fi.l\"\"ms\" ", &["public", "Fi.l\"ms"]);
        for wrong in ["", "a.", ".a", "a b", "\"a", "\"\"", "a\"b\""] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
    }
}
