//! `regclass` and the other types whose text is a name of the catalog.
use medley_catalog::ids::{RoleOid, SchemaOid};
use medley_catalog::quote_identifier;
use medley_diagnostic::SqlState;
use medley_types::TypeOid;

use super::super::{Session, collations, domains, names, procedures, relations};
use super::{format_type, type_names};
use crate::error::{Error, Result};
use crate::semantics::builtin::{self, Operator};
use crate::semantics::{Datum, Frame, RowFn, Table};

/// What reads a type.
type Find = fn(&Session, &str) -> Result<Option<u32>>;
/// What prints it: nothing of an unknown oid.
type Show = fn(&Session, u32) -> Option<String>;

struct Registered {
    t: TypeOid,
    find: Find,
    show: Show,
    missing: fn(&str) -> Error,
}

const REGPROC: Registered = Registered {
    t: TypeOid(24),
    find: find_function,
    show: show_function,
    missing: |name| no_function(&format!("\"{name}\"")),
};
const REGPROCEDURE: Registered = Registered {
    t: TypeOid(2202),
    find: find_signature,
    show: show_signature,
    missing: |name| no_function(&format!("\"{name}\"")),
};
const REGOPER: Registered =
    Registered { t: TypeOid(2203), find: find_operator, show: show_operator, missing: no_operator };
const REGOPERATOR: Registered = Registered {
    t: TypeOid(2204),
    find: find_operator_signature,
    show: show_operator_signature,
    missing: no_operator,
};
const REGCLASS: Registered = Registered {
    t: TypeOid(2205),
    find: |session, text| Ok(names::find_relation(session, text)?.map(|it| it.oid())),
    show: |session, oid| {
        relations::by_oid(&session.snapshot, oid).map(|it| names::shown(session, it))
    },
    missing: |name| {
        let name = names::parts(name).map(|parts| parts.join(".")).unwrap_or_default();
        let message = format!("relation \"{name}\" does not exist");
        Error::at(SqlState::UNDEFINED_TABLE, message, None)
    },
};
const REGTYPE: Registered = Registered {
    t: TypeOid(2206),
    find: type_names::find,
    show: |session, oid| {
        let known = format_type::format_type(oid, None);
        known.or_else(|| format_type::row_type(session, oid)).or_else(|| domains::shown(oid))
    },
    missing: type_names::undefined,
};
const REGROLE: Registered = Registered {
    t: TypeOid(4096),
    find: |session, text| {
        Ok(session.snapshot.role_named(&names::single(text)?).map(|role| role.oid.0))
    },
    show: |session, oid| {
        let role = session.snapshot.role(RoleOid(oid))?;
        Some(quote_identifier(&role.name).into_owned())
    },
    missing: |name| names::undefined("role", &folded(name)),
};
const REGNAMESPACE: Registered = Registered {
    t: TypeOid(4089),
    find: |session, text| {
        Ok(session.snapshot.schema_named(&names::single(text)?).map(|schema| schema.oid.0))
    },
    show: |session, oid| {
        let schema = session.snapshot.schema(SchemaOid(oid))?;
        Some(quote_identifier(&schema.name).into_owned())
    },
    missing: |name| names::no_schema(&folded(name)),
};
const REGCOLLATION: Registered = Registered {
    t: TypeOid(4191),
    find: |session, text| {
        let (schema, name) = names::schema_and_name(session, text)?;
        let here = schema.is_none_or(|schema| schema == "pg_catalog");
        Ok(collations::named(&name).filter(|_| here))
    },
    show: |_, oid| collations::name(oid).map(|name| quote_identifier(name).into_owned()),
    missing: |name| {
        let message =
            format!("collation \"{}\" for encoding \"UTF8\" does not exist", folded(name));
        Error::at(SqlState::UNDEFINED_OBJECT, message, None)
    },
};

const ALL: [&Registered; 9] = [
    &REGPROC,
    &REGPROCEDURE,
    &REGOPER,
    &REGOPERATOR,
    &REGCLASS,
    &REGTYPE,
    &REGROLE,
    &REGNAMESPACE,
    &REGCOLLATION,
];

/// Output functions, by type.
pub const OUTPUTS: &[(u32, RowFn)] = &[
    (24, print),
    (2202, print),
    (2203, print),
    (2204, print),
    (2205, print),
    (2206, print),
    (4096, print),
    (4089, print),
    (4191, print),
];

