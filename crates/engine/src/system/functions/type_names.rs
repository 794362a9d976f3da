//! What a text means as the name of a type.
use medley_catalog::acl::Privileges;
use medley_catalog::ids::SchemaOid;
use medley_diagnostic::{Diagnostic, Report, SqlState};
use medley_sql::ast::TypeName;
use medley_types::TypeOid;

use super::super::types::{details, owner_of, row_types};
use super::super::{Session, domains, names, relations};
use crate::error::{Error, Result};

/// The type that a text names; none where there is no such type.
pub fn find(session: &Session, text: &str) -> Result<Option<u32>> {
    let name = parse(text)?;
    let Some(oid) = find_named(session, &name)? else { return Ok(None) };
    if !name.modifiers.is_empty() {
        check_modifiers(oid)?;
    }
    Ok(match name.dimensions.is_empty() {
        true => Some(oid),
        false => array_of(session, oid),
    })
}

/// The type that a text names.
pub fn named(session: &Session, text: &str) -> Result<u32> {
    find(session, text)?.ok_or_else(|| undefined(text))
}

/// `42704`, with the name as it is understood.
pub fn undefined(text: &str) -> Error {
    names::undefined("type", &parse(text).map_or_else(|_| text.to_owned(), |name| shown(&name)))
}

/// Whether even those who ask whether there is such a type are told of it: a text that is no name.
pub fn is_hard(error: &Error) -> bool {
    let report = error.report();
    let is_syntax = report.sqlstate == SqlState::SYNTAX_ERROR;
    is_syntax && !report.message.starts_with("invalid type name")
}

fn parse(text: &str) -> Result<TypeName> {
    let invalid = || {
        let message = format!("invalid type name \"{text}\"");
        Error::at(SqlState::SYNTAX_ERROR, message, None)
    };
    if text.trim().is_empty() {
        return Err(invalid());
    }
    let parsed = medley_sql::parse_type_name(text).map_err(|error| of_syntax(&error, text))?;
    match parsed {
        name if name.set_of => Err(invalid()),
        name if name.percent_type => Err(Error::unsupported("%TYPE in the name of a type")),
        name => Ok(name),
    }
}

fn of_syntax(error: &medley_sql::SyntaxError, text: &str) -> Error {
    let report: Report = error.report().with_context(format!("invalid type name \"{text}\""));
    report.into()
}

fn shown(name: &TypeName) -> String {
    let array = if name.dimensions.is_empty() { "" } else { "[]" };
    format!("{}{array}", name.parts.join("."))
}

/// Without array bounds.
fn find_named(session: &Session, name: &TypeName) -> Result<Option<u32>> {
    let Some(schema) = schema_of(session, name)? else {
        let mut schemas = session.path.schemas().iter();
        return Ok(schemas.find_map(|schema| in_schema(session, *schema, name.name())));
    };
    let snapshot = &session.snapshot;
    let found = snapshot.schema_named(schema).ok_or_else(|| names::no_schema(schema))?;
    if !snapshot.actor(session.role).has_any(found.oid.address(), Privileges::USAGE) {
        let message = format!("permission denied for schema {schema}");
        return Err(Error::at(SqlState::INSUFFICIENT_PRIVILEGE, message, None));
    }
    Ok(in_schema(session, found.oid, name.name()))
}

fn schema_of<'n>(session: &Session, name: &'n TypeName) -> Result<Option<&'n str>> {
    let whole = || name.parts.join(".");
    match name.parts.as_slice() {
        [_] | [_, _] => Ok(name.schema()),
        [database, ..] if name.parts.len() == 3 => match database == session.facts.database() {
            true => Ok(name.schema()),
            false => {
                let message = format!("cross-database references are not implemented: {}", whole());
                Err(Error::at(SqlState::FEATURE_NOT_SUPPORTED, message, None))
            }
        },
        _ => {
            let message = format!("improper qualified name (too many dotted names): {}", whole());
            Err(Error::at(SqlState::SYNTAX_ERROR, message, None))
        }
    }
}

/// A built-in type, a domain of `information_schema`, or the type of a relation's rows or of
/// arrays of them.
fn in_schema(session: &Session, schema: SchemaOid, name: &str) -> Option<u32> {
    let own = match schema {
        SchemaOid::PG_CATALOG => {
            medley_types::types().iter().find(|it| it.name == name).map(|it| it.oid.0)
        }
        SchemaOid::INFORMATION_SCHEMA => domains::by_name(name).map(|it| it.oid),
        _ => None,
    };
    own.or_else(|| {
        let of_rows = |relation| relations::by_name(&session.snapshot, schema, relation);
        let relation = of_rows(name).or_else(|| of_rows(name.strip_prefix('_')?))?;
        row_types(relation).into_iter().find(|row| row.name == name).map(|row| row.oid)
    })
}

fn check_modifiers(oid: u32) -> Result<()> {
    const TYPMODIN: usize = 5;
    if details(TypeOid(oid)).functions[TYPMODIN] != 0 {
        return Ok(());
    }
    let name = medley_types::by_oid(TypeOid(oid)).map_or("", |info| info.name);
    let message = format!("type modifier is not allowed for type \"{name}\"");
    Err(Error::at(SqlState::SYNTAX_ERROR, message, None))
}

fn array_of(session: &Session, oid: u32) -> Option<u32> {
    if let Some(info) = medley_types::by_oid(TypeOid(oid)) {
        return info.array.map(|array| array.0);
    }
    let domain = domains::all().iter().find(|it| it.oid == oid).map(|it| it.array);
    let of_rows = || owner_of(session, oid).map(|(_, found)| found.array);
    domain.or_else(of_rows).filter(|array| *array != 0)
}
