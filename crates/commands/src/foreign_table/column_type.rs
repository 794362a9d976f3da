//! From the name of a type to the type.
use medley_catalog::acl::Privileges;
use medley_catalog::ids::{Class, ObjectAddress};
use medley_diagnostic::{Report, SqlState};
use medley_sql::{QualifiedName, TypeName};
use medley_types::{CollationOid, PgType};

use crate::Context;
use crate::error::{Error, NameError, RelationError, Result};

/// Types that are sequences besides.
const SERIAL: [&str; 6] = ["serial", "serial4", "bigserial", "serial8", "smallserial", "serial2"];

/// The type that a column is declared with; errors point at its name.
pub(super) fn resolve(
    ctx: &Context<'_>,
    column: &str,
    name: &TypeName,
    collation: Option<&QualifiedName>,
) -> Result<PgType> {
    if let Some(schema) = name.schema() {
        ctx.schema_named(schema).map_err(|error| error.at(name.position))?;
    }
    let t = type_named(name).map_err(|missing| row_type_or(ctx, name, missing))?;
    check_is_for_columns(column, name, t)?;
    check_type_usage(ctx, t)?;
    match collation {
        None => Ok(t),
        Some(collation) => collated(t, collation).map_err(|error| error.at(collation.position)),
    }
}

/// Types of time, as messages about their precision call them.
const PRECISE: [(&str, &str, &str); 5] = [
    ("time", "TIME", ""),
    ("timetz", "TIME", " WITH TIME ZONE"),
    ("timestamp", "TIMESTAMP", ""),
    ("timestamptz", "TIMESTAMP", " WITH TIME ZONE"),
    ("interval", "INTERVAL", ""),
];

/// Says that a precision is greater than there is; returns what was said.
pub(super) fn warn_of_precision(ctx: &mut Context<'_>, name: &TypeName) -> Option<String> {
    const MOST: i64 = 6;
    let (.., word, zone) = PRECISE.iter().find(|(known, ..)| *known == name.name())?;
    // Before an interval's precision stand its fields.
    let given = match (name.name(), name.modifiers.as_slice()) {
        ("interval", [_, precision])
        | ("time" | "timetz" | "timestamp" | "timestamptz", [precision]) => precision,
        _ => return None,
    };
    let precision = given.parse::<i64>().ok().filter(|precision| *precision > MOST)?;
    let message = format!("{word}({precision}){zone} precision reduced to maximum allowed, {MOST}");
    let report = Report::warning(SqlState::INVALID_PARAMETER_VALUE, message.clone());
    ctx.notices.push(report.at(name.position));
    Some(message)
}

/// Each relation has a type of its rows, which Medley has no columns of.
fn row_type_or(ctx: &Context<'_>, name: &TypeName, missing: Error) -> Error {
    let relation = QualifiedName { parts: name.parts.clone(), position: name.position };
    match ctx.find_relation(&relation) {
        Ok(Some(_)) => Error::unsupported("a column of a row type").at(name.position),
        _ => missing,
    }
}

/// The type that a name means where no column is declared: of a parameter, say.
pub fn type_named(name: &TypeName) -> Result<PgType> {
    resolve_name(name).map_err(|error| error.at(name.position))
}

/// The same; errors point at nothing.
pub(crate) fn resolve_name(name: &TypeName) -> Result<PgType> {
    if name.percent_type {
        return Err(Error::unsupported("%TYPE"));
    }
    if name.schema().is_none() && SERIAL.contains(&name.name()) {
        return Err(Error::unsupported("a serial column"));
    }
    let element = element(name)?;
    if name.dimensions.is_empty() { Ok(element) } else { array_of(element) }
}

/// Refuses a type that the role may not use. Of an array the element's privileges count.
pub(crate) fn check_type_usage(ctx: &Context<'_>, t: PgType) -> Result<()> {
    let t = t.element().filter(|_| t.info().is_some_and(|info| info.category == 'A')).unwrap_or(t);
    let address = ObjectAddress::new(Class::Type, t.oid.0);
    match ctx.actor().has_all(address, Privileges::USAGE) {
        true => Ok(()),
        false => {
            let name = PgType::plain(t.oid.0).to_string();
            Err(medley_catalog::Error::PermissionDenied("type", name).into())
        }
    }
}

fn check_is_for_columns(column: &str, name: &TypeName, t: PgType) -> Result<()> {
    let column = || column.to_owned();
    if name.set_of {
        return Err(RelationError::SetOf(column()).into());
    }
    match t.info() {
        Some(info) if info.kind == 'p' => {
            let type_name = t.to_string();
            Err(RelationError::PseudoType { column: column(), type_name }.into())
        }
        _ => Ok(()),
    }
}

fn element(name: &TypeName) -> Result<PgType> {
    if name.name() == "interval" && !name.modifiers.is_empty() {
        return Ok(PgType::INTERVAL.with_typmod(interval_typmod(&name.modifiers)));
    }
    let parts: Vec<_> = name.parts.iter().map(|part| quoted(part)).collect();
    let modifiers = match name.modifiers.as_slice() {
        [] => String::new(),
        modifiers => format!("({})", modifiers.join(",")),
    };
    Ok(PgType::parse(&format!("{}{modifiers}", parts.join(".")))?)
}

/// Always in quotes: what is a keyword of SQL was made a name of the catalog by the parser.
fn quoted(part: &str) -> String {
    format!("\"{}\"", part.replace('"', "\"\""))
}

/// A mask of fields and perhaps a precision.
fn interval_typmod(modifiers: &[String]) -> i32 {
    const FULL_PRECISION: i32 = 0xffff;
    let number = |at: usize| modifiers.get(at).and_then(|text| text.parse::<i32>().ok());
    let precision = number(1).map_or(FULL_PRECISION, |precision| precision.min(6));
    number(0).unwrap_or(0x7fff) << 16 | precision
}

fn array_of(element: PgType) -> Result<PgType> {
    let missing = || medley_types::Error::UnknownType(format!("{element}[]"));
    Ok(element.array().ok_or_else(missing)?)
}

/// The name of a collation.
pub(crate) fn collation_name(collation: CollationOid) -> &'static str {
    let found = CollationOid::NAMED.iter().find(|(_, oid)| *oid == collation);
    found.map_or("default", |(name, _)| name)
}

fn collated(t: PgType, name: &QualifiedName) -> Result<PgType> {
    let schema = name.schema().unwrap_or("pg_catalog");
    let found = CollationOid::NAMED
        .iter()
        .find(|(known, _)| schema == "pg_catalog" && *known == name.name());
    let (_, oid) = found.ok_or_else(|| NameError::NoCollation(name.to_string()))?;
    if t.collation == CollationOid::NONE {
        return Err(RelationError::NotCollatable(t.to_string()).into());
    }
    Ok(t.with_collation(*oid))
}