/// Input functions, by type.
pub const INPUTS: &[(u32, RowFn)] = &[
    (24, read),
    (2202, read),
    (2203, read),
    (2204, read),
    (2205, read),
    (2206, read),
    (4096, read),
    (4089, read),
    (4191, read),
    (1033, super::acl::read),
];

pub const KERNELS: Table = &[
    ("text_regclass", read),
    ("to_regproc", look_up),
    ("to_regprocedure", look_up),
    ("to_regoper", look_up),
    ("to_regoperator", look_up),
    ("to_regclass", look_up),
    ("to_regtype", look_up),
    ("to_regrole", look_up),
    ("to_regnamespace", look_up),
    ("to_regcollation", look_up),
];

fn of(t: TypeOid) -> Result<&'static Registered> {
    let found = ALL.into_iter().find(|it| it.t == t);
    found.ok_or_else(|| Error::Internal(format!("type {} is no name of the catalog", t.0)))
}

/// A type of the catalog's names whose oid this is: as its output function prints it.
pub fn printed(session: &Session, t: TypeOid, oid: u32) -> Result<String> {
    if oid == 0 {
        return Ok("-".to_owned());
    }
    Ok((of(t)?.show)(session, oid).unwrap_or_else(|| oid.to_string()))
}

/// `regoper` says 0 for none, the others `-`.
fn print<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let (t, oid) = (frame.arguments[0].oid, args[0].oid()?);
    match (t.0, oid) {
        (2203 | 2204, 0) => Ok(Datum::of_text("0")),
        _ => printed(frame.session(), t, oid).map(Datum::of_text),
    }
}

fn read<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let text = args[0].text()?;
    let registered = of(frame.result.oid)?;
    if let Some(oid) = as_number(text) {
        return Ok(Datum::Oid(oid));
    }
    let found = (registered.find)(frame.session(), text).map_err(Error::without_position)?;
    found.map(Datum::Oid).ok_or_else(|| (registered.missing)(text))
}

/// A name that is not there is NULL.
fn look_up<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let text = args[0].text()?;
    let registered = of(frame.result.oid)?;
    match as_number(text) {
        Some(oid) => Ok(Datum::Oid(oid)),
        None => match (registered.find)(frame.session(), text) {
            Err(error) if frame.result.oid == REGTYPE.t && type_names::is_hard(&error) => {
                Err(error)
            }
            found => Ok(found.ok().flatten().map_or(Datum::Null, Datum::Oid)),
        },
    }
}

/// The function of this signature.
pub fn function_of_signature(session: &Session, text: &str) -> Result<Option<u32>> {
    find_signature(session, text)
}

/// Whether there is a type of this oid.
pub fn is_type(session: &Session, oid: u32) -> bool {
    (REGTYPE.show)(session, oid).is_some()
}

fn as_number(text: &str) -> Option<u32> {
    match text {
        "-" => Some(0),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    }
}

fn folded(name: &str) -> String {
    names::parts(name).map(|parts| parts.join(".")).unwrap_or_else(|_| name.to_owned())
}

fn no_function(name: &str) -> Error {
    Error::at(SqlState::UNDEFINED_FUNCTION, format!("function {name} does not exist"), None)
}

fn no_operator(name: &str) -> Error {
    Error::at(SqlState::UNDEFINED_FUNCTION, format!("operator does not exist: {name}"), None)
}

/// The functions of this name in the schema that it states, which can only be `pg_catalog`.
fn functions_named(session: &Session, text: &str) -> Result<Vec<u32>> {
    let (schema, name) = names::schema_and_name(session, text)?;
    match schema.as_deref() {
        None | Some("pg_catalog") => Ok(procedures::named(session, &name)),
        Some(_) => Ok(Vec::new()),
    }
}

fn find_function(session: &Session, text: &str) -> Result<Option<u32>> {
    match functions_named(session, text)?[..] {
        [] => Ok(None),
        [oid] => Ok(Some(oid)),
        _ => Err(Error::at(
            SqlState::AMBIGUOUS_FUNCTION,
            format!("more than one function named \"{text}\""),
            None,
        )),
    }
}

fn show_function(session: &Session, oid: u32) -> Option<String> {
    let name = procedures::name(session, oid)?;
    let quoted = quote_identifier(&name);
    Some(match procedures::named(session, &name).len() {
        1 => quoted.into_owned(),
        _ => format!("pg_catalog.{quoted}"),
    })
}

