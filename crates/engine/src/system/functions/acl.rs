//! Access control lists as values.
use datafusion::arrow::array::AsArray;
use medley_catalog::acl::{Acl, AclItem, AclKind, Privileges};
use medley_catalog::ids::{RoleOid, RoleOrPublic};
use medley_diagnostic::SqlState;
use medley_types::PgType;

use super::super::grants::explode;
use super::super::{Session, names, value};
use crate::error::{Error, Result};
use crate::semantics::set_returning::{SetFunction, SetTable};
use crate::semantics::{Datum, Frame, Table};

pub const KERNELS: Table = &[("makeaclitem", make), ("acldefault_sql", default)];

pub const SET_FUNCTIONS: SetTable = &[SetFunction {
    source: "aclexplode",
    columns: &[
        ("grantor", PgType::OID),
        ("grantee", PgType::OID),
        ("privilege_type", PgType::TEXT),
        ("is_grantable", PgType::BOOL),
    ],
    rows: rows_of,
}];

/// `makeaclitem(grantee, grantor, privileges, grantable)`.
fn make<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let grantee = args[0].oid()?;
    let privileges = privileges(args[2].text()?)?;
    let item = AclItem {
        grantee: grantee_of(grantee),
        grantor: RoleOid(args[1].oid()?),
        privileges,
        grant_options: if args[3].bool()? { privileges } else { Privileges::NONE },
    };
    let snapshot = &frame.session().snapshot;
    let name = |role| snapshot.role(role).map(|role| role.name.clone());
    Ok(Datum::of_text(item.shown(name)))
}

fn grantee_of(oid: u32) -> RoleOrPublic {
    match oid {
        0 => RoleOrPublic::Public,
        oid => RoleOrPublic::Role(RoleOid(oid)),
    }
}

fn privileges(text: &str) -> Result<Privileges> {
    text.split(',').map(str::trim).try_fold(Privileges::NONE, |all, word| {
        let unrecognized =
            || Error::invalid_parameter(format!("unrecognized privilege type: \"{word}\""));
        Ok(all | Privileges::of_word(word).ok_or_else(unrecognized)?)
    })
}

/// `acldefault(kind, owner)`.
fn default<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Datum<'a>> {
    let letter = args[0].text()?;
    let kind = letter.chars().next().and_then(AclKind::of_letter).ok_or_else(|| {
        Error::Internal(format!("unrecognized object type abbreviation: {letter}"))
    })?;
    let acl = Acl::default_for(kind, RoleOid(args[1].oid()?));
    value::acl(frame.session(), Some(&acl))
}

fn rows_of<'a>(frame: &Frame<'_>, args: &[Datum<'a>]) -> Result<Vec<Vec<Datum<'a>>>> {
    if args[0].is_null() {
        return Ok(Vec::new());
    }
    let list = args[0].list()?;
    let texts = list.as_string_opt::<i32>().into_iter().flatten().flatten();
    let items = texts.map(|text| item(frame.session(), text)).collect::<Result<Vec<_>>>()?;
    let grants = explode(&items.into_iter().collect());
    Ok(grants
        .iter()
        .map(|grant| {
            vec![
                Datum::Oid(grant.grantor.0),
                Datum::Oid(grant.grantee.oid()),
                Datum::of_text(grant.word),
                Datum::Bool(grant.grantable),
            ]
        })
        .collect())
}

/// Reads `grantee=U*/grantor`.
fn item(session: &Session, text: &str) -> Result<AclItem> {
    let malformed = || {
        let message = format!("invalid input syntax for type aclitem: \"{text}\"");
        Error::at(SqlState::INVALID_TEXT_REPRESENTATION, message, None)
    };
    let (grantee, rest) = name_up_to(text, '=').ok_or_else(malformed)?;
    let (letters, grantor) = rest.split_once('/').ok_or_else(malformed)?;
    let (grantor, _) = name_up_to(grantor, '\0').ok_or_else(malformed)?;
    let (privileges, grant_options) = read_letters(letters).ok_or_else(malformed)?;
    let grantee = match grantee.as_str() {
        "" => RoleOrPublic::Public,
        name => RoleOrPublic::Role(role(session, name)?),
    };
    Ok(AclItem { grantee, grantor: role(session, &grantor)?, privileges, grant_options })
}

/// A name, quoted or not, and what stands after `end`.
fn name_up_to(text: &str, end: char) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return Some(match text.split_once(end) {
            Some((name, rest)) => (name.to_owned(), rest),
            None => (text.to_owned(), ""),
        });
    };
    let close = quoted.replace("\"\"", "\0\0").find('"')?;
    let rest = &quoted[close + 1..];
    Some((quoted[..close].replace("\"\"", "\""), rest.strip_prefix(end).unwrap_or(rest)))
}

fn read_letters(letters: &str) -> Option<(Privileges, Privileges)> {
    let (mut held, mut options) = (Privileges::NONE, Privileges::NONE);
    let mut last = Privileges::NONE;
    for letter in letters.chars() {
        if letter == '*' {
            options = options | last;
            continue;
        }
        last = Privileges::TABLE.iter().find(|(_, known, _)| *known == letter)?.0;
        held = held | last;
    }
    Some((held, options))
}

/// A role that is gone shows as its oid.
fn role(session: &Session, name: &str) -> Result<RoleOid> {
    let known = session.snapshot.role_named(name).map(|role| role.oid);
    let known = known.or_else(|| name.parse().ok().map(RoleOid));
    known.ok_or_else(|| names::undefined("role", name))
}