/// `name(type, type)`; only an operator's operand may be NONE.
fn split_signature<'t>(
    session: &Session,
    text: &'t str,
    allows_none: bool,
) -> Result<(&'t str, Vec<Option<u32>>)> {
    let (name, list) = name_and_list(text)?;
    let types = type_texts(list)?.into_iter().map(|text| match allows_none {
        true if text.eq_ignore_ascii_case("none") => Ok(None),
        _ => type_names::named(session, text).map(Some),
    });
    Ok((name.trim(), types.collect::<Result<_>>()?))
}

fn malformed(message: &str) -> Error {
    Error::at(SqlState::INVALID_TEXT_REPRESENTATION, message, None)
}

fn name_and_list(text: &str) -> Result<(&str, &str)> {
    let mut quoted = false;
    let open = text.find(|c: char| {
        quoted ^= c == '"';
        c == '(' && !quoted
    });
    let open = open.ok_or_else(|| malformed("expected a left parenthesis"))?;
    let list = text[open + 1..].trim_end().strip_suffix(')');
    Ok((&text[..open], list.ok_or_else(|| malformed("expected a right parenthesis"))?))
}

/// What commas separate outside of quotes, parentheses and brackets.
fn type_texts(list: &str) -> Result<Vec<&str>> {
    let (mut quoted, mut depth) = (false, 0_i32);
    let is_end = |c: char| {
        quoted ^= c == '"';
        match c {
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            _ => return c == ',' && !quoted && depth == 0,
        }
        false
    };
    let texts: Vec<_> = list.split(is_end).map(str::trim).collect();
    match texts.as_slice() {
        _ if quoted || depth != 0 => Err(malformed("improper type name")),
        [""] => Ok(Vec::new()),
        [.., ""] => Err(malformed("expected a type name")),
        _ => Ok(texts),
    }
}

fn find_signature(session: &Session, text: &str) -> Result<Option<u32>> {
    let (name, types) = split_signature(session, text, false)?;
    let has_types = |oid: &u32| {
        procedures::argument_types(session, *oid)
            .is_some_and(|known| known.iter().map(|t| Some(t.oid.0)).eq(types.iter().copied()))
    };
    Ok(functions_named(session, name)?.into_iter().find(has_types))
}

fn show_signature(session: &Session, oid: u32) -> Option<String> {
    let name = procedures::name(session, oid)?;
    let types = procedures::argument_types(session, oid)?;
    let types: Vec<_> = types.iter().map(|t| format_type::shown(session, t.oid.0, None)).collect();
    Some(format!("{}({})", quote_identifier(&name), types.join(",")))
}

fn operators_named(text: &str) -> impl Iterator<Item = &'static Operator> {
    builtin::operators(text.strip_prefix("pg_catalog.").unwrap_or(text))
}

fn find_operator(_: &Session, text: &str) -> Result<Option<u32>> {
    let mut found = operators_named(text);
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(Error::at(
            SqlState::AMBIGUOUS_FUNCTION,
            format!("more than one operator named {text}"),
            None,
        )),
        (only, _) => Ok(only.map(|operator| operator.oid)),
    }
}

fn operator_by_oid(oid: u32) -> Option<&'static Operator> {
    builtin::all_operators().iter().find(|operator| operator.oid == oid)
}

fn show_operator(_: &Session, oid: u32) -> Option<String> {
    let name = operator_by_oid(oid)?.name;
    Some(match builtin::operators(name).count() {
        1 => name.to_owned(),
        _ => format!("pg_catalog.{name}"),
    })
}

fn find_operator_signature(session: &Session, text: &str) -> Result<Option<u32>> {
    let (name, types) = split_signature(session, text, true)?;
    let (left, right) = match types[..] {
        [left, right] => (left, right),
        [] | [_] => {
            let error = Error::at(SqlState::UNDEFINED_PARAMETER, "missing argument", None);
            let hint = "Use NONE to denote the missing argument of a unary operator.";
            return Err(error.with_hint(hint));
        }
        _ => {
            let error = Error::at(SqlState::TOO_MANY_ARGUMENTS, "too many arguments", None);
            return Err(error.with_hint("Provide two argument types for operator."));
        }
    };
    let mut found = operators_named(name);
    let operator = found.find(|it| it.left.map(|t| t.0) == left && Some(it.right.0) == right);
    Ok(operator.map(|operator| operator.oid))
}

fn show_operator_signature(session: &Session, oid: u32) -> Option<String> {
    let operator = operator_by_oid(oid)?;
    let shown = |t: TypeOid| format_type::shown(session, t.0, None);
    let left = operator.left.map_or_else(|| "NONE".to_owned(), shown);
    Some(format!("{}({left},{})", operator.name, shown(operator.right)))
}
